"""Chance as a function: hashes, shuffles and mixtures of a seed and a place, and of nothing that was drawn before."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

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

    def _shuffled_period(self, period: int) -> tuple[np.ndarray, np.ndarray]:
        places = np.arange(MIXTURE_PERIOD)
        sources = self.sources[shuffled(places, MIXTURE_PERIOD, key_of(self.seed, "mixture", period))]
        before = np.empty(MIXTURE_PERIOD, np.int64)
        for source in range(len(self.counts)):
            here = sources == source
            before[here] = np.arange(here.sum())
        return sources, before


class Lanes:
    """A mixture in `lanes` lanes side by side: each global batch has an equal stretch of each, in their order.

    A rank's part of a batch then is of some lanes only, whatever is mixed, and the rank need not prepare the others. To
    the caller lane l's source i is source l x (number of sources) + i.
    """

    def __init__(self, weights: Sequence[float], seed: int, *, lanes: int, global_batch: int):
        assert global_batch % lanes == 0
        self.stretch, self.lanes, self.n_sources = global_batch // lanes, lanes, len(weights)
        self.mixtures = [Mixture(weights, key_of(seed, "lane", lane)) for lane in range(lanes)]

    def place(self, number: int) -> tuple[int, int]:
        """Source, and number within it, of the sequence at this place of the order."""
        stretch, at = divmod(number, self.stretch)
        step, lane = divmod(stretch, self.lanes)
        source, found = self.mixtures[lane].place(step * self.stretch + at)
        return lane * self.n_sources + source, found
