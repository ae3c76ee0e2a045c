"""Intervals: against scipy, against a worked example, and as often right as they say in simulated experiments."""

from __future__ import annotations

import math

import numpy as np
import pytest

from train.ablation.statistics import difference, t_quantile

LN2 = math.log(2)


@pytest.mark.parametrize(
    ("df", "expected"),
    [(1, 12.7062047362), (1.5, 6.0166631044), (2, 4.3026527297), (10, 2.2281388520), (1e4, 1.9602012636)],
)
def test_quantiles_of_students_t(df: float, expected: float) -> None:
    """Expected values by scipy.stats.t.ppf(.975, df)."""
    assert t_quantile(0.975, df) == pytest.approx(expected, rel=1e-7)


def nats(bits_a_byte: list[list[float]], n_bytes: list[int]) -> np.ndarray:
    return np.array(bits_a_byte) * np.array(n_bytes) * LN2


def test_a_difference_is_weighted_by_bytes_and_paired_by_seed() -> None:
    n_bytes = [100, 300]
    a, b = nats([[1.0, 2.0], [1.2, 2.0]], n_bytes), nats([[0.9, 1.8], [1.0, 1.9]], n_bytes)
    found = difference(a, b, np.array(n_bytes), np.array(["x", "y"]))
    assert found.by_seed == pytest.approx(((-0.1 * 100 - 0.2 * 300) / 400, (-0.2 * 100 - 0.1 * 300) / 400))
    assert found.value == pytest.approx(-0.15)
    assert (found.a, found.b) == pytest.approx(((1.1 * 100 + 2.0 * 300) / 400, (0.95 * 100 + 1.85 * 300) / 400))
    middle, half = -0.15, 12.7062047362 * np.std([-0.175, -0.125], ddof=1) / math.sqrt(2)
    assert found.over_seeds == pytest.approx((middle - half, middle + half))
    assert found.verdict == "unclear"


def test_what_one_seed_or_one_repository_cannot_tell_is_not_told() -> None:
    n_bytes = np.array([100, 300, 200])
    a, b = nats([[1.0, 2.0, 1.5]], list(n_bytes)), nats([[0.9, 1.8, 1.45]], list(n_bytes))
    one_seed = difference(a, b, n_bytes, np.array([0, 1, 2]))
    assert one_seed.over_seeds is None
    assert one_seed.interval is not None
    nothing = difference(a, b, n_bytes, np.array([0, 0, 0]))
    assert (nothing.interval, nothing.over_repositories, nothing.verdict) == (None, None, "unclear")
    seeds = np.array([[1.0], [1.001], [1.002]])
    of_one = difference(a * seeds, b * seeds, n_bytes, np.array([0, 0, 0]))
    assert of_one.interval is not None
    assert of_one.interval[1] < 0
    assert of_one.verdict == "unclear"  # what holds for one repository need not hold for others


def test_arms_the_other_way_round_differ_the_other_way_round() -> None:
    random = np.random.default_rng(0)
    a, b = random.gamma(5, 20, (2, 3, 40))
    n_bytes, repositories = random.integers(50, 500, 40), random.integers(0, 9, 40)
    one, other = difference(a, b, n_bytes, repositories), difference(b, a, n_bytes, repositories)
    assert one.interval is not None
    assert other.interval == pytest.approx((-one.interval[1], -one.interval[0]))
    assert {one.verdict, other.verdict} in ({"unclear"}, {"better", "worse"})


@pytest.mark.parametrize("effect", [0.0, -0.02])
def test_the_interval_holds_the_truth_as_often_as_it_says(effect: float) -> None:
    """Repositories differ in how they take the change (sd .03), seeds in how they turn out (sd .01)."""
    random = np.random.default_rng(1)
    held = 0
    for experiment in range(120):
        repositories = np.repeat(np.arange(20), 3)
        n_bytes = random.integers(1000, 20_000, 60)
        a = 2.0 + random.normal(0, 0.2, 60) + random.normal(0, 0.01, (3, 1))
        change = effect + random.normal(0, 0.03, 20)[repositories] + random.normal(0, 0.01, (3, 1))
        found = difference(a * n_bytes * LN2, (a + change) * n_bytes * LN2, n_bytes, repositories, seed=experiment)
        assert found.interval is not None
        held += found.interval[0] <= effect <= found.interval[1]
    assert 109 <= held <= 120  # .95 would be 114; erring on the wide side is meant
