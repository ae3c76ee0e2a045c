"""Pretraining: batches in, a model out, and where it was stopped it goes on.

OUT/config.json  OUT/tokenizer.json  OUT/trace.jsonl  OUT/tensorboard/  OUT/checkpoints/step-.../
"""

from __future__ import annotations

import json
import math
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import torch
import xxhash
from torch import Tensor

from curate.errors import RunFailed, WrongUse
from train.batches import Batch, Batches, Source, labels_of
from train.checkpoint import Checkpoints, finished
from train.config import PretrainConfig
from train.export import TOKENIZER, load_weights
from train.lora import apply_lora
from train.metrics import Metrics
from train.model import IGNORED, Decoder, Layer, init_weights
from train.optimizer import Guard, LossScale, learning_rate, optimizer_for, scale_gradients, squared_norm
from train.order import Mixture
from train.packed import Packed
from train.parallel import World, joined, shard
from train.throughput import Speed
from train.validation import Validation, by_label

_SAME_TO_RESUME = ("model", "model_changes", "lora", "init_from", "data", "global_batch", "seed", "precision")
_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(kw_only=True)
class TrainState:
    """All that changes in a run and that resuming needs."""

    model: Decoder
    optimizer: torch.optim.AdamW
    loss_scale: LossScale
    guard: Guard
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
        }

    def advance(self, batch: Batch, n_valid: int) -> None:
        """A step is done."""
        self.step += 1
        self.n_tokens += n_valid
        self.cursors = [list(cursor) for cursor in batch.cursors]

    def restore(self, trainer: dict[str, Any]) -> None:
        """Take the state of `trainer` again."""
        self.step, self.n_tokens, self.cursors = trainer["step"], trainer["n_tokens"], trainer["cursors"]
        self.validation_loss = trainer["validation_loss"]
        vars(self.loss_scale).update(trainer["loss_scale"])
        vars(self.guard).update(trainer["guard"])


def train_step(
    state: TrainState, batch: Batch, config: PretrainConfig, world: World, languages: list[str]
) -> dict[str, Any]:
    """One step of the optimizer on one global batch; gives its row of the trace.

    The loss is the mean over all valid tokens of the global batch, on whatever ranks and in however many micro-batches:
    their number is summed up before the first backward pass, and gradients are only ever added.
    """
    scale, parameters = state.loss_scale.value, list(state.model.parameters())
    n_valid = world.sum((batch.targets != IGNORED).sum().float()) * (world.data_size / world.size)
    sums = torch.zeros(2, len(languages) + 1, dtype=torch.float64, device=world.device)
    for micro in batch.micro(config.micro_batch):
        nll = state.model(micro.tokens, micro.positions, micro.documents, micro.targets)
        (nll.sum() * (scale / n_valid)).backward()
        for row, values in enumerate((nll.detach(), micro.targets != IGNORED)):
            sums[row] += by_label(values, micro.labels[0], len(languages))
    norm, loss, by_language = _summed(squared_norm(parameters), sums, scale, world, languages)
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
    state.advance(batch, int(n_valid))
    told = {"step": batch.step, "loss": loss, "lr": rate, "grad_norm": norm, "n_tokens": int(n_valid)}
    return told | {"skipped": skipped, "loss_scale": scale, "by_language": by_language}


def _summed(
    squares: Tensor, sums: Tensor, scale: float, world: World, languages: list[str]
) -> tuple[float, float, dict[str, float]]:
    """Gradient norm, loss, and loss by language over all ranks: one reduction, and the step's one wait for the card."""
    copies = world.size / world.data_size
    together = world.sum(torch.cat((squares.view(1), sums.flatten() / copies))).tolist()
    nats, counts = together[1 : 1 + sums.shape[1]], together[1 + sums.shape[1] :]
    by_language = {name: nat / n for name, nat, n in zip(languages, nats, counts, strict=False) if n}
    return math.sqrt(together[0]) / scale, sum(nats) / max(1.0, sum(counts)), by_language


def pretrain(config: PretrainConfig, *, quiet: bool = False) -> dict[str, Any]:
    """Train to the last step, from the newest checkpoint in `out` where there is one; gives the last row of the trace.

    Alone, or on every rank under torchrun. WrongUse for a configuration that cannot run or another one than `out` was
    begun with; RunFailed after too many steps in a row that had to be left out.
    """
    with joined(config.tensor_parallel, alone_with_mesh=config.precision != "float32") as world:
        config.accumulation(world.data_size)
        _begin(config, world)
        packed = [Packed(source.path) for source in config.data.sources]
        _check_vocabulary(packed, config)
        _bring_tokenizer(packed, config, world)
        batches = batches_for(config, packed, world)
        state = first_state(config, world)
        checkpoints = Checkpoints(config.out / "checkpoints", config.checkpoint, world)
        newest = checkpoints.newest()
        if newest:
            state.restore(checkpoints.load(newest, state.model, state.optimizer))
        metrics = Metrics(config.out, steps=config.steps, first_step=state.step, active=world.rank == 0, quiet=quiet)
        if newest:
            metrics.say(f"going on from {newest.name}")
        try:
            return _loop(state, batches, config, world, checkpoints, metrics)
        finally:
            metrics.close()


def _loop(
    state: TrainState,
    batches: Batches,
    config: PretrainConfig,
    world: World,
    checkpoints: Checkpoints,
    metrics: Metrics,
) -> dict[str, Any]:
    validate = _validation(config, world)
    speed = Speed(config.model_config_of(), config.data.sequence_length, config.global_batch, world.device, world.size)
    languages = batches.labels[0].names
    row: dict[str, Any] = {"step": state.step, "message": "there was nothing left to do"}
    ready = batches.from_step(state.step, state.cursors)
    try:
        while state.step < config.steps:
            with speed.waiting():
                batch = next(ready).on(world.device)
            row = train_step(state, batch, config, world, languages)
            _check_skipped(state, row, config, metrics)
            last = state.step == config.steps
            if validate and config.validation and (last or state.step % config.validation.every == 0):
                row["validation"] = validate(state.model)
                state.validation_loss = row["validation"]["loss"]
            metrics.step(row)
            if last or state.step % config.log_every == 0:
                told = speed.since_last()
                metrics.points(state.step, _points(row) | told)
                metrics.progress(state.step, _line(row, told))
            if last or state.step % config.checkpoint.every == 0:
                checkpoints.save(state.model, state.optimizer, state.trainer())
            checkpoints.poll()
    except BaseException:
        with suppress(RunFailed):  # what went wrong first is what is told
            checkpoints.wait()
        raise
    finally:
        ready.close()  # type: ignore[attr-defined]
    checkpoints.wait()
    return row


def batches_for(config: PretrainConfig, packed: list[Packed], world: World) -> Batches:
    """The run's batches, as this rank sees them."""
    names = [f"source {i}" for i in range(len(packed))]
    sources = [
        Source(one, room=config.data.sequence_length, seed=config.seed, name=name, fim_rate=config.data.fim_rate)
        for one, name in zip(packed, names, strict=True)
    ]
    return Batches(
        sources=sources,
        mixture=Mixture([source.weight for source in config.data.sources], config.seed),
        labels=[labels_of(packed)],
        global_batch=config.global_batch,
        rank=world.data_rank,
        world=world.data_size,
        mask_documents=config.data.mask_documents,
        ahead=config.data.ahead,
    )


def build_model(config: PretrainConfig, world: World) -> Decoder:
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
        load_weights(model, config.init_from)
    return model


def first_state(config: PretrainConfig, world: World) -> TrainState:
    """The state before the first step."""
    model = build_model(config, world)
    return TrainState(
        model=model,
        optimizer=optimizer_for(model, config.optimizer),
        loss_scale=LossScale(value=config.loss_scale, active=True) if config.precision == "float16" else LossScale(),
        guard=Guard(factor=config.optimizer.spike_factor),
    )


def _validation(config: PretrainConfig, world: World) -> Validation | None:
    if config.validation is None:
        return None
    data = config.data
    return Validation(
        config.validation,
        room=data.sequence_length,
        micro_batch=config.micro_batch,
        mask_documents=data.mask_documents,
        world=world,
    )


def _begin(config: PretrainConfig, world: World) -> None:
    """Write config.json, or see that the run in `out` was begun with the same."""
    if world.rank == 0:
        path = config.out / "config.json"
        own = config.model_dump(mode="json")
        if finished(config.out / "checkpoints"):
            before = json.loads(path.read_text(encoding="utf-8"))
            for name in _SAME_TO_RESUME:
                if before.get(name) != own[name]:
                    raise WrongUse(
                        f"{config.out} was begun with {name}: {before.get(name)!r}, and this is {own[name]!r}: "
                        "name another out, or take the configuration that it was begun with"
                    )
        config.out.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(own, indent=2) + "\n", encoding="utf-8")
    world.same(None)


def _check_vocabulary(packed: list[Packed], config: PretrainConfig) -> None:
    """Ids over the embedding would end in an assertion on the card, of which none can read the cause."""
    size = config.model_config_of().vocab_size
    for one in packed:
        known = 0 if one.token_bytes is None else len(one.token_bytes)
        needed = max([known, *(number + 1 for number in one.meta["special_tokens"].values())])
        if needed > size:
            raise WrongUse(
                f"{one.folder} has {needed} ids of tokens and the model's vocab_size is {size}: "
                f"set model_changes.vocab_size to {needed} or more"
            )


def _bring_tokenizer(packed: list[Packed], config: PretrainConfig, world: World) -> None:
    """Copy the tokenizer, where one is named, into `out`, after a look at whether the data were packed with it."""
    if config.tokenizer is None:
        return
    try:
        content = config.tokenizer.read_bytes()
    except OSError as error:
        raise WrongUse(f"tokenizer: {config.tokenizer} cannot be read: {error}") from None
    found = xxhash.xxh3_128_hexdigest(content)
    for one in packed:
        if one.meta["tokenizer_hash"] not in ("", found):  # "": the packer was not told
            raise WrongUse(
                f"{one.folder} was packed with a tokenizer of hash {one.meta['tokenizer_hash']} and "
                f"{config.tokenizer} has {found}: name the one that it was packed with"
            )
    if world.rank == 0:
        (config.out / TOKENIZER).write_bytes(content)


def _check_skipped(state: TrainState, row: dict[str, Any], config: PretrainConfig, metrics: Metrics) -> None:
    if row["skipped"] is None:
        return
    metrics.say(f"step {row['step']} was left out: {row['skipped']}")
    if state.guard.skipped_in_a_row >= config.optimizer.max_skipped:
        raise RunFailed(
            f"{state.guard.skipped_in_a_row} steps in a row were left out, the last because of {row['skipped']}: "
            "lower optimizer.lr, or look at the data of these steps; the newest checkpoint is from before them"
        )


def _points(row: dict[str, Any]) -> dict[str, float | None]:
    points = {name: row[name] for name in ("loss", "lr", "grad_norm")}
    points |= {f"loss/{name}": loss for name, loss in row["by_language"].items()}
    if found := row.get("validation"):
        points |= {f"validation/{name}": found[name] for name in ("loss", "perplexity", "bits_per_byte")}
        for dimension, values in found["by"].items():
            points |= {f"validation/{dimension}/{name}": one["loss"] for name, one in values.items()}
    return points


def _line(row: dict[str, Any], told: dict[str, float | None]) -> str:
    parts = [f"loss {row['loss']:.4f}", f"lr {row['lr']:.2e}", f"{told['tokens_per_s']:,.0f} tokens/s"]
    if told["mfu"] is not None:
        parts.append(f"MFU {told['mfu']:.1%}")
    if found := row.get("validation"):
        parts.append(f"validation {found['loss']:.4f}")
    return ", ".join(parts)
