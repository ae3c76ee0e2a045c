"""Which files of a corpus are alike: the Jaccard similarity of all pairs at or above a threshold, missing none.

A file is the set of its shingles (shingles.py); one under five words has none and takes no part. Files of equal sets
are collapsed into one, the representative. All shingles are put into one order, rarest first. Two sets of sizes m and n
with Jaccard similarity t or more share at least need = t / (1 + t) (m + n) shingles; behind the first one that they
share, need - 1 more follow in each, so it stands early in both. An inverted index over the early part of every set, its
prefix, therefore meets every such pair, and the two positions at the first meeting already refute most others (prefix
and positional filtering: Chaudhuri et al. 2006, Bayardo et al. 2007, Xiao et al. 2008). Those left are intersected.
Nothing is sampled or estimated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash
from numba import njit
from shingles import ShingleSets, shingle_sets

MIN_JACCARD = Fraction(1, 2)
THREADS = 2
RANGES = 64
"""Pieces of the join, many more than threads: large sets cost more than small ones and come last."""
_BUCKET_BITS = 20


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Pairs of sets by their index, first < second, ascending, with their Jaccard similarity."""

    first: np.ndarray
    second: np.ndarray
    jaccard: np.ndarray


@dataclass(frozen=True, kw_only=True)
class _RankedSets:
    """Sets by ascending size, their shingles as ranks in the order of frequency, rarest first.

    Shingles of one set only come first in that order and are not stored: ranks[offsets[i] + k] stands at position
    sizes[i] - (offsets[i + 1] - offsets[i]) + k of set i.
    """

    sizes: np.ndarray
    offsets: np.ndarray
    ranks: np.ndarray
    n_ranks: int


def similar_pairs(sets: ShingleSets, min_jaccard: Fraction = MIN_JACCARD, threads: int = THREADS) -> Pairs:
    """All pairs of non-empty sets whose Jaccard similarity is at least `min_jaccard` (above 0), none missing."""
    sizes = np.diff(sets.offsets)
    order = np.argsort(sizes, kind="stable")
    order = order[sizes[order] > 0]
    ranked = _rank(sets, order)
    t_num, t_den = min_jaccard.numerator, min_jaccard.denominator
    starts, posted, places = _index(ranked.sizes, ranked.offsets, ranked.ranks, ranked.n_ranks, t_num, t_den)
    bounds = np.linspace(0, order.size, RANGES + 1).astype(np.int64)

    def join(begin: int, end: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return _join(ranked.sizes, ranked.offsets, ranked.ranks, starts, posted, places, t_num, t_den, begin, end)

    with ThreadPoolExecutor(threads) as pool:
        parts = list(pool.map(join, bounds[:-1], bounds[1:]))
    a, b, jaccard = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    first, second = np.minimum(order[a], order[b]), np.maximum(order[a], order[b])
    ascending = np.lexsort((second, first))
    return Pairs(first=first[ascending], second=second[ascending], jaccard=jaccard[ascending])


def _rank(sets: ShingleSets, order: np.ndarray) -> _RankedSets:
    values = np.sort(sets.hashes)
    counts = np.empty(values.size // 2, np.int32)
    n_ranks = _keep_shared(values, counts)
    values, counts = values[:n_ranks].copy(), counts[:n_ranks]
    ranks = np.empty(n_ranks, np.int32)
    ranks[np.argsort(counts, kind="stable")] = np.arange(n_ranks, dtype=np.int32)
    buckets = np.arange(1 << _BUCKET_BITS, dtype=np.uint64) << np.uint64(64 - _BUCKET_BITS)
    starts = np.append(np.searchsorted(values, buckets), n_ranks)
    ranked = np.empty(int(counts.sum()), np.int32)
    offsets = np.zeros(order.size + 1, np.int64)
    _rank_sets(order, sets.offsets, sets.hashes, values, starts, ranks, offsets, ranked)
    return _RankedSets(sizes=np.diff(sets.offsets)[order], offsets=offsets, ranks=ranked, n_ranks=n_ranks)


@njit(cache=True, nogil=True)
def _keep_shared(values, counts):
    """Moves the ascending values that occur more than once to the front, each once; returns how many there are."""
    n, i = 0, 0
    while i < values.size:
        end = i + 1
        while end < values.size and values[end] == values[i]:
            end += 1
        if end - i > 1:
            values[n] = values[i]
            counts[n] = end - i
            n += 1
        i = end
    return n


@njit(cache=True, nogil=True)
def _rank_sets(order, set_offsets, hashes, values, starts, ranks, offsets, out):
    """Writes the ranks of the shared shingles of every set, in `order`, ascending within the set."""
    n = 0
    for row in range(order.size):
        for k in range(set_offsets[order[row]], set_offsets[order[row] + 1]):
            bucket = hashes[k] >> np.uint64(64 - _BUCKET_BITS)
            low, high = starts[bucket], starts[bucket + np.uint64(1)]
            place = low + np.searchsorted(values[low:high], hashes[k])
            if place < high and values[place] == hashes[k]:
                out[n] = ranks[place]
                n += 1
        out[offsets[row] : n] = np.sort(out[offsets[row] : n])
        offsets[row + 1] = n


@njit(cache=True, nogil=True)
def _ceil_div(a, b):
    return -(-a // b)


@njit(cache=True, nogil=True)
def _index(sizes, offsets, ranks, n_ranks, t_num, t_den):
    """Postings (starts by rank, set, position in `ranks`) of what the smaller of two similar sets may share first."""
    starts = np.zeros(n_ranks + 1, np.int64)
    ends = np.empty(sizes.size, np.int64)
    for y in range(sizes.size):
        # Overlap with a set at least as large; the first shared shingle stands at position sizes[y] - overlap at last.
        need = _ceil_div(2 * t_num * sizes[y], t_num + t_den)
        ends[y] = max(offsets[y], offsets[y + 1] - need + 1)
        for k in range(offsets[y], ends[y]):
            starts[ranks[k] + 1] += 1
    starts = np.cumsum(starts)
    filled = starts[:-1].copy()
    posted_sets = np.empty(starts[-1], np.int32)
    posted_places = np.empty(starts[-1], np.int64)
    for y in range(sizes.size):
        for k in range(offsets[y], ends[y]):
            place = filled[ranks[k]]
            posted_sets[place], posted_places[place] = y, k
            filled[ranks[k]] += 1
    return starts, posted_sets, posted_places


@njit(cache=True, nogil=True)
def _overlap(ranks, i, i_end, j, j_end, need):
    """Size of the intersection of two ascending runs; too small, but below `need`, where `need` is out of reach."""
    n = 0
    while i < i_end and j < j_end and n + min(i_end - i, j_end - j) >= need:
        a, b = ranks[i], ranks[j]
        n += a == b
        i += a <= b
        j += b <= a
    return n


@njit(cache=True, nogil=True)
def _grown(array):
    larger = np.empty(2 * array.size, array.dtype)
    larger[: array.size] = array
    return larger


@njit(cache=True, nogil=True)
def _join(sizes, offsets, ranks, starts, posted_sets, posted_places, t_num, t_den, begin, end):
    """Pairs (x, y, Jaccard) of the sets x in begin..end with all sets y < x, which are no larger."""
    xs, ys, jaccards = np.empty(1024, np.int32), np.empty(1024, np.int32), np.empty(1024, np.float64)
    n = 0
    met = np.full(sizes.size, -1, np.int32)
    for x in range(begin, end):
        min_size = _ceil_div(t_num * sizes[x], t_den)
        smallest = np.searchsorted(sizes, min_size)
        for i in range(offsets[x], offsets[x + 1] - min_size + 1):
            posted = posted_sets[starts[ranks[i]] : starts[ranks[i] + 1]]
            for k in range(np.searchsorted(posted, smallest), posted.size):
                y = posted[k]
                if y >= x:
                    break
                if met[y] == x:
                    continue
                met[y] = x  # their first shared shingle: what follows decides, and later meetings add nothing
                j = posted_places[starts[ranks[i]] + k]
                need = _ceil_div(t_num * (sizes[x] + sizes[y]), t_num + t_den)
                overlap = _overlap(ranks, i, offsets[x + 1], j, offsets[y + 1], need)
                if overlap < need:
                    continue
                if n == xs.size:
                    xs, ys, jaccards = _grown(xs), _grown(ys), _grown(jaccards)
                xs[n], ys[n], jaccards[n] = x, y, overlap / (sizes[x] + sizes[y] - overlap)
                n += 1
    return xs[:n], ys[:n], jaccards[:n]


def representatives(sets: ShingleSets) -> np.ndarray:
    """For each set the index of the first set equal to it, itself where there is none before (int64)."""
    first: dict[bytes, int] = {}
    result = np.empty(sets.offsets.size - 1, np.int64)
    for i in range(result.size):
        digest = xxhash.xxh3_128_digest(sets.hashes[sets.offsets[i] : sets.offsets[i + 1]].data)
        result[i] = first.setdefault(digest, i)
    return result


def subset(sets: ShingleSets, chosen: np.ndarray) -> ShingleSets:
    """The sets where the mask `chosen` is true, in order."""
    sizes = np.diff(sets.offsets)
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes[chosen])])
    return ShingleSets(offsets=offsets, hashes=sets.hashes[np.repeat(chosen, sizes)])


def write_truth(files: Iterable[tuple[str, bytes]], folder: Path) -> dict[str, object]:
    """Writes truth.parquet and same_set.parquet for (path, content) in path order; returns the counts.

    truth.parquet (path_a, path_b, jaccard): pairs of representatives at MIN_JACCARD or above, path_a < path_b.
    same_set.parquet (path, representative): every file that another one represents.
    """
    paths: list[str] = []
    sets = shingle_sets(_contents(files, paths))
    representative = representatives(sets)
    has_shingles = np.diff(sets.offsets) > 0
    is_first = representative == np.arange(len(paths))
    chosen = is_first & has_shingles
    pairs = similar_pairs(subset(sets, chosen))
    place = np.flatnonzero(chosen)
    names = np.array(paths, dtype=object)
    represented = np.flatnonzero(has_shingles & ~is_first)
    columns = {"path_a": _names(names, place[pairs.first]), "path_b": _names(names, place[pairs.second])}
    truth = pa.table(columns | {"jaccard": pairs.jaccard})
    same_set = pa.table({"path": names[represented], "representative": names[representative[represented]]})
    pq.write_table(truth, folder / "truth.parquet", compression="zstd")
    pq.write_table(same_set, folder / "same_set.parquet", compression="zstd")
    return {
        "min_jaccard": float(MIN_JACCARD),
        "pairs": truth.num_rows,
        "files_represented_by_another": same_set.num_rows,
        "files_without_shingles": int((~has_shingles).sum()),
    }


def _contents(files: Iterable[tuple[str, bytes]], paths: list[str]) -> Iterator[bytes]:
    for path, content in files:
        paths.append(path)
        yield content


def _names(names: np.ndarray, places: np.ndarray) -> pa.DictionaryArray:
    """A column of names by index, stored once each: a file may be in thousands of pairs."""
    used, indices = np.unique(places, return_inverse=True)
    return pa.DictionaryArray.from_arrays(pa.array(indices, pa.int32()), pa.array(names[used], pa.string()))
