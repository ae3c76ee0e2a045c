"""A struct of numbers as one binary value a row, for the way through the JVM.

Spark handles each column of each row by itself: sixty signals cost it more than the content beside them. Nothing there
looks at them, so they go through as bytes: for every field one byte that says whether it was measured, then the values
side by side, as this machine writes them.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from analyzers.buffers import offsets_and_bytes


def pack(structs: pa.StructArray) -> pa.LargeBinaryArray:
    """One value a row, all of the same length. The structs themselves must not be null, their fields may be."""
    rows = np.zeros(len(structs), _layout(structs.type))
    for place, (field, values) in enumerate(zip(structs.type, structs.flatten(), strict=True)):
        rows["measured"][:, place] = values.is_valid().to_numpy(zero_copy_only=False)
        rows["values"][field.name] = values.fill_null(False if pa.types.is_boolean(field.type) else 0).to_numpy(
            zero_copy_only=False
        )
    ends = np.arange(len(rows) + 1, dtype=np.int64) * rows.dtype.itemsize
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(rows)]
    return pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(rows), buffers)


def unpack(packed: pa.Array, kind: pa.StructType) -> pa.StructArray:
    """The structs of `kind` that pack() was given; ValueError where the values' length is another."""
    layout = _layout(kind)
    offsets, data = offsets_and_bytes(packed.cast(pa.large_binary()))
    if (np.diff(offsets) != layout.itemsize).any():
        raise ValueError(
            f"packed values of {np.diff(offsets).max()} bytes are no {kind}, which takes {layout.itemsize}"
        )
    rows = data[offsets[0] : offsets[-1]].view(layout)
    columns = [
        pa.array(np.ascontiguousarray(rows["values"][field.name]), field.type, mask=~rows["measured"][:, place])
        for place, field in enumerate(kind)
    ]
    return pa.StructArray.from_arrays(columns, fields=list(kind))


def _layout(kind: pa.StructType) -> np.dtype:
    values = np.dtype([(field.name, field.type.to_pandas_dtype()) for field in kind])
    return np.dtype([("measured", np.bool_, (kind.num_fields,)), ("values", values)])
