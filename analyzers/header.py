"""The licence header of a file: the comment at its top that speaks of copyright or licence."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
import pyarrow as pa

from analyzers.buffers import offsets_and_bytes
from analyzers.languages import BY_NAME

HEAD_BYTES = 16_384  # the longest licence texts that are pasted whole stay below

_LEGAL = re.compile(rb"copyright|licen[cs]e|spdx-|all rights reserved|\(c\)\s+\d{4}", re.IGNORECASE)
# What may stand above or between: blank lines, a #! line, an encoding or doctype line.
_ABOVE = re.compile(rb"\s*(?:#![^\n]*\n\s*)?(?:#[^\n]*coding[:=][^\n]*\n\s*)?(?:<\?(?:php|xml)[^\n]*\n?\s*)?")


@lru_cache(maxsize=512)
def _comment(language: str) -> re.Pattern[bytes] | None:
    """One comment of a language: a block, or lines of line comments in a row."""
    row = BY_NAME.get(language)
    if row is None or not (row.line_comments or row.block_comments):
        return None
    shapes = [rb"%s.*?%s" % (re.escape(a.encode()), re.escape(b.encode())) for a, b in row.block_comments]
    if row.line_comments:
        marks = b"|".join(re.escape(mark.lstrip().encode()) for mark in row.line_comments)  # COBOL's stands in column 7
        shapes.append(rb"(?:[ \t]*(?:%s)[^\n]*(?:\n|\Z))+" % marks)
    # White space is not given back (*+): a comment followed by a page of blanks would take quadratic time.
    return re.compile(rb"\s*+(?:%s)" % b"|".join(shapes), re.DOTALL)


def header_end(head: bytes, language: str) -> int:
    """Bytes of the header of one file with what stands above it; 0 where there is none.

    The first comments are taken together as long as each follows the last, up to the last one that is legal text.
    """
    comment = _comment(language)
    if comment is None:
        return 0
    above = _ABOVE.match(head)
    at, end = (above.end() if above else 0), 0
    while found := comment.match(head, at):
        if _LEGAL.search(found.group()):
            end = found.end()
        elif end:
            break
        at = found.end()
    return end


def header_ends(content: pa.LargeStringArray, languages: list[str]) -> np.ndarray:
    """`header_end` of every row, int64."""
    offsets, data = offsets_and_bytes(content)
    view, edges = data.data, offsets.tolist()
    return np.array(
        [
            header_end(bytes(view[start : min(end, start + HEAD_BYTES)]), language)
            for start, end, language in zip(edges, edges[1:], languages, strict=False)
        ],
        np.int64,
    )
