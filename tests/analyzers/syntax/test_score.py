"""The quality score: its formula on numbers worked out by hand, and what must hold whatever the numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.signals import SCORE_SIGNALS, SYNTAX_SIGNALS
from analyzers.syntax import score
from analyzers.syntax.score import DIMENSION_OF, DIMENSIONS, LOW_IS_BAD, PRESENT, Term
from analyzers.syntax.score_table import DEFAULT, TABLE

TERMS = {
    "error_bytes_fraction": Term(0.0, 0.1, 2.0),
    "max_cyclomatic": Term(10, 30, 1.0),
    "min_maintainability": Term(40, 20, 1.0),
}


def scored(terms: dict[str, Term], **signals: float | None) -> dict[str, float]:
    values = dict.fromkeys(DIMENSION_OF, np.nan) | {PRESENT: 0.0} | signals
    columns = {name: np.array([np.nan if value is None else value]) for name, value in values.items()}
    return {name: float(column[0]) for name, column in score.scores(columns, terms).items()}


@pytest.mark.parametrize(
    ("signals", "quality", "worst"),
    [
        ({}, 100, "none"),
        ({"max_cyclomatic": 10}, 100, "none"),  # at the knee nothing is lost
        ({"max_cyclomatic": 30}, 50, "complexity"),  # a weight of 1 halves
        ({"max_cyclomatic": 900}, 50, "complexity"),  # beyond its worst it gets no worse
        ({"max_cyclomatic": 20}, 100 / 2**0.5, "complexity"),
        ({"error_bytes_fraction": 0.05}, 50, "correctness"),
        ({"error_bytes_fraction": 1}, 25, "correctness"),
        ({"min_maintainability": 30}, 100 / 2**0.5, "readability"),  # low is bad
        ({"min_maintainability": 90}, 100, "none"),
        ({"max_cyclomatic": 30, "error_bytes_fraction": 1, "min_maintainability": 0}, 6.25, "correctness"),
        ({"max_cyclomatic": None}, 100, "none"),  # not measured
    ],
)
def test_the_formula(signals: dict[str, float | None], quality: float, worst: str) -> None:
    found = scored(TERMS, **signals)
    assert found["quality"] == pytest.approx(quality)
    below = {name: found[name] for name in DIMENSIONS if found[name] < 100}
    assert min(below, key=lambda name: below[name], default="none") == worst


def test_without_a_syntax_tree_there_is_no_score() -> None:
    found = scored(TERMS, error_bytes_fraction=None, max_cyclomatic=50)
    assert all(np.isnan(value) for value in found.values())
    assert score.losses({PRESENT: None, "max_cyclomatic": 50}, TERMS) == []


def test_losses_name_the_signal_its_value_its_knee_and_the_points() -> None:
    found = score.losses({PRESENT: 0.0, "max_cyclomatic": 30, "min_maintainability": 35}, TERMS)
    assert [(loss.dimension, loss.signal, loss.value, loss.knee) for loss in found] == [
        ("complexity", "max_cyclomatic", 30, 10),
        ("readability", "min_maintainability", 35, 40),
    ]
    missing = 100 - 100 * 2**-1.25
    assert [loss.points for loss in found] == pytest.approx([missing * 0.8, missing * 0.2])


def test_changes_of_a_recipe_go_over_the_table() -> None:
    mine, other = Term(1, 2, 3), Term(4, 5, 6)
    changes = {DEFAULT: {"max_parameters": mine, "fan_out": mine, "n_modules": None}, "Go": {"fan_out": other}}
    go, lua = score.terms_of("Go", changes), score.terms_of("Lua", changes)
    assert (go["max_parameters"], go["fan_out"], lua["fan_out"]) == (mine, other, mine)
    assert "n_modules" not in go
    assert score.terms_of("Lua") == {name: Term(*term) for name, term in TABLE[DEFAULT].items()}


@pytest.mark.parametrize(
    ("signal", "term", "told"),
    [
        ("n_words", Term(0, 1, 1), "'n_words' is in no dimension"),
        ("fan_out", Term(0, 1, -1), "must be at least 0"),
        ("fan_out", Term(0, 1, float("nan")), "must be at least 0"),
        ("fan_out", Term(2, 2, 1), "finite numbers that differ"),
        ("fan_out", Term(0, float("inf"), 1), "finite numbers that differ"),
    ],
)
def test_terms_that_are_none(signal: str, term: Term, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        score.check({signal: term})


@pytest.mark.parametrize("language", TABLE)
def test_the_shipped_table_is_in_order(language: str) -> None:
    terms = score.terms_of(language)
    score.check(terms)
    assert len(terms) > 15
    for signal, term in terms.items():
        assert (term.worst < term.knee) == (signal in LOW_IS_BAD), signal
    assert {DIMENSION_OF[signal] for signal in terms} == {*DIMENSIONS}


def test_every_dimension_is_a_signal_and_stands_on_signals() -> None:
    assert [f"{name}_score" for name in DIMENSIONS] == [signal.name for signal in SCORE_SIGNALS]
    assert {*DIMENSION_OF} <= {signal.name for signal in SYNTAX_SIGNALS}


FILES = st.fixed_dictionaries(
    {name: st.one_of(st.none(), st.floats(-10, 1e6, allow_nan=False)) for name in DIMENSION_OF}
).map(lambda signals: signals | {PRESENT: signals[PRESENT] or 0.0})


@given(FILES, st.sampled_from([*TABLE]), st.sampled_from([*DIMENSION_OF]), st.floats(0, 1e5))
def test_worse_never_scores_higher(signals: dict[str, float | None], language: str, signal: str, more: float) -> None:
    terms = score.terms_of(language)
    before = scored(terms, **signals)
    value = signals[signal]
    if value is None:
        return
    after = scored(terms, **(signals | {signal: value - more if signal in LOW_IS_BAD else value + more}))
    assert all(after[name] <= before[name] for name in before)


@given(FILES, st.sampled_from([*TABLE]))
def test_points_lost_add_up_and_sub_scores_multiply(signals: dict[str, float | None], language: str) -> None:
    terms = score.terms_of(language)
    found = scored(terms, **signals)
    lost = score.losses(signals, terms)
    assert sum(loss.points for loss in lost) == pytest.approx(100 - found["quality"])
    assert [loss.points for loss in lost] == sorted((loss.points for loss in lost), reverse=True)
    product = np.prod([found[name] / 100 for name in DIMENSIONS])
    assert 100 * product == pytest.approx(found["quality"])
    for name in DIMENSIONS:
        points = sum(loss.points for loss in lost if loss.dimension == name)
        assert (100 - found[name] > 1e-6) == (points > 1e-6) or max(100 - found[name], points) < 1e-3
