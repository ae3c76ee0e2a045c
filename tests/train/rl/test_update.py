"""Learning: the gradients of a round are those of REINFORCE, written down sample by sample."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, stdev, variance
from typing import Any

import pytest
import torch
from torch import Tensor

from train.model import Decoder, init_weights
from train.optimizer import Guard, optimizer_for
from train.parallel import joined
from train.presets import preset
from train.rl import toy
from train.rl.estimators import Estimator
from train.rl.experience import experience_of, tempered_nll
from train.rl.rounds import Sample
from train.rl.update import RlState, lesson, mini_batch

TEMPERATURE, N_IDS = 1.3, 300
PROMPTS = ((5, 9, 2), (7, 8), (3, 3, 4, 1))
# Of each group the answers' tokens, of several lengths, and rewards; the last token of an answer is its end.
GROUPS = (
    (((11, 12, 0), (13, 0), (14, 15, 16, 17, 0)), (1.0, 0.0, 0.0)),
    (((21, 0), (22, 23, 0)), (0.0, 1.0)),
    (((31, 32, 33, 0), (34, 0), (0,)), (0.0, 1.0, 0.5)),
)


@pytest.fixture(scope="module")
def model() -> Decoder:
    model = Decoder(preset("tiny-llama"))
    init_weights(model, 1)
    with torch.no_grad():  # as after some training: chances that differ
        for parameter in model.parameters():
            parameter.mul_(2.0)
    model.token_nll = tempered_nll(TEMPERATURE, N_IDS)
    return model


def by_hand(estimator: Estimator) -> list[float]:
    """The advantage of each sample, in plain Python."""
    found: list[float] = []
    for _, rewards in GROUPS:
        mean, deviation, n = fmean(rewards), stdev(rewards), len(rewards)
        best, second = sorted(rewards)[:-3:-1]
        match estimator:
            case "grpo":
                found += [(one - mean) / (deviation + 1e-6) for one in rewards]
            case "rloo":
                found += [one - (sum(rewards) - one) / (n - 1) for one in rewards]
            case "grpo_passk":
                found += [(best - second) / (deviation + 1e-6) if one == best else 0.0 for one in rewards]
            case _:
                found += [one - mean for one in rewards]
    if estimator == "reinforce_plus_plus_baseline":
        lengths = [len(tokens) for answers, _ in GROUPS for tokens in answers]
        told = [value for value, n in zip(found, lengths, strict=True) for _ in range(n)]
        found = [(value - fmean(told)) / (variance(told) + 1e-8) ** 0.5 for value in found]
    return found


def samples_of(model: Decoder) -> tuple[list[Sample], list[Tensor]]:
    """The samples, and the log-probabilities of their tokens, each computed alone and with gradients."""
    samples, logps = [], []
    for place, (prompt, (answers, rewards)) in enumerate(zip(PROMPTS, GROUPS, strict=True)):
        for number, (tokens, reward) in enumerate(zip(answers, rewards, strict=True)):
            row = torch.tensor([[*prompt, *tokens]])
            logits = model(row, torch.arange(row.shape[1])[None])[0, len(prompt) - 1 : -1, :N_IDS]
            logp = (logits / TEMPERATURE).log_softmax(-1)[torch.arange(len(tokens)), torch.tensor(tokens)]
            logps.append(logp)
            samples.append(
                Sample(
                    place=place, sample=number, prompt_tokens=prompt, tokens=list(tokens), logps=logp.tolist(),
                    entropy=0.0, ended="end", outcome="passed" if reward else "failed", reward=reward,
                )
            )  # fmt: skip
    return samples, logps


@pytest.mark.parametrize("estimator", ["grpo", "dr_grpo", "rloo", "reinforce_plus_plus_baseline", "grpo_passk"])
@pytest.mark.parametrize(("micro_batch", "rows"), [(3, range(8)), (64, range(8)), (2, (0, 3, 4))])
def test_the_gradient_is_that_of_reinforce(
    estimator: Estimator, micro_batch: int, rows: Sequence[int], model: Decoder, written: Path
) -> None:
    """Of a mini-batch of some rows it is the mean over their own tokens."""
    samples, logps = samples_of(model)
    n_tokens = sum(len(samples[row].tokens) for row in rows)
    values = by_hand(estimator)
    terms = [-values[row] * logps[row].sum() for row in rows]
    expected = torch.autograd.grad(torch.stack(terms).sum() / n_tokens, list(model.parameters()))
    settings: dict[str, Any] = {"estimator": estimator, "micro_batch": micro_batch, "init_from": "tiny-llama"}
    config = toy.reinforcement(written, **settings)
    state = RlState(model=model, optimizer=optimizer_for(model, config.optimizer), guard=Guard(factor=None))
    model.zero_grad()
    with joined() as world:
        told = lesson(experience_of(samples, world.device), model, None, config, world)
        mini_batch(state, told, rows, config, world)
    for gradient, parameter in zip(expected, model.parameters(), strict=True):
        assert parameter.grad is not None
        assert torch.allclose(parameter.grad, gradient, rtol=1e-3, atol=1e-5 * float(gradient.abs().max()) + 1e-9)
    assert max(float(one.abs().max()) for one in expected) > 1e-4
