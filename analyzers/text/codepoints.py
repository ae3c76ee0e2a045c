"""UTF-8 and Unicode inside kernels: decoding, and character classes exactly as Python's str methods give them."""

from __future__ import annotations

from functools import cache

import numpy as np

from analyzers.text.kernel import inlined, kernel

N_CODE_POINTS = 0x110000

ALPHA, DIGIT, ALNUM, SPACE, UPPER, NOT_CAPITAL = 1, 2, 4, 8, 16, 32
"""Bits of a code point's class: str.isalpha, isdigit, isalnum, isspace, isupper; and what makes a word's isupper false:
lower-case letters and title-case ones such as U+01C5."""


def _is_not_capital(points: np.ndarray) -> np.ndarray:
    return np.strings.islower(points) | (np.strings.istitle(points) & ~np.strings.isupper(points))


@cache
def classes() -> np.ndarray:
    """One uint8 of class bits for each of the 0x110000 code points (1.1 MB, built in some 100 ms at first use).

    numpy's string functions ask CPython's own tables, so the answers are those of the running Python's Unicode version.
    """
    points = np.arange(N_CODE_POINTS, dtype=np.uint32).view("U1")
    bits = np.zeros(N_CODE_POINTS, np.uint8)
    tests = ((ALPHA, np.strings.isalpha), (DIGIT, np.strings.isdigit), (ALNUM, np.strings.isalnum),
             (SPACE, np.strings.isspace), (UPPER, np.strings.isupper), (NOT_CAPITAL, _is_not_capital))  # fmt: skip
    for bit, test in tests:
        bits |= test(points).astype(np.uint8) * np.uint8(bit)
    bits.flags.writeable = False
    return bits


@cache
def lower_case() -> np.ndarray:
    """The lower-case code point of each code point (int32); itself where str.lower gives none or more than one.

    Only U+0130 has a lower case of two characters; it stays as it is.
    """
    lower = np.arange(N_CODE_POINTS, dtype=np.int32)
    for point in range(0x20000):  # no cased letter lies above; a test watches over it
        small = chr(point).lower()
        if len(small) == 1:
            lower[point] = ord(small)
    lower.flags.writeable = False
    return lower


@inlined
def byte_at(data, i):
    """data[i] without the test for a negative index that Numba puts before every signed one."""
    return data[np.uint64(i)]


@inlined
def width_at(data, i):
    """Bytes of the character that starts at i (1 to 4); a stray continuation byte counts as one character."""
    lead = byte_at(data, i)
    if lead < 0xC0:
        return 1
    if lead < 0xE0:
        return 2
    return 3 if lead < 0xF0 else 4


@kernel
def point_at(data, i, end):
    """The code point that starts at i; 0xFFFD where the bytes up to `end` break off or make no code point."""
    lead = np.int64(byte_at(data, i))
    if lead < 0x80:
        return lead
    width = width_at(data, i)
    if width == 1 or i + width > end:
        return 0xFFFD
    point = lead & (0x7F >> width)
    for k in range(i + 1, i + width):
        point = (point << 6) | np.int64(byte_at(data, k) & 0x3F)
    return point if point < N_CODE_POINTS else 0xFFFD


@kernel
def point_before(data, i, start):
    """The code point that ends just before i, or -1 at the start of the text."""
    if i <= start:
        return -1
    k = i - 1
    while k > start and i - k < 4 and (byte_at(data, k) & 0xC0) == 0x80:
        k -= 1
    return point_at(data, k, i)


@inlined
def count_chars(data, start, end):
    """Characters of data[start:end]: the bytes that continue none."""
    n = 0
    for i in range(start, end):
        n += (byte_at(data, i) & 0xC0) != 0x80
    return n


@kernel
def is_word_char(classes, point):
    """What `\\w` matches: alphanumeric in any script, or underscore. The edge of the text (-1) is no word."""
    return point >= 0 and ((classes[np.uint64(point)] & ALNUM) != 0 or point == 0x5F)


@inlined
def space_width(data, i, end, classes):
    """Bytes of the whitespace character that starts at i, or 0 if the character there is no whitespace."""
    b = byte_at(data, i)
    if b < 0x80:
        return 1 if b == 32 or 9 <= b <= 13 or 28 <= b <= 31 else 0
    if b != 0xC2 and b != 0xE1 and b != 0xE2 and b != 0xE3:
        return 0  # no whitespace character starts with another byte
    return width_at(data, i) if classes[np.uint64(point_at(data, i, end))] & SPACE else 0
