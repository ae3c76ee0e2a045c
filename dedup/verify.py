"""Proof: how similar two files really are, by their whole shingle sets; and what a signature may say beforehand."""

from __future__ import annotations

from math import exp, isnan, lgamma, log, log1p

import numpy as np

from dedup.kernel import inlined, kernel

_GALLOP = 16
"""From this ratio of sizes on, the smaller set's members are searched for in the larger one."""


@inlined
def _merged(hashes, i, i_end, j, j_end, need):
    """Size of the intersection of two ascending runs; -1 once `need` is out of reach."""
    n = 0
    while i < i_end and j < j_end:
        if n + min(i_end - i, j_end - j) < need:
            return -1
        a, b = hashes[i], hashes[j]
        n += a == b
        i += a <= b
        j += b <= a
    return n


@inlined
def _galloped(hashes, i, i_end, j, j_end, need):
    """The same, where the first run is much shorter."""
    n = 0
    while i < i_end and j < j_end:
        if n + (i_end - i) < need:
            return -1
        step = 1
        while j + step < j_end and hashes[j + step] < hashes[i]:
            step *= 2
        low, high = j, min(j + step + 1, j_end)
        while low < high:
            middle = (low + high) // 2
            if hashes[middle] < hashes[i]:
                low = middle + 1
            else:
                high = middle
        j = low
        if j < j_end and hashes[j] == hashes[i]:
            n += 1
            j += 1
        i += 1
    return n


@kernel
def _common(offsets, hashes, first, second, needs, out):
    for k in range(first.size):
        i, i_end = offsets[first[k]], offsets[first[k] + 1]
        j, j_end = offsets[second[k]], offsets[second[k] + 1]
        if i_end - i > j_end - j:
            i, i_end, j, j_end = j, j_end, i, i_end
        if i_end - i < needs[k]:
            out[k] = -1
        elif (j_end - j) > _GALLOP * (i_end - i):
            out[k] = _galloped(hashes, i, i_end, j, j_end, needs[k])
        else:
            out[k] = _merged(hashes, i, i_end, j, j_end, needs[k])


def common(
    offsets: np.ndarray, hashes: np.ndarray, first: np.ndarray, second: np.ndarray, needs: np.ndarray | None = None
) -> np.ndarray:
    """Number of shingles that pairs of sets share (int64); -1 where it is below `needs` (int64)."""
    out = np.empty(len(first), np.int64)
    _common(offsets, hashes, first, second, np.zeros(len(first), np.int64) if needs is None else needs, out)
    if needs is not None:
        out[out < needs] = -1
    return out


def jaccard(
    offsets: np.ndarray, hashes: np.ndarray, first: np.ndarray, second: np.ndarray, *, at_least: float = 0.0
) -> np.ndarray:
    """Jaccard similarity |A and B| / |A or B| (float64) of pairs of sets; NaN where it is below `at_least`.

    Stops early where the bound is out of reach. NaN for two empty sets, which have no similarity.
    """
    at_least = _number(at_least)
    sizes = np.diff(offsets)
    both = sizes[first] + sizes[second]
    # J >= t is |A and B| >= t / (1 + t) (|A| + |B|); the slack keeps rounding from refusing what the division allows.
    needs = np.ceil(at_least / (1 + at_least) * both - 1e-6).astype(np.int64)
    return _part(common(offsets, hashes, first, second, needs), both, at_least, minus_shared=True)


def containment(
    offsets: np.ndarray, hashes: np.ndarray, inner: np.ndarray, outer: np.ndarray, *, at_least: float = 0.0
) -> np.ndarray:
    """How much of the inner set is in the outer one, |I and O| / |I| (float64); NaN below `at_least`, or for no I."""
    at_least = _number(at_least)
    sizes = np.diff(offsets)[inner]
    needs = np.ceil(at_least * sizes - 1e-6).astype(np.int64)
    return _part(common(offsets, hashes, inner, outer, needs), sizes, at_least, minus_shared=False)


def _number(at_least: float) -> float:
    """A bound that can refuse something; nothing is below NaN."""
    if isnan(at_least):
        raise ValueError(f"a similarity of at least {at_least}: give a number, 0 lets all pairs pass")
    return at_least


def _part(shared: np.ndarray, total: np.ndarray, at_least: float, *, minus_shared: bool) -> np.ndarray:
    whole = total - np.maximum(shared, 0) if minus_shared else total
    found = np.full(len(shared), np.nan)
    np.divide(shared, whole, out=found, where=(shared >= 0) & (whole > 0))
    found[found < at_least] = np.nan
    return found


def estimate_floor(threshold: float, permutations: int, *, most_lost: float = 1e-4) -> int:
    """Equal values below which a pair need not be proved: what a pair at the threshold falls short of with odds of at
    most `most_lost`, by the binomial distribution."""
    if isnan(threshold) or not 0 < threshold <= 1:
        raise ValueError(f"a Jaccard threshold of {threshold}: it lies above 0 and up to 1")
    if not 0 <= most_lost < 1:
        raise ValueError(f"odds of {most_lost} to lose a pair: they lie from 0 to below 1")
    if threshold == 1:
        return permutations
    below = 0.0
    for equal in range(permutations + 1):
        # By logarithms: the number of choices is beyond a float from 1,030 permutations on.
        choices = lgamma(permutations + 1) - lgamma(equal + 1) - lgamma(permutations - equal + 1)
        below += exp(choices + equal * log(threshold) + (permutations - equal) * log1p(-threshold))
        if below > most_lost:
            return equal
    return permutations
