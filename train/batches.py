"""Batches from packed tokens: the same order for a seed whatever the number of ranks, read ahead in the background."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from curate.errors import WrongUse
from train.ahead import ahead
from train.fim import N_EXTRA, FimTokens, fill_in_the_middle
from train.model import IGNORED
from train.order import Mixture, key_of, shuffled, uniform
from train.packed import Packed
from train.packing import Pieces, best_fit, cut

DOCUMENTS_A_GROUP = 16_384  # documents that are packed together


class Cursor(NamedTuple):
    """A place in a source: `base` is the number of the first sequence of this group of this epoch."""

    epoch: int = 0
    group: int = 0
    base: int = 0


@dataclass(frozen=True, kw_only=True)
class Batch:
    """One rank's part of one step, B sequences of T tokens (int64), rows in global order.

    `documents` numbers the documents within each row, and is None where attention crosses them. `labels` has a number
    a token for each dimension (the language first), of the document that the token is in; padding has -1.
    """

    step: int
    tokens: Tensor
    positions: Tensor
    targets: Tensor
    documents: Tensor | None
    labels: Tensor  # dimensions x B x T, int32
    n_padded: int  # tokens that are padding
    n_cut: int  # pieces that go on with a document from another piece
    cursors: tuple[Cursor, ...]

    def on(self, device: torch.device) -> Batch:
        """The same batch on a device; from pinned memory the copies run beside the computation."""
        moved: dict[str, Any] = {
            name: value.to(device, non_blocking=True) if isinstance(value, Tensor) else value
            for name, value in vars(self).items()
        }
        return Batch(**moved)

    def micro(self, size: int) -> Iterator[Batch]:
        """The batch in parts of `size` rows, in order."""
        for first in range(0, len(self.tokens), size):
            rows = slice(first, first + size)
            parts: dict[str, Any] = {
                name: value[..., rows, :] for name, value in vars(self).items() if isinstance(value, Tensor)
            }
            yield Batch(**vars(self) | parts)


class _Group(NamedTuple):
    pieces: Pieces
    sequences: list[list[int]]
    key: int
    rooms: np.ndarray  # sequence numbers in their shuffled order


class Source:
    """A folder of packed tokens as an endless row of sequences of `room` tokens, each epoch in another order.

    Documents are shuffled over the whole epoch without a table of them, then packed `DOCUMENTS_A_GROUP` at a time; the
    sequences of a group are shuffled again. How many there are in a group is known once it was packed, so that reaching
    a place means packing all before it (about 3 s a million documents), unless a cursor says where it is.
    """

    def __init__(self, packed: Packed, *, room: int, seed: int, name: str, fim_rate: float = 0.0):
        if not packed.n_documents:
            raise WrongUse(f"{packed.folder} has no documents: leave it out")
        if room <= N_EXTRA:
            raise WrongUse(f"the sequence length is {room} and must be over {N_EXTRA}")
        self.packed, self.room, self.fim_rate = packed, room, fim_rate
        self.key = key_of(seed, name)
        self.pad = packed.special("end_of_text")
        self.fim = FimTokens.of(packed) if fim_rate else None
        self.cursor = Cursor()
        self._packed_group: tuple[Cursor, _Group] | None = None

    def find(self, number: int) -> tuple[_Group, list[int]]:
        """The group of the sequence of this number, and the pieces in the sequence."""
        if number < self.cursor.base:
            self.cursor = Cursor()
        while True:
            group = self._group()
            at = number - self.cursor.base
            if at < len(group.sequences):
                return group, group.sequences[group.rooms[at]]
            self.cursor = self._after(len(group.sequences))

    def n_sequences(self) -> int:
        """Sequences of the first epoch; packs all of it."""
        self.cursor = Cursor()
        while self.cursor.epoch == 0:
            self.cursor = self._after(len(self._group().sequences))
        n, self.cursor = self.cursor.base, Cursor()
        return n

    def _after(self, n_sequences: int) -> Cursor:
        epoch, group, base = self.cursor
        last = (group + 1) * DOCUMENTS_A_GROUP >= self.packed.n_documents
        return Cursor(epoch + last, 0 if last else group + 1, base + n_sequences)

    def _group(self) -> _Group:
        if self._packed_group is None or self._packed_group[0] != self.cursor:
            self._packed_group = self.cursor, self._pack(self.cursor)
        return self._packed_group[1]

    def _pack(self, cursor: Cursor) -> _Group:
        n = self.packed.n_documents
        key = key_of(self.key, cursor.epoch)
        first = cursor.group * DOCUMENTS_A_GROUP
        documents = shuffled(np.arange(first, min(first + DOCUMENTS_A_GROUP, n)), n, key)
        changed = uniform(documents, key_of(key, "fim")) < self.fim_rate
        pieces = cut(documents, self.packed.lengths[documents].astype(np.int64), N_EXTRA * changed, self.room)
        sequences = best_fit(pieces.size, self.room)
        rooms = shuffled(np.arange(len(sequences)), len(sequences), key_of(key, "group", cursor.group))
        return _Group(pieces, sequences, key, rooms)

    def tokens(self, group: _Group, piece: int) -> np.ndarray:
        """A piece's tokens, filled in the middle where chance says so."""
        document, start, n_tokens, size = (int(column[piece]) for column in vars(group.pieces).values())
        first = int(self.packed.starts[document]) + start
        tokens = self.packed.tokens[first : first + n_tokens]
        if self.fim is None or size == n_tokens:
            return tokens
        a, b, order = uniform(3 * first + np.arange(3), key_of(group.key, "cuts")).tolist()
        return fill_in_the_middle(tokens, self.fim, (a, b, order))


@dataclass(frozen=True, kw_only=True)
class Labels:
    """A dimension of documents: the values' names, and each source's documents' numbers of them."""

    name: str
    names: list[str]
    of: list[np.ndarray]


def labels_of(packed: Sequence[Packed], tag: str | None = None) -> Labels:
    """The dimension of a tag, or of languages, over several folders with one numbering."""
    found = [one.languages if tag is None else one.tag(tag) for one in packed]
    names = sorted({name for _, own in found for name in own})
    numbers = {name: i for i, name in enumerate(names)}
    of = [np.array([numbers[name] for name in own], np.int32)[rows] for rows, own in found]
    return Labels(name=tag or "language", names=names, of=of)


@dataclass(frozen=True, kw_only=True)
class Batches:
    """The endless order of sequences and this rank's part of it.

    Step s of a run has the sequences s x `global_batch` to (s + 1) x `global_batch`; rank r of `world` takes the r-th
    part of them, so that the ranks' parts one after the other are the same for any `world`. FIM's chances, cuts and
    padding belong to the sequence and so to the order as well.
    """

    sources: Sequence[Source]
    mixture: Mixture
    labels: Sequence[Labels]
    global_batch: int
    rank: int = 0
    world: int = 1
    mask_documents: bool = True
    ahead: int = 4  # batches that are kept ready
    _pinned: bool = field(default_factory=torch.cuda.is_available)

    def __post_init__(self) -> None:
        if self.global_batch % self.world:
            raise WrongUse(
                f"global_batch is {self.global_batch} and must be a multiple of {self.world}, the data ranks"
            )

    def batch(self, step: int) -> Batch:
        """This rank's part of a step."""
        size = self.global_batch // self.world
        first = step * self.global_batch + self.rank * size
        rows = [self._row(*self.mixture.place(number)) for number in range(first, first + size)]
        return self.stacked(step, rows)

    def stacked(self, step: int, rows: Sequence[Row]) -> Batch:
        """Rows as one batch."""
        return stacked(
            step,
            rows,
            masked=self.mask_documents,
            pinned=self._pinned,
            cursors=tuple(source.cursor for source in self.sources),
        )

    def from_step(self, step: int, cursors: Sequence[Sequence[int]] = ()) -> Iterator[Batch]:
        """All batches from a step on, made by a thread that stays `ahead`. `cursors`, a batch's own of a step before or
        at this one, save packing what lies before; they change nothing else. Close the iterator to end the thread."""
        for source, cursor in zip(self.sources, cursors, strict=False):
            source.cursor = Cursor(*cursor)
        return ahead(self.batch, step, self.ahead)

    def _row(self, source: int, number: int) -> Row:
        group, pieces = self.sources[source].find(number)
        return self.row(source, group, pieces)

    def empty_row(self) -> Row:
        """A row of padding, for ranks that have none left while others have."""
        source = self.sources[0]
        return self.row(0, source.find(0)[0], [])

    def row(self, source: int, group: _Group, pieces: list[int]) -> Row:
        """A sequence from its pieces: tokens, positions, document numbers, targets, labels."""
        place = self.sources[source]
        room = place.room
        tokens = np.full(room, place.pad, np.int64)
        positions = np.zeros(room, np.int64) if self.mask_documents else np.arange(room)
        documents = np.full(room, len(pieces), np.int64)
        targets = np.full(room, IGNORED, np.int64)
        labels = np.full((len(self.labels), room), -1, np.int32)
        at = 0
        for i, piece in enumerate(pieces):
            own = place.tokens(group, piece)
            end = at + len(own)
            tokens[at:end] = own
            documents[at:end] = i
            targets[at : end - 1] = own[1:]
            labels[:, at:end] = [[one.of[source][group.pieces.document[piece]]] for one in self.labels]
            if self.mask_documents:
                positions[at:end] = np.arange(len(own))
            elif at:
                targets[at - 1] = own[0]
            at = end
        if self.mask_documents:
            positions[at:] = np.arange(room - at)
        n_cut = sum(int(group.pieces.start[piece]) > 0 for piece in pieces)
        return Row(tokens, positions, documents, targets, labels, room - at, n_cut)


class Row(NamedTuple):
    """A sequence of T tokens; Batch tells what each array is."""

    tokens: np.ndarray
    positions: np.ndarray
    documents: np.ndarray
    targets: np.ndarray
    labels: np.ndarray  # dimensions x T
    n_padded: int
    n_cut: int


def stacked(
    step: int, rows: Sequence[Row], *, masked: bool = True, pinned: bool = False, cursors: tuple[Cursor, ...] = ()
) -> Batch:
    """Rows as one batch; `masked` keeps attention within documents, `pinned` is memory from which copies run beside."""
    tokens, positions, documents, targets, labels = (
        torch.from_numpy(np.stack([row[i] for row in rows], axis=-2)) for i in range(5)
    )
    if pinned:
        tokens, positions, documents, targets, labels = (
            one.pin_memory() for one in (tokens, positions, documents, targets, labels)
        )
    return Batch(
        step=step,
        tokens=tokens,
        positions=positions,
        targets=targets,
        documents=documents if masked else None,
        labels=labels,
        n_padded=sum(row.n_padded for row in rows),
        n_cut=sum(row.n_cut for row in rows),
        cursors=cursors,
    )
