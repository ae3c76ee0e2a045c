"""A column with some rows changed is the one that Python would make."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.rows import with_rows

VALUES = st.one_of(st.none(), st.text(max_size=4))


@given(st.lists(VALUES, max_size=6), st.dictionaries(st.integers(0, 5), VALUES), st.integers(0, 2), st.booleans())
def test_rows_change_and_others_do_not(
    values: list[str | None], changed: dict[int, str | None], skipped: int, is_text: bool
) -> None:
    kind = pa.large_string() if is_text else pa.large_binary()
    column = pa.array(["x"] * skipped + values, pa.large_string()).cast(kind).slice(skipped)
    asked = {row: None if value is None else value.encode() for row, value in changed.items() if row < len(values)}
    new = with_rows(column, asked)
    new.validate(full=True)
    expected = [changed[row] if row in asked else value for row, value in enumerate(values)]
    assert new.type == kind
    assert new.cast(pa.large_string()).to_pylist() == expected
    assert asked or new is column


def test_a_text_must_be_utf8() -> None:
    with pytest.raises(pa.ArrowInvalid):
        with_rows(pa.array(["a"], pa.large_string()), {0: b"\xff"})
