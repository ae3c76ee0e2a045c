"""Rules on batches: limits, order, what is judged; against a plain loop over any rows by Hypothesis."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from analyzers.languages import BY_NAME
from curate.rules import Rule, judge

LANGUAGES = ["Python", "JSON", "HTML", "Markdown", "Unknown"]
Verdict = tuple[str | None, float | None, str | None, float | None]


def batch(values: list[float | None], languages: list[str] | None = None, kind: pa.DataType | None = None):
    return pa.RecordBatch.from_pydict(
        {
            "language": languages or ["Python"] * len(values),
            "x": pa.array(values, kind or pa.float64()),
            "why": [f"told {row}" for row in range(len(values))],
        }
    )


def verdicts(rows: pa.RecordBatch, **rules: Rule) -> list[Verdict]:
    columns = judge(rows, rules)
    assert list(columns) == ["drop_reason", "drop_value", "drop_text", "drop_limit"]
    return list(zip(*(column.to_pylist() for column in columns.values()), strict=True))


KEPT: Verdict = (None, None, None, None)


@pytest.mark.parametrize(
    ("limits", "value", "verdict"),
    [
        ({"min": 2}, 2, KEPT),  # limits are inclusive
        ({"min": 2}, 1.5, ("r", 1.5, None, 2)),
        ({"max": 2}, 2, KEPT),
        ({"max": 2}, 2.5, ("r", 2.5, None, 2)),
        ({"min": 1, "max": 2}, 3, ("r", 3, None, 2)),
        ({"min": 1, "max": 2}, 0, ("r", 0, None, 1)),
        ({"min": 1, "max": 1}, 1, KEPT),
        ({"max": 0}, 0, KEPT),  # 0 is a limit, not the lack of one
        ({"max": 0}, 1, ("r", 1, None, 0)),
        ({}, 1e300, KEPT),
        ({"min": 1, "max": 2}, None, KEPT),  # what was not measured is not judged
        ({"min": 2, "told_by": "why"}, 1, ("r", 1, "told 0", 2)),
        ({"min": 2, "told_by": "why"}, 2, KEPT),
    ],
)
def test_one_limit_on_one_value(limits: dict, value: float | None, verdict: Verdict) -> None:
    assert verdicts(batch([value]), r=Rule(signal="x", **limits)) == [verdict]


@pytest.mark.parametrize(("drop_if", "dropped"), [(True, [1]), (False, [0])])
def test_yes_or_no_signals_have_a_value_and_no_limit(drop_if: bool, dropped: list[int]) -> None:
    rows = batch([False, True, None], kind=pa.bool_())
    expected = [("r", float(row), None, None) if row in dropped else KEPT for row in range(3)]
    assert verdicts(rows, r=Rule(signal="x", drop_if=drop_if)) == expected


@pytest.mark.parametrize(
    ("scope", "judged"),
    [
        ({}, LANGUAGES),
        ({"languages": ("JSON", "HTML")}, ["JSON", "HTML"]),
        ({"except_languages": ("JSON",)}, ["Python", "HTML", "Markdown", "Unknown"]),
        ({"kinds": ("prose",)}, ["Markdown"]),
        ({"kinds": ("markup", "data")}, ["JSON", "HTML"]),  # a language without a row is of no kind
        ({"kinds": ("data",), "except_languages": ("JSON",)}, []),
        ({"languages": ("Unknown",)}, ["Unknown"]),
    ],
)
def test_a_rule_judges_its_languages_only(scope: dict, judged: list[str]) -> None:
    rule = Rule(signal="x", max=0, **scope)
    found = verdicts(batch([1.0] * len(LANGUAGES), LANGUAGES), r=rule)
    assert [language for language, verdict in zip(LANGUAGES, found, strict=True) if verdict != KEPT] == judged


def test_the_first_broken_rule_names_the_reason() -> None:
    mild, strict = Rule(signal="x", max=5), Rule(signal="x", max=3)
    rows = batch([2, 4, 6])
    assert [row[0] for row in verdicts(rows, mild=mild, strict=strict)] == [None, "strict", "mild"]
    assert [row[0] for row in verdicts(rows, strict=strict, mild=mild)] == [None, "strict", "strict"]


def test_no_rows_and_no_rules() -> None:
    assert verdicts(batch([]), r=Rule(signal="x", max=1)) == []
    assert verdicts(batch([1.0, None])) == [KEPT, KEPT]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"min": 2, "max": 1}, "every file would go"),
        ({"languages": ("python",)}, "write 'Python'"),
        ({"except_languages": ("Klingonscript",)}, "no language of the table"),
        ({"kinds": ("poetry",)}, "programming"),
        ({"most": 3}, "most"),
        ({"max": float("nan")}, "finite"),
        ({"min": float("-inf")}, "finite"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(fields: dict, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Rule(signal="x", **fields)


numbers = st.none() | st.integers(-3, 3).map(float)
rule = st.builds(
    lambda bounds, languages, excepted: Rule(
        signal="x", min=bounds[0], max=bounds[1], languages=languages, except_languages=tuple(excepted)
    ),
    st.tuples(numbers, numbers).map(lambda pair: tuple(sorted(pair)) if None not in pair else pair),
    st.none() | st.lists(st.sampled_from(LANGUAGES), unique=True).map(tuple),
    st.lists(st.sampled_from(LANGUAGES), max_size=2, unique=True),
)


def judged_slowly(value: float | None, language: str, rules: dict[str, Rule]) -> Verdict:
    """The definition, one file at a time."""
    for name, one in rules.items():
        if value is None or language in one.except_languages:
            continue
        if one.languages is not None and language not in one.languages:
            continue
        if one.min is not None and value < one.min:
            return name, value, None, one.min
        if one.max is not None and value > one.max:
            return name, value, None, one.max
    return KEPT


@settings(deadline=None)
@given(st.lists(st.tuples(numbers, st.sampled_from(LANGUAGES)), max_size=12), st.lists(rule, max_size=4), st.data())
def test_any_rules_judge_as_a_plain_loop_does(rows: list, listed: list[Rule], data: st.DataObject) -> None:
    rules = {f"rule {number}": one for number, one in enumerate(listed)}
    start = data.draw(st.integers(0, len(rows)))  # slices of a batch are batches too
    whole = batch([value for value, _ in rows], [language for _, language in rows])
    expected = [judged_slowly(value, language, rules) for value, language in rows[start:]]
    assert verdicts(whole.slice(start), **rules) == expected


def test_applies_to_knows_every_language_of_the_table() -> None:
    kinds = {row.kind for row in BY_NAME.values()}
    for name, row in BY_NAME.items():
        asked = {kind: Rule(signal="x", kinds=(kind,)).applies_to(name) for kind in kinds}
        assert asked == {kind: kind == row.kind for kind in kinds}
