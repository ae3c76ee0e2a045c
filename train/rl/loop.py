"""The run: rounds of rollouts, rewards and updates, and where it was stopped it goes on.

OUT/config.json  OUT/tokenizer.json  OUT/trace.jsonl  OUT/tensorboard/  OUT/checkpoints/step-.../
OUT/vllm/, where vLLM draws: the weights as it read them last
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from curate.errors import RunFailed, WrongUse
from train.chat import RoleNames
from train.checkpoint import Checkpoints
from train.console import Face
from train.metrics import Metrics
from train.model import Decoder
from train.optimizer import Guard, optimizer_for
from train.parallel import World, joined
from train.rl.config import RlConfig
from train.rl.experience import experience_of, tempered_nll
from train.rl.held_out import HeldOut
from train.rl.progress import columns, told
from train.rl.prompts import RlPrompt, load_prompts
from train.rl.reward import Judge
from train.rl.rollout import Engine, OwnEngine
from train.rl.rounds import Round, Rounds
from train.rl.update import RlState, learn, lesson
from train.rl.vllm_engine import VllmEngine
from train.sandbox.pool import Sandbox
from train.sandbox.probe import Refused
from train.start import begin, build_model
from train.tokenizer import Tokenizer
from train.trained import TOKENIZER, trained_roles, trained_tokenizer
from train.watched import Watched, watched

_MAY_DIFFER = {
    "out",
    "steps",
    "checkpoint",
    "log_every",
    "micro_batch",
    "compile",
    "recompute",
    "health",
    "preset",
    "chat_roles",
}
_SAME_TO_RESUME = tuple(name for name in RlConfig.model_fields if name not in _MAY_DIFFER)


@dataclass(kw_only=True)
class Parts:
    """What a run works with."""

    state: RlState
    reference: Decoder | None
    engine: Engine
    rounds: Rounds
    held_out: HeldOut | None


def train_rl(config: RlConfig, *, face: Face = "auto") -> dict[str, Any]:
    """Train to the last step, from the newest checkpoint in `out` where there is one; gives the last row of the trace.

    Alone, or on every rank under torchrun. WrongUse for a configuration that cannot run, evaluation files, or another
    configuration than `out` was begun with; RunFailed where no jail can be built, or nothing can be learnt.
    """
    with joined(alone_with_mesh=config.precision != "float32") as world, ExitStack() as stack:
        tokenizer = _tokenizer(config)
        roles = config.chat_roles or trained_roles(config.init_from) or "chatml"
        prompts, looked_at = _prompts(config, tokenizer, roles)
        begin(config, world, _SAME_TO_RESUME, chat_roles=roles)
        if world.rank == 0:
            (config.out / TOKENIZER).write_text(tokenizer.json, encoding="utf-8")
        judge = Judge(stack.enter_context(_sandbox(config, world)), remembered=config.reward.remembered)
        parts = _parts(config, tokenizer, prompts, looked_at, judge, world)
        checkpoints = Checkpoints(config.out / "checkpoints", config.checkpoint, world)
        newest = checkpoints.newest()
        if newest:
            parts.state.restore(checkpoints.load(newest, parts.state.model, parts.state.optimizer))
        first = parts.state.step + 1 if newest else 0
        metrics = Metrics(
            config.out, steps=config.steps, first_step=first, active=world.rank == 0, face=face, columns=columns(config)
        )
        stack.callback(metrics.close)
        if newest:
            metrics.say(f"going on from {newest.name}")
        health = stack.enter_context(watched(config, world, metrics, checkpoints))
        return _loop(parts, config, world, checkpoints, metrics, health)


def _loop(
    parts: Parts, config: RlConfig, world: World, checkpoints: Checkpoints, metrics: Metrics, health: Watched
) -> dict[str, Any]:
    state = parts.state
    row: dict[str, Any] = {"step": state.step, "message": "there was nothing left to do"}
    parts.engine.sync(state.model)
    if parts.held_out and state.step == 0:
        told({"step": 0, "held_out": parts.held_out()}, config, metrics)
    with checkpoints.settled():
        while state.step < config.steps:
            row = rl_step(parts, config, world)
            last = state.step == config.steps
            if parts.held_out and config.held_out and (last or state.step % config.held_out.every == 0):
                row["held_out"] = parts.held_out()
                state.validation_loss = _held_out_loss(row["held_out"])
            told(row, config, metrics, health.figures)
            if health.look() or last or state.step % config.checkpoint.every == 0:
                checkpoints.save(state.model, state.optimizer, state.trainer())
            checkpoints.poll()
    return row


def rl_step(parts: Parts, config: RlConfig, world: World) -> dict[str, Any]:
    """One round: draw, judge, learn, and give the generator the new weights; gives its row of the trace."""
    state = parts.state
    judge = parts.rounds.judge
    run_before, cpu_before = judge.n_run, judge.cpu_s
    found = parts.rounds.collect(state.step, state.cursor)
    parts.engine.rest()
    row = {"step": state.step + 1} | found.row()
    with _timed(found, "update"):
        if found.kept:
            experience = experience_of(found.kept, world.device)
            row |= learn(state, lesson(experience, state.model, parts.reference, config, world), config, world)
    with _timed(found, "sync"):
        parts.engine.sync(state.model)
    state.step += 1
    state.cursor = found.cursor
    jail = {"jail_cpu": judge.cpu_s - cpu_before, "programs_run": judge.n_run - run_before}
    return row | {"prompts_drawn": state.cursor, "seconds": {**found.seconds, **jail}}


@contextmanager
def _timed(found: Round, name: str) -> Iterator[None]:
    begin = time.perf_counter()
    yield
    found.seconds[name] += time.perf_counter() - begin  # type: ignore[assignment]


def _tokenizer(config: RlConfig) -> Tokenizer:
    path = config.tokenizer or trained_tokenizer(config.init_from)
    if path is None:
        raise WrongUse(f"{config.init_from} has no {TOKENIZER}: name the model's tokenizer in `tokenizer`")
    found = Tokenizer(path)
    size = config.model_config_of().vocab_size
    if found.n_ids > size:
        raise WrongUse(f"{path} has {found.n_ids} ids and the model's vocab_size is {size}: name the model's tokenizer")
    return found


def _prompts(config: RlConfig, tokenizer: Tokenizer, roles: RoleNames) -> tuple[list[RlPrompt], list[RlPrompt]]:
    """Prompts to train on and to look at. WrongUse where an id is among both."""
    longest = config.model_config_of().max_positions - config.max_tokens
    load: Callable[..., list[RlPrompt]] = load_prompts
    settings = {"reward": config.reward, "longest": longest, "own_stops": config.rollout.stops, "roles": roles}
    prompts = load(config.prompts, tokenizer, **settings)
    looked_at = load(config.held_out.prompts, tokenizer, **settings) if config.held_out else []
    both = {one.id for one in prompts} & {one.id for one in looked_at}
    if both:
        raise WrongUse(f"{len(both)} held-out prompts are trained on, as {min(both)!r}: take them out of one of both")
    return prompts, looked_at


def _sandbox(config: RlConfig, world: World) -> Sandbox:
    here = int(os.environ.get("LOCAL_WORLD_SIZE", world.size))
    workers = config.reward.workers or max(1, (os.cpu_count() or 1) // here)
    try:
        return Sandbox(workers)
    except Refused as error:
        raise RunFailed(f"rewards need a jail: {error}") from None


def _parts(
    config: RlConfig,
    tokenizer: Tokenizer,
    prompts: list[RlPrompt],
    looked_at: list[RlPrompt],
    judge: Judge,
    world: World,
) -> Parts:
    model = build_model(config, world)
    model.token_nll = tempered_nll(config.rollout.temperature, tokenizer.n_ids)
    reference = None
    if config.loss.kl:
        reference = build_model(config.model_copy(update={"lora": None}), world)
        reference.token_nll = model.token_nll
        reference.requires_grad_(False)
    engine = _engine(config, tokenizer, world)
    state = RlState(
        model=model,
        optimizer=optimizer_for(model, config.optimizer),
        guard=Guard(factor=config.optimizer.spike_factor),
    )
    held_out = HeldOut(config, looked_at, engine, judge, world) if looked_at else None
    rounds = Rounds(config, prompts, engine, judge, world)
    return Parts(state=state, reference=reference, engine=engine, rounds=rounds, held_out=held_out)


def _engine(config: RlConfig, tokenizer: Tokenizer, world: World) -> Engine:
    shape, rollout = config.model_config_of(), config.rollout
    if rollout.engine == "own":
        return OwnEngine(
            shape, tokenizer, batch=rollout.batch, device=world.device, lora=config.lora, compiled=rollout.compiled
        )
    return VllmEngine(
        shape, tokenizer, folder=config.out / "vllm", batch=rollout.batch, world=world, lora=config.lora,
        memory_share=rollout.memory_share, compiled=rollout.compiled,
    )  # fmt: skip


def _held_out_loss(found: dict[str, Any]) -> float | None:
    """What checkpoints are compared by: 1 - the first pass@k there is."""
    scores = [value["score"] for name, value in found.items() if name.startswith("pass@")]
    return 1 - scores[0] if scores else None
