"""Charts: every point inside the frame, ticks that are few and round, text that does nothing."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.charts import _HEIGHT, _WIDTH, Axis, Series, _Scale, amount, chart

X, LOG_X, Y = Axis(name="tokens"), Axis(name="tokens", log=True), Axis(name="loss")
NUMBERS = st.floats(1e-3, 1e12)


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.4213, "0.421"), (999, "999"), (999.9, "1k"), (1_300_000_000, "1.3B"), (3.5e8, "350M"), (-2e6, "-2M"), (0, "0")],
)
def test_numbers_are_written_as_people_do(value: float, written: str) -> None:
    assert amount(value) == written


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=5), st.booleans(), st.booleans())
def test_whatever_the_points_they_are_drawn_inside(points: list[tuple[float, float]], log_x: bool, log_y: bool) -> None:
    drawn = chart(
        "a", [Series(name="b", line=points, dots=points)], Axis(name="x", log=log_x), Axis(name="y", log=log_y)
    )
    root = ElementTree.fromstring(drawn)
    dots = root.findall(".//circle")
    assert len(dots) == len(points)
    assert all(0 <= float(one.attrib["cx"]) <= _WIDTH and 0 <= float(one.attrib["cy"]) <= _HEIGHT for one in dots)
    assert not re.search("nan|inf", "".join(root.itertext()).replace("a", ""))


@given(NUMBERS, NUMBERS, st.booleans())
def test_ticks_are_few_and_inside(one: float, other: float, log: bool) -> None:
    scale = _Scale.of([one, other], log, 0, 100)
    ticks = scale.ticks()
    assert 1 <= len(ticks) <= 7
    assert all(scale.low <= value <= scale.high for value in ticks)
    assert ticks == sorted(ticks)


def test_a_legend_only_where_there_is_a_choice_and_a_mark_where_it_is_asked_for() -> None:
    one, other = (Series(name=name, line=[(1, 2), (10, 1)], spread=[(1, 1, 3), (10, 0.5, 2)]) for name in ("a", "b"))
    assert "legend" not in chart("a", [one], X, Y)
    both = chart("a", [one, other], LOG_X, Y, mark=3.0)
    assert (both.count("<li class"), both.count('class="mark"'), both.count("<polygon")) == (2, 1, 2)


def test_names_are_text() -> None:
    assert "<script" not in chart("<script>", [Series(name="<script>", line=[(1, 1)], dots=[(1, 1)])] * 2, X, Y)
