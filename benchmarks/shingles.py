"""A file as the set of its word shingles, exactly: 64-bit hashes, sorted, each once.

Words are maximal runs of the bytes A-Z a-z 0-9 _ and all bytes from 0x80 up (so any other script in UTF-8 is word
matter), ASCII letters lower-cased. A shingle is five words in a row. Among 1e8 different shingles two equal hashes are
expected once in some 4,000 corpora: n^2 / 2^65.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numba import njit

SHINGLE_WORDS = 5
BATCH_BYTES = 64_000_000

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_OLDEST = np.uint64(pow(0x9E3779B97F4A7C15, SHINGLE_WORDS - 1, 1 << 64))


def _word_bytes() -> np.ndarray:
    """For each byte its lower-cased value if it belongs to a word, else 0."""
    table = np.zeros(256, np.uint8)
    for byte in range(256):
        if byte >= 0x80 or chr(byte).isalnum() or byte == ord("_"):
            table[byte] = ord(chr(byte).lower()) if byte < 0x80 else byte
    return table


WORD_BYTES = _word_bytes()


@dataclass(frozen=True, kw_only=True)
class ShingleSets:
    """Sets of 64-bit shingle hashes, ascending: set i is hashes[offsets[i]:offsets[i + 1]]."""

    offsets: np.ndarray
    hashes: np.ndarray


@njit(cache=True, nogil=True)
def _mix(x):
    """Spreads the bits of a 64-bit word (the finaliser of splitmix64)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@njit(cache=True, nogil=True)
def _shingles_of(data, start, end, table, out):
    """Writes the shingle hashes of data[start:end] to `out`, in file order; returns how many."""
    window = np.zeros(SHINGLE_WORDS, np.uint64)
    rolling, word, n_words, length = np.uint64(0), np.uint64(0), 0, 0
    for i in range(start, end + 1):
        byte = table[data[i]] if i < end else np.uint8(0)
        if byte:
            word = (word ^ np.uint64(byte)) * np.uint64(0x100000001B3)  # FNV-1a, mixed at the word's end
            length += 1
        elif length:
            hashed = _mix(word + np.uint64(length) * _MULTIPLIER)
            slot = n_words % SHINGLE_WORDS
            rolling = (rolling - window[slot] * _OLDEST) * _MULTIPLIER + hashed
            window[slot] = hashed
            n_words += 1
            if n_words >= SHINGLE_WORDS:
                out[n_words - SHINGLE_WORDS] = _mix(rolling)
            word, length = np.uint64(0), 0
    return max(0, n_words - SHINGLE_WORDS + 1)


@njit(cache=True, nogil=True)
def _batch_sets(offsets, data, table, set_offsets, out):
    """Sets of all files of a batch, one behind the other in `out`; set_offsets gets where each begins and ends."""
    n = 0
    for row in range(offsets.size - 1):
        set_offsets[row] = n
        count = _shingles_of(data, offsets[row], offsets[row + 1], table, out[n:])
        shingles = np.sort(out[n : n + count])
        for k in range(count):
            if k == 0 or shingles[k] != shingles[k - 1]:
                out[n] = shingles[k]
                n += 1
    set_offsets[offsets.size - 1] = n


def shingle_sets(contents: Iterable[bytes]) -> ShingleSets:
    """The shingle set of every content, in order; empty for files under five words."""
    sizes, hashes = [np.zeros(1, np.int64)], [np.zeros(0, np.uint64)]
    for batch in _batches(contents):
        offsets = np.cumsum([0] + [len(content) for content in batch])
        data = np.frombuffer(b"".join(batch), np.uint8)
        set_offsets = np.zeros(len(batch) + 1, np.int64)
        out = np.empty(data.size // 2 + len(batch) + 1, np.uint64)  # a word and its separator take two bytes
        _batch_sets(offsets, data, WORD_BYTES, set_offsets, out)
        sizes.append(np.diff(set_offsets))
        hashes.append(out[: set_offsets[-1]].copy())
    return ShingleSets(offsets=np.cumsum(np.concatenate(sizes)), hashes=np.concatenate(hashes))


def _batches(contents: Iterable[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    n_bytes = 0
    for content in contents:
        batch.append(content)
        n_bytes += len(content)
        if n_bytes >= BATCH_BYTES:
            yield batch
            batch, n_bytes = [], 0
    if batch:
        yield batch
