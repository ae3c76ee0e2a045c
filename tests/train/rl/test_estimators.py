"""Advantages: known values, and the straightforward way on random groups."""

from __future__ import annotations

import math
import statistics

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given
from torch import Tensor

from curate.errors import WrongUse
from train.rl.estimators import ESTIMATORS, Estimator, advantages, group_statistics


def one_group(estimator: Estimator, rewards: list[float], tokens: int = 1) -> list[float]:
    """Each sample's advantage on its first token, of one prompt."""
    mask_NT = torch.ones(len(rewards), tokens)
    found = advantages(estimator, torch.tensor(rewards), torch.zeros(len(rewards), dtype=torch.long), mask_NT)
    return found[:, 0].tolist()


def test_known_values() -> None:
    assert one_group("rloo", [1, 0, 0, 1, 0.5]) == pytest.approx([0.625, -0.625, -0.625, 0.625, 0])
    assert one_group("grpo_passk", [0.2, 1, 0.6, 0]) == pytest.approx([0, 0.901973, 0, 0], abs=2e-6)
    assert one_group("dr_grpo", [1, 0, 0, 1, 0.5]) == pytest.approx([0.5, -0.5, -0.5, 0.5, 0])
    assert one_group("grpo", [1, 0]) == pytest.approx([0.7071058, -0.7071058])


def test_a_group_of_one() -> None:
    assert one_group("grpo", [0.75]) == pytest.approx([0.75 / (1 + 1e-6)], rel=1e-12)
    assert one_group("dr_grpo", [0.75]) == one_group("rloo", [0.75]) == [0.75]
    with pytest.raises(WrongUse, match="draw 2 or more"):
        one_group("grpo_passk", [0.75])


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(WrongUse, match="'ppo': name one of grpo, dr_grpo, rloo"):
        one_group("ppo", [1.0])  # type: ignore[arg-type]


# Groups of 1 to 6 samples; a sample is its reward and its number of tokens, of which 0 are masked.
SAMPLE = st.tuples(st.sampled_from([0.0, 1.0, 0.5, -0.25]), st.integers(0, 5))
GROUPS = st.lists(st.lists(SAMPLE, min_size=1, max_size=6), min_size=1, max_size=5)


def tensors(groups: list[list[tuple[float, int]]]) -> tuple[Tensor, Tensor, Tensor]:
    """rewards_N (no number where there is no token), groups_N, mask_NT."""
    flat = [(reward, n, number) for number, group in enumerate(groups) for reward, n in group]
    mask_NT = torch.zeros(len(flat), 5)
    for row, (_, n, _) in enumerate(flat):
        mask_NT[row, :n] = 1
    rewards = [reward if n else math.nan for reward, n, _ in flat]
    return torch.tensor(rewards), torch.tensor([7 - number for *_, number in flat]), mask_NT


def straightforward(estimator: Estimator, groups: list[list[tuple[float, int]]]) -> list[list[float]]:
    """The same a sample and a token at a time, with Python's own statistics."""
    rows: list[tuple[float, int]] = []
    for group in groups:
        rewards = [reward for reward, n in group if n]
        mean = statistics.fmean(rewards) if len(rewards) > 1 else 0.0
        std = statistics.stdev(rewards) if len(rewards) > 1 else 1.0
        ordered = sorted(rewards, reverse=True)
        for i, (reward, n) in enumerate(group):
            if not n:
                rows.append((0.0, 0))
                continue
            value = reward - mean
            if estimator == "grpo":
                value /= std + 1e-6
            if estimator == "rloo" and len(rewards) > 1:
                value *= len(rewards) / (len(rewards) - 1)
            if estimator == "grpo_passk":
                earlier = [r for r, m in group[:i] if m]
                first = reward == ordered[0] and reward not in earlier
                value = (ordered[0] - ordered[1]) / (std + 1e-6) if first else 0.0
            rows.append((value, n))
    if estimator == "reinforce_plus_plus_baseline":
        tokens = [value for value, n in rows for _ in range(n)]
        mean = statistics.fmean(tokens) if tokens else 0.0
        variance = statistics.variance(tokens) if len(tokens) > 1 else 0.0
        rows = [((value - mean) / math.sqrt(variance + 1e-8), n) for value, n in rows]
    return [[value] * n + [0.0] * (5 - n) for value, n in rows]


@pytest.mark.parametrize("estimator", ESTIMATORS)
@given(groups=GROUPS)
def test_the_straightforward_way_gives_the_same(estimator: Estimator, groups: list[list[tuple[float, int]]]) -> None:
    if estimator == "grpo_passk":
        groups = [[*group, (0.5, 2), (0.25, 1)] for group in groups]
    found = advantages(estimator, *tensors(groups))
    assert found.dtype == torch.float64
    expected = torch.tensor(straightforward(estimator, groups), dtype=torch.float64)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@given(groups=GROUPS, reward=st.sampled_from([0.0, 1.0, 0.1]))
def test_equal_rewards_teach_nothing(
    estimator: Estimator, groups: list[list[tuple[float, int]]], reward: float
) -> None:
    same = [[(reward, n) for _, n in group] + [(reward, 1), (reward, 3)] for group in groups]
    assert float(advantages(estimator, *tensors(same)).abs().max()) < 1e-6


@given(groups=GROUPS)
def test_rewards_of_masked_rows_change_nothing(groups: list[list[tuple[float, int]]]) -> None:
    rewards_N, groups_N, mask_NT = tensors(groups)
    empty_N = mask_NT.sum(1) == 0
    for estimator in ESTIMATORS[:4]:
        found = advantages(estimator, rewards_N, groups_N, mask_NT)
        other = advantages(estimator, rewards_N.masked_fill(empty_N, 1e9), groups_N, mask_NT)
        assert torch.equal(found, other)
        assert not found.isnan().any()


@given(groups=GROUPS)
def test_whitened_advantages_have_mean_zero_and_variance_one(groups: list[list[tuple[float, int]]]) -> None:
    rewards_N, groups_N, mask_NT = tensors([*groups, [(1.0, 3), (0.0, 2)]])
    found = advantages("reinforce_plus_plus_baseline", rewards_N, groups_N, mask_NT)[mask_NT.bool()]
    assert float(found.mean()) == pytest.approx(0, abs=1e-9)
    assert float(found.var()) == pytest.approx(1, abs=1e-5)


def test_statistics_of_groups() -> None:
    rewards_N = torch.tensor([1.0, 0.0, 5.0, 0.5], dtype=torch.float64)
    mean_N, std_N, n_N = group_statistics(rewards_N, torch.tensor([3, 3, 9, 3]))
    assert mean_N.tolist() == [0.5, 0.5, 0.0, 0.5]
    assert std_N.tolist() == [0.5, 0.5, 1.0, 0.5]
    assert n_N.tolist() == [3, 3, 1, 3]
