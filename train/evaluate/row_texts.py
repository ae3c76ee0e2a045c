"""All text in each row of a table, as one column: what a row says, whatever its columns are called and however nested.

Parts are joined by line breaks. Numbers, dates and bytes are no text; neither is what is null.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

_BETWEEN = pa.scalar("\n", pa.large_string())


def may_hold_text(kind: pa.DataType) -> bool:
    """Whether text can be in a column of this type: shards have a hundred numbers a row."""
    if pa.types.is_dictionary(kind):
        return may_hold_text(kind.value_type)
    if isinstance(kind, pa.BaseExtensionType):
        return may_hold_text(kind.storage_type)
    if kind.num_fields:
        return any(may_hold_text(kind.field(number).type) for number in range(kind.num_fields))
    return _is_text(kind)


def row_texts(batch: pa.RecordBatch) -> pa.LargeStringArray:
    """The text of each row."""
    return _joined([part for column in batch.columns for part in _parts(column)], len(batch))


def _parts(column: pa.Array) -> list[pa.LargeStringArray]:
    """Columns with the texts of a column, in their order within a row."""
    kind = column.type
    if not may_hold_text(kind):
        return []
    if isinstance(kind, pa.BaseExtensionType):
        return _parts(column.storage)
    if pa.types.is_dictionary(kind):
        return _parts(column.dictionary_decode())
    if pa.types.is_struct(kind):
        return [part for child in column.flatten() for part in _parts(child)]
    if pa.types.is_map(kind):
        entry = pa.struct([("key", kind.key_type), ("value", kind.item_type)])
        return _parts(column.cast(pa.list_(entry)))
    if kind.num_fields:
        return [_of_lists(column)]
    return [column.cast(pa.large_string())]


def _of_lists(column: pa.Array) -> pa.LargeStringArray:
    """The texts of each list as one."""
    values = pc.list_flatten(column)
    ends = pc.cumulative_sum(pc.fill_null(pc.list_value_length(column), 0).cast(pa.int32()))
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), ends])
    return pc.binary_join(pa.ListArray.from_arrays(offsets, _joined(_parts(values), len(values))), _BETWEEN)


def _joined(parts: list[pa.LargeStringArray], n_rows: int) -> pa.LargeStringArray:
    if not parts:
        return pa.array([""] * n_rows, pa.large_string())
    return pc.binary_join_element_wise(*parts, _BETWEEN, null_handling="replace")


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
