"""Signals as bytes and back."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.packed import pack, unpack
from curate.schema import SIGNALS

KIND = pa.struct([("a", pa.float64()), ("b", pa.bool_()), ("c", pa.int32()), ("d", pa.float32())])
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "a": st.none() | st.floats(),
            "b": st.none() | st.booleans(),
            "c": st.none() | st.integers(-(2**31), 2**31 - 1),
            "d": st.none() | st.floats(width=32),
        }
    ),
    max_size=20,
)


@given(ROWS, st.integers(0, 5), st.integers(0, 5))
def test_there_and_back(rows: list[dict], start: int, skipped: int) -> None:
    """NaN stays NaN and null stays null, of slices too, and of the bytes as Spark gives them back."""
    structs = pa.array(rows, KIND).slice(start)
    packed = pack(structs)
    assert len({len(value) for value in packed.to_pylist()}) <= 1
    through_spark = packed.cast(pa.binary()).slice(skipped)
    assert repr(unpack(through_spark, KIND).to_pylist()) == repr(structs.slice(skipped).to_pylist())


def test_all_signals() -> None:
    """Every type that a signal has can be packed."""
    rows = [dict.fromkeys(SIGNALS.names), {field.name: field.type.to_pandas_dtype()(1).item() for field in SIGNALS}]
    assert unpack(pack(pa.array(rows, SIGNALS)), SIGNALS).to_pylist() == rows


def test_bytes_of_another_struct() -> None:
    packed = pack(pa.array([{"a": 1.0, "b": True, "c": 3, "d": 0.5}], KIND))
    with pytest.raises(ValueError, match="are no struct"):
        unpack(packed, pa.struct([("a", pa.float64())]))
