"""Similarities against Python's sets, and what a bound refuses."""

from __future__ import annotations

from math import comb

import numpy as np
import plain_definitions as plain
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.verify import common, containment, estimate_floor, jaccard

SMALL = st.sets(st.integers(0, 30), max_size=20)
SIZES = st.integers(100, 400).map(lambda n: set(range(0, 3 * n, 3)))  # against a small one: searched, not merged
SETS = st.lists(SMALL | SIZES, min_size=1, max_size=6)


def all_pairs(n: int) -> tuple[np.ndarray, np.ndarray]:
    return np.repeat(np.arange(n), n), np.tile(np.arange(n), n)


@given(SETS)
def test_what_sets_share(sets: list[set[int]]) -> None:
    first, second = all_pairs(len(sets))
    found = common(*plain.as_sets(sets), first, second)
    assert found.tolist() == [len(sets[a] & sets[b]) for a, b in zip(first, second, strict=True)]


@given(SETS, st.sampled_from([0.0, 0.1, 1 / 3, 0.5, 0.7, 0.85, 1.0]) | st.floats(0, 1))
def test_jaccard_at_or_above_a_bound(sets: list[set[int]], bound: float) -> None:
    first, second = all_pairs(len(sets))
    found = jaccard(*plain.as_sets(sets), first, second, at_least=bound)
    for a, b, value in zip(first, second, found, strict=True):
        if not sets[a] | sets[b] or plain.similarity(sets[a], sets[b]) < bound:
            assert np.isnan(value)
        else:
            assert value == plain.similarity(sets[a], sets[b])


@given(SETS, st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0]) | st.floats(0, 1))
def test_containment_at_or_above_a_bound(sets: list[set[int]], bound: float) -> None:
    inner, outer = all_pairs(len(sets))
    found = containment(*plain.as_sets(sets), inner, outer, at_least=bound)
    for a, b, value in zip(inner, outer, found, strict=True):
        if not sets[a] or len(sets[a] & sets[b]) / len(sets[a]) < bound:
            assert np.isnan(value)
        else:
            assert value == len(sets[a] & sets[b]) / len(sets[a])


@pytest.mark.parametrize(("shared", "others"), [(7, 3), (17, 3), (7, 1), (19, 1), (1, 0)])
def test_a_pair_exactly_at_the_threshold_is_in(shared: int, others: int) -> None:
    """7 of 10 are .7: no rounding may lose the most frequent values."""
    threshold = shared / (shared + others)
    sets = plain.as_sets([set(range(shared)), set(range(shared + others))])
    assert jaccard(*sets, np.array([0]), np.array([1]), at_least=threshold).tolist() == [threshold]
    above = np.nextafter(threshold, 2)
    assert np.isnan(jaccard(*sets, np.array([0]), np.array([1]), at_least=above)).all()


def test_the_floor_of_the_estimate_is_the_binomial_quantile() -> None:
    """By drawing a million times: at most 1 in 10,000 pairs at the threshold falls below the floor."""
    floor = estimate_floor(0.7, 256, most_lost=1e-4)
    drawn = np.random.default_rng(5).binomial(256, 0.7, 1_000_000)
    assert (drawn < floor).mean() == pytest.approx(1e-4, rel=0.5)
    assert (drawn < floor + 2).mean() > 1e-4
    assert floor == 151
    assert estimate_floor(1, 256) == 256
    assert estimate_floor(0.7, 256, most_lost=0) == 0
    for threshold in (0, 1.1, float("nan")):
        with pytest.raises(ValueError, match="above 0 and up to 1"):
            estimate_floor(threshold, 256)
    for odds in (-0.1, 1, float("nan")):
        with pytest.raises(ValueError, match="from 0 to below 1"):
            estimate_floor(0.7, 256, most_lost=odds)


@pytest.mark.parametrize("permutations", [1, 2, 256, 1029, 1030, 4096])
@pytest.mark.parametrize("threshold", [1e-6, 0.5, 0.7, 0.98, 1.0])
def test_the_floor_is_the_quantile_for_as_many_permutations_as_there_may_be(
    permutations: int, threshold: float
) -> None:
    """In whole numbers, which no size overflows: odds of fewer equal values, and of as many."""
    top, scale = round(threshold * 10**6), 10**6
    floor = estimate_floor(threshold, permutations, most_lost=1e-4)
    odds = [
        comb(permutations, equal) * top**equal * (scale - top) ** (permutations - equal) for equal in range(floor + 1)
    ]
    most = scale**permutations // 10**4
    assert sum(odds[:-1]) <= most < sum(odds)


def test_a_bound_that_is_no_number_is_refused() -> None:
    """Nothing is below it, so that all pairs would pass."""
    sets, one, other = plain.as_sets([{1}, {2}]), np.array([0]), np.array([1])
    for measure in (jaccard, containment):
        with pytest.raises(ValueError, match="at least nan: give a number"):
            measure(*sets, one, other, at_least=float("nan"))


def test_no_pairs() -> None:
    none = np.zeros(0, np.int64)
    assert jaccard(*plain.as_sets([]), none, none).tolist() == []
