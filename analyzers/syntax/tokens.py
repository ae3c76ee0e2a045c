"""Tokens of a file without its tree: Halstead's counts and the lengths of identifiers, by one kernel over the bytes.

Comments and strings are skipped where the tree has seen them; keywords and punctuation are those of the grammar. Known
gaps: a keyword that is also a name counts as a keyword everywhere, and what is a word in one language only (a hyphen
in Lisp, ? in Ruby) ends a word in all.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

import numpy as np
from tree_sitter import Language

from analyzers.syntax.grammars import kinds_of
from analyzers.syntax.report import Tokens
from analyzers.text.kernel import inlined, kernel

LONG_IDENTIFIER_CHARS = 40
_LONGEST_OPERATOR = 8
_SKIP, _WORD, _DIGIT, _PUNCTUATION = range(4)
_FNV, _PRIME = np.uint64(14695981039346656037), np.uint64(1099511628211)
_OPERATOR_SALT, _NUMBER_SALT = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)


class _Words(NamedTuple):
    keywords: np.ndarray  # uint64, sorted hashes
    operators: np.ndarray  # uint8, (k, _LONGEST_OPERATOR), by first byte, longer ones first
    lengths: np.ndarray  # int64, (k,)
    first: np.ndarray  # int64, (257,): operators that begin with byte b are first[b]:first[b + 1]


def _byte_classes() -> np.ndarray:
    classes = np.zeros(256, np.uint8)
    for byte in range(256):
        text = chr(byte)
        if byte >= 0x80 or text.isalpha() or text in "_$":
            classes[byte] = _WORD
        elif text.isdigit():
            classes[byte] = _DIGIT
        elif 32 < byte < 127 and text not in ")]}\"'`":
            classes[byte] = _PUNCTUATION
    return classes


_CLASSES = _byte_classes()


@cache
def _words(grammar: Language) -> _Words:
    anonymous = {name.encode() for name, named in kinds_of(grammar) if not named}
    keywords = [
        name for name in anonymous if re.fullmatch(rb"[A-Za-z_]\w+", name)
    ]  # single letters are prefixes and the like
    operators = sorted(
        (name for name in anonymous if 1 < len(name) <= _LONGEST_OPERATOR and not re.search(rb"[\w\s\"'`$]", name)),
        key=lambda name: (name[0], -len(name), name),
    )
    rows = np.zeros((max(1, len(operators)), _LONGEST_OPERATOR), np.uint8)
    for row, name in zip(rows, operators, strict=False):
        row[: len(name)] = np.frombuffer(name, np.uint8)
    hashes = [hash_bytes(np.frombuffer(name, np.uint8), 0, len(name)) for name in keywords]
    begins = np.array([name[0] for name in operators], np.int64)
    return _Words(
        np.sort(np.array(hashes, np.uint64)),
        rows,
        np.array([len(name) for name in operators] or [0], np.int64),
        np.searchsorted(begins, np.arange(257)).astype(np.int64),
    )


@kernel
def hash_bytes(data, start, end):
    """FNV-1a over data[start:end], never 0."""
    value = _FNV
    for i in range(start, end):
        value = (value ^ np.uint64(data[i])) * _PRIME
    return value | np.uint64(1)


@inlined
def _is_new(table, value):
    """Whether a hash was not yet in the table; it is afterwards."""
    mask = np.uint64(len(table) - 1)
    place = (value ^ (value >> np.uint64(29))) & mask
    while table[place] != 0:
        if table[place] == value:
            return False
        place = (place + np.uint64(1)) & mask
    table[place] = value
    return True


@inlined
def _is_in(values, value):
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) >> 1
        if values[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low < len(values) and values[low] == value


@inlined
def _operator_bytes(data, i, end, operators, lengths, first):
    """Length of the longest operator at i, 1 for punctuation that no longer one begins with."""
    for row in range(first[data[i]], first[data[i] + 1]):
        length = lengths[row]
        if i + length <= end:
            same = True
            for k in range(1, length):
                same = same and data[i + k] == operators[row, k]
            if same:
                return length
    return 1


@kernel
def count_tokens(data, skips, classes, keywords, operators, lengths, first, table, out):
    """Fills `out` in the order of Tokens. `skips` has rows start, end, whether an operand; inner ones are ignored.

    `table` is zeroed, a power of two long and longer than the tokens are many.
    """
    i, end, skip = 0, len(data), 0
    while i < end:
        while skip < len(skips) and skips[skip, 1] <= i:
            skip += 1
        if skip < len(skips) and skips[skip, 0] <= i:
            if skips[skip, 2]:
                out[1] += 1
                out[3] += _is_new(table, hash_bytes(data, skips[skip, 0], skips[skip, 1]) ^ _NUMBER_SALT)
            i = skips[skip, 1]
            continue
        limit = end if skip == len(skips) else skips[skip, 0]
        kind = classes[data[i]]
        start = i
        if kind == _PUNCTUATION:
            i += min(_operator_bytes(data, i, end, operators, lengths, first), limit - i)
            out[0] += 1
            out[2] += _is_new(table, hash_bytes(data, start, i) ^ _OPERATOR_SALT)
        elif kind == _DIGIT:
            while i < limit and (
                classes[data[i]] == _WORD
                or classes[data[i]] == _DIGIT
                or (data[i] == 46 and i + 1 < limit and classes[data[i + 1]] == _DIGIT)
            ):
                i += 1
            out[1] += 1
            out[3] += _is_new(table, hash_bytes(data, start, i) ^ _NUMBER_SALT)
        elif kind == _WORD:
            chars = 0
            while i < limit and (classes[data[i]] == _WORD or classes[data[i]] == _DIGIT):
                chars += (data[i] & 0xC0) != 0x80
                i += 1
            if i - start <= 3 and i < end and (data[i] == 34 or data[i] == 39):
                continue  # the prefix of a string: f"", L''
            value = hash_bytes(data, start, i)
            if _is_in(keywords, value):
                out[0] += 1
                out[2] += _is_new(table, value ^ _OPERATOR_SALT)
                continue
            out[1] += 1
            out[4] += 1
            if _is_new(table, value):
                out[3] += 1
                out[5] += 1
                out[6] += chars
                out[7] += chars == 1 and data[start] != 95
                out[8] += chars > LONG_IDENTIFIER_CHARS
        else:
            i += 1


def tokens(source: bytes, grammar: Language, comments: list[tuple[int, int]], strings: list[tuple[int, int]]) -> Tokens:
    """Token counts of a file, given the bytes of its comments (docstrings among them) and strings, each by start."""
    words = _words(grammar)
    rows = [(start, end, 0) for start, end in comments] + [(start, end, 1) for start, end in strings]
    skips = np.array(sorted(rows, key=lambda row: (row[0], row[2])), np.int64).reshape(-1, 3)
    table = np.zeros(1 << max(6, len(source).bit_length()), np.uint64)
    out = np.zeros(len(Tokens._fields), np.int64)
    count_tokens(np.frombuffer(source, np.uint8), skips, _CLASSES, *words, table, out)
    return Tokens(*out.tolist())
