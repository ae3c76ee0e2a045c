"""What the head of a source file says of its licence: SPDX tags, notices, copyright lines.

Most files say nothing, and for them the price is one look at the first 4 KB by a kernel. The others have their comment
cut out and read; as the files of a project share it word by word, it is read once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numba import njit

from analyzers.buffers import Text, offsets_and_bytes
from analyzers.licences.copyrights import copyright_lines
from analyzers.licences.notices import noticed, tagged

HEAD_BYTES = 4_096
_MOST_BLOCKS = 3
_MOST_BLOCK_BYTES = 2_500  # of a comment that no line mark ends; the MPL 1.1's notice has 1,900
_MOST_BEFORE = 12  # lines of a comment before the first telling word

_CLOSE = re.compile(rb"\*/|-->|\"\"\"|'''|\*\)|=cut|\]\]")
_MARKS = b"*#/;%!-."  # with which lines of comments begin; two dots are reStructuredText's
_WORDS = (b"rem", b"dnl")  # likewise, in batch files and m4
_WORD = re.compile(r"^[ \t]*(?:rem|dnl)\b", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Head:
    """What a file says of itself: an SPDX expression, None for nothing, and its copyright lines."""

    licence: str | None
    copyrights: tuple[str, ...]


NOTHING = Head(licence=None, copyrights=())


def heads(content: Text) -> list[Head]:
    """Head of every row of a large_string column, from its first HEAD_BYTES; a null row says nothing."""
    offsets, data = offsets_and_bytes(content)
    telling = _find_telling(offsets, data, HEAD_BYTES)
    found = [NOTHING] * len(content)
    for row in np.flatnonzero(telling >= 0).tolist():
        start, end = int(offsets[row]), int(offsets[row + 1])
        found[row] = _head(data[start : min(end, start + HEAD_BYTES)], int(telling[row]))
    return found


def _head(head: np.ndarray, hit: int) -> Head:
    """What the first bytes of a file say, in the first comment that names a licence. A tag is worth more than words."""
    licence: str | None = None
    copyrights: dict[str, None] = {}
    for block in _blocks(head, hit):
        licence, lines = _read(block)
        copyrights |= dict.fromkeys(lines)
        if licence:
            break
    return Head(licence=licence, copyrights=tuple(copyrights)) if licence or copyrights else NOTHING


@lru_cache(maxsize=8_192)
def _read(block: bytes) -> tuple[str | None, tuple[str, ...]]:
    """The licence and copyright lines of a comment."""
    text = block.decode("utf-8", "replace")
    if block.lstrip()[:3].lower() in _WORDS:
        text = _WORD.sub("", text)
    text = "\n".join([line.lstrip(" \t*#/;%!-.").rstrip(" \t\r*#/") for line in text.split("\n")])
    return tagged(text) or noticed(text), tuple(copyright_lines(text))


def _blocks(data: np.ndarray, hit: int) -> Iterator[bytes]:
    """The comments that hold telling words, the first of which is at `hit`; at most _MOST_BLOCKS."""
    head, at = data.tobytes(), 0
    for _ in range(_MOST_BLOCKS):
        start = head.rfind(b"\n", 0, hit) + 1
        mark = _mark(head, start)
        end = _end(head, hit, mark)
        yield head[_beginning(head, start, at, mark) : end]
        at, hit = end, int(_next_telling(data, end, len(data)))
        if hit < 0:
            return


def _mark(head: bytes, start: int) -> bytes:
    """The character that goes before the lines of a comment; b"" where they have none, or are a block."""
    lead = head[start : start + 40].lstrip(b" \t")[:4].lower()
    if lead.startswith(b"/*") or not lead:
        return b""
    return lead[:1] if lead[0] in _MARKS else lead[2:3] if lead[:3] in _WORDS else b""


def _beginning(head: bytes, start: int, least: int, mark: bytes) -> int:
    """Where the comment of a line begins, as far as it has to be known: a notice may begin lines before its word."""
    for _ in range(_MOST_BEFORE):
        before = head.rfind(b"\n", 0, max(start - 1, 0)) + 1
        if start <= least or before < least or (mark and _mark(head, before) != mark):
            return start
        start = before
    return start


def _end(head: bytes, hit: int, mark: bytes) -> int:
    """Where a comment ends: with the lines that have its mark, or at what closes a block. Always behind `hit`."""
    if mark:
        line = head.find(b"\n", hit) + 1
        return _lines(mark).match(head, line).end() if line else len(head)  # type: ignore[union-attr]
    close = _CLOSE.search(head, hit, hit + _MOST_BLOCK_BYTES)
    return close.start() if close else min(len(head), hit + _MOST_BLOCK_BYTES)


@cache
def _lines(mark: bytes) -> re.Pattern[bytes]:
    """Lines in a row that begin with a mark."""
    word = re.escape(mark) if not mark.isalpha() else {b"m": rb"rem\b", b"l": rb"dnl\b"}.get(mark, re.escape(mark))
    return re.compile(rb"(?:[ \t]*%s(?!/[ \t]*\n)[^\n]*(?:\n|\Z))*" % word, re.IGNORECASE)


@njit(cache=True, nogil=True)
def _find_telling(offsets: np.ndarray, data: np.ndarray, head_bytes: int) -> np.ndarray:
    """Where in the first bytes of each row the first telling word is, int64, -1 for none."""
    found = np.full(len(offsets) - 1, -1, np.int64)
    for row in range(len(offsets) - 1):
        first = offsets[row]
        at = _next_telling(data, first, min(offsets[row + 1], first + head_bytes))
        found[row] = at - first if at >= 0 else -1
    return found


@njit(cache=True, nogil=True)
def _next_telling(data: np.ndarray, start: int, end: int) -> int:
    """Where the c of the next telling word is, -1 for none: licen, copyr, (c), confi, "c do" (public domain).

    The letter c stands in all of them, and in one byte of forty of source code: the rest is looked at there only.
    """
    for at in range(start, end - 4):
        if data[at] | 0x20 != 0x63:  # c
            continue
        before = data[at - 1] | 0x20 if at > start else 0
        after, second, third = data[at + 1] | 0x20, data[at + 2] | 0x20, data[at + 3] | 0x20
        if (
            (before == 0x69 and after == 0x65 and second == 0x6E and at - 1 > start and data[at - 2] | 0x20 == 0x6C)
            or (after == 0x6F and second == 0x70 and third == 0x79 and data[at + 4] | 0x20 == 0x72)
            or (before == 0x28 and data[at + 1] == 0x29)
            or (after == 0x6F and second == 0x6E and third == 0x66 and data[at + 4] | 0x20 == 0x69)
            or (before == 0x69 and data[at + 1] == 0x20 and second == 0x64 and third == 0x6F)
        ):
            return at
    return -1
