"""Where in a source the walk has to go: signs, found by one kernel over the bytes before the tree is looked at.

A sign is a word or symbol without which nothing wanted can stand there: `if`, `{`, `&&`. A node without one inside is
not entered, which saves most of the nodes, since most statements decide nothing. A sign in a comment or string leads
the walk astray for some nodes and changes no result. In a broken file a part whose sign is missing may be missed too.
`python -m benchmarks.agreement --signs` compares with a walk that goes everywhere.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from analyzers.text.kernel import inlined, kernel

LONGEST = 16
_WORD, _FIRST_OF_WORD, _FIRST_OF_SYMBOL, _HINT = 1, 2, 4, 8  # classes of bytes, added up
_NO_HINTS = array("i", [0])


class Lexemes(NamedTuple):
    """Byte strings for a kernel to find, in rows by their first byte, longer ones first."""

    rows: np.ndarray  # uint8, (k, LONGEST)
    lengths: np.ndarray  # int64, (k,)
    first: np.ndarray  # int64, (257,): those that begin with byte b are first[b]:first[b + 1]


class Signs(NamedTuple):
    """Signs of a language, and the bytes that strings and comments begin with."""

    classes: np.ndarray  # int64, (256,)
    has_hints: bool
    literal: np.ndarray  # bool, (256,): { behind this byte begins no body and is no sign
    lexemes: Lexemes


class Ahead(NamedTuple):
    """For each byte, and the end of the file, where the next one is: at that byte or behind it."""

    sign: array[int]
    hint: array[int]  # empty for a language without


def lexemes(names: Iterable[bytes]) -> Lexemes:
    """Names of 1 to LONGEST bytes, ready for `length_at`."""
    ordered = sorted(names, key=lambda name: (name[0], -len(name), name))
    rows = np.zeros((max(1, len(ordered)), LONGEST), np.uint8)
    for row, name in zip(rows, ordered, strict=False):
        row[: len(name)] = np.frombuffer(name, np.uint8)
    lengths = np.array([len(name) for name in ordered] or [0], np.int64)
    begins = np.array([name[0] for name in ordered], np.int64)
    return Lexemes(rows, lengths, np.searchsorted(begins, np.arange(257)).astype(np.int64))


@inlined
def length_at(data, i, end, rows, lengths, first):
    """Length of the longest name at i, 0 for none."""
    for row in range(first[data[i]], first[data[i] + 1]):
        length = lengths[row]
        if i + length <= end:
            same = True
            for k in range(1, length):
                same = same and data[i + k] == rows[row, k]
            if same:
                return length
    return 0


def signs(names: tuple[bytes, ...], hints: bytes = b"", literal: bytes = b"") -> Signs:
    """The table for `look_ahead`. Names that begin with a letter are whole words; the others hold single bytes."""
    classes = np.zeros(256, np.int64)
    for byte in range(256):
        if byte >= 0x80 or chr(byte).isalnum() or byte in b"_$":
            classes[byte] = _WORD
    for first in {name[0] for name in names}:
        classes[first] |= _FIRST_OF_WORD if classes[first] & _WORD else _FIRST_OF_SYMBOL
    for hint in hints:
        classes[hint] |= _HINT
    return Signs(classes, bool(hints), np.isin(np.arange(256), list(literal)), lexemes(names))


def look_ahead(source: bytes, table: Signs) -> Ahead:
    """Where the next sign and the next hint are, for every place of a source."""
    n_places = len(source) + 1
    ahead = Ahead(array("i", bytes(4 * n_places)), array("i", bytes(4 * n_places * table.has_hints)))
    next_sign, next_hint = np.frombuffer(ahead.sign, np.int32), np.frombuffer(ahead.hint or _NO_HINTS, np.int32)
    data = np.frombuffer(source, np.uint8)
    find_signs(data, table.classes, table.literal, *table.lexemes, next_sign, next_hint)
    return ahead


@inlined
def _is_sign(data, start, classes, literal, rows, lengths, first):
    """Whether a sign stands at start. Words end where they end."""
    end = len(data)
    if classes[data[start]] & _WORD:
        for row in range(first[data[start]], first[data[start] + 1]):
            length = lengths[row]
            if start + length <= end:
                same = start + length == end or not classes[data[start + length]] & _WORD
                for k in range(1, length):
                    same = same and data[start + k] == rows[row, k]
                if same:
                    return True
        return False
    if data[start] == 123:
        before = start - 1
        while before > 0 and data[before] <= 32:
            before -= 1
        if before >= 0 and literal[data[before]]:
            return False
    return length_at(data, start, end, rows, lengths, first) > 0


@kernel
def find_signs(data, classes, literal, rows, lengths, first, next_sign, next_hint):
    """Fills both arrays of Ahead."""
    end = len(data)
    n_signs = n_hints = 0  # places filled so far
    behind = 0  # class of the byte before
    for start in range(end):
        kind = classes[data[start]]
        # A branch on every byte would be mispredicted at every word: this one is seldom taken.
        if kind & (_FIRST_OF_SYMBOL | _HINT | ((behind & _WORD) ^ _WORD) * _FIRST_OF_WORD):
            if kind & (_FIRST_OF_SYMBOL | _FIRST_OF_WORD) and _is_sign(
                data, start, classes, literal, rows, lengths, first
            ):
                while n_signs <= start:
                    next_sign[n_signs] = start
                    n_signs += 1
            elif kind & _HINT:
                while n_hints <= start:
                    next_hint[n_hints] = start
                    n_hints += 1
        behind = kind
    for place in range(n_signs, end + 1):
        next_sign[place] = end
    if len(next_hint) > end:
        for place in range(n_hints, end + 1):
            next_hint[place] = end
