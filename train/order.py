"""Chance as a function: hashes, shuffles and mixtures of a seed and a place, and of nothing that was drawn before."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
import xxhash

_ROUNDS = 6
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIXTURE_PERIOD = 4096  # sequences after which a mixture's shares are exact, to 1/4096


def key_of(*parts: int | str) -> int:
    """64 bits from a seed and names of a place."""
    return xxhash.xxh3_64_intdigest("/".join(map(str, parts)).encode())


def mixed(values: np.ndarray, key: int) -> np.ndarray:
    """64 well mixed bits for each number and a key: the finalizer of splitmix64 (Steele et al. 2014)."""
    x = (values.astype(np.uint64) + np.uint64(1)) * _GOLDEN ^ np.uint64(key)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def uniform(values: np.ndarray, key: int) -> np.ndarray:
    """A number in [0, 1) for each number and a key."""
    return (mixed(values, key) >> np.uint64(11)) * 2.0**-53


def shuffled(places: np.ndarray, n: int, key: int) -> np.ndarray:
    """Which of n things stands at each of these places of a shuffle, in memory for the places only.

    A Feistel network over the smallest even number of bits that holds n; what falls outside walks on until it is inside
    (Black and Rogaway 2002), fewer than four steps on average.
    """
    half = max(1, (max(n - 1, 1).bit_length() + 1) // 2)
    low = np.uint64((1 << half) - 1)
    shift = np.uint64(half)
    found = places.astype(np.uint64)
    outside = np.arange(len(found))
    while len(outside):
        walking = found[outside]
        left, right = walking >> shift, walking & low
        for i in range(_ROUNDS):
            left, right = right, left ^ (mixed(right, key + i & 0xFFFFFFFFFFFFFFFF) & low)
        found[outside] = left << shift | right
        outside = outside[found[outside] >= n]
    return found.astype(np.int64)


class Mixture:
    """Which source each sequence of an endless order comes from, and which of that source's sequences it is.

    Weights are shares of sequences, exact over every `MIXTURE_PERIOD` of them (rounded by largest remainder) and
    shuffled anew within each.
    """

    def __init__(self, weights: Sequence[float], seed: int):
        self.seed = seed
        shares = np.asarray(weights, float) / np.sum(weights) * MIXTURE_PERIOD
        self.counts = np.floor(shares).astype(np.int64)
        for i in np.argsort(self.counts - shares, kind="stable")[: MIXTURE_PERIOD - self.counts.sum()]:
            self.counts[i] += 1
        self.sources = np.repeat(np.arange(len(shares)), self.counts)
        self._period = lru_cache(maxsize=4)(self._shuffled_period)

    def place(self, number: int) -> tuple[int, int]:
        """Source, and number within it, of the sequence at this place of the order."""
        period, at = divmod(number, MIXTURE_PERIOD)
        sources, before = self._period(period)
        source = int(sources[at])
        return source, period * int(self.counts[source]) + int(before[at])

    def taken(self, number: int) -> np.ndarray:
        """How many of the order's first sequences are of each source, int64."""
        periods, rest = divmod(number, MIXTURE_PERIOD)
        return periods * self.counts + np.bincount(self._period(periods)[0][:rest], minlength=len(self.counts))

    def _shuffled_period(self, period: int) -> tuple[np.ndarray, np.ndarray]:
        places = np.arange(MIXTURE_PERIOD)
        sources = self.sources[shuffled(places, MIXTURE_PERIOD, key_of(self.seed, "mixture", period))]
        before = np.empty(MIXTURE_PERIOD, np.int64)
        for source in range(len(self.counts)):
            here = sources == source
            before[here] = np.arange(here.sum())
        return sources, before


class Curriculum:
    """Mixtures one after another, each from a sequence on; a source goes on where the mixture before has left it.

    `phases` are (first sequence, weights), the first from 0 on: alone it is a Mixture of the same seed.
    """

    def __init__(self, phases: Sequence[tuple[int, Sequence[float]]], seed: int):
        self.starts = [start for start, _ in phases]
        self.mixtures = [
            Mixture(weights, key_of(seed, "phase", number) if number else seed)
            for number, (_, weights) in enumerate(phases)
        ]
        self.before = [np.zeros(len(phases[0][1]), np.int64)]
        for mixture, (start, end) in zip(self.mixtures, pairwise(self.starts), strict=False):
            self.before.append(self.before[-1] + mixture.taken(end - start))

    def place(self, number: int) -> tuple[int, int]:
        """Source, and number within it, of the sequence at this place of the order."""
        phase = bisect_right(self.starts, number) - 1
        source, found = self.mixtures[phase].place(number - self.starts[phase])
        return source, int(self.before[phase][source]) + found


class Lanes:
    """A curriculum in lanes side by side: each global batch has an equal stretch of each, in their order.

    A rank's part of a batch then is of some lanes only, whatever is mixed, and the rank need not prepare the others. To
    the caller lane l's source i is source l x (number of sources) + i. `phases` are (first step, weights).
    """

    def __init__(self, phases: Sequence[tuple[int, Sequence[float]]], seed: int, *, lanes: int, global_batch: int):
        assert global_batch % lanes == 0
        self.stretch, self.lanes, self.n_sources = global_batch // lanes, lanes, len(phases[0][1])
        own = [(step * self.stretch, weights) for step, weights in phases]
        seeds = [key_of(seed, "lane", lane) for lane in range(lanes)] if lanes > 1 else [seed]
        self.orders = [Curriculum(own, one) for one in seeds]

    def place(self, number: int) -> tuple[int, int]:
        """Source, and number within it, of the sequence at this place of the order."""
        stretch, at = divmod(number, self.stretch)
        step, lane = divmod(stretch, self.lanes)
        source, found = self.orders[lane].place(step * self.stretch + at)
        return lane * self.n_sources + source, found
