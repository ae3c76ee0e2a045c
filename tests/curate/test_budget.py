"""Token budgets and mixtures: worked examples, and what must hold for any numbers."""

from __future__ import annotations

from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate import budget

NAMES = st.sampled_from([*budget.DATA_EXPONENTS, "Ruby", "PHP", "Haskell"])
AMOUNTS = st.just(0.0) | st.floats(1e-3, 1e13)
AVAILABLE = st.dictionaries(NAMES, AMOUNTS, max_size=10)
DOMAINS = ("code", "zh", "en", "other")
SHARES = st.dictionaries(st.sampled_from(DOMAINS), st.just(0.0) | st.floats(0.01, 1), max_size=4)


def exponent(name: str) -> float:
    return budget.DATA_EXPONENTS.get(name, budget.MEDIAN_EXPONENT)


def test_the_published_exponents() -> None:
    assert median(budget.DATA_EXPONENTS.values()) == budget.MEDIAN_EXPONENT
    assert max(budget.DATA_EXPONENTS, key=exponent) == "C#"  # by the guide's table, not its prose
    assert budget.DATA_EXPONENTS["Python"] == 1.217


@pytest.mark.parametrize(
    ("amount", "available", "expected"),
    [
        (0, {"Python": 5}, {"Python": 0}),
        (10, {}, {}),
        (10, {"Python": 0}, {}),
        (10, {"Python": 4}, {"Python": 4}),
        (2476, {"Python": 1e6, "C#": 1e6}, {"Python": 2476 * 1217 / 2567, "C#": 2476 * 1350 / 2567}),
        (100, {"Ruby": 1e6, "JavaScript": 1e6}, {"Ruby": 50, "JavaScript": 50}),  # Ruby takes the median
        (100, {"Ruby": 10, "JavaScript": 1e6}, {"Ruby": 10, "JavaScript": 90}),  # what a small one leaves goes on
        (90, {"Ruby": 10, "PHP": 35, "JavaScript": 1e6}, {"Ruby": 10, "PHP": 35, "JavaScript": 45}),
    ],
)
def test_worked_examples_of_a_budget(amount: float, available: dict, expected: dict) -> None:
    assert budget.allocate(amount, available, budget.DATA_EXPONENTS) == pytest.approx(expected)


@given(st.floats(0, 1e14), AVAILABLE)
def test_a_budget_is_spent_in_proportion_and_never_above_what_there_is(amount: float, available: dict) -> None:
    given_out = budget.allocate(amount, available, budget.DATA_EXPONENTS)
    assert sum(given_out.values()) == pytest.approx(min(amount, sum(available.values())), rel=1e-9, abs=1e-6)
    assert all(0 <= tokens <= available[name] for name, tokens in given_out.items())
    assert {name for name, tokens in available.items() if tokens > 0} == set(given_out)
    # Languages that are not exhausted get the same tokens per exponent, and no exhausted one got more.
    rates = {name: tokens / exponent(name) for name, tokens in given_out.items()}
    open_rates = [rates[name] for name, tokens in given_out.items() if tokens < available[name]]
    if open_rates:
        assert open_rates == pytest.approx([open_rates[0]] * len(open_rates), rel=1e-9)
        assert all(rate <= open_rates[0] * (1 + 1e-9) for rate in rates.values())


@given(st.floats(0, 1e12), st.floats(0, 1e12), AVAILABLE)
def test_a_larger_budget_gives_no_language_less(one: float, other: float, available: dict) -> None:
    small = budget.allocate(min(one, other), available, budget.DATA_EXPONENTS)
    large = budget.allocate(max(one, other), available, budget.DATA_EXPONENTS)
    assert all(tokens <= large[name] * (1 + 1e-9) for name, tokens in small.items())


@given(st.floats(0, 1e12), AVAILABLE, st.randoms())
def test_the_order_in_which_languages_come_makes_no_difference(amount: float, available: dict, random) -> None:
    names = list(available)
    random.shuffle(names)
    shuffled = {name: available[name] for name in names}
    expected = budget.allocate(amount, available, budget.DATA_EXPONENTS)
    assert budget.allocate(amount, shuffled, budget.DATA_EXPONENTS) == pytest.approx(expected, rel=1e-12)


CODEFUSE = {"code": 0.8, "zh": 0.1, "en": 0.1}


@pytest.mark.parametrize(
    ("available", "shares", "anchor", "expected"),
    [
        # CodeFuse's 80/10/10 beside all of the code
        ({"code": 800, "zh": 500, "en": 50}, CODEFUSE, "code", {"code": 800, "zh": 100, "en": 50}),
        # exactly in proportion, at the size that English allows
        ({"code": 800, "zh": 500, "en": 50}, CODEFUSE, None, {"code": 400, "zh": 50, "en": 50}),
        # a domain of which there is nothing does not wipe out the others
        ({"code": 800, "zh": 0, "en": 50}, CODEFUSE, None, {"code": 400, "zh": 0, "en": 50}),
        ({"zh": 70, "en": 50}, CODEFUSE, "code", {"zh": 70, "en": 50}),
        ({"code": 8, "zh": 5}, {"code": 1.0, "zh": 0.0}, "code", {"code": 8, "zh": 0}),  # a share of 0 is none
        ({"code": 8, "other": 5}, {"code": 1.0}, "code", {"code": 8, "other": 5}),  # no share is no limit
        ({"code": 8}, {}, None, {"code": 8}),
        ({}, {"code": 1.0}, "code", {}),
    ],
)  # fmt: skip
def test_worked_examples_of_a_mixture(available: dict, shares: dict, anchor: str | None, expected: dict) -> None:
    assert budget.mix(available, shares, anchor) == pytest.approx(expected)


@given(
    st.dictionaries(st.sampled_from(DOMAINS), st.just(0.0) | st.floats(1, 1e12), max_size=4),
    SHARES,
    st.none() | st.sampled_from(DOMAINS),
)
def test_a_mixture_never_makes_tokens_and_keeps_its_anchor(available: dict, shares: dict, anchor: str | None) -> None:
    if anchor is not None and anchor not in shares:
        anchor = None
    got = budget.mix(available, shares, anchor)
    assert set(got) == set(available)
    assert all(0 <= got[name] <= available[name] for name in got)
    assert all(got[name] == available[name] for name in available if name not in shares)
    present = [name for name, share in shares.items() if share > 0 and available.get(name, 0) > 0]
    if anchor is not None and anchor in present:
        assert got[anchor] == pytest.approx(available[anchor])
        for name in present:  # at most its share beside the anchor, and less only where there is no more
            asked = available[anchor] * shares[name] / shares[anchor]
            assert got[name] == pytest.approx(min(asked, available[name]))
    elif anchor is None:
        units = [got[name] / shares[name] for name in present]
        assert units == pytest.approx(units[:1] * len(units))
        assert not present or any(got[name] == pytest.approx(available[name]) for name in present)
