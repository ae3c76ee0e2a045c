"""Findings replaced by placeholders: the same value in a file gives the same one, and code that parsed still parses.

In a string or comment a placeholder is `<EMAIL>`, elsewhere the bare word `EMAIL`, which is a name in nearly every
language, and a lone number becomes 0. Where a file has several values of a kind they are numbered in order of
appearance: `<EMAIL_1>`, `<EMAIL_2>`. Quotes are never part of a finding, line ends only inside PEM blocks.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right

import pyarrow as pa

from analyzers.buffers import Text, offsets_and_bytes
from analyzers.rows import with_rows
from analyzers.secrets.scan import NOTHING, NUMBER_OF, PLACEHOLDER_OF, Span, TooManyCandidates, joined, spans

REDACTIONS = pa.list_(pa.struct([("kind", pa.string()), ("start", pa.int64()), ("end", pa.int64())]))

_CONTEXT_BYTES = 400
_MAX_ROUNDS = 8
_MARK = re.compile(rb"\\.|[\"'`]|(?<!\S)#|(?<!:)//|/\*|(?<!\S)--(?!-)|<!--|^[ \t]*[*;%]", re.S | re.M)
_QUOTES = (b'"', b"'", b"`")
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,20}<[?!a-zA-Z]")
_NUMBER_PLACE = re.compile(rb"[=(,\[{:]\s{0,40}\Z")


class _Line:
    """What is open at places of a file that are asked for in order, as far as their line shows.

    A line is followed from its start or from the place before: many findings on one line cost no more than its bytes.
    """

    def __init__(self, row: bytes) -> None:
        self.row = row
        self.at = 0
        self.quote = b""
        self.in_comment = False

    def is_enclosed(self, start: int, end: int) -> bool:
        """Whether the value stands in a string that ends on its line, or in a comment."""
        line = self.row.rfind(b"\n", self.at, start) + 1
        if line or start - self.at > _CONTEXT_BYTES:
            self.at, self.quote, self.in_comment = max(line, start - _CONTEXT_BYTES), b"", False
        if not self.in_comment:
            self._follow(start)
        self.at = end
        if self.in_comment or not self.quote:
            return self.in_comment
        stop = self.row.find(b"\n", end, end + _CONTEXT_BYTES)
        return self.quote in self.row[end : stop if stop >= 0 else end + _CONTEXT_BYTES]

    def _follow(self, start: int) -> None:
        for mark in _MARK.finditer(self.row, self.at, start):
            token = mark[0]
            if token[:1] == b"\\" or token == self.quote:
                self.quote = b"" if token == self.quote else self.quote
            elif not self.quote and token not in _QUOTES:
                self.in_comment = True
                return
            elif not self.quote:
                self.quote = token


def _written(line: _Line, start: int, end: int, name: bytes, is_markup: bool) -> bytes:
    """The placeholder in the form that its place asks for."""
    row = line.row
    if not is_markup and row[start - 1 : start] != b"<" and line.is_enclosed(start, end):
        return b"<" + name + b">"
    if row[start:end].isdigit() and _NUMBER_PLACE.search(row, max(start - 41, 0), start):
        return b"0"
    return name


def _replaced(row: bytes, found: list[Span]) -> tuple[bytes, list[Span]]:
    """The file with placeholders, and where they stand."""
    numbers: dict[str, dict[bytes, int]] = {}
    for kind, start, end in found:
        values = numbers.setdefault(PLACEHOLDER_OF[kind], {})
        values.setdefault(row[start:end], len(values) + 1)
    is_markup = _MARKUP.match(row) is not None
    line = _Line(row)
    pieces: list[bytes] = []
    marks: list[Span] = []
    size = last = 0
    for kind, start, end in found:
        name = PLACEHOLDER_OF[kind]
        values = numbers[name]
        numbered = f"{name}_{values[row[start:end]]}" if len(values) > 1 else name
        placeholder = _written(line, start, end, numbered.encode(), is_markup)
        pieces += (row[last:start], placeholder)
        size += start - last
        marks.append((kind, size, size + len(placeholder)))
        size += len(placeholder)
        last = end
    return b"".join((*pieces, row[last:])), marks


def _grown(found: list[Span], marks: list[Span], more: list[Span]) -> list[Span]:
    """Findings, and those of the redacted file put back to their places in the old one; what overlaps becomes one."""
    old = [(start, end, NUMBER_OF[kind]) for kind, start, end in found]
    starts = [start for _, start, _ in marks]

    for kind, start, end in more:
        begin, stop = start, end  # within a placeholder: the start, or the end, of what it replaced
        if (before := bisect_right(starts, start) - 1) >= 0:
            (_, old_start, old_end), new_end = found[before], marks[before][2]
            begin = old_start if start < new_end else start - new_end + old_end
        if (before := bisect_left(starts, end) - 1) >= 0:
            (_, _, old_end), new_end = found[before], marks[before][2]
            stop = old_end if end <= new_end else end - new_end + old_end
        old.append((begin, stop, NUMBER_OF[kind]))
    return joined(old)


def redacted(row: bytes, found: list[Span], keep: frozenset[str] = NOTHING) -> tuple[bytes, list[Span]]:
    """A file with its findings replaced, and (kind, start, end) of what stands there now, as byte offsets in it.

    A placeholder can make a finding of what stands beside it (a name of 70 letters is none, KEY@host.org is an
    address): such findings grow to cover both, until a scan of the result finds nothing. TooManyCandidates where it
    never does, or has more places to look at than the file had.
    """
    new, marks = _replaced(row, found)
    for _ in range(_MAX_ROUNDS):
        more = spans(new, keep) if marks else []
        if not more:
            return new, marks
        found = _grown(found, marks, more)
        new, marks = _replaced(row, found)
    raise TooManyCandidates


def redact(content: Text, findings: pa.Table, keep: frozenset[str] = NOTHING) -> tuple[Text, pa.Array, list[int]]:
    """(new content, redactions, rows that could not be redacted) of a column and what `scan` found in it.

    The new content has the type of the old one. Redactions have the type REDACTIONS: for each row kind, start and end
    of every placeholder, as byte offsets in the new content; an empty list where nothing was found; null for null. A
    row that could not be redacted is null and must be dropped.
    """
    offsets, data = offsets_and_bytes(content)
    of_row: dict[int, list[Span]] = {}
    columns = (findings[name].to_pylist() for name in ("row", "kind", "start", "end"))
    for row, kind, start, end in zip(*columns, strict=True):
        of_row.setdefault(row, []).append((kind, start, end))
    changed: dict[int, bytes | None] = dict.fromkeys(of_row)
    told: list[list[dict[str, str | int]] | None] = [
        [] if is_valid else None for is_valid in content.is_valid().to_pylist()
    ]
    for row, found in of_row.items():
        try:
            changed[row], marks = redacted(data[offsets[row] : offsets[row + 1]].tobytes(), found, keep)
            told[row] = [{"kind": kind, "start": start, "end": end} for kind, start, end in marks]
        except TooManyCandidates:
            told[row] = None
    refused = [row for row, value in changed.items() if value is None]
    return with_rows(content, changed), pa.array(told, REDACTIONS), refused
