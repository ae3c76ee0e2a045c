"""Normalised text of code and of comments, and their tokens, by one kernel over the bytes of a file.

Code: comments are blanks, and a run of blanks is one space, so that indentation and line ends make no difference.
Comments: their words only, a space between them, so that marks and punctuation make none. A word is a run of letters,
digits, _ and $; a character of Chinese, Japanese or Korean is one by itself.
A token of code is a word, or a run of one or more punctuation marks that are equal, as in `==` or `((`, or one alone.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from itertools import chain
from typing import NamedTuple

import numpy as np

from analyzers.text.kernel import inlined, kernel

_BLANK, _WORD, _MARK, _IDEOGRAPH = range(4)
Span = tuple[int, int]


def _byte_classes() -> np.ndarray:
    classes = np.full(256, _MARK, np.uint8)
    for byte in range(256):
        if byte <= 32:
            classes[byte] = _BLANK
        elif byte >= 0x80 or chr(byte).isalnum() or chr(byte) in "_$":
            classes[byte] = _WORD
    classes[0xE3:0xEE] = _IDEOGRAPH  # first bytes of U+3000..U+DFFF in UTF-8
    return classes


_CLASSES = _byte_classes()


class Measured(NamedTuple):
    """Of one span."""

    code: bytes  # normalised, without comments
    words: bytes  # of the comments in it
    n_code_tokens: int
    n_words: int


@inlined
def _add_words(data, start, end, classes, words, n_words, n_counted):
    """Adds the words of data[start:end] to `words`; gives how much is in it, and how many words, now."""
    i, before = start, _BLANK
    while i < end:
        kind = classes[data[i]]
        if kind in (_WORD, _IDEOGRAPH):
            if kind == _IDEOGRAPH or before != _WORD:
                if n_words:
                    words[n_words] = 32
                    n_words += 1
                n_counted += 1
            stop = min(i + 3, end) if kind == _IDEOGRAPH else i + 1
            while i < stop:
                words[n_words] = data[i]
                n_words += 1
                i += 1
        else:
            i += 1
        before = kind
    return n_words, n_counted


@inlined
def _add_code(data, start, end, classes, code, n_code, n_tokens):
    """Adds data[start:end] without superfluous blanks to `code`; gives how much is in it, and how many tokens, now."""
    last = 0  # the byte that a token may go on from, 1 for all that words are made of
    for i in range(start, end):
        byte = data[i]
        kind = classes[byte]
        if kind == _BLANK:
            last = 0
            continue
        if last == 0 and n_code:
            code[n_code] = 32
            n_code += 1
        code[n_code] = byte
        n_code += 1
        same = byte if kind == _MARK else 1
        n_tokens += last != same
        last = same
    return n_code, n_tokens


@kernel
def normalise(data, comments, edges, classes, code, words, out):
    """Fills `code` and `words`, and for each edge a row of `out`: how much of both, and how many tokens, come before.

    Comments by start, without overlap; edges sorted, none inside a token.
    """
    i = at = 0
    n_code = n_words = n_tokens = n_counted = 0
    for row in range(len(edges)):
        while i < edges[row]:
            stop = edges[row]
            inside = at < len(comments) and comments[at, 0] <= i
            if at < len(comments):
                stop = min(stop, comments[at, 1] if inside else comments[at, 0])
            if inside:
                n_words, n_counted = _add_words(data, i, stop, classes, words, n_words, n_counted)
                at += stop == comments[at, 1]
            else:
                n_code, n_tokens = _add_code(data, i, stop, classes, code, n_code, n_tokens)
            i = stop
        out[row, 0], out[row, 1], out[row, 2], out[row, 3] = n_code, n_words, n_tokens, n_counted


def measured(source: bytes, comments: list[Span], spans: list[Span]) -> list[Measured]:
    """Text and tokens of each span; spans may hold others, and begin and end where tokens do."""
    if not spans:
        return []
    edges = array("q", sorted(set(chain.from_iterable(spans))))
    data = np.frombuffer(source, np.uint8)
    room = len(source) + len(edges) + 2 * len(comments) + 1  # a blank may be put in at each
    code, words = np.empty(room, np.uint8), np.empty(2 * len(source) + 1, np.uint8)
    out = np.empty((len(edges), 4), np.int64)
    normalise(data, _rows(comments), np.frombuffer(edges, np.int64), _CLASSES, code, words, out)
    rows = dict(zip(edges, out.tolist(), strict=True))
    all_code, all_words = code[: out[-1, 0]].tobytes(), words[: out[-1, 1]].tobytes()
    found = []
    for start, end in spans:
        code_from, words_from, tokens_from, counted_from = rows[start]
        code_to, words_to, tokens_to, counted_to = rows[end]
        found.append(
            Measured(
                all_code[code_from:code_to].lstrip(),
                all_words[words_from:words_to].lstrip(),
                tokens_to - tokens_from,
                counted_to - counted_from,
            )
        )
    return found


def _rows(spans: Iterable[Span]) -> np.ndarray:
    return np.frombuffer(array("q", chain.from_iterable(spans)), np.int64).reshape(-1, 2)
