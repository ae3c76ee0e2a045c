"""Findings replaced by placeholders: the same value in a file gives the same one, and code that parsed still parses.

In a string or comment a placeholder is `<EMAIL>`, elsewhere the bare word `EMAIL`, which is a name in nearly every
language, and a lone number becomes 0. Where a file has several values of a kind they are numbered in order of
appearance: `<EMAIL_1>`, `<EMAIL_2>`. Quotes are never part of a finding, line ends only inside PEM blocks.
"""

from __future__ import annotations

import re

import pyarrow as pa

from analyzers.buffers import Text, offsets_and_bytes
from analyzers.secrets.scan import NUMBER_OF, PLACEHOLDER_OF, Span, joined, spans

REDACTIONS = pa.list_(pa.struct([("kind", pa.string()), ("start", pa.int64()), ("end", pa.int64())]))

_CONTEXT_BYTES = 400
_MAX_ROUNDS = 8
_MARK = re.compile(rb"\\.|[\"'`]|(?<!\S)#|(?<!:)//|/\*|(?<!\S)--(?!-)|<!--|^[ \t]*[*;%]", re.S | re.M)
_QUOTES = (b'"', b"'", b"`")
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,20}<[?!a-zA-Z]")
_NUMBER_PLACE = re.compile(rb"[=(,\[{:]\s{0,40}\Z")


def _is_enclosed(row: bytes, start: int, end: int) -> bool:
    """Whether the value stands in a string that ends on its line, or in a comment, as far as its line shows."""
    begin = max(row.rfind(b"\n", 0, start) + 1, start - _CONTEXT_BYTES)
    quote = b""
    for mark in _MARK.finditer(row, begin, start):
        token = mark[0]
        if token[:1] == b"\\" or token == quote:
            quote = b"" if token == quote else quote
        elif not quote and token not in _QUOTES:
            return True
        elif not quote:
            quote = token
    if not quote:
        return False
    stop = row.find(b"\n", end, end + _CONTEXT_BYTES)
    return quote in row[end : stop if stop >= 0 else end + _CONTEXT_BYTES]


def _written(row: bytes, start: int, end: int, name: bytes, is_markup: bool) -> bytes:
    """The placeholder in the form that its place asks for."""
    if not is_markup and row[start - 1 : start] != b"<" and _is_enclosed(row, start, end):
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
    pieces: list[bytes] = []
    marks: list[Span] = []
    size = last = 0
    for kind, start, end in found:
        name = PLACEHOLDER_OF[kind]
        values = numbers[name]
        numbered = f"{name}_{values[row[start:end]]}" if len(values) > 1 else name
        placeholder = _written(row, start, end, numbered.encode(), is_markup)
        pieces += (row[last:start], placeholder)
        size += start - last
        marks.append((kind, size, size + len(placeholder)))
        size += len(placeholder)
        last = end
    return b"".join((*pieces, row[last:])), marks


def _grown(found: list[Span], marks: list[Span], more: list[Span]) -> list[Span]:
    """Findings, and those of the redacted file put back to their places in the old one; what overlaps becomes one."""
    old = [(start, end, NUMBER_OF[kind]) for kind, start, end in found]
    for kind, start, end in more:
        begin, stop = start, end
        for (_, old_start, old_end), (_, new_start, new_end) in zip(found, marks, strict=True):
            if new_start <= start:
                begin = old_start if start < new_end else start - new_end + old_end
            if new_start < end:
                stop = old_end if end <= new_end else end - new_end + old_end
        old.append((begin, stop, NUMBER_OF[kind]))
    return joined(old)


def redacted(row: bytes, found: list[Span]) -> tuple[bytes, list[Span]]:
    """A file with its findings replaced, and (kind, start, end) of what stands there now, as byte offsets in it.

    A placeholder can make a finding of what stands beside it (a name of 70 letters is none, KEY@host.org is an
    address): such findings grow to cover both, until a scan of the result finds nothing.
    """
    new, marks = _replaced(row, found)
    for _ in range(_MAX_ROUNDS):
        more = spans(new) if marks else []
        if not more:
            break
        found = _grown(found, marks, more)
        new, marks = _replaced(row, found)
    return new, marks


def redact(content: Text, findings: pa.Table) -> tuple[pa.Array, pa.Array]:
    """(new content, redactions) of a column and what `scan` found in it.

    The new content has the type of the old one. Redactions have the type REDACTIONS: for each row kind, start and end
    of every placeholder, as byte offsets in the new content; an empty list where nothing was found; null for null.
    """
    offsets, data = offsets_and_bytes(content)
    of_row: dict[int, list[Span]] = {}
    columns = (findings[name].to_pylist() for name in ("row", "kind", "start", "end"))
    for row, kind, start, end in zip(*columns, strict=True):
        of_row.setdefault(row, []).append((kind, start, end))
    marks: list[list[Span]] = [[]] * len(content)
    parts: list[pa.Array] = []
    last = 0
    for row, found in sorted(of_row.items()):
        new, marks[row] = redacted(
            data[offsets[row] : offsets[row + 1]].tobytes(), sorted(found, key=lambda one: one[1:])
        )
        parts += (content.slice(last, row - last), pa.array([new], pa.large_binary()).cast(content.type))
        last = row + 1
    parts.append(content.slice(last))
    told = [
        [{"kind": kind, "start": start, "end": end} for kind, start, end in found] if is_valid else None
        for found, is_valid in zip(marks, content.is_valid().to_pylist(), strict=True)
    ]
    return (pa.concat_arrays(parts) if last else content), pa.array(told, REDACTIONS)
