"""Arrow columns of text as the plain arrays that kernels take."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import pyarrow as pa

Text: TypeAlias = pa.LargeStringArray | pa.LargeBinaryArray


def offsets_and_bytes(column: Text) -> tuple[np.ndarray, np.ndarray]:
    """Offsets (int64, rows + 1) and bytes (uint8) of a large string or binary column, without a copy where no row is
    null.

    The bytes of row i are data[offsets[i]:offsets[i + 1]]. A slice's offsets do not start at 0; a null row is empty.
    """
    if not (pa.types.is_large_string(column.type) or pa.types.is_large_binary(column.type)):
        raise TypeError(f"a large_string or large_binary column is needed, not {column.type}: cast it first")
    if column.null_count:
        column = column.fill_null(b"")  # bytes may lie behind a null
    _, offsets_buffer, data_buffer = column.buffers()
    if len(column) == 0 or offsets_buffer is None:
        return _fixed(np.zeros(1, np.int64)), _fixed(np.zeros(0, np.uint8))
    offsets = np.frombuffer(offsets_buffer, np.int64)[column.offset : column.offset + len(column) + 1]
    data = np.zeros(0, np.uint8) if data_buffer is None else np.frombuffer(data_buffer, np.uint8)
    return _fixed(offsets), _fixed(data)


def _fixed(array: np.ndarray) -> np.ndarray:
    """Not to be written to, whatever its buffer allows: kernels are compiled for either, and once is enough."""
    array.flags.writeable = False
    return array
