"""The words that a fastText classifier sees of a source file, and the hashes that fastText takes of them.

    a run of letters, digits, _ and $      a word, its first MOST_WORD bytes; one that begins with a digit is `0`
    a run of one mark (=, ==, ###)         a word, its first MOST_MARKS bytes
    a character outside ASCII              a word
    the start of a line with something     `|` and a letter, for the columns of white space before it; a tab is 4
    a line of white space only             `|-`

So a word tells what stands there and how deep, case and spelling kept; white space inside lines and the values of
numbers are not told. No text can make a word of `|` and more, which are labels and line starts, nor fastText's `</s>`.
VERSION names this form: a model knows files in its own form only.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from analyzers.buffers import offsets_and_bytes
from analyzers.text.codepoints import byte_at
from analyzers.text.kernel import inlined, kernel

VERSION = "lines-and-marks-1"
MOST_WORD, MOST_MARKS = 40, 3
COLUMNS = 2  # of white space are a letter further
MOST_LEVELS = 25  # |a to |z
MOST_BYTES = 200_000  # of a file; what comes behind is not seen

NOTHING, WORD, NUMBER, INDENT, BLANK = 0, 1, 2, 3, 4
"""Kinds of token; for INDENT the second number of a token is the letter and not an end."""

FNV_START, FNV_PRIME = np.uint32(2166136261), np.uint32(16777619)
WIDE_START, WIDE_PRIME = np.uint64(14695981039346656037), np.uint64(1099511628211)
"""Of FNV-1a with 32 bits, which fastText takes, and with 64."""
_SPACE, _TAB, _LF, _BAR, _MINUS, _ZERO, _A = 32, 9, 10, 124, 45, 48, 97


@inlined
def _is_word_byte(b):
    return 97 <= (b | 0x20) <= 122 or 48 <= b <= 57 or b == 95 or b == 36


@inlined
def token_at(data, i, end, at_line_start):
    """The token at or behind i: its kind, its first byte, the end of what is told of it (a level for INDENT), and where
    to go on. A line's start is a token of its own when `at_line_start`; NOTHING at the end."""
    if at_line_start:
        columns, k = 0, i
        while k < end and byte_at(data, k) != _LF and (byte_at(data, k) <= _SPACE or byte_at(data, k) == 127):
            columns += 4 if byte_at(data, k) == _TAB else 1 if byte_at(data, k) == _SPACE else 0
            k += 1
        if k >= end:
            return NOTHING, k, k, k
        if byte_at(data, k) == _LF:
            return BLANK, k, k, k + 1
        return INDENT, k, min(columns // COLUMNS, MOST_LEVELS), k
    while i < end and (byte_at(data, i) <= _SPACE or byte_at(data, i) == 127) and byte_at(data, i) != _LF:
        i += 1
    if i >= end or byte_at(data, i) == _LF:
        return NOTHING, i, i, i + 1
    first, k = byte_at(data, i), i + 1
    if _is_word_byte(first):
        while k < end and _is_word_byte(byte_at(data, k)):
            k += 1
        return NUMBER if 48 <= first <= 57 else WORD, i, min(k, i + MOST_WORD), k
    if first >= 0x80:
        while k < end and 0x80 <= byte_at(data, k) < 0xC0:
            k += 1
        return WORD, i, k, k
    while k < end and byte_at(data, k) == first:
        k += 1
    return WORD, i, min(k, i + MOST_MARKS), k


@inlined
def mix(narrow, wide, b):
    """One more byte into both hashes. fastText's takes bytes as signed ones. (Numba's products of uint32 are wider.)"""
    signed = np.uint32(b) | (np.uint32(0xFFFFFF00) if b >= 0x80 else np.uint32(0))
    return np.uint32((narrow ^ signed) * FNV_PRIME), (wide ^ np.uint64(b)) * WIDE_PRIME


@inlined
def hashes_of(data, kind, first, last):
    """Both hashes of the word that a token is told by."""
    narrow, wide = FNV_START, WIDE_START
    if kind == WORD:
        for k in range(first, last):
            narrow, wide = mix(narrow, wide, byte_at(data, k))
    elif kind == NUMBER:
        narrow, wide = mix(narrow, wide, _ZERO)
    else:
        narrow, wide = mix(narrow, wide, _BAR)
        narrow, wide = mix(narrow, wide, _MINUS if kind == BLANK else _A + last)
    return narrow, wide


@kernel
def write_tokens(data, start, end, out):
    """The words of data[start:end], a blank behind each, into `out`; gives how many bytes were written."""
    i, n, at_line_start = start, 0, True
    while i < end:
        kind, first, last, i = token_at(data, i, end, at_line_start)
        at_line_start = kind in (BLANK, NOTHING)
        if kind == NOTHING:
            continue
        if kind == WORD:
            for k in range(first, last):
                out[n] = byte_at(data, k)
                n += 1
        elif kind == NUMBER:
            out[n] = _ZERO
            n += 1
        else:
            out[n] = _BAR
            out[n + 1] = _MINUS if kind == BLANK else _A + last
            n += 2
        out[n] = _SPACE
        n += 1
    return n


@kernel
def whole_characters(data, start, end):
    """`end`, or before it where it would stand inside a character."""
    while start < end < len(data) and 0x80 <= data[end] < 0xC0:
        end -= 1
    return end


def lines_of(content: pa.LargeStringArray) -> list[bytes]:
    """Each file as one line of words, without a line end; a null as an empty one."""
    offsets, data = offsets_and_bytes(content)
    longest = min(int(np.max(np.diff(offsets), initial=0)), MOST_BYTES)
    out = np.empty(3 * longest + 8, np.uint8)  # at worst lines of one character, x as `|a x `, or of none, `|- `
    found = []
    for start, end in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
        stop = whole_characters(data, start, min(end, start + MOST_BYTES))
        found.append(out[: write_tokens(data, start, stop, out)].tobytes().rstrip())
    return found
