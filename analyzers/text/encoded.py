r"""Encoded data in source code: base64, hexadecimal and \u runs (The Stack v2), and 0x words (OpenCoder).

The scanners give what Python's re.finditer gives for the three patterns of The Stack v2's paper and for
`\b0[xX][0-9a-fA-F]+\b`, in linear time. Every pattern has a shortest match and a set of bytes that it is made of, so
a scan tests one byte in so many and looks closer only where a whole window is made of such bytes.
"""

from __future__ import annotations

import numpy as np

from analyzers.text.codepoints import byte_at, count_chars, is_word_char, point_at, point_before, space_width
from analyzers.text.kernel import inlined, kernel

BASE64 = r"[a-zA-Z0-9+/\n=]{64,}"
HEXADECIMAL = r"(?:\b(?:0x|\\x)?[0-9a-fA-F]{2}(?:,|\b\s*)){8,}"
UNICODE = r"(?:\\u[0-9a-fA-F]{4}){8,}"
"""The Stack v2's patterns. A file with a match over 1,024 characters, or half made of matches, is dropped there."""

_IN_BASE64, _IN_HEX, _IN_UNICODE, _HEX_DIGIT = 1, 2, 4, 8
_MIN_BASE64_BYTES = 64
_MIN_HEX_BYTES = 23  # seven times a pair and a separator, and a pair
_UNIT_BYTES = 6  # \u and four digits
_MIN_REPEATS = 8
_BLOCK_BYTES = 512  # searched at a time for 0x: long enough for vector code, short enough to hold few hits


def _byte_classes() -> np.ndarray:
    """For each byte, which patterns it can be part of. Whitespace beyond ASCII makes bytes over 0x7F part of hex."""
    table = np.zeros(256, np.uint8)
    members = {
        _IN_BASE64: b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/\n=",
        _IN_HEX: b"0123456789abcdefABCDEFx\\, \t\n\r\f\v\x1c\x1d\x1e\x1f" + bytes(range(128, 256)),
        _IN_UNICODE: b"\\u0123456789abcdefABCDEF",
        _HEX_DIGIT: b"0123456789abcdefABCDEF",
    }
    for bit, chars in members.items():
        table[list(chars)] |= bit
    return table


BYTE_CLASSES = _byte_classes()


@inlined
def _next_window(data, i, end, byte_classes, bit, window):
    """Start of the first run of `window` bytes at or after i that are all of the class; -1 where there is none.

    i must not lie inside such a run. The byte a window from i is tested first; one outside the class rules out the
    whole window at once.
    """
    while i + window <= end:
        k = i + window - 1
        while k >= i and byte_classes[byte_at(data, k)] & bit:
            k -= 1
        if k < i:
            return i
        i = k + 1
    return -1


@inlined
def _run_end(data, i, end, byte_classes, bit):
    """The end of the run of class bytes that covers i."""
    while i < end and byte_classes[byte_at(data, i)] & bit:
        i += 1
    return i


@kernel
def _base64(data, start, end, byte_classes):
    """(longest match, characters in all matches) of BASE64."""
    longest = total = 0
    i = _next_window(data, start, end, byte_classes, _IN_BASE64, _MIN_BASE64_BYTES)
    while i >= 0:
        stop = _run_end(data, i + _MIN_BASE64_BYTES, end, byte_classes, _IN_BASE64)
        longest = max(longest, stop - i)
        total += stop - i
        i = _next_window(data, stop, end, byte_classes, _IN_BASE64, _MIN_BASE64_BYTES)
    return longest, total


@kernel
def _units(data, i, end, byte_classes):
    """The end of the chain of \\uXXXX units that starts at i."""
    while i + _UNIT_BYTES <= end and byte_at(data, i) == 92 and byte_at(data, i + 1) == 117:
        for k in range(i + 2, i + _UNIT_BYTES):
            if not byte_classes[byte_at(data, k)] & _HEX_DIGIT:
                return i
        i += _UNIT_BYTES
    return i


@kernel
def _unicode(data, start, end, byte_classes):
    """(longest match, characters in all matches) of UNICODE."""
    longest = total = 0
    window = _MIN_REPEATS * _UNIT_BYTES
    i = _next_window(data, start, end, byte_classes, _IN_UNICODE, window)
    while i >= 0:
        run = _run_end(data, i + window, end, byte_classes, _IN_UNICODE)
        while i < run:
            stop = _units(data, i, run, byte_classes)
            if stop - i >= window:
                longest = max(longest, stop - i)
                total += stop - i
            i = max(stop, i + 1)
        i = _next_window(data, run, end, byte_classes, _IN_UNICODE, window)
    return longest, total


@kernel
def _at_boundary(data, i, start, end, classes):
    """Whether `\\b` holds at i."""
    before = is_word_char(classes, point_before(data, i, start))
    return before != (i < end and is_word_char(classes, point_at(data, i, end)))


@kernel
def _hex_pair(data, i, start, end, classes, byte_classes):
    """The end of one repetition of HEXADECIMAL's group at i, or -1.

    No step can be taken in two ways that both lead on (a prefix is no pair, a comma or whitespace starts nothing), so
    taking the first one that fits is what a backtracking matcher ends up with.
    """
    first = byte_at(data, i)
    at = i
    if (first == 48 or first == 92) and i + 1 < end and byte_at(data, i + 1) == 120:
        at = i + 2
    if at + 2 > end or not byte_classes[byte_at(data, at)] & byte_classes[byte_at(data, at + 1)] & _HEX_DIGIT:
        return -1
    if not _at_boundary(data, i, start, end, classes):
        return -1
    at += 2
    if at == end:
        return at
    if byte_at(data, at) == 44:
        return at + 1
    if is_word_char(classes, point_at(data, at, end)):
        return -1
    width = space_width(data, at, end, classes)
    while width > 0:
        at += width
        width = space_width(data, at, end, classes) if at < end else 0
    return at


@inlined
def _hex_digits(data, start, end, byte_classes):
    """Hexadecimal digits in data[start:end]."""
    n = 0
    for i in range(start, end):
        n += (byte_classes[byte_at(data, i)] & _HEX_DIGIT) != 0
    return n


@kernel
def _hex_chain(data, i, start, end, classes, byte_classes):
    """(repetitions, end) of the longest chain of HEXADECIMAL's group from i."""
    repeats = 0
    following = _hex_pair(data, i, start, end, classes, byte_classes)
    while following > i:
        repeats, i = repeats + 1, following
        following = _hex_pair(data, i, start, end, classes, byte_classes) if i < end else -1
    return repeats, i


@kernel
def _hexadecimal(data, start, end, classes, byte_classes):
    """(longest match, characters in all matches) of HEXADECIMAL."""
    longest = total = 0
    i = _next_window(data, start, end, byte_classes, _IN_HEX, _MIN_HEX_BYTES)
    while i >= 0:
        run = _run_end(data, i + _MIN_HEX_BYTES, end, byte_classes, _IN_HEX)
        if _hex_digits(data, i, run, byte_classes) < 2 * _MIN_REPEATS:
            i = run  # indentation, mostly
        while i < run:
            b = byte_at(data, i)
            if b != 92 and not byte_classes[b] & _HEX_DIGIT:
                i += 1
                continue
            repeats, stop = _hex_chain(data, i, start, end, classes, byte_classes)
            if repeats >= _MIN_REPEATS:
                chars = count_chars(data, i, stop)
                longest = max(longest, chars)
                total += chars
            i = max(stop, i + 1)  # a chain that is too short holds no start of a longer one
        i = _next_window(data, run, end, byte_classes, _IN_HEX, _MIN_HEX_BYTES)
    return longest, total


@inlined
def _has_0x(data, start, end):
    """Whether 0x or 0X starts in data[start:end]; a loop without branches, which LLVM turns into vector code."""
    hits = 0
    for i in range(start, end):
        hits += (byte_at(data, i) == 48) & ((byte_at(data, i + 1) | 0x20) == 120)
    return hits > 0


@kernel
def _hex_words(data, start, end, classes, byte_classes):
    """Characters of words such as 0x1F."""
    total = 0
    i = start
    while i + 1 < end:
        block = min(i + _BLOCK_BYTES, end - 1)
        if not _has_0x(data, i, block):
            i = block
            continue
        while i < block:
            stop = i + 1
            if byte_at(data, i) == 48 and (byte_at(data, i + 1) | 0x20) == 120:
                stop = _run_end(data, i + 2, end, byte_classes, _HEX_DIGIT)
                if stop > i + 2 and _at_boundary(data, i, start, end, classes):
                    total += (stop - i) * _at_boundary(data, stop, start, end, classes)
            i = stop
    return total


@kernel
def measure_encoded(offsets, data, classes, byte_classes, out):
    """Fills out[signal, row]: longest_encoded_chars, encoded_fraction, hex_word_fraction.

    The three patterns may match the same text; their sum is cut at the whole file, so that a fraction stays one.
    """
    for row in range(len(offsets) - 1):
        start, end = offsets[row], offsets[row + 1]
        n_chars = max(count_chars(data, start, end), 1)
        longest_base64, base64 = _base64(data, start, end, byte_classes)
        longest_hex, hexadecimal = _hexadecimal(data, start, end, classes, byte_classes)
        longest_unicode, escapes = _unicode(data, start, end, byte_classes)
        out[0, row] = max(longest_base64, longest_hex, longest_unicode)
        out[1, row] = min((base64 + hexadecimal + escapes) / n_chars, 1.0)
        out[2, row] = _hex_words(data, start, end, classes, byte_classes) / n_chars
