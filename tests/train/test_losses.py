"""Losses against plain loops in float64."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import WrongUse
from train.losses import (
    ConvergenceBalance,
    balanced_weights,
    focal_samples,
    focal_tasks,
    sample_weights,
    token_weights,
)

NLL = torch.tensor([[0.1, 2.0, 0.5, 9.0], [1.0, 0.2, 9.0, 9.0], [3.0, 0.3, 0.7, 0.4]], dtype=torch.float64)
MASK = torch.tensor([[1, 1, 1, 0], [1, 1, 0, 0], [0, 1, 1, 1]])
TASKS = torch.tensor([0, 2, 0])
ROWS = [[0.1, 2.0, 0.5], [1.0, 0.2], [0.3, 0.7, 0.4]]


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def test_the_plain_mean() -> None:
    assert float((NLL * token_weights(MASK)).sum()) == pytest.approx(mean([x for row in ROWS for x in row]))


def test_the_mean_of_samples() -> None:
    assert float((NLL * sample_weights(MASK)).sum()) == pytest.approx(mean([mean(row) for row in ROWS]))


def test_the_balance_of_tasks_is_over_those_present() -> None:
    weights = torch.tensor([3.0, 5.0, 1.0])
    wanted = (3 * mean(ROWS[0] + ROWS[2]) + 1 * mean(ROWS[1])) / 4
    assert float((NLL * balanced_weights(MASK, TASKS, weights)).sum()) == pytest.approx(wanted)


@pytest.mark.parametrize("gamma", [0.0, 2.0])
def test_focal_losses(gamma: float) -> None:
    p = [mean([math.exp(-x) for x in row]) for row in ROWS]
    q = [-mean(row) for row in ROWS]
    by_samples = mean([-0.5 * (1 - p[i]) ** gamma * q[i] for i in range(3)])
    assert float(focal_samples(NLL, MASK, alpha=0.5, gamma=gamma)) == pytest.approx(by_samples)
    first = -0.5 * (1 - mean([p[0], p[2]])) ** gamma * mean([q[0], q[2]])
    by_tasks = mean([first, -0.5 * (1 - p[1]) ** gamma * q[1]])
    assert float(focal_tasks(NLL, MASK, TASKS, alpha=0.5, gamma=gamma)) == pytest.approx(by_tasks)


@given(
    lengths=st.lists(st.integers(1, 6), min_size=1, max_size=8),
    tasks=st.lists(st.integers(0, 2), min_size=8, max_size=8),
)
def test_weights_sum_to_one_and_parts_add_up(lengths: list[int], tasks: list[int]) -> None:
    mask = (torch.arange(6) < torch.tensor(lengths)[:, None]).int()
    numbers = torch.tensor(tasks[: len(lengths)])
    nll = torch.rand(mask.shape, generator=torch.Generator().manual_seed(0))
    for weights in (token_weights(mask), sample_weights(mask), balanced_weights(mask, numbers, torch.ones(3))):
        assert float(weights.sum()) == pytest.approx(1.0, rel=1e-5)
        assert (weights[mask == 0] == 0).all()
        parts = sum(float((one * w).sum()) for one, w in zip(nll.split(2), weights.split(2), strict=True))
        assert parts == pytest.approx(float((nll * weights).sum()), rel=1e-5)


def test_a_sample_without_a_token_that_counts_is_an_error() -> None:
    mask = MASK.clone()
    mask[1] = 0
    for loss in (
        lambda: token_weights(mask),
        lambda: sample_weights(mask),
        lambda: balanced_weights(mask, TASKS, torch.ones(3)),
        lambda: focal_samples(NLL, mask),
        lambda: focal_tasks(NLL, mask, TASKS),
    ):
        with pytest.raises(WrongUse, match="sample 1 of 3 has no token that bears loss"):
            loss()


def reference(history: list[list[float]], window: int, tau: float) -> np.ndarray:
    """CoBa's formulas with numpy's polyfit and loops."""
    losses = np.array(history) / np.array(history[0])
    n = losses.shape[1]
    slopes = []
    for end in range(2, len(losses) + 1):
        part = losses[max(0, end - window) : end]
        slopes.append([np.polyfit(np.arange(len(part)), part[:, k], 1)[0] for k in range(n)])
    kept = np.array(slopes[-window:])
    t = len(kept)

    def softmax(x: np.ndarray) -> np.ndarray:
        e = np.exp(x - x.max())
        return e / e.sum()

    rcs = softmax(n * kept[-1] / np.abs(kept[-1]).sum())
    acs = softmax(np.array([-t * kept[-1, k] / np.abs(kept[:, k]).sum() for k in range(n)]))
    worst = kept.max(1)
    df = min(1.0, t * softmax(-tau * t * worst / np.abs(worst).sum())[-1])
    weights = np.maximum(softmax(n * (df * rcs + (1 - df) * acs)), 1 / (10 * n))
    return weights / weights.sum()


def test_convergence_balance_is_its_formulas() -> None:
    random = np.random.default_rng(0)
    history = [[3 * 0.9**t, 2 * 0.99**t, 1 + 0.02 * (t - 5) ** 2] for t in range(14)]
    history = (np.array(history) + 0.01 * random.random((14, 3))).tolist()
    balance = ConvergenceBalance(3, window=6, warmup=4)
    for t, losses in enumerate(history, 1):
        found = balance.update(losses)
        wanted = [1 / 3] * 3 if t < 4 else reference(history[:t], 6, 5.0).tolist()
        assert found == pytest.approx(wanted, rel=1e-8), t


def test_a_task_that_diverges_gets_less_than_those_that_learn() -> None:
    balance = ConvergenceBalance(2, window=20, warmup=5)
    for t in range(40):
        weights = balance.update([2.0 * 0.98**t, 1.0 + max(0, t - 15) * 0.05])
    assert weights[0] > weights[1]


def test_losses_that_never_move_count_the_same() -> None:
    balance = ConvergenceBalance(4, warmup=2)
    for _ in range(5):
        weights = balance.update([1.0] * 4)
    assert weights == pytest.approx([0.25] * 4)


def test_wrong_numbers_of_losses_are_told() -> None:
    with pytest.raises(WrongUse, match="3 losses were given for 2 tasks"):
        ConvergenceBalance(2).update([1.0, 1.0, 1.0])
    with pytest.raises(WrongUse, match="warmup is 1"):
        ConvergenceBalance(2, warmup=1)
