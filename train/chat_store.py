"""Chats as tokens on the disk: encoded once, memory-mapped by every rank.

FOLDER/train and FOLDER/held_out are packed tokens (train.packed) of which a document is a sample, with bears.bin
beside: a byte a token, 1 where the token bears loss as a target. meta.json has the key of all that went in, so that
other files or another tokenizer are never taken for these.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from types import TracebackType

import numpy as np
import xxhash

from curate.errors import RunFailed, WrongUse
from train.chance import chance
from train.chat import ChatTokens, Tokens
from train.chat_formats import Chat, Unusable, chat_of, rows
from train.packed import Packed, PackedWriter
from train.sft_config import ChatDataConfig, ChatFile, ChatValidationConfig

TRAIN, HELD_OUT = "train", "held_out"
_BEARS = "bears.bin"
_CHATS = 512  # encoded at a time


def key_of_chats(data: ChatDataConfig, validation: ChatValidationConfig | None, tokenizer_hash: str) -> str:
    """A hash of the files' contents and of all settings that change their tokens."""
    told = data.model_dump(mode="json", exclude={"files", "ahead"})
    held_out = validation and (validation.share, validation.together)
    digest = xxhash.xxh3_128(repr((sorted(told.items()), tokenizer_hash, held_out)).encode())
    for file in (*data.files, *(validation.files if validation else ())):
        digest.update(repr((file.task, file.path.name)).encode())
        try:
            with file.path.open("rb") as opened:
                while block := opened.read(1 << 20):
                    digest.update(block)
        except OSError as error:
            raise WrongUse(f"{file.path} cannot be read: {error}") from None
    return digest.hexdigest()


class ChatStore(Packed):
    """One of the two folders of tokens."""

    @cached_property
    def bears(self) -> np.ndarray:
        """For each of all tokens whether it bears loss, memory-mapped, bool."""
        return np.memmap(self.folder / _BEARS, np.bool_, mode="r")

    @property
    def n_samples_of_files(self) -> list[int]:
        """How many samples each file gave, in their order."""
        return self.meta["n_samples_of_files"]


def is_written(folder: Path, key: str) -> bool:
    """Whether the folder holds the chats of this key, whole."""
    try:
        return all(Packed(folder / part).meta.get("key") == key for part in (TRAIN, HELD_OUT))
    except WrongUse:
        return False


@dataclass
class Counts:
    """What became of the rows."""

    samples: int = 0
    held_out: int = 0
    tokens: int = 0
    bearing: int = 0
    cut: int = 0
    too_long: int = 0
    unusable: int = 0

    def told(self) -> str:
        """In one line."""
        parts = [f"{self.samples:,} samples ({self.held_out:,} held out), {self.tokens:,} tokens"]
        parts.append(f"{self.bearing / max(1, self.tokens):.0%} of them bear loss")
        named = {"cut": self.cut, "left out as too long": self.too_long, "left out as unusable": self.unusable}
        parts += [f"{number:,} {name}" for name, number in named.items() if number]
        return ", ".join(parts)


def write(
    data: ChatDataConfig,
    validation: ChatValidationConfig | None,
    chats: ChatTokens,
    folder: Path,
    key: str,
) -> Counts:
    """Encode all files into `folder`.

    WrongUse names the first row that cannot be used, unless such rows are left out; RunFailed where none is left.
    """
    counts = Counts()
    with _Part(folder / TRAIN, chats, key) as train, _Part(folder / HELD_OUT, chats, key) as held:
        for file in data.files:
            train.n_samples_of_files.append(0)
            for chat, tokens in _fitting(file, data, chats, counts):
                (held if _is_held_out(chat, tokens, validation) else train).add(chat, tokens, file, data)
        for file in validation.files if validation else ():
            for chat, tokens in _fitting(file, data, chats, counts):
                held.add(chat, tokens, file, data)
        counts.held_out = held.n_samples
        if not train.n_samples:
            names = ", ".join(str(file.path) for file in data.files)
            raise RunFailed(f"{names}: no sample is left to train on ({counts.told()}): look at data.too_long")
    return counts


def _is_held_out(chat: Chat, tokens: Tokens, validation: ChatValidationConfig | None) -> bool:
    if validation is None or not validation.share:
        return False
    together = chat.meta.get(validation.together)
    content = tokens.ids.tobytes() if together is None else str(together).encode()
    return chance(xxhash.xxh3_64_intdigest(content), "held out") < validation.share


def _fitting(file: ChatFile, data: ChatDataConfig, chats: ChatTokens, counts: Counts) -> Iterator[tuple[Chat, Tokens]]:
    """A file's samples as they fit a row."""
    for batch in _batches(read(file, data, counts)):
        encoded = chats.encode([chat.turns for chat in batch], last_only=data.turns == "last")
        for chat, tokens in zip(batch, encoded, strict=True):
            fitted = _fitted(chat, tokens, data, counts)
            if fitted is not None:
                counts.samples += 1
                counts.tokens += len(fitted.ids)
                counts.bearing += int(fitted.bears.sum())
                yield chat, fitted


def read(file: ChatFile, data: ChatDataConfig, counts: Counts) -> Iterator[Chat]:
    """The usable chats of a file."""
    for place, line in rows(file.path):
        try:
            yield chat_of(place, line)
        except Unusable:
            if data.unusable == "refuse":
                raise
            counts.unusable += 1


class _Part:
    """One of the two folders while it is written: packed tokens, with what bears loss beside them."""

    def __init__(self, folder: Path, chats: ChatTokens, key: str):
        self.n_samples = 0
        self.n_samples_of_files: list[int] = []
        self.writer = PackedWriter(
            folder,
            special_tokens={"im_start": chats.start, "im_end": chats.end},
            tokenizer_hash=chats.tokenizer.hash,
            token_bytes=chats.tokenizer.token_bytes,
            key=key,
            n_samples_of_files=self.n_samples_of_files,
        )
        self.bears = (folder / _BEARS).open("wb")

    def __enter__(self) -> _Part:
        self.writer.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bears.close()
        self.writer.__exit__(kind, error, trace)

    def add(self, chat: Chat, tokens: Tokens, file: ChatFile, data: ChatDataConfig) -> None:
        """Append a sample."""
        tokens.bears.tofile(self.bears)
        tags = {name: str(chat.meta[name]) for name in data.tags if name in chat.meta}
        tags["task"] = file.task or chat.task or file.path.name.partition(".")[0]
        self.writer.add(tokens.ids, file_id=chat.id, language=chat.language, source=str(file.path), tags=tags)
        self.n_samples += 1
        if self.n_samples_of_files:
            self.n_samples_of_files[-1] += 1


def _fitted(chat: Chat, tokens: Tokens, data: ChatDataConfig, counts: Counts) -> Tokens | None:
    """The sample as it fits a row; None where it is left out. WrongUse where the configuration refuses it."""
    n, room = len(tokens.ids), data.sequence_length
    if n > room:
        if data.too_long == "refuse":
            raise WrongUse(
                f"{chat.place}: a sample of {n} tokens, over data.sequence_length, {room}: "
                "raise it, or set data.too_long to cut or leave_out"
            )
        if data.too_long == "leave_out":
            counts.too_long += 1
            return None
        counts.cut += 1
        tokens = Tokens(tokens.ids[:room], tokens.bears[:room])
    if tokens.bears[1:].any():
        return tokens
    if data.unusable == "leave_out":
        counts.unusable += 1
        return None
    why, how = "no token of it bears loss", "mend it, or set data.unusable"
    if n > room:
        why = f"what bears loss is behind the cut at {room} tokens"
        how = "raise data.sequence_length, or set data.too_long"
    raise WrongUse(f"{chat.place}: a sample that would train on nothing: {why}: {how}: leave_out")


def _batches(chats: Iterable[Chat]) -> Iterator[list[Chat]]:
    iterator = iter(chats)
    while batch := list(islice(iterator, _CHATS)):
        yield batch
