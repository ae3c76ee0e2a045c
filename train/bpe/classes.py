"""The classes of characters that our pattern speaks of, by code point, as the regular expressions of `tokenizers` have
them.

They are asked of the library itself, so that text is cut alike whatever version of Unicode it was built with. That
takes a fifth of a second, once in a process.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from tokenizers import Regex, decoders

N_CODE_POINTS = 0x110000

NUMBER, WORD, HAN, SPACE, SIGN, LEADS, NEWLINE, BLANK = (1 << bit for bit in range(8))
r"""Bits of a character's classes: \p{N}; \p{L} or \p{M} and not \p{Han}; \p{Han}; \s; [^\s\p{L}\p{N}];
[^\r\n\p{L}\p{N}], which may stand before a word as part of it; [\r\n]; the space."""

_BLOCK_BITS = 8
_N_BLOCKS = 0x2000  # all that the bits of a lead byte and its three followers can address, in text that is no UTF-8 too


class Classes(NamedTuple):
    """Classes in two steps, so that those in use stay in the processor's cache."""

    ascii: np.ndarray  # uint8[256], 0 from 0x80 on
    blocks: np.ndarray  # uint16[_N_BLOCKS]: the block of a code point's higher bits
    inside: np.ndarray  # uint8[blocks, 256]


@cache
def classes() -> Classes:
    """Tables for the scanner."""
    by_code_point = class_bits()
    rows = np.zeros((_N_BLOCKS, 1 << _BLOCK_BITS), np.uint8)
    rows[: N_CODE_POINTS >> _BLOCK_BITS] = by_code_point.reshape(-1, 1 << _BLOCK_BITS)
    numbers: dict[bytes, int] = {}
    blocks = [numbers.setdefault(row.tobytes(), len(numbers)) for row in rows]
    inside = np.frombuffer(b"".join(numbers), np.uint8).reshape(-1, 1 << _BLOCK_BITS)
    ascii_bits = np.zeros(256, np.uint8)
    ascii_bits[:128] = by_code_point[:128]
    return Classes(ascii_bits, np.array(blocks, np.uint16), inside.copy())


def class_bits() -> np.ndarray:
    """The bits of every code point, uint8[N_CODE_POINTS]; 0 for surrogates, which no text has."""
    points = np.concatenate((np.arange(0xD800), np.arange(0xE000, N_CODE_POINTS))).astype("<u4")
    text = points.tobytes().decode("utf-32-le")
    number, letter, mark, han, space = (
        _members(text, name) for name in (r"\p{N}", r"\p{L}", r"\p{M}", r"\p{Han}", r"\s")
    )
    newline, blank = np.zeros((2, N_CODE_POINTS), bool)
    newline[[ord("\r"), ord("\n")]] = blank[ord(" ")] = True
    plain = ~(letter | number)
    bits = np.zeros(N_CODE_POINTS, np.uint8)
    for bit, holds in (
        (NUMBER, number),
        (WORD, (letter | mark) & ~han),
        (HAN, han),
        (SPACE, space),
        (SIGN, plain & ~space),
        (LEADS, plain & ~newline),
        (NEWLINE, newline),
        (BLANK, blank),
    ):
        bits[holds] |= bit
    bits[0xD800:0xE000] = 0
    return bits


def _members(text: str, name: str) -> np.ndarray:
    """Which code points of `text` a class holds: those that go when it is replaced by nothing."""
    left = decoders.Replace(Regex(f"{name}+"), "").decode([text])
    found = np.ones(N_CODE_POINTS, bool)
    found[np.frombuffer(left.encode("utf-32-le"), "<u4")] = False
    return found
