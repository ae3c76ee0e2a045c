"""The training loop, the same for pretraining and fine-tuning: batches in, a model out, and where it was stopped it
goes on.

OUT/config.json  OUT/tokenizer.json  OUT/trace.jsonl  OUT/tensorboard/  OUT/checkpoints/step-.../
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from curate.errors import RunFailed
from train.batches import Batch
from train.checkpoint import Checkpoints
from train.config import RunConfig
from train.console import Face
from train.labels import Labels
from train.metrics import Metrics, points_of, points_of_validation, told_of
from train.model import IGNORED
from train.objectives import TokenMean, forward
from train.optimizer import learning_rate, scale_gradients, squared_norm
from train.parallel import World
from train.start import TrainState, first_state
from train.throughput import Speed
from train.validation import by_label
from train.watched import Watched, watched


class Feed(Protocol):
    """Where batches come from: an order that is a function of seed and step."""

    @property
    def labels(self) -> Sequence[Labels]:
        """The dimensions by which losses are told."""
        ...

    def from_step(self, step: int, cursors: Sequence[Sequence[int]] = ()) -> Iterator[Batch]:
        """This rank's part of each step, from a step on."""
        ...


@dataclass(frozen=True, kw_only=True)
class Work:
    """What a kind of training brings to the loop. The language is the first dimension of the feed's labels."""

    config: RunConfig
    world: World
    feed: Feed
    sequence_length: int
    objective: TokenMean = field(default_factory=TokenMean)
    validation: Callable[[nn.Module], dict[str, Any]] | None = None
    validate_every: int = 1  # steps
    validate_first: bool = False  # before the first step as well: what the weights that it begins with lose


def train_step(
    state: TrainState, batch: Batch, config: RunConfig, world: World, labels: Sequence[Labels]
) -> dict[str, Any]:
    """One step of the optimizer on one global batch; gives its row of the trace.

    The loss is of the whole global batch, on whatever ranks and in however many micro-batches: what it is normalised by
    is summed up before the first backward pass, and gradients are only ever added. The loss that is told is the mean
    over the tokens that are targets, whatever is made small.
    """
    scale = state.loss_scale.value
    totals = world.sum(state.objective.counts(batch)) * (world.data_size / world.size)
    parts = list(batch.micro(config.micro_batch))
    share = state.objective.share(totals, parts, state.model, world)
    sums = _Sums(labels, world)
    for micro in parts:
        nll = forward(state.model, micro)
        (share(nll, micro) * scale).backward()
        sums.add(nll.detach(), micro)
    # Not before: after a pass without gradients, such as a validation, FSDP keeps the root's parameters gathered, and
    # those are others than the sharded ones that get the gradients.
    parameters = list(state.model.parameters())
    norm, loss, by = sums.over_all_ranks(squared_norm(parameters), scale)
    skipped = state.guard.judge(norm, loss)
    rate = learning_rate(config.optimizer, state.step, config.steps)
    if skipped is None:
        clip = config.optimizer.clip_norm
        scale_gradients(parameters, (min(1.0, clip / (norm + 1e-6)) if clip else 1.0) / scale)
        for group in state.optimizer.param_groups:
            group["lr"] = rate
        state.optimizer.step()
    state.optimizer.zero_grad()
    state.loss_scale.update(math.isfinite(norm))
    n_valid = int(totals[0])
    state.advance(batch, n_valid)
    told = {"step": batch.step, "loss": loss, "lr": rate, "grad_norm": norm, "n_tokens": n_valid}
    return told | {"skipped": skipped, "loss_scale": scale, "by": by}


class _Sums:
    """Nats and counts of targets by label, of a step."""

    def __init__(self, labels: Sequence[Labels], world: World):
        self.labels, self.world = labels, world
        self.widths = [len(one.names) + 1 for one in labels]
        self.sums = torch.zeros(2, sum(self.widths), dtype=torch.float64, device=world.device)

    def add(self, nll_BT: Tensor, micro: Batch) -> None:
        """Add a micro-batch's."""
        for row, values in enumerate((nll_BT, micro.targets != IGNORED)):
            found = [by_label(values, micro.labels[i], width - 1) for i, width in enumerate(self.widths)]
            self.sums[row] += torch.cat(found)

    def over_all_ranks(self, squares: Tensor, scale: float) -> tuple[float, float, dict[str, dict[str, float]]]:
        """Gradient norm, loss, and loss by label over all ranks: one reduction, the step's one wait for the card."""
        copies = self.world.size / self.world.data_size
        together = self.world.sum(torch.cat((squares.view(1), self.sums.flatten() / copies))).tolist()
        nats, counts = together[1 : 1 + self.sums.shape[1]], together[1 + self.sums.shape[1] :]
        by: dict[str, dict[str, float]] = {}
        first = 0
        for one, width in zip(self.labels, self.widths, strict=True):
            rows = zip(one.names, nats[first:], counts[first:], strict=False)
            by[one.name] = {name: nat / n for name, nat, n in rows if n}
            first += width
        width = self.widths[0]
        return math.sqrt(together[0]) / scale, sum(nats[:width]) / max(1.0, sum(counts[:width])), by


def carry_out(work: Work, face: Face = "auto") -> dict[str, Any]:
    """Train to the last step, from the newest checkpoint in `out` where there is one; gives the last row of the trace.

    Alone, or on every rank under torchrun. RunFailed after too many steps in a row that had to be left out, or where a
    card reports what the policy on health calls the end.
    """
    config, world = work.config, work.world
    state = first_state(config, world, work.objective)
    checkpoints = Checkpoints(config.out / "checkpoints", config.checkpoint, world)
    newest = checkpoints.newest()
    if newest:
        state.restore(checkpoints.load(newest, state.model, state.optimizer))
    metrics = Metrics(config.out, steps=config.steps, first_step=state.step, active=world.rank == 0, face=face)
    if newest:
        metrics.say(f"going on from {newest.name}")
    with closing(metrics), watched(config, world, metrics, checkpoints) as health:
        return _loop(state, work, checkpoints, metrics, health)


def _loop(state: TrainState, work: Work, checkpoints: Checkpoints, metrics: Metrics, health: Watched) -> dict[str, Any]:
    config, world = work.config, work.world
    speed = _speed(work, metrics)
    row: dict[str, Any] = {"step": state.step, "message": "there was nothing left to do"}
    before = _before(state, work, metrics)
    ready = work.feed.from_step(state.step, state.cursors)
    with checkpoints.settled(), closing(ready):  # type: ignore[type-var]
        while state.step < config.steps:
            with speed.waiting():
                batch = next(ready).on(world.device)
            row = train_step(state, batch, config, world, work.feed.labels)
            _check_skipped(state, row, config, metrics)
            speed.trained(batch.tokens.numel() * world.data_size)
            last = state.step == config.steps
            if work.validation and (last or state.step % work.validate_every == 0):
                row["validation"] = work.validation(state.model)
                state.validation_loss = row["validation"]["loss"]
                state.objective.learn(row["validation"])
                metrics.say(told_of(row["validation"]))
            row |= {"objective": told} if (told := state.objective.told()) else {}
            row |= {"before": before} if before and state.step == 1 else {}
            metrics.step(row)
            if last or state.step % config.log_every == 0:
                padded = {"padded_share": batch.n_padded / batch.tokens.numel()}
                _tell(state.step, row, {**speed.since_last(), **padded, **health.figures}, config, metrics)
            if health.look() or last or state.step % config.checkpoint.every == 0:
                state.gather(world)
                checkpoints.save(state.model, state.optimizer, state.trainer())
            checkpoints.poll()
    return row


def _before(state: TrainState, work: Work, metrics: Metrics) -> dict[str, Any] | None:
    """The validation before the first step, where there is to be one; no objective learns from it."""
    if not (work.validate_first and work.validation and state.step == 0):
        return None
    found = work.validation(state.model)
    metrics.points(0, points_of_validation(found))
    metrics.say(f"before the first step: {told_of(found)}")
    return found


def _speed(work: Work, metrics: Metrics) -> Speed:
    speed = Speed(
        work.config.model_config_of(),
        work.sequence_length,
        work.world.device,
        work.world.size,
        half=work.config.precision != "float32",
        adapters_only=work.config.lora is not None,
    )
    if speed.unknown_card:
        metrics.say(f"MFU is not told: train/throughput.py does not know the peak of {speed.unknown_card}")
    return speed


def _tell(
    step: int,
    row: dict[str, Any],
    told: dict[str, float | None],
    config: RunConfig,
    metrics: Metrics,
) -> None:
    metrics.points(step, points_of(row) | told)
    shown = {name: row[name] for name in ("loss", "lr", "grad_norm", "by")} | told | {"step": step}
    shown["left_s"] = (told["step_s"] or 0.0) * (config.steps - step)
    if found := row.get("validation"):
        shown["validation_loss"] = found["loss"]
    metrics.progress(shown)


def _check_skipped(state: TrainState, row: dict[str, Any], config: RunConfig, metrics: Metrics) -> None:
    if row["skipped"] is None:
        return
    metrics.say(f"step {row['step']} was left out: {row['skipped']}")
    if state.guard.skipped_in_a_row >= config.optimizer.max_skipped:
        raise RunFailed(
            f"{state.guard.skipped_in_a_row} steps in a row were left out, the last because of {row['skipped']}: "
            "lower optimizer.lr, or look at the data of these steps; the newest checkpoint is from before them"
        )
