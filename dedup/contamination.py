"""Files that contain a benchmark's tasks: prompts, solutions and tests found by the n-grams they share.

A benchmark is a table of n-grams (dedup.ngrams), each with the parts of tasks that it stands in. A file shares of a
part what it has of the part's n-grams, wherever they stand and however often: the share of a copy is near 1 whatever
else the file holds. n-grams of everyday code are weeded out when a table is built (dedup.benchmark_tables), so that
little is shared by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from dedup.buffers import Text, offsets_and_bytes
from dedup.kernel import inlined, kernel
from dedup.ngrams import AT, WIDTHS, begin, next_ngrams, tables, work

TEXT, CODE, RENAMED, TEST = range(4)
"""Kinds of parts: the prompt, the solution as written, the solution renamed, the tests."""
KINDS = ("text", "code", "renamed", "test")
HASH_BITS = 48
"""Kept of an n-gram: among a million in a table, one of 280 million of a file's others is taken for one of them."""
_SHIFT = np.uint64(64 - HASH_BITS)


@dataclass(frozen=True, kw_only=True)
class Table:
    """n-grams of benchmarks. Part p is of kind part_kinds[p] of the task tasks[part_tasks[p]]."""

    tasks: tuple[str, ...]
    part_tasks: np.ndarray  # int32[parts]
    part_kinds: np.ndarray  # uint8[parts]
    hashes: np.ndarray  # uint64[n-grams], the leading HASH_BITS, ascending, each once
    offsets: np.ndarray  # int64[n-grams + 1]
    parts: np.ndarray  # int32: those with n-gram i are parts[offsets[i]:offsets[i + 1]], ascending
    sizes: np.ndarray = field(init=False)  # int64[parts], n-grams of each

    def __post_init__(self) -> None:
        object.__setattr__(self, "sizes", np.bincount(self.parts, minlength=len(self.part_tasks)))


class Index(NamedTuple):
    """A table as the kernel looks things up in it."""

    bits: np.ndarray  # uint64, a filter: bit h mod its size is set for every hash h
    buckets: np.ndarray  # int64: hashes that begin with b are from buckets[b] to buckets[b + 1]
    shift: np.ndarray  # uint64[1], to the beginning of a hash
    hashes: np.ndarray


class Found(NamedTuple):
    """Of every row the part that it shares most of, by its limit."""

    part: np.ndarray  # int64[rows], -1 for none
    shared: np.ndarray  # int64[rows], n-grams of it that are in the row
    share: np.ndarray  # float64[rows], of the part's
    reached: np.ndarray  # bool[rows], whether that is the limit or more


def table_of(tasks: Sequence[str], part_tasks: Sequence[int], part_kinds: Sequence[int], pairs: np.ndarray) -> Table:
    """A table from pairs (uint64[n, 2]: n-gram cut to HASH_BITS, part), in any order and with repetitions."""
    pairs = np.unique(pairs.reshape(-1, 2), axis=0)
    hashes, first = np.unique(pairs[:, 0], return_index=True)
    return Table(
        tasks=tuple(tasks),
        part_tasks=np.asarray(part_tasks, np.int32),
        part_kinds=np.asarray(part_kinds, np.uint8),
        hashes=hashes,
        offsets=np.append(first, len(pairs)).astype(np.int64),
        parts=pairs[:, 1].astype(np.int32),
    )


def pairs_of(table: Table) -> np.ndarray:
    """The pairs that `table_of` makes the table from."""
    return np.stack([np.repeat(table.hashes, np.diff(table.offsets)), table.parts.astype(np.uint64)], axis=1)


def joined(several: Sequence[Table]) -> Table:
    """One table of several, in their order."""
    tasks: list[str] = []
    part_tasks: list[int] = []
    part_kinds: list[int] = []
    pairs = [np.zeros((0, 2), np.uint64)]
    for one in several:
        pairs.append(pairs_of(one) + np.array([0, len(part_tasks)], np.uint64))
        part_tasks += (one.part_tasks + len(tasks)).tolist()
        part_kinds += one.part_kinds.tolist()
        tasks += one.tasks
    return table_of(tasks, part_tasks, part_kinds, np.concatenate(pairs))


def index_of(hashes: np.ndarray) -> Index:
    """About 12 bytes for each n-gram beside the table's own."""
    n = max(len(hashes), 1)
    bucket_bits = max(n.bit_length() - 1, 1)
    shift = np.array([HASH_BITS - bucket_bits], np.uint64)
    buckets = np.searchsorted(hashes >> shift[0], np.arange((1 << bucket_bits) + 1, dtype=np.uint64))
    bits = np.zeros(1 << max((32 * n).bit_length() - 6, 4), np.uint64)
    at = hashes & np.uint64(64 * len(bits) - 1)
    np.bitwise_or.at(bits, (at >> np.uint64(6)).astype(np.int64), np.uint64(1) << (at & np.uint64(63)))
    return Index(bits, buckets.astype(np.int64), shift, hashes)


@inlined
def _look_up(ngrams, n, row, index, last_row, hits, n_hits):
    """Adds to `hits` which of the table's n-grams are among these and new in this row; gives how many it holds."""
    mask = np.uint64(64 * index.bits.size - 1)
    for k in range(np.uint64(n)):
        hashed = ngrams[k] >> _SHIFT
        at = hashed & mask
        if not (index.bits[at >> np.uint64(6)] >> (at & np.uint64(63))) & np.uint64(1):
            continue
        bucket = hashed >> index.shift[0]
        for i in range(index.buckets[bucket], index.buckets[bucket + np.uint64(1)]):
            if index.hashes[i] == hashed and last_row[i] != row:
                last_row[i] = row
                hits[n_hits] = i
                n_hits += 1
    return n_hits


@inlined
def _hits(offsets, data, row, marks, widths, scan_tables, work, index, last_row, hits):
    """Fills `hits` with the table's n-grams that are in the row, once each; gives how many."""
    begin(work, offsets[row])
    n_hits = 0
    while np.int64(work.state[AT]) < offsets[row + 1]:
        n, m = next_ngrams(data, offsets[row], offsets[row + 1], marks[row], widths, scan_tables, work)
        n_hits = _look_up(work.written, n, row, index, last_row, hits, n_hits)
        n_hits = _look_up(work.renamed, m, row, index, last_row, hits, n_hits)
    return n_hits


@kernel
def _find(
    offsets, data, marks, widths, scan_tables, work, index, last_row, hits,
    part_offsets, parts, sizes, limits, counts, touched, best, shared,
):  # fmt: skip
    for row in range(offsets.size - 1):
        n_touched = 0
        for k in range(_hits(offsets, data, row, marks, widths, scan_tables, work, index, last_row, hits)):
            for j in range(part_offsets[hits[k]], part_offsets[hits[k] + 1]):
                part = parts[j]
                if counts[part] == 0:
                    touched[n_touched] = part
                    n_touched += 1
                counts[part] += 1
        score = 0.0
        for k in range(n_touched):
            part = touched[k]
            mine = counts[part] / (sizes[part] * limits[part])
            if mine > score or (mine == score and part < best[row]):
                score, best[row], shared[row] = mine, part, counts[part]
            counts[part] = 0


@kernel
def _count_rows(offsets, data, marks, widths, scan_tables, work, index, last_row, hits, counts):
    for row in range(offsets.size - 1):
        for k in range(_hits(offsets, data, row, marks, widths, scan_tables, work, index, last_row, hits)):
            counts[hits[k]] += 1


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The share of a part from which on, inclusive, a file is said to contain it; above 1: never."""

    text: float = 0.3
    code: float = 0.5
    renamed: float = 0.6
    test: float = 0.3

    def __post_init__(self) -> None:
        for kind in KINDS:
            if not getattr(self, kind) > 0:
                raise ValueError(f"a limit of {getattr(self, kind)} for {kind}: it lies above 0, and above 1 is never")

    def of(self, table: Table) -> np.ndarray:
        """float64[parts]."""
        return np.array([getattr(self, kind) for kind in KINDS])[table.part_kinds]


class Finder:
    """Looks into batches for the parts of one table. Its memory depends on the table alone; not for several threads."""

    def __init__(self, table: Table, limits: Limits | None = None) -> None:
        """Builds what the kernels look things up in."""
        self.table = table
        self.limits = (limits or Limits()).of(table)
        self._index = index_of(table.hashes)
        self._work = work()
        self._hits = np.zeros(len(table.hashes), np.int64)
        self._counts = np.zeros(len(table.sizes), np.int64)
        self._touched = np.zeros(len(table.sizes), np.int64)

    def find(self, content: Text, marks: np.ndarray) -> Found:
        """Of every row the part with the highest share for its limit. `marks`: uint8[rows], see dedup.ngrams."""
        rows = len(content)
        best, shared = np.full(rows, -1, np.int64), np.zeros(rows, np.int64)
        _find(
            *self._arguments(content, marks), self.table.offsets, self.table.parts, self.table.sizes, self.limits,
            self._counts, self._touched, best, shared,
        )  # fmt: skip
        share = np.where(best < 0, 0.0, shared / np.append(self.table.sizes, 1)[best])
        reached = (best >= 0) & (share >= np.append(self.limits, 0)[best])
        return Found(best, shared, share, reached)

    def count_rows(self, content: Text, marks: np.ndarray) -> np.ndarray:
        """int64 of each n-gram of the table: the rows that have it."""
        counts = np.zeros(len(self.table.hashes), np.int64)
        _count_rows(*self._arguments(content, marks), counts)
        return counts

    def _arguments(self, content: Text, marks: np.ndarray) -> tuple:
        offsets, data = offsets_and_bytes(content)
        last_row = np.full(len(self.table.hashes), -1, np.int64)
        return offsets, data, marks, WIDTHS, tables(), self._work, self._index, last_row, self._hits
