"""AdamW with its schedule, gradients' norm, the loss scale of float16, and the guard against spikes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.tensor import DTensor, Replicate
from torch.optim import AdamW

from train.config import OptimizerConfig

_WINDOW = 128  # steps whose norms the guard remembers
_FIRST_JUDGED = 32  # norms that it needs before it calls one a spike


def learning_rate(config: OptimizerConfig, step: int, steps: int) -> float:
    """The rate of a step, counted from 0, of a run of `steps`.

    Warm-up is a line from lr / warmup_steps to lr. Then: cosine to min_lr at the last step; constant; or wsd (warm-up,
    stable, decay: Hu et al. 2024), constant and in the last `decay_steps` a line to min_lr.
    """
    if step < config.warmup_steps:
        return config.lr * (step + 1) / config.warmup_steps
    if config.schedule == "cosine":
        passed = (step - config.warmup_steps) / max(1, steps - 1 - config.warmup_steps)
        return config.min_lr + (config.lr - config.min_lr) * 0.5 * (1 + math.cos(math.pi * min(1.0, passed)))
    if config.schedule == "wsd" and step >= steps - config.decay_steps:
        left = (steps - 1 - step) / config.decay_steps
        return config.min_lr + (config.lr - config.min_lr) * left
    return config.lr


def optimizer_for(model: nn.Module, config: OptimizerConfig) -> AdamW:
    """AdamW, fused, over what is trained: matrices decay, norms and biases do not."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [one for one in trained if one.ndim >= 2], "weight_decay": config.weight_decay},
        {"params": [one for one in trained if one.ndim < 2], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    return AdamW(groups, lr=config.lr, betas=config.betas, eps=config.eps, fused=True)


def squared_norm(parameters: Iterable[nn.Parameter]) -> Tensor:
    """This rank's part of the squared norm of all gradients: the sum over all ranks is the whole, float64.

    A gradient of which k copies exist counts a k-th on each.
    """
    world = dist.get_world_size() if dist.is_initialized() else 1
    parts: list[Tensor] = []
    for gradient in (parameter.grad for parameter in parameters):
        if isinstance(gradient, DTensor):
            sizes = zip(gradient.device_mesh.shape, gradient.placements, strict=True)
            shards = math.prod(size for size, placement in sizes if not isinstance(placement, Replicate))
            parts.append(gradient.to_local().float().square().sum().double() * (shards / world))
        elif gradient is not None:
            parts.append(gradient.float().square().sum().double() / world)
    return torch.stack(parts).sum()


def scale_gradients(parameters: Iterable[nn.Parameter], factor: float) -> None:
    """Multiply all gradients, in place."""
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    local = [one.to_local() if isinstance(one, DTensor) else one for one in gradients]
    torch._foreach_mul_(local, factor)


@dataclass
class LossScale:
    """float16's factor on the loss: halved when gradients overflow, doubled after `patience` steps in which none did.

    CodeFuse-13B: first 32768, at least 1. Not torch's GradScaler, which has no least value and leaves the norm of
    sharded gradients to others. In other precisions it is 1 and stays so.
    """

    value: float = 1.0
    active: bool = False
    good_steps: int = 0
    minimum: float = 1.0
    patience: int = 1000

    def update(self, finite: bool) -> None:
        """Learn whether a step's gradients were finite."""
        if not self.active:
            return
        self.good_steps = self.good_steps + 1 if finite else 0
        if not finite:
            self.value = max(self.minimum, self.value / 2)
        elif self.good_steps == self.patience:
            self.value, self.good_steps = self.value * 2, 0

    def state(self) -> dict[str, Any]:
        """What resuming needs."""
        return {"value": self.value, "good_steps": self.good_steps}


@dataclass
class Guard:
    """Judges a step by its gradients' norm: not a number, infinite, or a spike over `factor` medians of the last ones.

    Such a step is left out and reported; it is as if its data had been skipped (PaLM, Chowdhery et al. 2022, goes
    back and skips batches around a spike; this leaves out the one that makes it).
    """

    factor: float | None
    norms: list[float] = field(default_factory=list)
    skipped_in_a_row: int = 0

    def judge(self, norm: float, loss: float) -> str | None:
        """Why the step must be left out, or None."""
        reason = None
        if not math.isfinite(norm) or not math.isfinite(loss):
            reason = f"loss {loss:.4g}, gradient norm {norm:.4g}"
        elif self.factor and len(self.norms) >= _FIRST_JUDGED and norm > self.factor * median(self.norms):
            reason = f"gradient norm {norm:.4g} is over {self.factor:g} medians of the last, {median(self.norms):.4g}"
        self.skipped_in_a_row = self.skipped_in_a_row + 1 if reason else 0
        if reason is None:
            self.norms = [*self.norms, norm][-_WINDOW:]
        return reason

    def state(self) -> dict[str, Any]:
        """What resuming needs."""
        return {"norms": self.norms, "skipped_in_a_row": self.skipped_in_a_row}
