"""Policy loss, divergences and aggregations: known values, and the straightforward way on random tokens."""

from __future__ import annotations

import math

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given
from torch import Tensor

from train.rl.kl import KlForm, kl
from train.rl.policy_loss import Aggregation, aggregation_weights, drift_weights, policy_terms


def of_ratio(ratio: float, advantage: float, **bounds: float) -> float:
    terms = policy_terms(torch.tensor(ratio).log(), torch.tensor(0.0), torch.tensor(advantage), **bounds)
    return float(terms.loss_NT)


def test_known_losses() -> None:
    assert of_ratio(1.5, 1.0) == pytest.approx(-1.2)
    assert of_ratio(1.5, 1.0, clip_high=0.28) == pytest.approx(-1.28)
    assert of_ratio(1.5, -1.0) == pytest.approx(1.5)
    assert of_ratio(5.0, -1.0) == pytest.approx(3.0)
    assert of_ratio(0.5, -1.0) == pytest.approx(0.8)
    assert of_ratio(0.5, 1.0) == pytest.approx(-0.5)


def test_where_bounds_decide() -> None:
    ratios = torch.tensor([1.5, 1.1, 0.5, 5.0, 0.5, 5.0])
    terms = policy_terms(ratios.log(), torch.zeros(6), torch.tensor([1.0, 1.0, -1.0, -1.0, 1.0, 1.0]))
    assert terms.clipped_NT.tolist() == [True, False, True, False, False, True]
    assert terms.dual_clipped_NT.tolist() == [False, False, False, True, False, False]
    free = policy_terms(ratios.log(), torch.zeros(6), -torch.ones(6), dual_clip=None)
    assert float(free.loss_NT[3]) == pytest.approx(5.0)
    assert not free.dual_clipped_NT.any()


def test_nothing_overflows() -> None:
    logp = torch.tensor([0.0, -1000.0], requires_grad=True)
    old = torch.tensor([-1000.0, 0.0])
    loss = policy_terms(logp, old, torch.tensor([-1.0, -1.0]), dual_clip=None).loss_NT
    assert loss.tolist() == pytest.approx([math.exp(20), 0.8])
    for form in ("k1", "abs", "k2", "k3"):
        assert kl(form, logp, old).isfinite().all()


def test_bounded_tokens_have_no_gradient() -> None:
    logp = torch.tensor([1.5, 1.1, 5.0]).log().requires_grad_()
    policy_terms(logp, torch.zeros(3), torch.tensor([1.0, 1.0, -1.0])).loss_NT.sum().backward()
    assert logp.grad is not None
    assert logp.grad.tolist() == pytest.approx([0.0, -1.1, 0.0])


def test_known_divergences() -> None:
    logp, reference = torch.tensor(-1.0), torch.tensor(-1.5)
    expected: dict[KlForm, float] = {"k1": 0.5, "abs": 0.5, "k2": 0.125, "k3": 0.1065307}
    for form, value in expected.items():
        assert float(kl(form, logp, reference)) == pytest.approx(value, abs=1e-7)
    assert float(kl("k1", reference, logp)) == -0.5


@given(st.integers(0, 1000))
def test_k1_and_k3_estimate_the_divergence(seed: int) -> None:
    """Their means under the policy are KL(policy || reference), summed over all outcomes."""
    random = torch.Generator().manual_seed(seed)
    policy_V, reference_V = (torch.randn(8, generator=random, dtype=torch.float64).log_softmax(-1) for _ in range(2))
    exact = float((policy_V.exp() * (policy_V - reference_V)).sum())
    for form in ("k1", "k3"):
        assert float((policy_V.exp() * kl(form, policy_V, reference_V)).sum()) == pytest.approx(exact, abs=1e-12)  # type: ignore[arg-type]


VALUES = st.lists(st.floats(-3, 3), min_size=6, max_size=6)
ROWS = st.lists(st.tuples(VALUES, st.integers(0, 6)), min_size=1, max_size=6)


def batch(rows: list[tuple[list[float], int]]) -> tuple[Tensor, Tensor]:
    values_NT = torch.tensor([values for values, _ in rows], dtype=torch.float64)
    mask_NT = (torch.arange(6) < torch.tensor([n for _, n in rows])[:, None]).double()
    return values_NT, mask_NT


@given(rows=ROWS)
def test_aggregations_are_the_means_of_their_names(rows: list[tuple[list[float], int]]) -> None:
    values_NT, mask_NT = batch(rows)
    kept = [values[:n] for values, n in rows if n]
    n_tokens, n_rows = max(1, sum(map(len, kept))), max(1, len(kept))
    expected: dict[Aggregation, float] = {
        "token-mean": math.fsum(map(math.fsum, kept)) / n_tokens,
        "seq-mean-token-sum": math.fsum(map(math.fsum, kept)) / n_rows,
        "seq-mean-token-mean": math.fsum(math.fsum(row) / len(row) for row in kept) / n_rows,
        "seq-mean-token-sum-norm": math.fsum(map(math.fsum, kept)) / 20 / n_rows,
    }
    for name, value in expected.items():
        weights_NT = aggregation_weights(name, mask_NT, max_tokens=20)
        assert float((values_NT * weights_NT).sum()) == pytest.approx(value, abs=1e-12), name
        assert float(weights_NT[mask_NT == 0].abs().sum()) == 0


@given(rows=ROWS, advantage=st.floats(-2, 2))
def test_a_token_at_a_time_gives_the_same(rows: list[tuple[list[float], int]], advantage: float) -> None:
    logp_NT, _ = batch(rows)
    old_NT = logp_NT.flip(1) / 2
    found = policy_terms(logp_NT, old_NT, torch.full_like(logp_NT, advantage), clip_high=0.28).loss_NT
    for row, ((values, _), told) in enumerate(zip(rows, found.tolist(), strict=True)):
        for value, old, loss in zip(values, old_NT[row].tolist(), told, strict=True):
            ratio = math.exp(value - old)
            expected = max(-advantage * ratio, -advantage * min(max(ratio, 0.8), 1.28))
            expected = min(expected, -3 * advantage) if advantage < 0 else expected
            assert loss == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_drift_is_made_up_for_up_to_the_cap() -> None:
    old, rollout = torch.tensor([-1.0, -1.0, -1.0]), torch.tensor([-1.0, -3.0, -0.5])
    assert drift_weights(old, rollout, 2.0).tolist() == pytest.approx([1.0, 2.0, math.exp(-0.5)])
    assert drift_weights(old, rollout, None).tolist() == [1.0, 1.0, 1.0]
