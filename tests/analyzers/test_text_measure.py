"""The contract of measure() over all groups: batches, slices, nulls, types, and answers that are always the same."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzers.signals import ALL_SIGNALS, GROUPS, SIGNALS, arrow_struct, arrow_types, names_of
from analyzers.text.measure import measure

ROWS = st.tuples(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=50)
    | st.sampled_from(["", "# todo\nprint('a' + 'b')\n", "<p>x</p>", "a b " * 20, "/* c */ int main() {}\r\n"]),
    st.sampled_from(["Python", "C", "HTML", "Text", "JSON", "XSLT", "Nonesuch"]),
)


def columns_of(rows: list[tuple[str, str]]) -> dict[str, pa.Array]:
    return measure(pa.array([text for text, _ in rows], pa.large_string()), [language for _, language in rows], GROUPS)


@settings(deadline=None)
@given(st.lists(ROWS, max_size=8))
def test_a_batch_gives_what_its_rows_give(rows: list[tuple[str, str]]) -> None:
    batch = columns_of(rows)
    singles = [columns_of([row]) for row in rows]
    for name, column in batch.items():
        assert column.to_pylist() == [single[name][0].as_py() for single in singles], name


def test_slices_are_measured_as_copies_are() -> None:
    content = pa.array(["zz", "a b\nc", None, "é {}\n", "x" * 99], pa.large_string())
    whole = measure(content, ["C"] * 5, GROUPS)
    part = measure(content.slice(1, 3), ["C"] * 3, GROUPS)
    assert all(part[name].equals(whole[name].slice(1, 3)) for name in whole)


def test_types_are_those_of_the_table() -> None:
    columns = columns_of([("x = 1\n", "Python")])
    assert columns.pop("n_lines").type == pa.int32()
    assert {name: column.type for name, column in columns.items()} == arrow_types(SIGNALS)
    assert [field.name for field in arrow_struct()] == [signal.name for signal in ALL_SIGNALS]
    assert len({signal.name for signal in ALL_SIGNALS}) == len(ALL_SIGNALS)


def test_only_the_groups_asked_for() -> None:
    content = pa.array(["x"], pa.large_string())
    for group in GROUPS:
        extra = {"n_lines"} if group == "lines" else set()
        assert set(measure(content, ["HTML"], frozenset({group}))) == set(names_of(group)) | extra
    assert measure(content, ["HTML"], frozenset()) == {}


def test_no_rows_give_empty_columns() -> None:
    assert all(len(column) == 0 for column in columns_of([]).values())


@pytest.mark.parametrize("language", ["Python", "C", "HTML", "Text"])
def test_empty_content_measures_zero(language: str) -> None:
    for column in columns_of([("", language)]).values():
        assert column[0].as_py() in (0, None)


def test_what_is_asked_wrongly_is_refused() -> None:
    content = pa.array(["x"], pa.large_string())
    with pytest.raises(ValueError, match="no such groups of signals: \\['wrods'\\]"):
        measure(content, ["C"], frozenset({"wrods"}))
    with pytest.raises(ValueError, match="1 contents but 2 languages"):
        measure(content, ["C", "C"], GROUPS)
    with pytest.raises(TypeError, match="large_string"):
        measure(pa.array(["x"]), ["C"], GROUPS)


@pytest.mark.parametrize("blob", [b"\xff" * 9, b"\xe2\x82", b"a\xf0\x90", b"\xc3", b"\x80\n\x80", bytes(range(256))])
def test_bytes_that_are_no_utf8_do_no_harm(blob: bytes) -> None:
    content = pa.array([blob, b"ok\n"], pa.large_binary())
    for language in ("Python", "C", "HTML"):
        columns = measure(content, [language, language], GROUPS)
        assert columns["n_lines"][1].as_py() == 1
        for name in names_of("chars") + names_of("encoded"):
            assert not math.isnan(columns[name][0].as_py())
