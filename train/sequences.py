"""Sequences of fixed length from documents, in an order that is a function of the seed: an endless row of each source.

`Source` has them from packed tokens; train/streamed.py from curated Parquet.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from curate.errors import WrongUse
from train.fim import N_EXTRA, FimTokens, fill_in_the_middle
from train.labels import Labels
from train.order import key_of, shuffled, uniform
from train.packed import Packed
from train.packing import Pieces, best_fit, cut

DOCUMENTS_A_GROUP = 16_384  # documents that are packed together


class Cursor(NamedTuple):
    """A place in a source: `base` is the number of the first sequence of this group of this epoch. Where a group of
    documents is packed in parts, `row` is the first of this one."""

    epoch: int = 0
    group: int = 0
    base: int = 0
    row: int = 0


@dataclass(frozen=True, kw_only=True)
class Group:
    """Documents that were packed together."""

    pieces: Pieces
    sequences: list[list[int]]  # numbers of pieces
    key: int
    rooms: np.ndarray  # sequence numbers in their shuffled order


AnyGroup = TypeVar("AnyGroup", bound=Group)


class Sequences(ABC, Generic[AnyGroup]):
    """An endless row of sequences of `room` tokens, each epoch in another order, padded with the token `pad`.

    How many sequences there are in a group is known once it was packed, so that reaching a place means packing all
    before it, unless a cursor says where it is.
    """

    def __init__(self, *, room: int, pad: int):
        if room <= N_EXTRA:
            raise WrongUse(f"the sequence length is {room} and must be over {N_EXTRA}")
        self.room, self.pad = room, pad
        self.cursor = Cursor()
        self._held: tuple[Cursor, AnyGroup] | None = None

    def find(self, number: int) -> tuple[AnyGroup, list[int]]:
        """The group of the sequence of this number, and the pieces in the sequence."""
        if number < self.cursor.base:
            self.cursor = Cursor()
        while True:
            group = self._group()
            at = number - self.cursor.base
            if at < len(group.sequences):
                return group, group.sequences[group.rooms[at]]
            self.cursor = self._after(self.cursor, group)

    def _group(self) -> AnyGroup:
        if self._held is None or self._held[0] != self.cursor:
            self._held = self.cursor, self._pack(self.cursor)
        return self._held[1]

    @abstractmethod
    def _pack(self, cursor: Cursor) -> AnyGroup:
        """The group at a place."""

    @abstractmethod
    def _after(self, cursor: Cursor, group: AnyGroup) -> Cursor:
        """The place behind a group."""

    @abstractmethod
    def tokens(self, group: AnyGroup, piece: int) -> np.ndarray:
        """A piece's tokens."""

    @abstractmethod
    def values(self, labels: Sequence[Labels], own: int, group: AnyGroup, piece: int) -> list[int]:
        """Of each dimension the number of the value of a piece's document. This is source `own` of the labels."""

    def close(self) -> None:
        """End what was begun in the background."""


class Source(Sequences[Group]):
    """A folder of packed tokens, of which this is each `lanes`-th sequence from `lane` on.

    Documents are shuffled over the whole epoch without a table of them, then packed `DOCUMENTS_A_GROUP` at a time,
    about 3 s a million documents; the sequences of a group are shuffled again.
    """

    def __init__(
        self,
        packed: Packed,
        *,
        room: int,
        seed: int,
        name: str,
        fim_rate: float = 0.0,
        lane: int = 0,
        lanes: int = 1,
    ):
        if not packed.n_documents:
            raise WrongUse(f"{packed.folder} has no documents: leave it out")
        super().__init__(room=room, pad=packed.special("end_of_text"))
        self.packed, self.fim_rate, self.lane, self.lanes = packed, fim_rate, lane, lanes
        self.key = key_of(seed, name)
        self.fim = FimTokens.of(packed) if fim_rate else None

    def find(self, number: int) -> tuple[Group, list[int]]:
        """The group of the sequence of this number, and the pieces in the sequence."""
        return super().find(number * self.lanes + self.lane)

    def n_sequences(self) -> int:
        """Sequences of the first epoch; packs all of it."""
        self.cursor = Cursor()
        while self.cursor.epoch == 0:
            self.cursor = self._after(self.cursor, self._group())
        n, self.cursor = self.cursor.base, Cursor()
        return n

    def _after(self, cursor: Cursor, group: Group) -> Cursor:
        last = (cursor.group + 1) * DOCUMENTS_A_GROUP >= self.packed.n_documents
        return Cursor(cursor.epoch + last, 0 if last else cursor.group + 1, cursor.base + len(group.sequences))

    def _pack(self, cursor: Cursor) -> Group:
        n = self.packed.n_documents
        key = key_of(self.key, cursor.epoch)
        first = cursor.group * DOCUMENTS_A_GROUP
        documents = shuffled(np.arange(first, min(first + DOCUMENTS_A_GROUP, n)), n, key)
        changed = uniform(documents, key_of(key, "fim")) < self.fim_rate
        pieces = cut(documents, self.packed.lengths[documents].astype(np.int64), N_EXTRA * changed, self.room)
        sequences = best_fit(pieces.size, self.room)
        rooms = shuffled(np.arange(len(sequences)), len(sequences), key_of(key, "group", cursor.group))
        return Group(pieces=pieces, sequences=sequences, key=key, rooms=rooms)

    def tokens(self, group: Group, piece: int) -> np.ndarray:
        """A piece's tokens, filled in the middle where chance says so."""
        document, start, n_tokens, size = (int(column[piece]) for column in vars(group.pieces).values())
        first = int(self.packed.starts[document]) + start
        tokens = self.packed.tokens[first : first + n_tokens]
        if self.fim is None or size == n_tokens:
            return tokens
        a, b, order = uniform(3 * first + np.arange(3), key_of(group.key, "cuts")).tolist()
        return fill_in_the_middle(tokens, self.fim, (a, b, order))

    def values(self, labels: Sequence[Labels], own: int, group: Group, piece: int) -> list[int]:
        """By the document's number."""
        return [int(one.of[own][group.pieces.document[piece]]) for one in labels]
