"""Schedules, loss scale and guard, by hand."""

from __future__ import annotations

import math

import pytest

from train.config import OptimizerConfig
from train.model import Decoder
from train.optimizer import Guard, LossScale, learning_rate, optimizer_for
from train.presets import PRESETS, preset
from train.throughput import flops_per_token, peak_flops


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        ("cosine", {0: 0.25, 3: 1.0, 4: 1.0, 12: 0.1 + 0.9 * 0.5, 20: 0.1}),
        ("constant", {0: 0.25, 3: 1.0, 12: 1.0, 20: 1.0}),
        ("wsd", {0: 0.25, 3: 1.0, 12: 1.0, 16: 1.0, 17: 0.1 + 0.9 * 3 / 4, 20: 0.1}),
    ],
)
def test_rates(schedule: str, rates: dict[int, float]) -> None:
    config = OptimizerConfig(lr=1.0, min_lr=0.1, warmup_steps=4, schedule=schedule, decay_steps=4)  # type: ignore[arg-type]
    assert {step: learning_rate(config, step, 21) for step in rates} == pytest.approx(rates)


def test_matrices_decay_and_nothing_else_does() -> None:
    model = Decoder(preset("tiny-codefuse"))
    groups = optimizer_for(model, OptimizerConfig(weight_decay=0.3)).param_groups
    assert [group["weight_decay"] for group in groups] == [0.3, 0.0]
    assert {one.ndim for one in groups[0]["params"]} == {2}
    assert {one.ndim for one in groups[1]["params"]} == {1}
    assert sum(len(group["params"]) for group in groups) == len(list(model.parameters()))


def test_the_loss_scale_falls_to_its_minimum_and_grows_again() -> None:
    scale = LossScale(value=4.0, active=True, patience=2)
    seen = []
    for finite in (False, False, False, True, True, True, False, True, True):
        scale.update(finite)
        seen.append(scale.value)
    assert seen == [2.0, 1.0, 1.0, 1.0, 2.0, 2.0, 1.0, 1.0, 2.0]


def test_other_precisions_have_no_loss_scale() -> None:
    scale = LossScale()
    scale.update(False)
    assert scale.value == 1.0


def test_spikes_are_told_from_the_usual() -> None:
    guard = Guard(factor=10.0)
    assert [guard.judge(50.0 if step == 3 else 1.0, 2.0) for step in range(32)] == [None] * 32
    assert guard.judge(9.9, 2.0) is None
    told = guard.judge(10.1, 2.0)
    assert told is not None
    assert "10.1 is over 10 medians of the last, 1" in told
    assert guard.judge(math.nan, 2.0)
    assert guard.judge(1.0, math.inf)
    assert guard.skipped_in_a_row == 3
    assert guard.judge(1.0, 2.0) is None
    assert guard.skipped_in_a_row == 0
    assert Guard(factor=None, norms=[1.0] * 64).judge(1e9, 2.0) is None


@pytest.mark.parametrize(
    ("card", "tflops"),
    [
        ("NVIDIA H100 80GB HBM3", 989.4),
        ("NVIDIA H100 PCIe", 756.0),
        ("NVIDIA H100 NVL", 835.5),
        ("NVIDIA H200", 989.4),
        ("NVIDIA A100-SXM4-80GB", 312.0),
        ("NVIDIA L40S", 362.05),
        ("NVIDIA L40", 181.05),
        ("NVIDIA L4", 121.0),
        ("NVIDIA B200", 2250.0),
        ("NVIDIA H20", 148.0),
    ],
)
def test_peaks_of_cards(card: str, tflops: float) -> None:
    assert peak_flops(card) == pytest.approx(tflops * 1e12)


def test_an_unknown_card_has_no_peak() -> None:
    assert peak_flops("Voodoo 2") is None


def test_operations_a_token() -> None:
    """codefuse-1.3b by hand: 24 layers of 12 d^2 (and biases, norms), the head, and 12 L d T for attention."""
    layer = 12 * 2048**2 + 13 * 2048
    n = 24 * layer + 2 * 2048 + 100_864 * 2048
    assert flops_per_token(PRESETS["codefuse-1.3b"], 2048) == 6 * n + 12 * 24 * 2048 * 2048
