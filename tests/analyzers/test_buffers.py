"""Arrow columns as arrays: any rows, any slice, nulls, chunks of nothing; and not a byte copied."""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.buffers import offsets_and_bytes

KINDS = [pa.large_binary(), pa.large_string()]


@given(
    st.lists(st.none() | st.text(max_size=9), max_size=9), st.integers(0, 9), st.integers(0, 9), st.sampled_from(KINDS)
)
def test_rows_of_any_slice(rows: list[str | None], first: int, count: int, kind: pa.DataType) -> None:
    values = [None if row is None else row.encode() for row in rows]
    column = pa.array(values, pa.large_binary()).cast(kind).slice(first, count)
    offsets, data = offsets_and_bytes(column)
    assert (offsets.dtype, data.dtype) == (np.int64, np.uint8)
    assert len(offsets) == len(column) + 1
    found = [data[a:b].tobytes() for a, b in itertools.pairwise(offsets)]
    assert found == [value or b"" for value in values[first : first + count]]


def test_bytes_behind_a_null_are_none_of_its() -> None:
    filled = pa.array(["ab", "cd", "ef"], pa.large_string())
    column = pa.Array.from_buffers(pa.large_string(), 3, [pa.py_buffer(b"\x05"), *filled.buffers()[1:]])
    assert column.to_pylist() == ["ab", None, "ef"]
    for rows in (column, column.slice(1), column.slice(1, 1)):
        offsets, data = offsets_and_bytes(rows)
        found = [data[a:b].tobytes().decode() for a, b in itertools.pairwise(offsets)]
        assert found == [text or "" for text in rows.to_pylist()]


def test_nothing_is_copied() -> None:
    column = pa.array(["ab", "cd", "ef"], pa.large_string())
    _, offsets_buffer, data_buffer = column.buffers()
    offsets, data = offsets_and_bytes(column.slice(1, 1))
    assert data.__array_interface__["data"][0] == data_buffer.address
    assert offsets.__array_interface__["data"][0] == offsets_buffer.address + 8
    assert (offsets.tolist(), len(data)) == ([2, 4], 6)


@pytest.mark.parametrize("kind", [pa.string(), pa.binary(), pa.int64(), pa.list_(pa.large_string())])
def test_other_columns_are_refused(kind: pa.DataType) -> None:
    with pytest.raises(TypeError, match="cast it first"):
        offsets_and_bytes(pa.array([], kind))
