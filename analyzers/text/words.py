"""Words: their number, length, variety and kind, after RedPajama-V2; and the hashes that repetition works on.

A word as written is a maximal run of non-whitespace. Its normal form, after RedPajama-V2, is lower-case without ASCII
punctuation; what has none left is no word. RedPajama-V2 also decomposes accents (NFD); here a letter stays what it is.
"""

from __future__ import annotations

import math
import string
from functools import cache

import numpy as np

from analyzers.text.codepoints import (
    NOT_CAPITAL,
    SPACE,
    UPPER,
    byte_at,
    classes,
    lower_case,
    point_at,
    width_at,
)
from analyzers.text.kernel import inlined, kernel
from analyzers.text.tables import clear, count_key

STOP_WORDS: frozenset[str] = frozenset((
    "a", "about", "all", "also", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can", "do", "for",
    "from", "had", "has", "have", "he", "her", "his", "i", "if", "in", "is", "it", "its", "more", "my", "no", "not",
    "of", "on", "one", "or", "she", "so", "that", "the", "their", "them", "there", "they", "this", "to", "up", "was",
    "we", "were", "what", "when", "which", "who", "will", "with", "would", "you", "your",
))  # fmt: skip
"""Function words of English. Gopher asks for two of eight of them; a share is what RedPajama-V2 measures."""

_BRACKETS = (0x3010, 0x3011)  # 【 】, the two that OpenCoder looks for
_PRIME = np.uint64(0x9E3779B97F4A7C15)
_STOP_SLOTS = 256
_PUNCTUATION, _WHITESPACE = 0xFE, 0xFF


def _ascii_table() -> np.ndarray:
    """For each ASCII character its lower case, or one of the two marks above."""
    table = np.array([ord(chr(b).lower()) for b in range(128)], np.uint8)
    table[list(string.punctuation.encode())] = _PUNCTUATION
    table[[b for b in range(128) if chr(b).isspace()]] = _WHITESPACE
    return table


ASCII = _ascii_table()


@inlined
def mix(h):
    """Spreads the last multiplication over all 64 bits; never 0, which means an empty slot."""
    h ^= h >> np.uint64(32)
    h *= _PRIME
    h ^= h >> np.uint64(29)
    return h if h != 0 else np.uint64(1)


@kernel
def next_word(data, i, end, ascii, classes, lower):
    """(hash, characters, end, capitals, bracket) of the word as written that starts at i; hash and length normalised.

    hash and characters are 0 where nothing but punctuation stands. capitals: as str.isupper says.
    """
    h = np.uint64(0)
    chars = 0
    upper = small = bracket = False
    while i < end:
        b = byte_at(data, i)
        if b < 0x80:
            point = np.int64(ascii[b])
            if point == _WHITESPACE:
                break
            upper |= 65 <= b <= 90
            small |= 97 <= b <= 122
            i += 1
            if point == _PUNCTUATION:
                continue
        else:
            point = point_at(data, i, end)
            bits = classes[np.uint64(point)]
            if bits & SPACE:
                break
            upper |= (bits & UPPER) != 0
            small |= (bits & NOT_CAPITAL) != 0
            bracket |= point == _BRACKETS[0] or point == _BRACKETS[1]
            point = np.int64(lower[np.uint64(point)])
            i += width_at(data, i)
        h = (h ^ np.uint64(point)) * _PRIME
        h ^= h >> np.uint64(31)
        chars += 1
    return (mix(h) if chars else np.uint64(0)), chars, i, upper and not small, bracket


@kernel
def split_words(data, start, end, ascii, classes, lower, stops, hashes, lengths, counts):
    """Fills hashes and lengths with the words of data[start:end]; gives their number.

    counts: int64[words as written, in capitals, with brackets, stop words, characters].
    """
    n = 0
    i = start
    while i < end:
        h, chars, stop, capitals, bracket = next_word(data, i, end, ascii, classes, lower)
        if stop == i:
            i += width_at(data, i)  # whitespace
            continue
        i = stop
        counts[0] += 1
        counts[1] += capitals
        counts[2] += bracket
        if chars:
            hashes[n], lengths[n] = h, chars
            counts[3] += is_stop_word(h, stops)
            counts[4] += chars
            n += 1
    return n


@inlined
def is_stop_word(h, stops):
    """Whether the hash stands in the table of stop words."""
    slot = h >> np.uint64(56)
    while stops[slot] != 0:
        if stops[slot] == h:
            return True
        slot = (slot + np.uint64(1)) & np.uint64(_STOP_SLOTS - 1)
    return False


@cache
def stop_table() -> np.ndarray:
    """STOP_WORDS as an open-addressing table of hashes (uint64, 256 slots)."""
    table = np.zeros(_STOP_SLOTS, np.uint64)
    for word in sorted(STOP_WORDS):
        data = np.frombuffer(word.encode(), np.uint8)
        h = next_word(data, 0, len(data), ASCII, classes(), lower_case())[0]
        slot = int(h) >> 56
        while table[slot]:
            slot = (slot + 1) % _STOP_SLOTS
        table[slot] = h
    return table


@kernel
def count_words(n, scratch):
    """(different words, entropy in nats) of the first n hashes: H = ln n - sum(c ln c) / n over their counts c."""
    capacity = clear(n, scratch)
    for k in range(n):
        count_key(scratch.hashes[k], k, capacity, scratch)
    different = 0
    total = 0.0
    for slot in range(capacity):
        if scratch.keys[slot]:
            different += 1
            total += scratch.counts[slot] * math.log(scratch.counts[slot])
    return different, max(math.log(n) - total / n, 0.0)


@kernel
def measure_words(row, n, different, entropy, counts, out):
    """Fills out[signal, row] with the signals of group `words`, in the order of the table."""
    out[0, row] = n
    out[1, row] = counts[4] / max(n, 1)
    out[2, row] = different / max(n, 1)
    out[3, row] = entropy
    out[4, row] = counts[1] / max(counts[0], 1)
    out[5, row] = counts[3] / max(n, 1)
    out[6, row] = counts[2] / max(counts[0], 1)
