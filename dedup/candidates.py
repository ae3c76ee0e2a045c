"""Candidate pairs: files that share a key. Hot keys are bounded, and what that leaves out is counted.

In a bucket, the files of one key in keeper priority, every pair is looked at, up to `most_whole` files. In a larger one
a file is compared with the bucket's leaders only, so that the cost grows with its files and not with their square. The
first file is a leader, and then each that is near to none of them, up to `leaders`; a file that came near to `enough`
needs no more. So many copies of a few files cost little, and a bucket of files that share a header and nothing else is
where pairs are left out: two that are no leaders may be missed, unless they meet under another key.

Numbers of files are their places in keeper priority: 0 is kept before 1. So a pair is (better, worse), better < worse.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np

from dedup.kernel import inlined, kernel, popcount

_ROOM = 1 << 18
_BEGIN, _I, _LEADERS, _PAIRS, _PAIRS_LEFT_OUT, _HOT, _LARGEST, _LEFT_ALONE, _N_STATE = range(9)


@dataclass(frozen=True, kw_only=True)
class Bound:
    """How much of a bucket is compared."""

    most_whole: int = 64
    """Files of a bucket in which all pairs are compared."""
    leaders: int = 32
    """Most leaders of a larger one."""
    enough: int = 2
    """Leaders that a file must come near to, to be compared with no more."""


SIMHASH_BOUND = Bound(leaders=2000, enough=8)
"""For SimHashes, where a comparison takes a nanosecond. Every pair of a bucket is found, unless the bucket is hot and
the better file is near to a leader and none itself, or the worse one near to 8; or 2,000 of it are near to no other."""


@dataclass(kw_only=True)
class Compared:
    """What was looked at, added up over all keys; the same pair may meet under several."""

    pairs: int = 0
    pairs_left_out: int = 0
    """Pairs of files in hot buckets that were not compared under that key."""
    hot_buckets: int = 0
    largest_bucket: int = 0
    left_alone: int = 0
    """Files of hot buckets that are near to no leader and found all leaders' places taken, added up over keys: theirs
    are the pairs that may be lost. Of other pairs that were left out, one file is near to a leader."""

    def add(self, other: Compared) -> None:
        """Takes another's counts in."""
        for one in fields(self):
            a, b = getattr(self, one.name), getattr(other, one.name)
            setattr(self, one.name, max(a, b) if one.name == "largest_bucket" else a + b)


@inlined
def _n_equal(a, b):
    n = np.int32(0)
    for p in range(a.size):
        n += np.int32(a[p] == b[p])
    return n


@inlined
def _is_near(one, other, simhashes, most_distance, minhashes, least_equal):
    """What the signatures say; without any, everything is near."""
    if simhashes.size and popcount(simhashes[one] ^ simhashes[other]) > most_distance:
        return False
    return minhashes.shape[0] == 0 or _n_equal(minhashes[one], minhashes[other]) >= least_equal


@kernel
def _pairs(
    keys, files, most_whole, enough, simhashes, most_distance, minhashes, least_equal, leaders, state, better, worse
):  # fmt: skip
    """Writes pairs from where `state` stands until there may be no room or is no bucket left; gives their number.

    A file is compared with those before it, or with the leaders among them. leaders: int64, scratch.
    """
    n, begin = 0, state[_BEGIN]
    tells = simhashes.size > 0 or (minhashes.shape[0] > 0 and least_equal > 0)
    while begin < keys.size:
        end = begin + 1
        while end < keys.size and keys[end] == keys[begin]:
            end += 1
        size = end - begin
        hot = size > most_whole
        while state[_I] < size:
            one = files[begin + state[_I]]
            others = state[_LEADERS] if hot else state[_I]
            if n + others > better.size:
                state[_BEGIN] = begin
                return n
            n_near = n_compared = 0
            while n_compared < others and not (hot and tells and n_near == enough):
                other = leaders[n_compared] if hot else files[begin + n_compared]
                n_compared += 1
                if _is_near(other, one, simhashes, most_distance, minhashes, least_equal):
                    better[n], worse[n] = other, one
                    n += 1
                    n_near += 1
            state[_PAIRS] += n_compared
            if hot:
                state[_PAIRS_LEFT_OUT] += state[_I] - n_compared
            if hot and (n_near == 0 or not tells):
                if others < leaders.size:
                    leaders[others] = one
                    state[_LEADERS] += 1
                else:
                    state[_LEFT_ALONE] += 1
            state[_I] += 1
        state[_HOT] += hot
        state[_LARGEST] = max(state[_LARGEST], size)
        state[_I], state[_LEADERS] = 0, 0
        begin = end
    state[_BEGIN] = begin
    return n


def bucket_pairs(
    keys: np.ndarray,
    files: np.ndarray,
    *,
    bound: Bound,
    compared: Compared,
    simhashes: np.ndarray | None = None,
    most_distance: int = 64,
    minhashes: np.ndarray | None = None,
    least_equal: int = 0,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs (better, worse; int64) of files under equal keys, in pieces. The counts are added to `compared`.

    `keys` (uint64) ascend, and `files` (int64) ascend among equal keys. With `simhashes` (uint64 by file) only pairs
    within `most_distance` come back, with `minhashes` (uint32[files, permutations]) only those with `least_equal`
    values in common: that is what makes two files near. Without either all are, and leaders are the first ones.
    """
    state = np.zeros(_N_STATE, np.int64)
    none, no_rows = np.zeros(0, np.uint64), np.zeros((0, 1), np.uint32)
    room = max(_ROOM, bound.most_whole, bound.leaders)  # at least what one file may need
    leaders, better, worse = np.empty(bound.leaders, np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
    while state[_BEGIN] < len(keys):
        n = _pairs(
            keys, files, bound.most_whole, bound.enough, none if simhashes is None else simhashes, most_distance,
            no_rows if minhashes is None else minhashes, least_equal, leaders, state, better, worse,
        )  # fmt: skip
        if n:
            yield better[:n].copy(), worse[:n].copy()
    told = (int(state[at]) for at in (_PAIRS, _PAIRS_LEFT_OUT, _HOT, _LARGEST, _LEFT_ALONE))
    compared.add(Compared(**dict(zip((one.name for one in fields(Compared)), told, strict=True))))


def _once(values: np.ndarray) -> np.ndarray:
    """Sorted, without repetition. NumPy's own `unique` takes a hash table to it, ten times as slow on such values."""
    values = np.sort(values)
    return values[np.diff(values, prepend=-1) != 0]


def candidates(
    keys: np.ndarray, *, bound: Bound | None = None, compared: Compared | None = None, **tests: object
) -> tuple[np.ndarray, np.ndarray]:
    """All pairs (better, worse), each once and ascending, of files that share a key in some column.

    keys: uint64[bands or tables, files], the files in keeper priority. `tests` are those of `bucket_pairs`.
    """
    bound, compared = bound or Bound(), compared if compared is not None else Compared()
    n_files = keys.shape[1]
    found = np.zeros(0, np.int64)
    for column in keys:
        files = np.argsort(column, kind="stable")
        pieces = bucket_pairs(column[files], files, bound=bound, compared=compared, **tests)  # type: ignore[arg-type]
        found = _once(np.concatenate([found, *(better * n_files + worse for better, worse in pieces)]))
    return found // max(n_files, 1), found % max(n_files, 1)
