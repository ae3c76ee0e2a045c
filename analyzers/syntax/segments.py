"""Segments of a file: its comments, and its code without them, for deduplication between files and for taking out.

A segment of code is a function, a class, a method, or a block: statements of the file between them, imports aside.
Classes hold the segments of their methods. Decorators, `export` and the comments above go with the definition. Comments
are segments of their own too: lines that follow each other are one. CodeFuse-13B (2.1) deduplicates code and comments
apart, as here.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import NamedTuple

import xxhash

from analyzers.syntax.comments import are_one
from analyzers.syntax.outline import Outline, comments_above
from analyzers.syntax.report import DOC, DOCSTRING, HEADER, LINE, TRAILING, Comment, Report
from analyzers.syntax.segments_text import Span, measured

_NODES = {HEADER: "header", DOC: "doc", TRAILING: "trailing"}
_BLANKS = b" \t\r\f\v"
_DIRECTIVES = (b"#!", b"//go:", b"// +build", b"//export ", b"/* eslint", b"/*eslint", b"//#", b"#pragma", b"<?")
_ENDS_LINES = frozenset({"JavaScript", "TypeScript", "TSX", "Go", "Kotlin", "Swift", "Scala"})
"""Languages where a comment over several lines ends the statement before it, as a line end does."""


class Segment(NamedTuple):
    """One segment, in plain values. Two with one segment_id are the same code or the same words."""

    segment_id: str  # xxh3-128 of kind and normalised text (segments_text)
    kind: str  # code, comment
    node: str  # function, class, block; header, doc, trailing, line
    start: int  # of what `remove` takes out, in bytes; comments above a definition included
    end: int
    n_tokens: int  # of code: words and runs of a mark; of a comment: words
    text_hash: str  # xxh3-128 of the bytes from start to end
    removable: bool  # without it a sound file is sound


def segments_of(report: Report, source: bytes, outline: Outline) -> list[Segment]:
    """All segments by start, outer before inner. Empty ones, comments of marks only, are left out."""
    comments = [(one.start, one.end) for one in report.comments]
    runs = _runs(report.comments, source)
    spans = [*((first.start, last.end) for first, last in runs), *_code_spans(report, source, outline)]
    nodes = [_NODES.get(first.role, "line") for first, _ in runs]
    nodes += [_node(report, one.definition) for one in outline.members]
    free = [_is_free(first, source, report, outline) for first, _ in runs]
    free += [one.removable for one in outline.members]
    found = []
    for place, ((start, end), text) in enumerate(zip(spans, measured(source, comments, spans), strict=True)):
        is_code = place >= len(runs)
        normal = text.code if is_code else text.words
        if normal:
            found.append(
                Segment(
                    xxhash.xxh3_128_hexdigest((b"code\0" if is_code else b"comment\0") + normal),
                    "code" if is_code else "comment",
                    nodes[place],
                    start,
                    end,
                    text.n_code_tokens if is_code else text.n_words,
                    xxhash.xxh3_128_hexdigest(source[start:end]),
                    free[place],
                )
            )
    return sorted(found, key=lambda one: (one.start, -one.end, one.kind))


def _runs(comments: tuple[Comment, ...], source: bytes) -> list[tuple[Comment, Comment]]:
    """First and last of the comments that are one: lines that follow each other."""
    runs: list[tuple[Comment, Comment]] = []
    for comment in comments:
        if (
            runs
            and comment.form == LINE
            and comment.role == runs[-1][1].role
            and not _is_directive(runs[-1][0], source)
        ):
            last = runs[-1][1]
            if are_one(last, comment, source):
                runs[-1] = (runs[-1][0], comment)
                continue
        runs.append((comment, comment))
    return runs


def _is_directive(comment: Comment, source: bytes) -> bool:
    return source.startswith(_DIRECTIVES, comment.start)


def _is_free(comment: Comment, source: bytes, report: Report, outline: Outline) -> bool:
    """Whether a comment says nothing to a tool, and is not all that a body has."""
    if comment.form == DOCSTRING:
        return comment.start not in outline.kept
    if report.language == "Go" and source[comment.end : comment.end + 80].lstrip(b"\n").startswith(b'import "C"'):
        return False  # cgo reads it
    return not _is_directive(comment, source)


def _node(report: Report, place: int) -> str:
    if place < 0 or report.definitions is None:
        return "block"
    return "class" if report.definitions[place].kind == "class" else "function"


def _code_spans(report: Report, source: bytes, outline: Outline) -> list[Span]:
    """Spans of the members, with the comments above them and one behind them on their last line."""
    comments = report.comments
    starts = [one.start for one in comments]
    spans = []
    for member in outline.members:
        start, end = member.start, member.end
        if member.definition >= 0 and (above := comments_above(report, start, source)) is not None:
            start = above[0]
        place = bisect_left(starts, end)
        if (
            place < len(starts)
            and report.comments[place].role == TRAILING
            and b"\n" not in source[end - 1 : starts[place]]
        ):
            end = report.comments[place].end
        spans.append((start, end))
    return spans


def remove(source: bytes, segments: Iterable[Segment], language: str) -> bytes:
    """The file without these segments: whole lines where nothing else stands on them, and no blank lines doubled.

    Within a line a comment leaves a blank (a line end, in languages where it ends a statement). Segments inside others
    may be among them; those that are not removable must not.
    """
    pieces = []
    at = 0
    for start, end in _merged((one.start, one.end) for one in segments):
        start, end, left = _lines(source, max(start, at), end, language)
        pieces += [source[at:start], left]
        at = end
    return b"".join([*pieces, source[at:]])


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _lines(source: bytes, start: int, end: int, language: str) -> tuple[int, int, bytes]:
    """What to cut for a span, and what to leave in its place."""
    line = source.rfind(b"\n", 0, start) + 1
    starts_line = not source[line:start].strip()
    ends_line = end
    if not source.endswith(b"\n", start, end):
        found = source.find(b"\n", end)
        ends_line = len(source) if found < 0 else found
        ends_line -= source.endswith(b"\r", end - 1, ends_line)
    alone_behind = not source[end:ends_line].strip()
    if not alone_behind:
        over_lines = b"\n" in source[start:end] and language in _ENDS_LINES
        return start, end, b"" if starts_line else b"\n" if over_lines else b" "
    if not starts_line:  # behind code: its line end stays
        cut = line + len(source[line:start].rstrip(_BLANKS))
        return cut, ends_line, b"\n" if source.endswith(b"\n", start, end) else b""
    return line, _over_blank_lines(source, line, ends_line), b""


def _over_blank_lines(source: bytes, line: int, end: int) -> int:
    """Where the cut ends: behind the line end, and behind blank lines where blank lines stand before it too."""
    if not source.endswith(b"\n", line, end):
        end += len(b"\r\n") if source.startswith(b"\r\n", end) else source.startswith(b"\n", end)
    if line and source[:line].rstrip(_BLANKS + b"\n") and not source[:line].endswith((b"\n\n", b"\n\r\n")):
        return end
    while (found := source.find(b"\n", end)) >= 0 and not source[end:found].strip():
        end = found + 1
    return end
