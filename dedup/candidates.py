"""Candidate pairs: files that share a key. Hot keys are bounded, and what that leaves out is counted.

In a bucket, the files of one key in keeper priority, every pair is looked at, up to `most_whole` files. In a larger one
a file is compared with the bucket's leaders only, so that the cost grows with its files and not with their square. The
first file is a leader, and then each that is near to none of them, up to `leaders`; a file that came near to `enough`
needs no more. So many copies of a few files cost little, and a bucket of files that share a header and nothing else is
where pairs are left out: two that are no leaders may be missed, unless they meet under another key. Of a hot bucket
only the leaders need stay in memory, so that one that comes in pieces may be of any size.

Numbers of files are their places in keeper priority: 0 is kept before 1. So a pair is (better, worse), better < worse.
Files that are known stay whatever comes, and stand before all others: two of them are not compared with each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from itertools import chain
from typing import NamedTuple

import numpy as np

from dedup.kernel import inlined, kernel, popcount
from dedup.simhash import hamming

_ROOM = 1 << 18
_BEGIN, _I, _BEFORE, _LEADERS, _PAIRS, _PAIRS_LEFT_OUT, _HOT, _LARGEST, _LEFT_ALONE, _N_STATE = range(10)


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
    keys, files, known, goes_on, most_whole, enough, simhashes, most_distance, minhashes, least_equal, leaders, state,
    better, worse,
):  # fmt: skip
    """Writes pairs from where `state` stands until there may be no room or is no bucket left; gives their number.

    A file is compared with those before it, or with the leaders among them (int64), and a known one (bool by row) with
    none. Of the first bucket `_BEFORE` files more were there before, and `_I` need no look; the last one is left open
    where it `goes_on`.
    """
    n, begin = 0, state[_BEGIN]
    tells = simhashes.size > 0 or (minhashes.shape[0] > 0 and least_equal > 0)
    while begin < keys.size:
        end = begin + 1
        while end < keys.size and keys[end] == keys[begin]:
            end += 1
        size, before = end - begin, state[_BEFORE]
        hot = before + size > most_whole
        while state[_I] < size:
            one, is_known = files[begin + state[_I]], known[begin + state[_I]]
            others = 0 if is_known else state[_LEADERS] if hot else state[_I]
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
            if hot and not is_known:
                state[_PAIRS_LEFT_OUT] += before + state[_I] - n_compared
            if hot and (n_near == 0 or not tells):
                if state[_LEADERS] < leaders.size:
                    leaders[state[_LEADERS]] = one
                    state[_LEADERS] += 1
                else:
                    state[_LEFT_ALONE] += 1
            state[_I] += 1
        begin = end
        if goes_on and begin == keys.size:
            break
        state[_HOT] += hot
        state[_LARGEST] = max(state[_LARGEST], before + size)
        state[_I], state[_BEFORE], state[_LEADERS] = 0, 0, 0
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
    state, leaders = np.zeros(_N_STATE, np.int64), np.empty(bound.leaders, np.int64)
    near = (
        np.zeros(0, np.uint64) if simhashes is None else simhashes, most_distance,
        np.zeros((0, 1), np.uint32) if minhashes is None else minhashes, least_equal,
    )  # fmt: skip
    yield from _piece(keys, files, files < 0, bound, near, leaders, state)
    compared.add(_counted(state))


class Entries(NamedTuple):
    """Files under keys, in the order of keys, and in keeper priority among equal ones."""

    keys: np.ndarray  # uint64
    files: np.ndarray  # int64: names that ascend in keeper priority; below 0 those of known files
    simhashes: np.ndarray  # uint64; empty where there are none

    def take(self, rows: np.ndarray | slice) -> Entries:
        """Some of them."""
        return Entries(self.keys[rows], self.files[rows], self.simhashes[rows] if len(self.simhashes) else _NONE)

    def then(self, other: Entries) -> Entries:
        """These and another's."""
        return Entries(*(np.concatenate(both) for both in zip(self, other, strict=True)))


_NONE = np.zeros(0, np.uint64)
_NO_ENTRIES = Entries(_NONE, np.zeros(0, np.int64), _NONE)


def streamed_pairs(
    pieces: Iterable[Entries], *, bound: Bound, compared: Compared, most_distance: int = 64
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Pairs (better, worse) as `bucket_pairs` finds them, and their distances (empty without SimHashes), of entries
    that come in pieces: the order of the entries goes on from piece to piece.

    Held beside a piece are `most_whole` entries, or the leaders of one bucket.
    """
    state, leaders = np.zeros(_N_STATE, np.int64), np.empty(bound.leaders, np.int64)
    held = _NO_ENTRIES
    for piece in chain(pieces, [None]):
        rows = held if piece is None else held.then(piece)
        last = int(np.searchsorted(rows.keys, rows.keys[-1])) if len(rows.keys) else 0
        size = len(rows.keys) - last + (state[_BEFORE] if last == 0 else 0)
        goes_on = piece is not None and size > bound.most_whole
        now = rows if goes_on or piece is None else rows.take(slice(last))
        near = (now.simhashes, most_distance, np.zeros((0, 1), np.uint32), 0)
        rows_now = np.arange(len(now.keys))
        for better, worse in _piece(now.keys, rows_now, now.files < 0, bound, near, leaders, state, goes_on=goes_on):
            apart = hamming(now.simhashes[better], now.simhashes[worse]) if len(now.simhashes) else _NONE
            yield now.files[better], now.files[worse], apart
        if goes_on:
            held = rows.take(leaders[: state[_LEADERS]])
            leaders[: len(held.keys)] = np.arange(len(held.keys))
            state[_BEFORE], state[_I] = state[_BEFORE] + state[_I] - len(held.keys), len(held.keys)
        else:
            held = rows.take(slice(last, None))
    compared.add(_counted(state))


def _piece(
    keys: np.ndarray, files: np.ndarray, known: np.ndarray, bound: Bound, near: tuple, leaders: np.ndarray,
    state: np.ndarray, *, goes_on: bool = False,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:  # fmt: skip
    """Pairs of these keys, the first bucket as `state` and `leaders` have it; the last one stays open if it goes on."""
    room = max(_ROOM, bound.most_whole, bound.leaders)  # at least what one file may need
    better, worse = np.empty(room, np.int64), np.empty(room, np.int64)
    tests = (goes_on, bound.most_whole, bound.enough, *near, leaders, state)
    state[_BEGIN] = 0
    while state[_BEGIN] < len(keys):
        n = _pairs(keys, files, known, *tests, better, worse)
        if n:
            yield better[:n].copy(), worse[:n].copy()


def _counted(state: np.ndarray) -> Compared:
    told = (int(state[at]) for at in (_PAIRS, _PAIRS_LEFT_OUT, _HOT, _LARGEST, _LEFT_ALONE))
    return Compared(**dict(zip((one.name for one in fields(Compared)), told, strict=True)))


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
