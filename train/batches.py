"""Batches of sequences: the same order for a seed whatever the number of ranks, made ahead in the background.

Sequences come from packed tokens (`Source`) or from curated Parquet (train/streamed.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from curate.errors import WrongUse
from train.ahead import ahead
from train.labels import Labels
from train.model import IGNORED
from train.sequences import Cursor, Group, Sequences


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


class Order(Protocol):
    """Which source each sequence of an endless order comes from, and which of that source's it is."""

    def place(self, number: int) -> tuple[int, int]:
        """The source and the number in it of a sequence."""
        ...


@dataclass(frozen=True, kw_only=True)
class Batches:
    """The endless order of sequences and this rank's part of it.

    Step s of a run has the sequences s x `global_batch` to (s + 1) x `global_batch`; rank r of `world` takes the r-th
    part of them, so that the ranks' parts one after the other are the same for any `world`. FIM's chances, cuts and
    padding belong to the sequence and so to the order as well.
    """

    sources: Sequence[Sequences[Any]]
    mixture: Order
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
        try:
            with closing(ahead(self.batch, step, self.ahead)) as ready:  # type: ignore[type-var]
                yield from ready
        finally:
            for source in self.sources:
                source.close()

    def _row(self, source: int, number: int) -> Row:
        group, pieces = self.sources[source].find(number)
        return self.row(source, group, pieces)

    def empty_row(self) -> Row:
        """A row of padding, for ranks that have none left while others have."""
        source = self.sources[0]
        return self.row(0, source.find(0)[0], [])

    def row(self, source: int, group: Group, pieces: list[int]) -> Row:
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
            labels[:, at:end] = np.reshape(place.values(self.labels, source, group, piece), (-1, 1))
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
