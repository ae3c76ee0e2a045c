"""Lines of a file: where they begin, and how many hold code or nothing but comments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from analyzers.syntax.report import Comment

_VISIBLE = np.ones(256, np.bool_)
_VISIBLE[list(b" \t\r\n\f\v")] = False


class LineCounts(NamedTuple):
    """Lines of a file; those with neither code nor comment are blank."""

    lines: int
    code_lines: int
    comment_lines: int


def line_starts(source: bytes) -> np.ndarray:
    """First byte of each line; an empty file has one line."""
    ends = np.flatnonzero(np.frombuffer(source, np.uint8) == 10)
    return np.concatenate([np.zeros(1, np.int64), ends + 1])


def lines_of(places: Sequence[int], starts: np.ndarray) -> list[int]:
    """The line, from 1, that each place is in."""
    return np.searchsorted(starts, np.asarray(places, np.int64), side="right").tolist()


def count_lines(source: bytes, comments: Sequence[Comment], starts: np.ndarray) -> LineCounts:
    """Lines, those with code, and those with a comment and no code. An empty file has none of them."""
    if not source:
        return LineCounts(0, 0, 0)
    visible = _VISIBLE[np.frombuffer(source, np.uint8)]
    depth = np.zeros(len(source) + 1, np.int32)  # +1 where a comment begins, -1 behind its end
    np.add.at(depth, [comment.start for comment in comments], 1)
    np.add.at(depth, [comment.end for comment in comments], -1)
    in_comment = np.cumsum(depth[:-1]) > 0
    begins = starts[starts < len(source)]
    has_code = np.logical_or.reduceat(visible & ~in_comment, begins)
    has_comment = np.logical_or.reduceat(visible & in_comment, begins)
    return LineCounts(len(begins), int(has_code.sum()), int((has_comment & ~has_code).sum()))
