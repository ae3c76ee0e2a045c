"""Shares of character classes: one byte histogram a file, code points decoded only where a file is not ASCII."""

from __future__ import annotations

import numpy as np

from analyzers.text.codepoints import ALNUM, ALPHA, DIGIT, SPACE, byte_at, point_at, width_at
from analyzers.text.kernel import kernel


@kernel
def _histogram(data, start, end, bins):
    """Counts of the 256 byte values. Four tables in turn: a run of one byte must not wait for its own store."""
    bins[:] = 0
    whole = start + (end - start) // 4 * 4
    for i in range(start, whole, 4):
        bins[0, byte_at(data, i)] += 1
        bins[1, byte_at(data, i + 1)] += 1
        bins[2, byte_at(data, i + 2)] += 1
        bins[3, byte_at(data, i + 3)] += 1
    for i in range(whole, end):
        bins[0, byte_at(data, i)] += 1
    for b in range(256):
        bins[0, b] += bins[1, b] + bins[2, b] + bins[3, b]


@kernel
def _add_ascii(bins, classes, counts):
    """Adds the ASCII characters of a histogram to counts[chars, alpha, digit, alnum, space]."""
    for b in range(128):
        n = np.int64(bins[0, b])
        counts[0] += n
        if classes[b] & ALPHA:
            counts[1] += n
        if classes[b] & DIGIT:
            counts[2] += n
        if classes[b] & ALNUM:
            counts[3] += n
        if classes[b] & SPACE:
            counts[4] += n


@kernel
def _add_others(data, start, end, classes, counts):
    """Adds the characters beyond ASCII, and gives the number of U+FFFD."""
    replaced = 0
    i = start
    while i < end:
        if byte_at(data, i) < 0x80:
            i += 1
            continue
        point = point_at(data, i, end)
        bits = classes[np.uint64(point)]
        counts[0] += 1
        counts[1] += (bits & ALPHA) != 0
        counts[2] += (bits & DIGIT) != 0
        counts[3] += (bits & ALNUM) != 0
        counts[4] += (bits & SPACE) != 0
        replaced += point == 0xFFFD
        i += width_at(data, i)
    return replaced


@kernel
def measure_chars(offsets, data, classes, bins, counts, out):
    """Fills out[signal, row] with the signals of group `chars`, in the order of the table.

    Scratch: bins uint32 (4, 256), counts int64 (5,).
    """
    for row in range(len(offsets) - 1):
        start, end = offsets[row], offsets[row + 1]
        _histogram(data, start, end, bins)
        counts[:] = 0
        _add_ascii(bins, classes, counts)
        replaced = 0
        if counts[0] < end - start:
            replaced = _add_others(data, start, end, classes, counts)
        n_control = 0
        for b in range(32):
            if b != 9 and b != 10 and b != 12 and b != 13:
                n_control += bins[0, b]
        n_chars, alpha, digit, alnum, space = counts
        all_chars = max(n_chars, 1)
        visible = max(n_chars - space, 1)
        out[0, row] = n_chars
        out[1, row] = alnum / all_chars
        out[2, row] = alpha / all_chars
        out[3, row] = alpha / visible
        out[4, row] = digit / visible
        out[5, row] = space / all_chars
        out[6, row] = replaced / all_chars
        out[7, row] = (bins[0, 0x7B] + bins[0, 0x7D]) / all_chars
        out[8, row] = n_control
