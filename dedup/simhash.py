"""SimHash of 64 bits over a file's shingles (Charikar 2002; Manku, Jain and Das Sarma 2007).

Bit b is 1 where more than half of the shingles have bit b set; at exactly half it is 0. A shingle that occurs twice
counts twice. Two files' similarity by SimHash is 1 - distance / 64.

Bits are counted in planes: plane p holds bit p of all 64 counters. Sixteen shingles at a time are added by a tree of
carry-save adders (Harley and Seal), which takes about five operations a shingle for all 64 counters together.
"""

from __future__ import annotations

import numpy as np

from dedup.kernel import inlined, kernel, popcount

N_PLANES = 48
"""Bits of a counter; a file has fewer shingles than 2^48."""


@inlined
def _add(a, b, c):
    """(carry, sum) of three words, bit by bit."""
    half = a ^ b
    return (a & b) | (half & c), half ^ c


@inlined
def _ripple(planes, plane, carry):
    """Adds a word at a plane and carries on."""
    while carry != 0:
        carry, planes[plane] = planes[plane] & carry, planes[plane] ^ carry
        plane += 1


@inlined
def add_shingles(shingles, first, n, planes):
    """Counts the bits of shingles[first:n]. planes: uint64[N_PLANES], zero before a file's first."""
    s = shingles
    ones, twos, fours, eights = planes[0], planes[1], planes[2], planes[3]
    k, n = np.uint64(first), np.uint64(n)
    while k + np.uint64(16) <= n:
        a2, ones = _add(ones, s[k], s[k + np.uint64(1)])
        b2, ones = _add(ones, s[k + np.uint64(2)], s[k + np.uint64(3)])
        a4, twos = _add(twos, a2, b2)
        a2, ones = _add(ones, s[k + np.uint64(4)], s[k + np.uint64(5)])
        b2, ones = _add(ones, s[k + np.uint64(6)], s[k + np.uint64(7)])
        b4, twos = _add(twos, a2, b2)
        a8, fours = _add(fours, a4, b4)
        a2, ones = _add(ones, s[k + np.uint64(8)], s[k + np.uint64(9)])
        b2, ones = _add(ones, s[k + np.uint64(10)], s[k + np.uint64(11)])
        a4, twos = _add(twos, a2, b2)
        a2, ones = _add(ones, s[k + np.uint64(12)], s[k + np.uint64(13)])
        b2, ones = _add(ones, s[k + np.uint64(14)], s[k + np.uint64(15)])
        b4, twos = _add(twos, a2, b2)
        b8, fours = _add(fours, a4, b4)
        sixteens, eights = _add(eights, a8, b8)
        _ripple(planes, 4, sixteens)
        k += np.uint64(16)
    planes[0], planes[1], planes[2], planes[3] = ones, twos, fours, eights
    while k < n:
        _ripple(planes, 0, s[k])
        k += np.uint64(1)


@inlined
def majority(planes, n_shingles):
    """The SimHash of counted bits; sets the planes to zero. Compares all 64 counters with n / 2 at once."""
    half = n_shingles // 2
    more, equal = np.uint64(0), ~np.uint64(0)
    for plane in range(N_PLANES - 1, -1, -1):
        bits = planes[plane]
        planes[plane] = 0
        threshold = np.uint64(0) - np.uint64((half >> plane) & 1)
        more |= equal & bits & ~threshold
        equal &= ~(bits ^ threshold)
    return more


@kernel
def _simhash_sets(offsets, hashes, planes, out):
    for row in range(offsets.size - 1):
        add_shingles(hashes, offsets[row], offsets[row + 1], planes)
        out[row] = majority(planes, offsets[row + 1] - offsets[row])


def simhash(offsets: np.ndarray, hashes: np.ndarray) -> np.ndarray:
    """SimHash (uint64[rows]) of ready 64-bit hashes: those of row i are hashes[offsets[i]:offsets[i + 1]].

    0 for a row without any, which is no signature: leave such rows out.
    """
    out = np.zeros(len(offsets) - 1, np.uint64)
    _simhash_sets(offsets, hashes, np.zeros(N_PLANES, np.uint64), out)
    return out


@kernel
def _distances(a, b, out):
    for k in range(a.size):
        out[k] = popcount(a[k] ^ b[k])


def hamming(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Number of different bits (uint8) of two columns of uint64."""
    out = np.empty(len(a), np.uint8)
    _distances(a, b, out)
    return out


def most_distance(min_similarity: float) -> int:
    """The largest distance at which 1 - distance / 64 is still at least `min_similarity`: 3 for .95, 6 for .90."""
    if not 0 <= min_similarity <= 1:
        raise ValueError(f"a SimHash similarity of at least {min_similarity}: it lies from 0 to 1")
    return int(np.floor(64 * (1 - min_similarity) + 1e-9))
