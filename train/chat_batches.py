"""Batches of whole chats: so many samples a step, packed into rows anew for each step.

Step s of a run has the samples s x `global_batch` to (s + 1) x `global_batch` of an order that is a function of the
seed: epoch after epoch, each shuffled anew over all files. A step's samples fill as few rows as best fit finds; the
rows are padded with empty ones to a multiple of the data ranks and dealt out to them in turn. So a step has the same
samples whatever the number of ranks, and nothing that lies before it needs to be computed to reach it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch

from train.ahead import ahead
from train.batches import Batch, Row, stacked
from train.chat_store import ChatStore
from train.labels import Labels, labels_of
from train.model import IGNORED
from train.order import key_of, shuffled
from train.packing import best_fit
from train.parallel import World
from train.validation import HeldOut, Validation

_HELD_OUT_AT_ONCE = 16_384  # samples that are packed together


class Order:
    """Which sample stands at each place of a run. `weights`, one a file, say how often a sample is taken an epoch."""

    def __init__(self, n_samples_of_files: Sequence[int], weights: Sequence[float], seed: int):
        self.seed, self.weights, self.sizes = seed, weights, n_samples_of_files
        self.firsts = np.cumsum([0, *n_samples_of_files[:-1]])
        self.n_epoch = sum(round(n * weight) for n, weight in zip(self.sizes, self.weights, strict=True))
        self._epoch: tuple[int, np.ndarray] | None = None

    def samples(self, first: int, end: int) -> np.ndarray:
        """The samples at the places first..end - 1."""
        places = np.arange(first, end)
        epochs = places // self.n_epoch
        return np.concatenate([self._of(epoch)[places[epochs == epoch] % self.n_epoch] for epoch in np.unique(epochs)])

    def _of(self, epoch: int) -> np.ndarray:
        if self._epoch is None or self._epoch[0] != epoch:
            taken = np.concatenate([self._of_file(file, int(epoch)) for file in range(len(self.sizes))])
            places = shuffled(np.arange(self.n_epoch), self.n_epoch, key_of(self.seed, "epoch", int(epoch)))
            self._epoch = epoch, taken[places]
        return self._epoch[1]

    def _of_file(self, file: int, epoch: int) -> np.ndarray:
        """A file's samples as often as whole times its weight has, and of a fraction those that come first."""
        n, total = self.sizes[file], round(self.sizes[file] * self.weights[file])
        whole, rest = divmod(total, n) if n else (0, 0)
        some = shuffled(np.arange(rest), n, key_of(self.seed, "part", file, epoch))
        return np.concatenate((np.tile(np.arange(n), whole), some)) + self.firsts[file]


@dataclass(frozen=True, kw_only=True)
class ChatRows:
    """Samples of a store as rows of `room` tokens."""

    store: ChatStore
    labels: Sequence[Labels]  # each of this one store
    room: int
    pad: int

    def packed(self, samples: np.ndarray) -> list[np.ndarray]:
        """The samples of each row, by best fit."""
        pieces = best_fit(self.store.lengths[samples].astype(np.int64), self.room)
        return [samples[row] for row in pieces]

    def row(self, samples: np.ndarray) -> Row:
        """A row: tokens, positions from 0 in each sample, and targets where the next token bears loss."""
        room = self.room
        tokens, positions = np.full(room, self.pad, np.int64), np.zeros(room, np.int64)
        documents, targets = np.full(room, len(samples), np.int64), np.full(room, IGNORED, np.int64)
        labels = np.full((len(self.labels), room), -1, np.int32)
        at = 0
        for i, sample in enumerate(samples):
            first, n = int(self.store.starts[sample]), int(self.store.lengths[sample])
            own, bears = self.store.tokens[first : first + n], self.store.bears[first : first + n]
            end = at + n
            tokens[at:end], positions[at:end], documents[at:end] = own, np.arange(n), i
            targets[at : end - 1] = np.where(bears[1:], own[1:].astype(np.int64), IGNORED)
            labels[:, at:end] = [[one.of[0][sample]] for one in self.labels]
            at = end
        positions[at:] = np.arange(room - at)
        return Row(tokens, positions, documents, targets, labels, room - at, 0)

    def dealt(self, rows: list[np.ndarray], rank: int, world: int) -> list[Row]:
        """This rank's rows, as many on each: every `world`-th, and empty ones where they do not come out even."""
        own = rows[rank::world]
        own += [np.empty(0, np.int64)] * (-(-len(rows) // world) - len(own))
        return [self.row(samples) for samples in own]


@dataclass(frozen=True, kw_only=True)
class ChatBatches:
    """The run's steps, as this rank sees them."""

    rows: ChatRows
    order: Order
    global_batch: int  # samples
    n_samples: int  # of the whole run: the last step has what is left
    rank: int = 0
    world: int = 1
    ahead: int = 4
    _pinned: bool = field(default_factory=torch.cuda.is_available)

    @property
    def labels(self) -> Sequence[Labels]:
        """The dimensions by which losses are told: language, task and tags."""
        return self.rows.labels

    def batch(self, step: int) -> Batch:
        """This rank's part of a step."""
        first = step * self.global_batch
        samples = self.order.samples(first, max(first + 1, min(first + self.global_batch, self.n_samples)))
        rows = self.rows.dealt(self.rows.packed(samples), self.rank, self.world)
        return stacked(step, rows, pinned=self._pinned)

    def from_step(self, step: int, cursors: Sequence[Sequence[int]] = ()) -> Iterator[Batch]:
        """All batches from a step on, made in the background. Close the iterator to end that."""
        return ahead(self.batch, step, self.ahead)


def chat_rows(store: ChatStore, tags: Sequence[str], *, room: int) -> ChatRows:
    """The rows of a store, with the losses' dimensions: language, task and `tags`."""
    labels = [labels_of([store]), labels_of([store], "task"), *(labels_of([store], tag) for tag in tags)]
    return ChatRows(store=store, labels=labels, room=room, pad=store.special("im_end"))


def chat_validation(rows: ChatRows, *, max_samples: int | None, micro_batch: int, world: World) -> Validation:
    """The store's samples, in its own order or `max_samples` of them by chance, an equal part on each data rank."""
    n = rows.store.n_documents
    taken = np.arange(n) if max_samples is None or max_samples >= n else np.sort(_some(n, max_samples))
    part = HeldOut(batches=partial(_once, rows, taken, micro_batch, world), token_bytes=rows.store.token_bytes)
    return Validation([part], rows.labels, world)


def _some(n: int, k: int) -> np.ndarray:
    return shuffled(np.arange(k), n, key_of(0, "validation"))


def _once(rows: ChatRows, taken: np.ndarray, micro_batch: int, world: World) -> Iterator[Batch]:
    for first in range(0, len(taken), _HELD_OUT_AT_ONCE):
        packed = rows.packed(taken[first : first + _HELD_OUT_AT_ONCE])
        step = micro_batch * world.data_size
        for start in range(0, len(packed), step):
            dealt = rows.dealt(packed[start : start + step], world.data_rank, world.data_size)
            yield stacked(0, dealt)
