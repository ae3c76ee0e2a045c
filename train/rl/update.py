"""Learning from a round: mini-batches, each a step of the optimizer. Gradients are only ever added, so that neither
micro-batches nor ranks change what is learnt.

Shapes as in `train.rl.experience`; B are the rows of a micro-batch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from curate.errors import RunFailed
from train.model import Decoder
from train.optimizer import Guard, learning_rate, scale_gradients, squared_norm
from train.order import key_of, shuffled
from train.parallel import World
from train.rl.config import RlConfig
from train.rl.estimators import advantages
from train.rl.experience import Experience, all_logp, answer_logp, parts
from train.rl.kl import kl
from train.rl.policy_loss import aggregation_weights, drift_weights, policy_terms

_TOLD = ("loss", "clipped", "dual_clipped", "kl", "tokens")  # sums over a mini-batch


@dataclass(kw_only=True)
class RlState:
    """All that changes in a run and that resuming needs."""

    model: Decoder
    optimizer: torch.optim.AdamW
    guard: Guard
    step: int = 0  # rounds that are done
    cursor: int = 0  # prompts that were drawn
    n_tokens: int = 0  # answers' tokens that were learnt from
    validation_loss: float | None = None  # 1 - pass@k of the first k on held-out prompts

    def trainer(self) -> dict[str, Any]:
        """The state apart from the tensors, for JSON."""
        told = {name: getattr(self, name) for name in ("step", "cursor", "n_tokens", "validation_loss")}
        return told | {"guard": self.guard.state()}

    def restore(self, trainer: dict[str, Any]) -> None:
        """Take the state of `trainer` again."""
        for name in ("step", "cursor", "n_tokens", "validation_loss"):
            setattr(self, name, trainer[name])
        vars(self.guard).update(trainer["guard"])


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """What a round teaches, token by token; the same on all ranks."""

    experience: Experience
    advantages_NT: Tensor
    old_logp_NT: Tensor  # the trained weights', before the round's first update
    drift_NT: Tensor  # weights that make up for the generator's chances
    reference_logp_NT: Tensor | None
    told: dict[str, Any] = field(default_factory=dict)


def lesson(experience: Experience, model: Decoder, reference: Decoder | None, config: RlConfig, world: World) -> Lesson:
    """Log-probabilities under the trained weights and the first ones, and advantages."""
    old_NT = all_logp(model, experience, micro_batch=config.micro_batch, world=world)
    reference_NT = None
    rewards_N, mask_NT = experience.rewards_N, experience.mask_NT
    told: dict[str, Any] = {"drift": drift(old_NT, experience)}
    if reference is not None:
        reference_NT = all_logp(reference, experience, micro_batch=config.micro_batch, world=world)
        kl_NT = kl(config.loss.kl_form, old_NT, reference_NT) * mask_NT
        told["kl"] = float(kl_NT.sum() / mask_NT.sum())
        if config.loss.kl_in == "reward":
            rewards_N = rewards_N - config.loss.kl * kl_NT.double().sum(1)
    return Lesson(
        experience=experience,
        advantages_NT=advantages(config.estimator, rewards_N, experience.groups_N, mask_NT).float(),
        old_logp_NT=old_NT,
        drift_NT=drift_weights(old_NT, experience.rollout_logp_NT, config.loss.drift_cap),
        reference_logp_NT=reference_NT if config.loss.kl_in == "loss" else None,
        told=told,
    )


def drift(old_logp_NT: Tensor, experience: Experience) -> dict[str, float]:
    """How far the trainer's log-probabilities are from the generator's: mean and largest difference, and k3's estimate
    of KL(generator || trainer), in nats a token."""
    mask_NT = experience.mask_NT
    difference_NT = (old_logp_NT - experience.rollout_logp_NT).abs() * mask_NT
    kl_NT = kl("k3", experience.rollout_logp_NT, old_logp_NT) * mask_NT
    n = mask_NT.sum()
    return {
        "mean": float(difference_NT.sum() / n),
        "max": float(difference_NT.max()),
        "kl": float(kl_NT.sum() / n),
    }


def learn(state: RlState, told: Lesson, config: RlConfig, world: World) -> dict[str, Any]:
    """All mini-batches of a round; gives the round's part of the trace. RunFailed where too many had to be left out."""
    rate = learning_rate(config.optimizer, state.step, config.steps)
    for group in state.optimizer.param_groups:
        group["lr"] = rate
    sums, norms, skipped = dict.fromkeys(_TOLD, 0.0), [], []
    n_updates = 0
    for rows in mini_batches(len(told.experience.samples), state.step, config):
        found, norm = mini_batch(state, told, rows, config, world)
        sums = {name: sums[name] + found[name] for name in _TOLD}
        norms.append(norm)
        n_updates += 1
        if reason := apply(state, norm, found["loss"], config):
            skipped.append(reason)
    n = max(1.0, sums["tokens"])
    state.n_tokens += int(told.experience.mask_NT.sum())
    row = {
        "loss": sums["loss"] / n_updates,
        "clipped": sums["clipped"] / n,
        "dual_clipped": sums["dual_clipped"] / n,
        "grad_norm": sum(norms) / len(norms),
        "updates": n_updates,
        "skipped": skipped,
        "lr": rate,
    }
    return row | told.told


def mini_batches(n: int, step: int, config: RlConfig) -> list[list[int]]:
    """Rows of each step of the optimizer, shuffled in each epoch; the number of parts is at most that of rows."""
    found = []
    for epoch in range(config.loss.epochs):
        order = shuffled(np.arange(n), n, key_of(config.seed, "mini-batches", step, epoch))
        found += [part.tolist() for part in np.array_split(order, min(n, config.loss.updates))]
    return found


def mini_batch(
    state: RlState, told: Lesson, rows: Sequence[int], config: RlConfig, world: World
) -> tuple[dict[str, float], float]:
    """Gradients of one mini-batch; gives sums over its tokens, and the gradients' norm."""
    experience, device = told.experience, world.device
    width = experience.mask_NT.shape[1]
    mask_NT = torch.zeros_like(experience.mask_NT)
    mask_NT[list(rows)] = experience.mask_NT[list(rows)]
    weights_NT = aggregation_weights(config.loss.aggregation, mask_NT, max_tokens=config.max_tokens).float()
    sums = torch.zeros(len(_TOLD), dtype=torch.float64, device=device)
    for micro in parts(rows, experience.lengths, micro_batch=config.micro_batch, world=world):
        logp_BT = answer_logp(state.model, [experience.samples[row] for row in micro], width, device)
        if not micro:  # only so that this rank takes part in what all do together
            (logp_BT.sum() * 0.0).backward()
            continue
        loss, found = _loss(logp_BT, told, micro, weights_NT[micro], config)
        loss.backward()
        sums += torch.stack([one.detach().double() for one in found])
    together = world.sum(torch.cat((squared_norm(state.model.parameters()).view(1), sums))).tolist()
    return dict(zip(_TOLD, together[1:], strict=True)), math.sqrt(together[0])


def _loss(
    logp_BT: Tensor, told: Lesson, rows: list[int], weights_BT: Tensor, config: RlConfig
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """The loss of a micro-batch, and what is told of it, in the order of _TOLD."""
    settings, mask_BT = config.loss, told.experience.mask_NT[rows]
    terms = policy_terms(
        logp_BT, told.old_logp_NT[rows], told.advantages_NT[rows],
        clip_low=settings.clip_low, clip_high=settings.clip_high, dual_clip=settings.dual_clip,
    )  # fmt: skip
    loss = (terms.loss_NT * told.drift_NT[rows] * weights_BT).sum()
    divergence = torch.zeros_like(loss)
    if told.reference_logp_NT is not None:
        kl_BT = kl(settings.kl_form, logp_BT, told.reference_logp_NT[rows])
        loss = loss + settings.kl * (kl_BT * weights_BT).sum()
        divergence = (kl_BT * mask_BT).sum()
    shares = ((terms.clipped_NT * mask_BT).sum(), (terms.dual_clipped_NT * mask_BT).sum())
    return loss, (loss, *shares, divergence, mask_BT.sum())


def apply(state: RlState, norm: float, loss: float, config: RlConfig) -> str | None:
    """One step of the optimizer with the gradients that are there; gives why it was left out, if it was."""
    parameters = list(state.model.parameters())
    reason = state.guard.judge(norm, loss)
    if reason is None:
        clip = config.optimizer.clip_norm
        if clip and norm > clip:
            scale_gradients(parameters, clip / norm)
        state.optimizer.step()
    state.optimizer.zero_grad()
    if state.guard.skipped_in_a_row >= config.optimizer.max_skipped:
        raise RunFailed(
            f"{state.guard.skipped_in_a_row} updates in a row were left out, the last because of {reason}: "
            "lower optimizer.lr; the newest checkpoint is from before them"
        )
    return reason
