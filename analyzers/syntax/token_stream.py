"""The tokens of a file one by one, for measures that look at what stands beside what: one kernel over the bytes.

The same reading as tokens.py, which only counts. Strings are found by the language's quotes; where its specification
has none (the grammar finds them there), by those of the table here. Known gaps there: quotes inside regular expressions
and in text between tags open a string that ends with its line; what a template string holds is part of it.
"""

from __future__ import annotations

from array import array
from functools import cache
from itertools import accumulate, chain
from typing import NamedTuple

import numpy as np

from analyzers.syntax.kinds import KindTable
from analyzers.syntax.report import Report
from analyzers.syntax.signs import length_at
from analyzers.syntax.spec import LONG, PLAIN, QUOTE, TRIPLE
from analyzers.syntax.tokens import BYTE_CLASSES, hash_bytes, is_in, quote_table, string_end, words_of
from analyzers.text.kernel import kernel

IDENTIFIER, KEYWORD, NUMBER, STRING, PUNCTUATION = range(5)
_SKIP, _WORD, _DIGIT, _PUNCTUATION = range(4)  # classes of bytes, as in tokens.py
_CLOSING = b")]}"
_LINE_QUOTES = ((b'"', QUOTE), (b"'", QUOTE))
_DOUBLE = ((b'"', QUOTE + LONG),)
_QUOTES: dict[str, tuple[tuple[bytes, int], ...]] = {
    "JavaScript": (*_LINE_QUOTES, (b"`", QUOTE + LONG)),
    "TypeScript": (*_LINE_QUOTES, (b"`", QUOTE + LONG)),
    "TSX": (*_LINE_QUOTES, (b"`", QUOTE + LONG)),
    "Rust": _DOUBLE,
    "Kotlin": ((b'"', QUOTE + TRIPLE), (b"'", QUOTE)),
    "Scala": ((b'"', QUOTE + TRIPLE),),
    "Swift": ((b'"', QUOTE + TRIPLE),),
    "Julia": ((b'"', QUOTE + TRIPLE),),
    "Haskell": ((b'"', QUOTE),),
    "Ruby": ((b'"', QUOTE + LONG), (b"'", QUOTE + LONG)),
    "PHP": ((b'"', QUOTE + LONG), (b"'", QUOTE + LONG)),
    "Shell": ((b'"', QUOTE + LONG), (b"'", QUOTE + LONG + PLAIN)),
}
_APOSTROPHE = 39


class Stream(NamedTuple):
    """Tokens outside comments in order. Brackets that close are tokens too, unlike in the counts of a report."""

    kinds: np.ndarray  # uint8: IDENTIFIER ...
    starts: np.ndarray  # int32, bytes
    ends: np.ndarray  # int32
    hashes: np.ndarray  # uint64, of the bytes
    begins_line: np.ndarray  # bool: first on its line
    data: np.ndarray  # uint8, the source
    first: np.ndarray  # int64, of each definition of the report: its first token
    last: np.ndarray  # int64: the token behind its last
    names: list[bytes]  # the last word of its name, b"" for none
    name_hashes: np.ndarray  # uint64, of these


def classes() -> np.ndarray:
    """Classes of bytes as in tokens.py, closing brackets being punctuation."""
    table = BYTE_CLASSES.copy()
    table[np.frombuffer(_CLOSING, np.uint8)] = _PUNCTUATION
    return table


_OWN_CLASSES = classes()


def hash_of(text: bytes) -> int:
    """The hash of a token with these bytes, as in Stream.hashes."""
    value = 14695981039346656037
    for byte in text:
        value = (value ^ byte) * 1099511628211 & 0xFFFFFFFFFFFFFFFF
    return value | 1


@kernel
def _read(data, comments, quotes, classes, keywords, rows, lengths, first, kinds, starts, ends, hashes, begins):
    """Fills the arrays of a Stream; gives how many tokens there are."""
    i, end, at_comment, n = 0, len(data), 0, 0
    fresh = True
    while i < end:
        while at_comment < len(comments) and comments[at_comment, 1] <= i:
            at_comment += 1
        limit = end
        if at_comment < len(comments):
            if comments[at_comment, 0] <= i:
                i = comments[at_comment, 1]
                fresh = fresh or data[i - 1] == 10
                continue
            limit = comments[at_comment, 0]
        byte = data[i]
        kind = classes[byte]
        start = i
        if quotes[byte]:
            i = min(string_end(data, i, end, quotes[byte]), limit)
            found = STRING
        elif kind == _PUNCTUATION:
            i += min(max(1, length_at(data, i, end, rows, lengths, first)), limit - i)
            found = PUNCTUATION
        elif kind == _DIGIT:
            while i < limit and (
                classes[data[i]] == _WORD
                or classes[data[i]] == _DIGIT
                or (data[i] == 46 and i + 1 < limit and classes[data[i + 1]] == _DIGIT)
            ):
                i += 1
            found = NUMBER
        elif kind == _WORD:
            while i < limit and (classes[data[i]] == _WORD or classes[data[i]] == _DIGIT):
                i += 1
            if i - start <= 3 and i < end and quotes[data[i]]:
                continue  # the prefix of a string: f"", L''
            found = KEYWORD if is_in(keywords, hash_bytes(data, start, i)) else IDENTIFIER
            if start > 0 and data[start - 1] == _APOSTROPHE:
                found = STRING  # 'a where ' is no quote: a lifetime, a symbol, a character
        else:
            fresh = fresh or byte == 10
            i += 1
            continue
        kinds[n], starts[n], ends[n], hashes[n] = found, start, i, hash_bytes(data, start, i)
        begins[n] = fresh
        fresh = False
        n += 1
    return n


@kernel
def _hash_all(data, ends, hashes):
    start = 0
    for i in range(len(ends)):
        hashes[i] = hash_bytes(data, start, ends[i])
        start = ends[i]


def last_word(name: str | None) -> bytes:
    """The last word of a definition's name ("Type::method", "a.b"), b"" for an operator or for none."""
    if name is None:
        return b""
    if not name.isidentifier():
        name = name.replace("::", ".").rpartition(".")[2].strip("*&~ ")
        if not name.replace("$", "a").isidentifier():
            return b""
    return name.encode()


@cache
def _quote_rules(language: str, quotes: tuple[tuple[bytes, int], ...]) -> np.ndarray:
    return quote_table(quotes or _QUOTES.get(language, _LINE_QUOTES))


def token_stream(report: Report, source: bytes, table: KindTable) -> Stream:
    """The tokens of a file that was parsed with the table's grammar and reported on."""
    size = len(source) + 1
    kinds, begins = np.empty(size, np.uint8), np.empty(size, np.bool_)
    starts, ends = np.empty(size, np.int32), np.empty(size, np.int32)
    hashes = np.empty(size, np.uint64)
    spans = array("q", chain.from_iterable((one.start, one.end) for one in report.comments))
    comments = np.frombuffer(spans, np.int64).reshape(-1, 2)
    quotes, words = _quote_rules(report.language, table.spec.quotes), words_of(table.grammar)
    data = np.frombuffer(source, np.uint8)
    n = _read(data, comments, quotes, _OWN_CLASSES, *words, kinds, starts, ends, hashes, begins)
    definitions = report.definitions or ()
    names = [last_word(one.name) for one in definitions]
    name_hashes = np.empty(len(names), np.uint64)
    name_ends = np.array(list(accumulate(map(len, names))), np.int64)
    _hash_all(np.frombuffer(b"".join(names), np.uint8), name_ends, name_hashes)
    edges = np.array([(one.start, one.end) for one in definitions], np.int32).reshape(-1, 2)
    first, last = starts[:n].searchsorted(edges.T)
    return Stream(kinds[:n], starts[:n], ends[:n], hashes[:n], begins[:n], data, first, last, names, name_hashes)
