"""Keys of equality: MD5 of a text, or of what remains of it without white space and header."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
from numba import njit

from dedup.buffers import offsets_and_bytes


def keys(
    content: pa.LargeStringArray, *, starts: np.ndarray | None = None, ignore_whitespace: bool = False
) -> pa.BinaryArray:
    """MD5 (16 bytes) of every row.

    `starts`: bytes to leave out at each row's beginning (int64), all of it where they are more. `ignore_whitespace`
    leaves out space, tab, line feed, vertical tab, form feed and carriage return. A text of which nothing remains keeps
    its full text's key, so that files do not become equal by being empty of anything to compare. A null row is empty.
    """
    from_offset, data = offsets_and_bytes(content)
    end = from_offset[1:]
    begin = from_offset[:-1] if starts is None else np.minimum(from_offset[:-1] + starts, end)
    if ignore_whitespace:
        squeezed, edges = _squeeze(data, begin, end)
    else:
        squeezed, edges = data, None
    view = squeezed.data
    whole = data.data
    found = []
    for row in range(len(content)):
        text = view[begin[row] : end[row]] if edges is None else view[edges[row] : edges[row + 1]]
        found.append(hashlib.md5(text or whole[from_offset[row] : end[row]], usedforsecurity=False).digest())
    return pa.array(found, pa.binary())


@njit(cache=True, nogil=True)
def _squeeze(data: np.ndarray, begin: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All rows' bytes without ASCII white space, one after another, and where each begins."""
    out = np.empty((end - begin).sum(), np.uint8)
    edges = np.zeros(len(begin) + 1, np.int64)
    at = 0
    for row in range(len(begin)):
        for i in range(begin[row], end[row]):
            byte = data[i]
            out[at] = byte
            at += not (byte == 32 or 9 <= byte <= 13)
        edges[row + 1] = at
    return out, edges
