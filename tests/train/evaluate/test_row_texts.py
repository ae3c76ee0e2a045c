"""The text of a row is every text in it, in order, however it is laid out."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from train.evaluate.row_texts import may_hold_text, row_texts

TEXT = pa.string()
ENTRY = pa.struct([("x", TEXT), ("y", pa.int8()), ("z", pa.list_(TEXT))])
SCHEMA = pa.schema(
    {
        "a": TEXT, "n": pa.int32(), "l": pa.list_(pa.large_string()), "f": pa.list_(TEXT, 2), "v": pa.list_(ENTRY),
        "s": pa.struct([("p", TEXT), ("q", pa.struct([("r", pa.string_view())]))]),
        "d": pa.dictionary(pa.int32(), TEXT), "m": pa.map_(TEXT, TEXT), "b": pa.binary(),
        "mm": pa.map_(TEXT, pa.list_(TEXT)), "i": pa.list_(pa.int32()), "u": pa.null(),
    }
)  # fmt: skip
NONE: dict[str, Any] = dict.fromkeys(SCHEMA.names)
ROWS = [
    {
        "a": "a0", "n": 1, "l": ["l1", None, "l2"], "f": ["f1", "f2"],
        "v": [{"x": "x1", "y": 1, "z": ["z1", "z2"]}, None, {"x": None, "y": 2, "z": []}],
        "s": {"p": "p", "q": {"r": "r"}}, "d": "d", "m": [("k", "v"), ("k2", None)], "b": b"no",
        "mm": [("key", ["b", "c"])], "i": [1], "u": None,
    },
    NONE,
    NONE | {"a": "", "l": [], "v": [], "s": {"p": None, "q": None}},
    NONE | {"a": "two words", "f": ["f3", None], "m": []},
]  # fmt: skip
BATCH = pa.RecordBatch.from_pylist(ROWS, schema=SCHEMA)


@pytest.mark.parametrize("start", [0, 1, 3, 4])
def test_all_texts_are_there_in_their_order(start: int) -> None:
    told = ["a0 l1 l2 f1 f2 x1 z1 z2 p r d k v k2 key b c", "", "", "two words f3"]
    assert [" ".join(text.split()) for text in row_texts(BATCH.slice(start)).to_pylist()] == told[start:]


def test_parts_are_not_run_together() -> None:
    batch = pa.RecordBatch.from_pydict({"a": ["x", None], "b": [["y", "z"], ["w"]]})
    assert row_texts(batch).to_pylist() == ["x\ny\nz", "\nw"]


def test_columns_without_text_need_not_be_read() -> None:
    assert [field.name for field in SCHEMA if not may_hold_text(field.type)] == ["n", "b", "i", "u"]
    assert row_texts(BATCH.select(["n", "i"])).to_pylist() == ["", "", "", ""]
