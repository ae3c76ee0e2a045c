"""Line counts and lengths. A line ends with \\n, \\r\\n or a lone \\r; a last line without an end counts.

Line ends are found a block at a time: a loop without branches marks them (vector code), then eight marks are read as
one word, so that only line ends cost a branch.
"""

from __future__ import annotations

import numpy as np

from analyzers.text.codepoints import SPACE, byte_at, count_chars, point_before, space_width, width_at
from analyzers.text.kernel import inlined, kernel, lowest_bit

XML_MARK = np.frombuffer(b"<?xml version=", np.uint8)
XML_WITHIN_CHARS = 100
"""StarCoder and DeepSeek-Coder look for the mark in the first 100 characters."""

BLOCK_BYTES = 4096
_LF, _CR = 10, 13


@inlined
def is_blank(data, start, end, classes):
    """Whether data[start:end] is whitespace only, as str.isspace says (and true when empty)."""
    i = start
    while i < end:
        width = space_width(data, i, end, classes)
        if width == 0:
            return False
        i += width
    return True


@kernel
def strip(data, start, end, classes):
    """(start, end) without whitespace on either side, as str.strip."""
    width = 1
    while start < end and width:
        width = space_width(data, start, end, classes)
        start += width
    while end > start and classes[np.uint64(point_before(data, end, start))] & SPACE:
        end -= 1
        while end > start and (byte_at(data, end) & 0xC0) == 0x80:
            end -= 1
    return start, end


@inlined
def after_line_end(data, i, end):
    """The start of the line after the line end at i."""
    if byte_at(data, i) == _CR and i + 1 < end and byte_at(data, i + 1) == _LF:
        return i + 2
    return i + 1


@kernel
def _mark_line_ends(data, start, end, marks):
    """marks[i] = 1 where data[start + i] is \\n or \\r; zero up to the next multiple of eight."""
    for i in range(end - start):
        b = byte_at(data, start + i)
        marks[i] = (b == _LF) | (b == _CR)
    for i in range(end - start, (end - start + 7) & ~7):
        marks[i] = 0


@kernel
def _add_line(data, line, i, ascii_only, classes, totals):
    """Adds the line data[line:i] to totals[lines, characters, longest, blank]."""
    chars = i - line if ascii_only else count_chars(data, line, i)
    totals[0] += 1
    totals[1] += chars
    totals[2] = max(totals[2], chars)
    # Most lines end in visible ASCII: the last byte settles it without a walk through the indentation.
    if i == line or not 32 < byte_at(data, i - 1) < 0x80:
        totals[3] += is_blank(data, line, i, classes)


@kernel
def _add_lines(data, start, end, classes, words, marks, totals):
    """Adds all lines of data[start:end] to totals."""
    ascii_only = count_chars(data, start, end) == end - start
    line = start
    for block in range(start, end, BLOCK_BYTES):
        stop = min(block + BLOCK_BYTES, end)
        _mark_line_ends(data, block, stop, marks)
        for w in range((stop - block + 7) >> 3):
            bits = words[w]
            while bits:
                i = block + (w << 3) + (lowest_bit(bits) >> 3)
                bits &= bits - np.uint64(1)
                if i >= line:  # else the \n of \r\n
                    _add_line(data, line, i, ascii_only, classes, totals)
                    line = after_line_end(data, i, end)
    if line < end:
        _add_line(data, line, end, ascii_only, classes, totals)


@kernel
def _has_mark(data, start, end, mark):
    """Whether `mark` lies in the first XML_WITHIN_CHARS characters."""
    i, chars = start, 0
    while i + len(mark) <= end and chars + len(mark) <= XML_WITHIN_CHARS:
        k = 0
        while k < len(mark) and byte_at(data, i + k) == mark[k]:
            k += 1
        if k == len(mark):
            return True
        i += width_at(data, i)
        chars += 1
    return False


@kernel
def measure_lines(offsets, data, classes, mark, words, marks, totals, out):
    """Fills out[signal, row]: n_lines, mean_line_chars, max_line_chars, n_blank_lines, has the XML mark.

    Scratch: words uint64 (BLOCK_BYTES / 8,), marks the same memory as uint8, totals int64 (4,).
    """
    for row in range(len(offsets) - 1):
        start, end = offsets[row], offsets[row + 1]
        totals[:] = 0
        _add_lines(data, start, end, classes, words, marks, totals)
        out[0, row] = totals[0]
        out[1, row] = totals[1] / max(totals[0], 1)
        out[2, row] = totals[2]
        out[3, row] = totals[3]
        out[4, row] = _has_mark(data, start, end, mark)
