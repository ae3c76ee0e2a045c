"""Before the first step: the run's folder, the model with its weights, and the state."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from curate.errors import WrongUse
from train.batches import Batch
from train.checkpoint import finished, load_trained
from train.config import CommonConfig
from train.export import load_weights
from train.lora import apply_lora
from train.model import Decoder, Layer, init_weights
from train.objectives import TokenMean
from train.optimizer import Guard, LossScale, optimizer_for
from train.parallel import World, fill, shard
from train.trained import run_config

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(kw_only=True)
class TrainState:
    """All that changes in a run and that resuming needs."""

    model: Decoder
    optimizer: torch.optim.AdamW
    loss_scale: LossScale
    guard: Guard
    objective: TokenMean = field(default_factory=TokenMean)
    step: int = 0  # steps that are done
    n_tokens: int = 0  # targets that were trained on
    cursors: list[list[int]] = field(default_factory=list)  # where the data is; see train.batches.Cursor
    validation_loss: float | None = None

    def trainer(self) -> dict[str, Any]:
        """The state apart from the tensors, for JSON."""
        return {
            "step": self.step,
            "n_tokens": self.n_tokens,
            "cursors": self.cursors,
            "validation_loss": self.validation_loss,
            "loss_scale": self.loss_scale.state(),
            "guard": self.guard.state(),
            "objective": self.objective.state(),
        }

    def advance(self, batch: Batch, n_valid: int) -> None:
        """A step is done."""
        self.step += 1
        self.n_tokens += n_valid
        self.cursors = [list(cursor) for cursor in batch.cursors]

    def gather(self, world: World) -> None:
        """Learn how far the data is on the other ranks, each of which may read other sources. On all ranks at once."""
        self.cursors = [list(max(places)) for places in zip(*world.gathered(self.cursors), strict=True)]

    def restore(self, trainer: dict[str, Any]) -> None:
        """Take the state of `trainer` again."""
        self.step, self.n_tokens, self.cursors = trainer["step"], trainer["n_tokens"], trainer["cursors"]
        self.validation_loss = trainer["validation_loss"]
        vars(self.loss_scale).update(trainer["loss_scale"])
        vars(self.guard).update(trainer["guard"])
        self.objective.restore(trainer["objective"])


def first_state(config: CommonConfig, world: World, objective: TokenMean | None = None) -> TrainState:
    """The state before the first step."""
    model = build_model(config, world)
    return TrainState(
        model=model,
        optimizer=optimizer_for(model, config.optimizer),
        loss_scale=LossScale(value=config.loss_scale, active=True) if config.precision == "float16" else LossScale(),
        guard=Guard(factor=config.optimizer.spike_factor),
        objective=objective or TokenMean(),
    )


def build_model(config: CommonConfig, world: World) -> Decoder:
    """The model, split over the world, with its first weights."""
    with torch.device("meta" if world.mesh else world.device):
        model = Decoder(config.model_config_of())
        if config.lora:
            apply_lora(model, config.lora)
    for layer in model.layers:
        assert isinstance(layer, Layer)
        layer.recompute = config.recompute
    shard(model, world, precision=_DTYPES[config.precision], compiled=config.compile)
    if world.mesh:
        model.to_empty(device=world.device)
        model.tie()
    init_weights(model, config.seed)
    if config.init_from:
        _fill_from(model, config.init_from)
    return model


def _fill_from(model: Decoder, folder: Path) -> None:
    """Weights of a run's newest checkpoint or of one checkpoint, adapters merged, or of safetensors."""
    if run_config(folder) is not None:
        fill(model, load_trained(folder), str(folder))
    else:
        load_weights(model, folder)


def begin(config: CommonConfig, world: World, same_to_resume: tuple[str, ...], **more: Any) -> None:
    """Write config.json with `more` beside it, or see that the run in `out` was begun with the same."""
    told = None
    if world.rank == 0:
        own = config.model_dump(mode="json") | more
        told = _difference(config.out, own, same_to_resume)
        if told is None:
            config.out.mkdir(parents=True, exist_ok=True)
            (config.out / "config.json").write_text(json.dumps(own, indent=2) + "\n", encoding="utf-8")
    if told := world.same(told):
        raise WrongUse(told)


def _difference(out: Path, own: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    if not finished(out / "checkpoints"):
        return None
    before = json.loads((out / "config.json").read_text(encoding="utf-8"))
    for name in names:
        if before.get(name) != own[name]:
            return (
                f"{out} was begun with {name}: {before.get(name)!r}, and this is {own[name]!r}: "
                "name another out, or take the configuration that it was begun with"
            )
    return None
