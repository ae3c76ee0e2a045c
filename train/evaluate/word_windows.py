"""Words of a text and windows of them, hashed: small letters, digits and underscore; every character beyond ASCII is a
word. NumPy's way, which the kernel follows."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

WIDTHS = (12, 8)  # words in a window, for long and for short texts
PIECE = 1 << 21  # bytes hashed at a time: a dozen arrays of 8 bytes for each
BASE, STEP = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93  # odd, so that they can be divided by, modulo 2^64

U64 = npt.NDArray[np.uint64]

_byte = np.arange(256, dtype=np.uint8)
_small = np.where((_byte >= 65) & (_byte <= 90), _byte + 32, _byte).astype(np.uint64)
_ascii = ((_byte >= 48) & (_byte <= 57)) | ((_small >= 97) & (_small <= 122)) | (_byte == 95)
VALUE = np.where(_ascii | (_byte >= 128), _small + 1, 0).astype(np.uint64)
"""Of each byte what it adds to its word's hash; 0 where it is in none."""
_LEAD, _WORD = _byte >= 192, VALUE > 0


@functools.cache
def _powers(base: int) -> U64:
    """1, base, base^2 ... modulo 2^64, as many as a piece may have bytes."""
    with np.errstate(over="ignore"):
        factors = np.full(PIECE + 1, base, np.uint64)
        factors[0] = 1
        return np.cumprod(factors, dtype=np.uint64)


def words(data: bytes) -> tuple[U64, npt.NDArray[np.int64]]:
    """A hash of each word of a text of at most PIECE bytes, and where each begins."""
    seen = np.frombuffer(data, np.uint8)
    word, lead = _WORD[seen], _LEAD[seen]
    wide = seen >= 128
    before = np.zeros(len(seen), bool)
    before[1:] = word[:-1] & (wide[1:] == wide[:-1])
    starts = np.flatnonzero((word & ~before & ~(wide & ~lead)) | lead)
    if len(starts) == 0:
        return np.empty(0, np.uint64), starts
    with np.errstate(over="ignore"):
        sums = np.cumsum(VALUE[seen] * _powers(BASE)[: len(seen)], dtype=np.uint64)
        ends = np.append(starts[1:], len(seen)) - 1
        inside = sums[ends] - np.where(starts > 0, sums[starts - 1], np.uint64(0))
        return _mixed(inside * _powers(pow(BASE, -1, 1 << 64))[starts]), starts


def _mixed(values: U64) -> U64:
    """Every bit moved by every other (Stafford's mix 13 of MurmurHash3's finaliser)."""
    with np.errstate(over="ignore"):
        values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return values ^ (values >> np.uint64(31))


def windows(hashed: U64, width: int) -> U64:
    """A hash of each window of so many words; its width is part of it."""
    count = len(hashed) - width + 1
    if count < 1:
        return np.empty(0, np.uint64)
    total = np.full(count, width, np.uint64)
    with np.errstate(over="ignore"):
        for place in range(width):
            total = total * np.uint64(STEP) + hashed[place : place + count]
    return _mixed(total)
