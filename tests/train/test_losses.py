"""Losses against plain loops in float64."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from curate.errors import WrongUse
from train.batches import Batch, Row, stacked
from train.losses import ConvergenceBalance
from train.model import IGNORED
from train.objectives import Balanced, Converging, FocalSamples, FocalTasks, SampleMean, TokenMean, forward
from train.parallel import World

WORLD = World(device=torch.device("cpu"))
FOCUS = {"alpha": 0.5, "gamma": 2.0}
WEIGHTS = [3.0, 5.0, 1.0]
OBJECTIVES: dict[str, TokenMean] = {
    "token": TokenMean(),
    "sample": SampleMean(),
    "balanced": Balanced(WEIGHTS, dimension=1),
    "focal_sample": FocalSamples(**FOCUS),
    "focal_task": FocalTasks(3, dimension=1, **FOCUS),
    "coba": Converging(["a", "b", "c"], ConvergenceBalance(3), dimension=1),
}


class Table(nn.Module):
    """A model whose tokens have a loss of their own each: its gradients show what each token weighs."""

    def __init__(self, n: int):
        super().__init__()
        random = torch.Generator().manual_seed(n)
        self.values = nn.Parameter(torch.randn(n, generator=random, dtype=torch.float64))

    def forward(self, tokens: Tensor, positions: Tensor, documents: Tensor, targets: Tensor) -> Tensor:
        """Positive, and 0 where there is no target."""
        return nn.functional.softplus(self.values[tokens]) * (targets != IGNORED)


def batch_of(samples: list[list[tuple[int, list[int]]]], room: int = 12) -> Batch:
    """Rows of samples; a sample is its task and for each of its tokens whether it is a target."""
    rows = []
    for number, row in enumerate(samples):
        documents, targets = np.full(room, len(row)), np.full(room, IGNORED)
        labels = np.full((2, room), -1, np.int32)
        at = 0
        for i, (task, bears) in enumerate(row):
            end = at + len(bears)
            documents[at:end], labels[0, at:end], labels[1, at:end] = i, 0, task
            targets[at:end] = np.where(np.array(bears, bool), 1, IGNORED)
            at = end
        tokens = number * room + np.arange(room)
        rows.append(Row(tokens, np.zeros(room, np.int64), documents, targets, labels, room - at, 0))
    return stacked(0, rows)


def reference(name: str, nll: Tensor, samples: list[list[tuple[int, list[int]]]]) -> Tensor:
    """The losses of all samples in plain loops."""
    found: list[tuple[int, Tensor]] = []
    for number, row in enumerate(samples):
        at = 0
        for task, bears in row:
            own = nll[number, at : at + len(bears)]
            found.append((task, own[torch.tensor(bears, dtype=torch.bool)]))
            at += len(bears)
    present = sorted({task for task, _ in found})
    of_task = {task: torch.cat([own for other, own in found if other == task]) for task in present}
    if name == "token":
        return torch.cat([own for _, own in found]).mean()
    if name == "sample":
        return torch.stack([own.mean() for _, own in found]).mean()
    if name in ("balanced", "coba"):
        weights = WEIGHTS if name == "balanced" else [1 / 3] * 3
        total = sum(weights[task] for task in present)
        return sum(weights[task] * of_task[task].mean() for task in present) / total  # type: ignore[return-value]
    p = [(-own).exp().mean() for _, own in found]
    q = [-own.mean() for _, own in found]
    if name == "focal_sample":
        return torch.stack([-0.5 * (1 - one) ** 2 * other for one, other in zip(p, q, strict=True)]).mean()
    terms = []
    for task in present:
        here = [i for i, (other, _) in enumerate(found) if other == task]
        mean_p, mean_q = (torch.stack([values[i] for i in here]).mean() for values in (p, q))
        terms.append(-0.5 * (1 - mean_p) ** 2 * mean_q)
    return torch.stack(terms).mean()


ROWS = st.lists(
    st.lists(st.tuples(st.integers(0, 2), st.lists(st.integers(0, 1), min_size=1, max_size=3).filter(any)), max_size=4),
    min_size=1,
    max_size=4,
).filter(lambda rows: any(rows))


@pytest.mark.parametrize("name", OBJECTIVES)
@given(samples=ROWS, size=st.integers(1, 4))
def test_parts_of_a_batch_have_the_gradient_of_the_whole(
    name: str, samples: list[list[tuple[int, list[int]]]], size: int
) -> None:
    """Every token's gradient, over micro-batches of any size, is that of the plain loss in float64."""
    batch, objective = batch_of(samples), OBJECTIVES[name]
    model = Table(batch.tokens.numel())
    parts = list(batch.micro(size))
    share = objective.share(objective.counts(batch), parts, model, WORLD)
    shares = [share(forward(model, micro), micro) for micro in parts]
    found = torch.autograd.grad(sum(shares[1:], start=shares[0]), model.values)[0]
    whole = reference(name, forward(model, batch), samples)
    torch.testing.assert_close(found, torch.autograd.grad(whole, model.values)[0], rtol=1e-6, atol=1e-9)
    if name != "focal_task":  # whose shares have the loss's gradient and not its value
        assert sum(share.item() for share in shares) == pytest.approx(whole.item(), rel=1e-6)


def test_known_values() -> None:
    """Two samples, of 3 tokens and 1: nats .1 + .2 + .6, and 2; by hand."""
    batch = batch_of([[(0, [1, 1, 1]), (2, [1])]])
    model = Table(12)
    nats = torch.tensor([0.1, 0.2, 0.6, 2.0], dtype=torch.float64)
    with torch.no_grad():
        model.values[:4] = torch.log(torch.expm1(nats))
    found = {}
    for name, objective in OBJECTIVES.items():
        share = objective.share(objective.counts(batch), [batch], model, WORLD)
        found[name] = share(forward(model, batch), batch).item()
    assert found["token"] == pytest.approx(2.9 / 4)
    assert found["sample"] == pytest.approx((0.3 + 2.0) / 2)
    assert found["balanced"] == pytest.approx((3 * 0.3 + 1 * 2.0) / 4)
    p = (math.exp(-0.1) + math.exp(-0.2) + math.exp(-0.6)) / 3, math.exp(-2)
    assert found["focal_sample"] == pytest.approx(0.5 * ((1 - p[0]) ** 2 * 0.3 + (1 - p[1]) ** 2 * 2) / 2)


def coba(history: list[list[float]], window: int, tau: float) -> np.ndarray:
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
        wanted = [1 / 3] * 3 if t < 4 else coba(history[:t], 6, 5.0).tolist()
        assert found == pytest.approx(wanted, rel=1e-8), t
        if t == 9:  # as a run that was stopped goes on
            state, balance = json.loads(json.dumps(balance.state())), ConvergenceBalance(3, window=6, warmup=4)
            balance.restore(state)
            assert balance.weights == found


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
