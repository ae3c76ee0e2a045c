"""A column with some of its rows changed, put together with one copy."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyzers.buffers import Text, offsets_and_bytes


def with_rows(content: Text, changed: Mapping[int, bytes | None]) -> Text:
    """The column with new values in some rows, None for null; the column itself where there are none.

    The type stays. In a text column every new value must be UTF-8: ArrowInvalid where one is not.
    """
    if not changed:
        return content
    offsets, data = offsets_and_bytes(content)
    view, edges = data.data, offsets.tolist()
    lengths = np.diff(offsets)
    pieces: list[bytes | memoryview] = []
    last = 0
    for row in sorted(changed):
        value = changed[row] or b""
        pieces += (view[edges[last] : edges[row]], value)
        lengths[row] = len(value)
        last = row + 1
    pieces.append(view[edges[last] : edges[-1]])
    if pa.types.is_large_string(content.type):
        pa.array([value for value in changed.values() if value], pa.large_binary()).cast(content.type)
    ends = np.concatenate([[0], np.cumsum(lengths)])
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(pieces))]
    column = pa.Array.from_buffers(content.type, len(content), buffers)
    gone = [row for row, value in changed.items() if value is None]
    if gone or content.null_count:
        valid = content.is_valid().to_numpy(zero_copy_only=False).copy()
        valid[list(changed)] = True
        valid[gone] = False
        column = pc.if_else(pa.array(valid), column, pa.scalar(None, content.type))
    return column
