"""A tokenizer of the trainer: a tokenizer.json of any maker, and what packing needs to know of it.

Special tokens are given, never read: `encode` takes text that spells `<fim_middle>` for eleven characters like any
other, so that no file can steer training or break its structure. Renderers say which tokens they mean; `special`
gives their ids.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import xxhash
from tokenizers import Tokenizer as Backend

from curate.errors import WrongUse
from train.bpe import TokenRows
from train.special_tokens import END_OF_TEXT, ids, named_ids

if TYPE_CHECKING:
    from train.bpe.encoder import Encoder


class Tokenizer:
    """A tokenizer.json. WrongUse where it cannot be read."""

    def __init__(self, path: str | Path):
        self.path = Path(path)
        try:
            self.json = self.path.read_text(encoding="utf-8")
            self.backend = Backend.from_str(self.json)
        except Exception as error:  # tokenizers raises bare Exceptions
            raise WrongUse(f"{self.path} is no tokenizer.json: {' '.join(str(error).split())}") from None
        self.backend.encode_special_tokens = True
        self.backend.no_truncation()
        self.backend.no_padding()

    def __repr__(self) -> str:
        return f"Tokenizer({str(self.path)!r})"

    @cached_property
    def hash(self) -> str:
        """xxh3-128 of the file."""
        return xxhash.xxh3_128_hexdigest(self.json.encode())

    @property
    def size(self) -> int:
        """Entries of the vocabulary, special tokens included."""
        return self.backend.get_vocab_size(with_added_tokens=True)

    @cached_property
    def n_ids(self) -> int:
        """The highest id and one more: at least `size`, as a vocabulary may have gaps."""
        return max(self.backend.get_vocab(with_added_tokens=True).values()) + 1

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of each text. No special token comes out. Half a surrogate pair, which a JSON escape can bring in and
        UTF-8 cannot say, counts as a question mark."""
        return [row.tolist() for row in self.encode_column(text_column(texts)).by_text()]

    def encode_column(self, texts: pa.LargeStringArray) -> TokenRows:
        """The same for a column: by kernels on one core where the tokenizer is one of ours, else by `tokenizers` on all
        cores, unless TOKENIZERS_PARALLELISM says false."""
        if self.encoder:
            return self.encoder.encode(texts)
        rows = [one.ids for one in self.backend.encode_batch_fast(texts.to_pylist(), add_special_tokens=False)]
        offsets = np.cumsum([0, *map(len, rows)], dtype=np.int64)
        return TokenRows(offsets, np.fromiter((token for row in rows for token in row), np.uint32, offsets[-1]))

    @cached_property
    def encoder(self) -> Encoder | None:
        """The kernels for this vocabulary; None where it cuts or merges in another way than ours, and on machines for
        training that have no Numba: the ids are the same."""
        try:
            from train.bpe.encoder import Encoder
            from train.bpe.vocabulary import merges_of
        except ImportError:
            return None
        merges = merges_of(json.loads(self.json))
        return Encoder(merges) if merges else None

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of ids, special tokens spelt out."""
        return self.backend.decode(list(tokens), skip_special_tokens=False)

    def special(self, token: str) -> int:
        """The id of a special token. WrongUse where the vocabulary has none of that name."""
        found = self.backend.token_to_id(token)
        if found is None:
            raise WrongUse(f"{self.path} has no token {token!r}: train a tokenizer, or leave out what needs the token")
        return found

    def special_ids(self) -> dict[str, int]:
        """Those of the table that the vocabulary has, by their plain names. WrongUse without an end of text."""
        self.special(END_OF_TEXT)
        names = {number: name for name, number in named_ids().items()}
        found = {names[number]: self.backend.token_to_id(token) for token, number in ids().items()}
        return {name: own for name, own in found.items() if own is not None}

    @cached_property
    def token_bytes(self) -> list[int] | None:
        """Bytes of text that each id stands for, 0 for special tokens; None for tokenizers that are not byte-level."""
        if not _is_byte_level(json.loads(self.json)):
            return None
        lengths = [0] * self.n_ids
        for token, number in self.backend.get_vocab(with_added_tokens=False).items():
            lengths[number] = len(token)  # byte-level vocabularies spell each byte as one character
        for number, added in self.backend.get_added_tokens_decoder().items():
            lengths[number] = 0 if added.special else len(added.content.encode())
        return lengths


def text_column(texts: Sequence[str]) -> pa.LargeStringArray:
    """Texts as the column that is encoded."""
    try:
        return pa.array(texts, pa.large_string())
    except UnicodeEncodeError:
        return pa.array([text.encode("utf-8", "replace").decode() for text in texts], pa.large_string())


def _is_byte_level(told: dict[str, Any]) -> bool:
    decoder = told.get("decoder") or {}
    return "ByteLevel" in {decoder.get("type")} | {one.get("type") for one in decoder.get("decoders", ())}
