"""Prompts with tests: JSONL in, and what a generator and the jail need of each.

A row is {"id", "prompt" | "messages", "language", "tests", "entry_point", "time_limit_s", "memory_mb"}. A `prompt` that
begins the function of `entry_point` is gone on with; otherwise the answer is the whole program, and of an answer to
`messages` its fenced block is. `tests` is a text or a list of assertions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from curate.errors import WrongUse
from train.chat import ROLES, ChatTokens, RoleNames
from train.chat_formats import Turn
from train.evaluate.answers import cut, stops
from train.evaluate.problems import Problem, rows
from train.evaluate.refusal import refuse_evaluation_files
from train.order import key_of, shuffled
from train.rl.config import RewardConfig
from train.sandbox.languages import BY_NAME
from train.sandbox.limits import Limits
from train.sandbox.trial import Trial
from train.special_tokens import END_OF_TEXT
from train.tokenizer import Tokenizer


@dataclass(frozen=True, kw_only=True)
class RlPrompt:
    """One prompt: its tokens, the texts that end an answer, and how an answer becomes a trial."""

    id: str
    tokens: tuple[int, ...]
    stops: tuple[str, ...]
    problem: Problem
    limits: Limits
    warm: bool = True

    def trial(self, answer: str) -> Trial:
        """What the jail judges."""
        trial = self.problem.trial(cut(self.problem, answer), self.limits)
        return trial if self.warm else replace(trial, warm=False)


def load_prompts(
    paths: Iterable[Path],
    tokenizer: Tokenizer,
    *,
    reward: RewardConfig,
    longest: int,
    own_stops: Sequence[str] | None = None,
    roles: RoleNames = "chatml",
) -> list[RlPrompt]:
    """All prompts of the files, in their order; messages are ChatML with these names of roles.

    WrongUse for evaluation files, for a row that lacks something, for an id that comes twice, and for a prompt of more
    than `longest` tokens.
    """
    paths = list(paths)
    refuse_evaluation_files(paths)
    found: dict[str, RlPrompt] = {}
    for path in paths:
        for number, row in enumerate(rows(path), 1):
            place = f"{path}, row {number}"
            tokens = _tokens(row, place, tokenizer, roles)
            prompt = _prompt(row, tokens, place, reward, own_stops)
            if prompt.id in found:
                raise WrongUse(f"{path}, row {number}: the id {prompt.id!r} comes twice: give each prompt its own")
            if len(prompt.tokens) > longest:
                raise WrongUse(
                    f"{path}, row {number}: the prompt has {len(prompt.tokens)} tokens, over {longest}, what the "
                    "model's longest sequence leaves beside max_tokens: lower max_tokens, or take the prompt out"
                )
            found[prompt.id] = prompt
    if not found:
        raise WrongUse(f"{', '.join(map(str, paths))}: there is no prompt: make some with `codemill prompts`")
    return list(found.values())


def draw(n_prompts: int, begin: int, n: int, seed: int) -> list[int]:
    """Which prompts stand at the places `begin` to `begin + n - 1` of an endless order, shuffled anew in each pass."""
    found = []
    for place in range(begin, begin + n):
        epoch, at = divmod(place, n_prompts)
        found.append(int(shuffled(np.array([at]), n_prompts, key_of(seed, "prompts", epoch))[0]))
    return found


def _tokens(row: Mapping[str, Any], place: str, tokenizer: Tokenizer, roles: RoleNames) -> tuple[int, ...]:
    if {"id", "tests"} - row.keys() or ("prompt" in row) == ("messages" in row):
        raise WrongUse(
            f"{place}: an RL prompt has id, tests, and one of prompt and messages; this has {', '.join(row)}"
        )
    if "prompt" in row:
        return tuple(tokenizer.encode([str(row["prompt"])])[0] or [tokenizer.special(END_OF_TEXT)])
    if not isinstance(row["messages"], list) or not row["messages"]:
        raise WrongUse(f"{place}: messages is a list of role and content")
    turns = [Turn(str(one.get("role")), str(one.get("content"))) for one in row["messages"]]
    unknown = {turn.role for turn in turns} - ROLES[roles].keys()
    if unknown:
        raise WrongUse(f"{place}: no role {min(unknown)!r}: there are {', '.join(ROLES[roles])}")
    return tuple(ChatTokens(tokenizer, roles).prompt(turns))


def _prompt(
    row: Mapping[str, Any], tokens: tuple[int, ...], place: str, reward: RewardConfig, own_stops: Sequence[str] | None
) -> RlPrompt:
    language = str(row.get("language") or "Python")
    if language not in BY_NAME:
        raise WrongUse(f"{place}: no language {language!r}: there are {', '.join(BY_NAME)}")
    text = str(row.get("prompt") or "")
    problem = Problem(
        task_id=str(row["id"]), language=language, prompt=text, canonical="", tests=_tests(row, language),
        entry_point=row.get("entry_point"), stands=_stands(text, language, row.get("entry_point")),
    )  # fmt: skip
    limits = Limits(
        cpu_s=float(row.get("time_limit_s") or reward.cpu_seconds),
        memory_mb=int(row.get("memory_mb") or reward.memory_mb),
    )
    ends = own_stops if own_stops is not None else stops(problem) if "prompt" in row else ()
    return RlPrompt(
        id=problem.task_id, tokens=tokens, stops=tuple(ends),
        problem=problem, limits=limits, warm=reward.warm,
    )  # fmt: skip


def _tests(row: Mapping[str, Any], language: str) -> str:
    tests, name = row["tests"], row.get("entry_point")
    text = "\n".join(map(str, tests)) if isinstance(tests, list) else str(tests)
    if language == "Python" and name and "def check(" in text and f"check({name})" not in text:
        text = f"{text}\ncheck({name})\n"
    return text


def _stands(text: str, language: str, name: str | None) -> bool:
    """Whether a text begins the function of that name."""
    if not text or not name:
        return False
    if language == "Python":
        return re.search(rf"^\s*(?:async\s+)?def\s+{re.escape(name)}\s*\(", text, flags=re.MULTILINE) is not None
    probe = Problem(task_id="", language=language, prompt=text, canonical="", tests="", entry_point=name)
    return probe.header() != "\0"
