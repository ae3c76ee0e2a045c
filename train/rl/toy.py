"""A task on which a tiny model learns in a minute of a CPU: one-line Python functions, run in the jail.

    def largest(x, y):      ->      return max(x, y)

The corpus has every function with a right body, which is rare, and with three wrong ones that are its own, so that a
model pretrained on it knows what might stand there and is seldom right; the tests tell right from wrong. The wrong ones
differ by function so that pretraining has a reason to tell functions apart: where all share theirs, what is reinforced
for one is easily lost to another. One naming of each function's parameters is held out; other functions are trained on
with it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, decoders, models, pre_tokenizers, trainers
from tokenizers import Tokenizer as Backend

from train.chance import chance
from train.config import PretrainConfig
from train.packed import PackedWriter
from train.rl.config import RlConfig
from train.settings import parse
from train.special_tokens import END_OF_TEXT, ids
from train.tokenizer import Tokenizer
from train.tokenizer_training import PATTERN
from train.trained import TOKENIZER

# Right bodies of each function and wrong ones of its own; `a` and `b`, or `v`, stand for the names of its parameters.
Bodies = tuple[tuple[str, ...], tuple[str, ...]]
_NUMBERS: Mapping[str, Bodies] = {
    "add": (("a + b", "b + a"), ("a - b", "a + a", "b + b")),
    "subtract": (("a - b",), ("b - a", "a - a", "a + b")),
    "multiply": (("a * b", "b * a"), ("a * a", "b * b", "a + b")),
    "largest": (("max(a, b)", "max(b, a)"), ("min(a, b)", "max(a, a)", "b")),
}
_LISTS: Mapping[str, Bodies] = {
    "total": (("sum(v)",), ("len(v)", "max(v)", "sum(v[1:])")),
    "count": (("len(v)",), ("sum(v)", "len(v) - 1", "v[1]")),
    "first": (("v[0]",), ("v[1]", "min(v)", "v[-1]")),
    "last": (("v[-1]",), ("v[0]", "max(v)", "v[1]")),
    "ordered": (("sorted(v)",), ("v", "sorted(v[1:])", "sum(v)")),
}
_NUMBER_INPUTS = ((7, 3), (2, 5), (4, 4), (3, 9))
_LIST_INPUTS = (([3, 1, 2, 2, 4],), ([5, 9, 7, 5],), ([8, 6],))
_NAMES = (("a", "b"), ("x", "y"), ("left", "right"))
_LIST_NAMES = (("values",), ("items",), ("data",))


@dataclass(frozen=True, kw_only=True)
class Task:
    """One function with names for its parameters: right bodies, wrong ones that the corpus has beside them, tests."""

    name: str
    header: str
    right: tuple[str, ...]
    wrong: tuple[str, ...]
    tests: tuple[str, ...]
    held_out: bool


def tasks() -> list[Task]:
    """Every function with every naming."""
    found = []
    kinds: tuple[tuple[Mapping[str, Bodies], Any, Any], ...] = (
        (_NUMBERS, _NAMES, _NUMBER_INPUTS),
        (_LISTS, _LIST_NAMES, _LIST_INPUTS),
    )
    for kind, namings, inputs in kinds:
        for (place, (name, (right, wrong))), (number, naming) in product(enumerate(kind.items()), enumerate(namings)):
            tests = [f"assert {name}({', '.join(map(repr, args))}) == {_result(right[0], args)!r}" for args in inputs]
            found.append(
                Task(
                    name=name, header=f"def {name}({', '.join(naming)}):\n", tests=tuple(tests),
                    right=tuple(_named(body, naming) for body in right),
                    wrong=tuple(_named(body, naming) for body in wrong),
                    held_out=(place + number) % len(namings) == 0,
                )
            )  # fmt: skip
    return found


def write(folder: Path, *, right: float = 0.15, documents: int = 4000, seed: int = 0) -> None:
    """Tokenizer, packed corpus, prompts and held-out prompts; `right` is the share of right bodies in the corpus."""
    folder.mkdir(parents=True, exist_ok=True)
    every = tasks()
    _tokenizer([f"{one.header}{body}" for one in every for body in (*one.right, *one.wrong)], folder / TOKENIZER)
    tokenizer = Tokenizer(folder / TOKENIZER)
    special = tokenizer.special_ids()
    with PackedWriter(
        folder / "packed", special_tokens=special, tokenizer_hash=tokenizer.hash, token_bytes=tokenizer.token_bytes
    ) as packed:
        for number in range(documents):
            one = every[int(chance(seed, "function", number) * len(every))]
            bodies = one.right if chance(seed, "right", number) < right else one.wrong
            # In two pieces, as prompt and answer are: their tokens meet where a prompt's end.
            prompt, answer = tokenizer.encode([one.header, bodies[int(chance(seed, "body", number) * len(bodies))]])
            packed.add([*prompt, *answer, special["end_of_text"]], language="Python")
    for name, held_out in (("prompts.jsonl", False), ("held_out.jsonl", True)):
        rows = [_prompt(one) for one in every if one.held_out is held_out]
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def pretraining(folder: Path, **changes: Any) -> PretrainConfig:
    """The configuration under which a small model learns the corpus of `write`, into FOLDER/pretrained."""
    raw: dict[str, Any] = {
        "out": folder / "pretrained",
        "model": "tiny-llama",
        "model_changes": {
            "d_model": 64,
            "d_ff": 172,
            "vocab_size": Tokenizer(folder / TOKENIZER).n_ids,
            "max_positions": 64,
            "init_std": 0.06,
        },
        "tokenizer": folder / TOKENIZER,
        "data": {"sources": [{"path": folder / "packed"}], "sequence_length": 64},
        "optimizer": {"lr": 6e-3, "warmup_steps": 10, "min_lr": 4e-4},
        "steps": 100,
        "global_batch": 16,
        "micro_batch": 16,
        "precision": "float32",
        "checkpoint": {"every": 10_000},
    }
    return parse(PretrainConfig, raw | changes, where="the toy's pretraining")


def reinforcement(folder: Path, **changes: Any) -> RlConfig:
    """The configuration under which that model learns to be right, into FOLDER/rl."""
    raw: dict[str, Any] = {
        "out": folder / "rl",
        "init_from": folder / "pretrained",
        "prompts": [folder / "prompts.jsonl"],
        "held_out": {
            "prompts": [folder / "held_out.jsonl"],
            "every": 10,
            "samples": 10,
            "temperature": 1.0,
            "top_p": 1.0,
        },
        "samples": 32,
        "max_tokens": 16,
        "prompts_per_step": 18,
        "rollout": {"batch": 576},
        "loss": {"updates": 2, "clip_high": 0.28},
        "optimizer": {"lr": 7e-4, "warmup_steps": 2, "weight_decay": 0.0, "betas": [0.9, 0.99]},
        "steps": 40,
        "micro_batch": 128,
        "precision": "float32",
        "checkpoint": {"every": 10_000},
    }
    return parse(RlConfig, raw | changes, where="the toy's reinforcement")


def _named(body: str, naming: tuple[str, ...]) -> str:
    """A body's line, with its parameters' names put in; all other names in bodies are longer than a letter."""
    letters = dict(zip("ab" if len(naming) == 2 else "v", naming, strict=True))
    return f"    return {re.sub(r'[A-Za-z_]+', lambda found: letters.get(found[0], found[0]), body)}\n"


def _result(body: str, args: tuple[Any, ...]) -> Any:
    """What a right body gives: these are our own texts, evaluated here."""
    return eval(body, {}, dict(zip("ab" if len(args) == 2 else "v", args, strict=True)))


def _prompt(one: Task) -> dict[str, Any]:
    return {
        "id": one.header.partition(":")[0], "prompt": one.header, "language": "Python", "tests": list(one.tests),
        "entry_point": one.name,
    }  # fmt: skip


def _tokenizer(texts: list[str], path: Path) -> None:
    """A byte-level vocabulary of the corpus's words, laid out like those of `train.tokenizer_training`."""
    backend = Backend(models.BPE())
    split = pre_tokenizers.Split(Regex(PATTERN), "isolated")
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=512,
        special_tokens=[AddedToken(token, special=True, normalized=False) for token in ids()],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(texts, trainer)
    assert backend.token_to_id(END_OF_TEXT) is not None
    part = path.with_name(f"{path.name}.part")
    part.write_text(backend.to_str(), encoding="utf-8")
    os.replace(part, path)
