"""Packed tokens: a folder with all tokens of a corpus one after the other, and a table of its documents.

    tokens.bin     little-endian uint32, memory-mapped
    index.parquet  a row a document: document, start, n_tokens, file_id, language, source, tags
    meta.json      version, tokenizer hash, special tokens, counts, what the writer was told besides
    bytes.bin      optional: for each id of the vocabulary how many bytes of text it stands for, little-endian uint16

A document's tokens are as they were written: who writes it ends it with the end-of-text token. The folder counts only
with meta.json, which is written last.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curate.errors import WrongUse

VERSION = 1
INDEX = pa.schema(
    [
        ("document", pa.int64()),
        ("start", pa.int64()),
        ("n_tokens", pa.int32()),
        ("file_id", pa.string()),
        ("language", pa.dictionary(pa.int32(), pa.string())),
        ("source", pa.dictionary(pa.int32(), pa.string())),
        ("tags", pa.map_(pa.string(), pa.string())),
    ]
)
_TOKEN = np.dtype("<u4")
_BYTES = np.dtype("<u2")
_ROWS_A_GROUP = 65_536
_BUFFERED = 1 << 20  # bytes of tokens that are written at a time
_TOKENS, _INDEX, _META, _LENGTHS = "tokens.bin", "index.parquet", "meta.json", "bytes.bin"


class PackedWriter:
    """Writes a folder of packed tokens, in order, holding no more than a row group of the index in memory.

    `special_tokens` maps names to ids; the trainer needs `end_of_text`, and for fill-in-the-middle `fim_prefix`,
    `fim_middle` and `fim_suffix`. `token_bytes` has an entry an id of the vocabulary: the bytes of text that it stands
    for, 0 for special tokens; without it no bits per byte are told. Used as a context; an error inside leaves no
    meta.json, so that what was half written is never read.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        special_tokens: Mapping[str, int],
        tokenizer_hash: str = "",
        token_bytes: Sequence[int] | None = None,
        **about: Any,
    ):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / _META).unlink(missing_ok=True)
        (self.folder / _LENGTHS).unlink(missing_ok=True)
        if token_bytes is not None:
            np.asarray(token_bytes, _BYTES).tofile(self.folder / _LENGTHS)
        self.meta = {
            "version": VERSION,
            "tokenizer_hash": tokenizer_hash,
            "special_tokens": dict(special_tokens),
        } | about
        self._tokens = (self.folder / _TOKENS).open("wb", buffering=_BUFFERED)
        self._index = pq.ParquetWriter(self.folder / _INDEX, INDEX, compression="zstd")
        self._rows: list[dict[str, Any]] = []
        self._n_documents = self._n_tokens = 0

    def __enter__(self) -> PackedWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._flush()
        self._index.close()
        self._tokens.close()
        if error is None:
            counts = {"n_documents": self._n_documents, "n_tokens": self._n_tokens}
            part = self.folder / f"{_META}.part"
            part.write_text(json.dumps(self.meta | counts, indent=2, sort_keys=True) + "\n", encoding="utf-8")
            os.replace(part, self.folder / _META)

    def add(
        self,
        tokens: Sequence[int] | np.ndarray,
        *,
        file_id: str = "",
        language: str = "Unknown",
        source: str = "",
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Append one document. WrongUse where it is empty."""
        array = np.asarray(tokens, _TOKEN)
        if not len(array):
            raise WrongUse(f"document {self._n_documents} ({file_id or 'no file_id'}) has no tokens: leave it out")
        self._tokens.write(np.ascontiguousarray(array).data)
        place = {"document": self._n_documents, "start": self._n_tokens, "n_tokens": len(array), "file_id": file_id}
        self._rows.append(place | {"language": language, "source": source, "tags": list((tags or {}).items())})
        self._n_documents += 1
        self._n_tokens += len(array)
        if len(self._rows) == _ROWS_A_GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._index.write_table(pa.Table.from_pylist(self._rows, schema=INDEX))
            self._rows = []


class Packed:
    """A folder of packed tokens. Opening it reads meta.json; the index is read when a column of it is asked for."""

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        try:
            self.meta: dict[str, Any] = json.loads((self.folder / _META).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise WrongUse(f"{self.folder} holds no finished packed tokens: {_META}: {error}") from None
        if self.meta.get("version") != VERSION:
            raise WrongUse(f"{self.folder} has version {self.meta.get('version')}, not {VERSION}: pack it again")
        expected = self.meta["n_tokens"] * _TOKEN.itemsize
        if (found := (self.folder / _TOKENS).stat().st_size) != expected:
            raise WrongUse(
                f"{self.folder / _TOKENS} has {found} bytes, not {expected}: copy it again, or pack it again"
            )

    @property
    def n_documents(self) -> int:
        """How many documents there are."""
        return self.meta["n_documents"]

    @property
    def n_tokens(self) -> int:
        """How many tokens there are."""
        return self.meta["n_tokens"]

    @property
    def n_ids(self) -> int:
        """The highest id that may occur, and one more, as far as the writer was told."""
        known = 0 if self.token_bytes is None else len(self.token_bytes)
        return max([known, *(number + 1 for number in self.meta["special_tokens"].values())])

    @cached_property
    def tokens(self) -> np.ndarray:
        """All tokens, memory-mapped, uint32."""
        return np.memmap(self.folder / _TOKENS, _TOKEN, mode="r") if self.n_tokens else np.empty(0, _TOKEN)

    @cached_property
    def starts(self) -> np.ndarray:
        """Where each document begins in `tokens`, int64."""
        return self._column("start")

    @cached_property
    def lengths(self) -> np.ndarray:
        """Tokens of each document, int32."""
        return self._column("n_tokens")

    @cached_property
    def languages(self) -> tuple[np.ndarray, list[str]]:
        """Each document's language as a number, int32, and the names to the numbers, sorted."""
        return _numbered(self._table(["language"])["language"].cast(pa.string()))

    @cached_property
    def token_bytes(self) -> np.ndarray | None:
        """Bytes of text that each id of the vocabulary stands for, or None where the writer was not told."""
        path = self.folder / _LENGTHS
        return np.fromfile(path, _BYTES) if path.exists() else None

    def special(self, name: str) -> int:
        """The id of a special token. WrongUse where the folder does not name it."""
        known = self.meta["special_tokens"]
        if name not in known:
            raise WrongUse(f"{self.folder} was packed without the special token {name!r}; it has {', '.join(known)}")
        return known[name]

    def tag(self, name: str) -> tuple[np.ndarray, list[str]]:
        """Each document's value of a tag as a number, and the values to the numbers; documents without it have ""."""
        values = pc.map_lookup(self._table(["tags"])["tags"], pa.scalar(name), "first")
        return _numbered(pc.fill_null(values, ""))

    def _table(self, columns: list[str]) -> pa.Table:
        return pq.read_table(self.folder / _INDEX, columns=columns)

    def _column(self, name: str) -> np.ndarray:
        return self._table([name])[name].to_numpy()


def _numbered(values: pa.ChunkedArray) -> tuple[np.ndarray, list[str]]:
    """Each value as a number, int32, and the names to the numbers, sorted."""
    encoded = pc.dictionary_encode(values.combine_chunks())
    names: list[str] = encoded.dictionary.to_pylist()
    ranks = np.argsort(np.argsort(np.array(names, object))).astype(np.int32)
    return ranks[encoded.indices.to_numpy()] if names else np.empty(0, np.int32), sorted(names)
