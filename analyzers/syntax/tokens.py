"""Tokens of a file without its tree: Halstead's counts and the lengths of identifiers, by one kernel over the bytes.

Comments are skipped where the tree has seen them, strings too or by the language's quotes; keywords and punctuation
are those of the grammar. Known gaps: a keyword that is also a name counts as a keyword everywhere, and what is a word
in one language only (a hyphen in Lisp, ? in Ruby) ends a word in all.
"""

from __future__ import annotations

import re
from array import array
from functools import cache
from itertools import chain
from typing import NamedTuple

import numpy as np
from tree_sitter import Language

from analyzers.syntax.grammars import kinds_of
from analyzers.syntax.kinds import KindTable
from analyzers.syntax.report import Tokens
from analyzers.syntax.signs import LONGEST, length_at, lexemes
from analyzers.syntax.spec import LONG, PLAIN, RAW, TRIPLE
from analyzers.text.kernel import inlined, kernel

LONG_IDENTIFIER_CHARS = 40
_SKIP, _WORD, _DIGIT, _PUNCTUATION = range(4)
_FNV, _PRIME = np.uint64(14695981039346656037), np.uint64(1099511628211)
Span = tuple[int, int]
_OPERATOR_SALT, _NUMBER_SALT = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)


class Words(NamedTuple):
    """What a grammar spells out: keywords and operators."""

    keywords: np.ndarray  # uint64, an open hash table
    rows: np.ndarray  # operators, as in Lexemes
    lengths: np.ndarray
    first: np.ndarray


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


BYTE_CLASSES = _byte_classes()
"""uint8 by byte: _SKIP, _WORD, _DIGIT or _PUNCTUATION."""


@cache
def words_of(grammar: Language) -> Words:
    """Keywords and operators of a grammar."""
    anonymous = {name.encode() for name, named in kinds_of(grammar) if not named}
    keywords = [
        name for name in anonymous if re.fullmatch(rb"[A-Za-z_]\w+", name)
    ]  # single letters are prefixes and the like
    operators = (name for name in anonymous if 1 < len(name) <= LONGEST and not re.search(rb"[\w\s\"'`$]", name))
    table = np.zeros(4 << len(keywords).bit_length(), np.uint64)
    for name in keywords:
        _add_keyword(table, np.frombuffer(name, np.uint8))
    return Words(table, *lexemes(operators))


@cache
def quote_table(rules: tuple[tuple[bytes, int], ...]) -> np.ndarray:
    """uint8 by byte: the rule of the string that it opens, 0 for none."""
    table = np.zeros(256, np.uint8)
    for quote, rule in rules:
        table[quote[0]] = rule
    return table


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


@kernel
def _add_keyword(table, name):
    _is_new(table, hash_bytes(name, 0, len(name)))


@inlined
def is_in(table, value):
    """Whether a hash is in an open table."""
    mask = np.uint64(len(table) - 1)
    place = (value ^ (value >> np.uint64(29))) & mask
    while table[place] != 0 and table[place] != value:
        place = (place + np.uint64(1)) & mask
    return table[place] == value


@inlined
def string_end(data, start, end, rule):
    """Where the string that opens at start ends; one that should end with its line ends there at the latest."""
    quote, width, i = data[start], 1, start + 1
    if rule & RAW and start > 0 and data[start - 1] == 82 and quote == 34:
        while i < end and data[i] != 40:
            i += 1
        width = i - start  # of the delimiter and its closing parenthesis
        while i < end:
            if data[i] == 41 and i + width < end and data[i + width] == 34:
                same = True
                for k in range(1, width):
                    same = same and data[i + k] == data[start + k]
                if same:
                    return i + width + 1
            i += 1
        return end
    if rule & TRIPLE and start + 2 < end and data[start + 1] == quote and data[start + 2] == quote:
        width, i = 3, start + 3
    is_long = width == 3 or rule & LONG
    while i < end:
        if data[i] == 92 and not rule & PLAIN:
            i += 2
            continue
        if data[i] == quote and (width == 1 or (i + 2 < end and data[i + 1] == quote and data[i + 2] == quote)):
            return i + width
        if data[i] == 10 and not is_long:
            return i
        i += 1
    return end


@kernel
def count_tokens(data, comments, strings, quotes, classes, keywords, rows, lengths, first, table, out):
    """Fills `out` in the order of Tokens. Spans by start; those inside others are ignored.

    `table` is zeroed, a power of two long and longer than the different tokens are many.
    """
    i, end, at_comment, at_string = 0, len(data), 0, 0
    while i < end:
        while at_comment < len(comments) and comments[at_comment, 1] <= i:
            at_comment += 1
        while at_string < len(strings) and strings[at_string, 1] <= i:
            at_string += 1
        limit = end
        if at_comment < len(comments):
            if comments[at_comment, 0] <= i:
                i = comments[at_comment, 1]
                continue
            limit = comments[at_comment, 0]
        to = 0
        if at_string < len(strings):
            if strings[at_string, 0] <= i:
                to = strings[at_string, 1]
                start = strings[at_string, 0]
            limit = min(limit, strings[at_string, 0])
        if to == 0 and quotes[data[i]]:
            start = i
            to = min(string_end(data, i, end, quotes[data[i]]), limit)
        if to:
            out[1] += 1
            out[3] += _is_new(table, hash_bytes(data, start, to) ^ _NUMBER_SALT)
            i = to
            continue
        kind = classes[data[i]]
        start = i
        if kind == _PUNCTUATION:
            i += min(max(1, length_at(data, i, end, rows, lengths, first)), limit - i)
            out[0] += 1
            out[2] += _is_new(table, hash_bytes(data, start, i) ^ _OPERATOR_SALT)
        elif kind == _DIGIT:
            while i < limit and (
                classes[data[i]] == _WORD
                or classes[data[i]] == _DIGIT
                or (
                    (data[i] == 46 or (data[i] == 39 and quotes[39] & RAW))  # C++ parts digits by '
                    and i + 1 < limit
                    and classes[data[i + 1]] == _DIGIT
                )
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
            if is_in(keywords, value):
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


def tokens(source: bytes, table: KindTable, comments: list[Span], strings: list[Span]) -> Tokens:
    """Token counts of a file, given the bytes of its comments (docstrings among them) and strings, each by start.

    Where the language's specification has quotes, strings are found here and none need be given.
    """
    most = min(len(source), len(source) // 2 + 512)  # different tokens: few have one byte
    seen = np.zeros(1 << max(6, most.bit_length()), np.uint64)
    out = np.zeros(len(Tokens._fields), np.int64)
    quotes, words = quote_table(table.spec.quotes), words_of(table.grammar)
    data = np.frombuffer(source, np.uint8)
    count_tokens(data, _rows(comments), _rows(strings), quotes, BYTE_CLASSES, *words, seen, out)
    return Tokens(*out.tolist())


def _rows(spans: list[Span]) -> np.ndarray:
    return np.frombuffer(array("q", chain.from_iterable(spans)), np.int64).reshape(-1, 2)  # four times np.array's speed
