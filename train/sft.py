"""Supervised fine-tuning on chats: what it brings to the loop of train.loop.

OUT/tokenizer.json (with ChatML's marks)  OUT/chats/ (the samples as tokens)  and what every run has
"""

from __future__ import annotations

from functools import partial
from typing import Any

import xxhash

from curate.errors import WrongUse
from train.chat import ChatTokens, with_marks
from train.chat_batches import ChatBatches, ChatRows, Order, chat_rows, chat_validation
from train.chat_store import HELD_OUT, TRAIN, ChatStore, is_written, key_of_chats, write
from train.config import RunConfig
from train.console import Console, Face
from train.labels import check_tags
from train.loop import Work, carry_out
from train.losses import ConvergenceBalance
from train.objectives import Balanced, Converging, FocalSamples, FocalTasks, SampleMean, TokenMean
from train.parallel import World, joined
from train.sft_config import SftConfig
from train.start import begin
from train.tokenizer import Tokenizer
from train.trained import TOKENIZER, trained_tokenizer
from train.validation import Validation

_SAME_TO_RESUME = (
    "model", "model_changes", "lora", "init_from", "data", "global_batch", "epochs", "max_steps", "seed", "precision",
    "loss", "task_weights", "focal_alpha", "focal_gamma", "coba", "chats",
)  # fmt: skip
_TASK = 1  # the labels' row that tells the task


def sft(config: SftConfig, *, face: Face = "auto") -> dict[str, Any]:
    """Fine-tune to the last step, from the newest checkpoint in `out` where there is one; gives the trace's last row.

    WrongUse for a configuration or data that cannot be trained on, or others than `out` was begun with.
    """
    with joined(config.tensor_parallel, alone_with_mesh=config.precision != "float32") as world:
        tokenizer, key = world.by_first(partial(_first_look, config))
        begin(config, world, _SAME_TO_RESUME, chats=key, chat_roles=config.data.roles)
        world.by_first(partial(_encode, config, tokenizer, key, face))
        rows, held_out = (
            chat_rows(ChatStore(config.out / "chats" / part), config.data.tags, room=config.data.sequence_length)
            for part in (TRAIN, HELD_OUT)
        )
        check_tags(rows.labels, "data.tags")
        return carry_out(_work(config, rows, held_out, world), face)


def tokenizer_of(config: SftConfig) -> str:
    """The tokenizer.json to train with, ChatML's marks included. WrongUse where there is none, or too large a one."""
    path = config.tokenizer or (trained_tokenizer(config.init_from) if config.init_from else None)
    if path is None:
        raise WrongUse(f"there is no {TOKENIZER} in {config.init_from or 'init_from'}: name one with tokenizer")
    size = config.model_config_of().vocab_size
    if (needed := Tokenizer(path).n_ids) > size:
        raise WrongUse(f"{path} has {needed} ids of tokens and the model's vocab_size is {size}: take the model's own")
    return with_marks(path, size)


def _first_look(config: SftConfig) -> tuple[str, str]:
    """The tokenizer.json, and the key of the chats under it."""
    text = tokenizer_of(config)
    return text, key_of_chats(config.data, config.validation, xxhash.xxh3_128_hexdigest(text.encode()))


def _encode(config: SftConfig, tokenizer: str, key: str, face: Face) -> None:
    """Write tokenizer.json and the chats' tokens, unless they are there."""
    path, folder = config.out / TOKENIZER, config.out / "chats"
    path.write_text(tokenizer, encoding="utf-8")
    if is_written(folder, key):
        return
    from train.evaluate.refusal import refuse_evaluation_files

    refuse_evaluation_files([file.path for file in config.data.files])
    chats = ChatTokens(Tokenizer(path), config.data.roles)
    counts = write(config.data, config.validation, chats, folder, key)
    Console(face, steps=0).say(f"chats: {counts.told()}")


def _work(config: SftConfig, rows: ChatRows, held_out: ChatRows, world: World) -> Work:
    order = Order(rows.store.n_samples_of_files, [file.weight for file in config.data.files], config.seed)
    if not order.n_epoch:
        raise WrongUse("data.files: the weights are so small that no sample is taken: raise them")
    n_samples = order.n_epoch * config.epochs
    steps = -(-n_samples // config.global_batch)
    run = config.run(min(steps, config.max_steps or steps))
    _check_balance_begins(config, run.steps)
    batches = ChatBatches(
        rows=rows,
        order=order,
        global_batch=config.global_batch,
        n_samples=n_samples,
        rank=world.data_rank,
        world=world.data_size,
        ahead=config.data.ahead,
    )
    return Work(
        config=run,
        world=world,
        feed=batches,
        sequence_length=config.data.sequence_length,
        objective=objective_of(config, rows.labels[_TASK].names, held_out.labels[_TASK].names),
        validation=_validation(config, run, held_out, world),
        validate_every=config.validation.every if config.validation else 1,
        validate_first=True,
    )


def _check_balance_begins(config: SftConfig, steps: int) -> None:
    if config.loss != "coba" or config.validation is None:
        return
    n = steps // config.validation.every
    if n < config.coba.warmup:
        raise WrongUse(
            f"loss: coba begins after {config.coba.warmup} validations, and the run's {steps} steps have {n}: "
            "lower coba.warmup or validation.every (validation.max_samples makes each cheaper)"
        )


def objective_of(config: SftConfig, tasks: list[str], held_out: list[str]) -> TokenMean:
    """The loss that the configuration names. WrongUse where it does not go with the tasks that there are."""
    focus = {"alpha": config.focal_alpha, "gamma": config.focal_gamma}
    if unknown := sorted(config.task_weights.keys() - set(tasks)):
        raise WrongUse(f"task_weights names {unknown[0]!r}; the files have the tasks {', '.join(tasks)}")
    if config.loss == "coba":
        if missing := sorted(set(tasks) - set(held_out)):
            raise WrongUse(
                f"loss: coba: nothing of task {missing[0]!r} is held out: raise validation.share, or add a file"
            )
        balance = ConvergenceBalance(len(tasks), **config.coba.model_dump())
        return Converging(tasks, balance, dimension=_TASK)
    if config.loss == "balanced":
        return Balanced([config.task_weights.get(task, 1.0) for task in tasks], dimension=_TASK)
    if config.loss == "focal_task":
        return FocalTasks(len(tasks), dimension=_TASK, **focus)
    if config.loss == "focal_sample":
        return FocalSamples(**focus)
    return SampleMean() if config.loss == "sample" else TokenMean()


def _validation(config: SftConfig, run: RunConfig, held_out: ChatRows, world: World) -> Validation | None:
    if config.validation is None:
        return None
    if not held_out.store.n_documents:
        raise WrongUse("validation holds out no sample: raise validation.share, or name files")
    return chat_validation(
        held_out, max_samples=config.validation.max_samples, micro_batch=run.micro_batch, world=world
    )
