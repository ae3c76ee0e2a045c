"""What a comment is for: a header, the documentation of a definition, a remark behind code, or just a comment."""

from __future__ import annotations

from bisect import bisect_right

from analyzers.syntax.report import BLOCK, DOC, HEADER, LINE, PLAIN, TRAILING, Comment
from analyzers.syntax.spec import Spec
from analyzers.syntax.sweep import Frame

_MOST_GAP = 2_000  # bytes between a comment and what it documents, attributes included
_MOST_LINE = 400  # bytes before a comment that are looked at; with more, code stands before it
_ATTRIBUTES = (b"@", b"#[", b"[", b"template", b"#if", b"#ifdef")
_FIRST_LINES = (b"#!", b"<?", b"#lang", b"%YAML")

Span = tuple[int, int]


def classify(spans: list[Span], source: bytes, spec: Spec) -> list[Comment]:
    """Form and role of each comment, before definitions are looked at. `spans` is sorted."""
    comments: list[Comment] = []
    block_marks, doc_marks = spec.block_marks, spec.doc_marks
    end_of_last, last_role = 0, HEADER
    for start, end in spans:
        form = BLOCK if source.startswith(block_marks, start, end) else LINE
        between = source[max(end_of_last, start - _MOST_LINE) : start]
        blank = not between.strip() and start - end_of_last <= _MOST_LINE
        if last_role == HEADER and (blank or (end_of_last == 0 and _opens(source[:start]))):
            role = HEADER
        elif blank and comments and b"\n" not in between:
            role = last_role if last_role != HEADER else PLAIN
        elif between.rpartition(b"\n")[2].strip() or (b"\n" not in between and start - end_of_last > _MOST_LINE):
            role = TRAILING
        else:
            role = PLAIN
        end_of_last, last_role = end, role
        if role in (PLAIN, TRAILING) and doc_marks and source.startswith(doc_marks, start, end):
            after = source[start + 3 : start + 4]
            if after not in (b"/", b"*") or source[start : start + 2] not in (b"//", b"/*"):
                role = DOC
        comments.append(Comment(start, end, form, role))
    return comments


def _opens(before: bytes) -> bool:
    """Whether nothing but blanks and one opening line stands there: #!/bin/sh, <?php."""
    before = before.removeprefix(b"\xef\xbb\xbf").strip()
    return not before or (before.startswith(_FIRST_LINES) and b"\n" not in before)


def attach(comments: list[Comment], frames: list[Frame], source: bytes) -> list[Span | None]:
    """For each definition the span of the comments directly above it; their role becomes DOC.

    Directly: what begins on the next line that is not blank, at most one blank line away from nothing, attributes and
    decorators between aside. Lines of comment that follow each other belong together.
    """
    spans: list[Span | None] = []
    ends = [comment.end for comment in comments]
    taken_by: dict[int, int] = {}
    for frame in frames:
        last = bisect_right(ends, frame.outer_start) - 1
        if last < 0 or not _is_above(comments[last], frame.outer_start, source):
            spans.append(None)
            continue
        first = last
        while first > 0 and are_one(comments[first - 1], comments[first], source) and first not in taken_by:
            first -= 1
        if last in taken_by:  # a definition inside another that begins at the same place
            spans.append(None)
            continue
        for place in range(first, last + 1):
            start, end, form, _ = comments[place]
            comments[place] = Comment(start, end, form, DOC)
            taken_by[place] = frame.start
        spans.append((comments[first].start, comments[last].end))
    return spans


def _is_above(comment: Comment, start: int, source: bytes) -> bool:
    if comment.role == TRAILING or start - comment.end > _MOST_GAP:
        return False
    gap = source[comment.end : start]
    lines = gap.split(b"\n")
    if comment.form == LINE and gap[:1] not in (b"\n", b"\r", b""):
        lines.insert(0, b"")  # a comment whose node holds its line end
    if len(lines) > 1 and (lines[0].strip() or _is_behind_code(comment, source)):
        return False
    for line in lines[1:-1]:
        text = line.strip()
        if not text.startswith(_ATTRIBUTES):
            return False
    return not set(lines[-1]) & set(b";{}")


def _is_behind_code(comment: Comment, source: bytes) -> bool:
    """Whether a comment with a mark of documentation is about what stands before it on its line: int x; /** of x */"""
    if comment.role != DOC:
        return False
    line = source[max(0, comment.start - _MOST_LINE) : comment.start].rpartition(b"\n")[2].strip()
    return bool(line) and not line.endswith((b"*/", b"{", b"}"))


def are_one(upper: Comment, lower: Comment, source: bytes) -> bool:
    """Whether two comments are lines of one: both to the end of the line, with nothing between but one line end."""
    if upper.form != LINE or lower.form != LINE or upper.role == TRAILING:
        return False
    between = source[upper.end : lower.start]
    n_ends = between.count(b"\n") + source.endswith(b"\n", upper.start, upper.end)
    return n_ends == 1 and not between.strip()
