"""One pair as chats: generation, comment, explanation and completion, each with its question, its answer and its rules.

    generation    signature and what the comment says       -> the code
    comment       the code                                  -> the code with its comment
    explanation   the code                                  -> what the comment says, in words alone
    completion    the code's beginning, half the time with its comment   -> the whole of it, or what is missing

Which task, phrasing and cut a pair gets is a function of a seed and its pair_id.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from curate.errors import WrongUse
from train.chance import chance
from train.instruct.markdown import fenced
from train.instruct.phrasings import asked, kind_of
from train.instruct.prose import description, specification

OF_ONE_PAIR = ("generation", "comment", "explanation", "completion")
JOINED = (
    "translation",
    "test",
)  # of two pairs, and of a pair and a file: train.instruct.parallel, train.instruct.tested
TASKS = (*OF_ONE_PAIR, *JOINED)
Pair = Mapping[str, Any]
Sample = dict[str, Any]
_WORD = re.compile(r"\w+")
# Where documentation has marks of its own, a plain comment before a function is a note to whoever maintains it.
_MARKED = frozenset((
    "Python", "Java", "Kotlin", "Scala", "Groovy", "C#", "Rust", "JavaScript", "TypeScript", "PHP", "Haskell", "Swift",
    "Dart",
))  # fmt: skip
_META = ("pair_id", "file_id", "language", "repo", "path", "licence")


@dataclass(frozen=True, kw_only=True)
class InstructionConfig:
    """Which tasks are made of a pair. Limits are inclusive."""

    tasks: Sequence[str] = TASKS
    every_task: bool = False  # a sample of each task of one pair for every pair, instead of one by chance
    min_description_words: int = 4  # beside tags; "@since 2.0.0" and "Port listener" describe nothing
    min_explanation_characters: int = 40  # shorter descriptions are no answer to "what does this do?"
    min_body_words: int = 5  # beyond the signature; `return false` is nothing to ask for or about
    max_class_lines: int = 40  # of a class to be written from its description, which does not say more
    min_completion_lines: int = 6  # shorter code has no beginning that leaves something to do
    chinese: float = 0.2  # of questions without prose so many are in Chinese; others are in their comment's language
    seed: int = 0

    def __post_init__(self) -> None:
        unknown = [task for task in self.tasks if task not in TASKS]
        if unknown or not self.tasks:
            raise WrongUse(f"the tasks are {', '.join(self.tasks) or 'none'}; there are {', '.join(TASKS)}")
        if not 0 <= self.chinese <= 1:
            raise WrongUse(f"chinese is {self.chinese}: a share is from 0 to 1")


def samples_of(pair: Pair, config: InstructionConfig) -> Iterator[Sample]:
    """The chats of one pair: one of a task that chance names, or one of each; none where it is fit for none."""
    if is_trivial(pair, config):
        return
    told = description(pair["comment"], pair["language"])
    tasks = [task for task in config.tasks if task in OF_ONE_PAIR and _fits(pair, task, told, config)]
    if tasks and not config.every_task:
        tasks = [tasks[int(chance(config.seed, "task", pair["pair_id"]) * len(tasks))]]
    for task in tasks:
        yield _of_comment(pair, task, told, config) if task != "completion" else _completion(pair, config)


def _fits(pair: Pair, task: str, told: str, config: InstructionConfig) -> bool:
    """Whether a pair is fit for a task. Nobody can guess the fields of a struct or an interface: they do not run."""
    n_lines = pair["code"].rstrip().count("\n") + 1
    runs = kind_of(pair["kind"], pair["signature"] or "", pair["code"]) in ("function", "method", "class")
    if task == "completion":
        return runs and n_lines >= config.min_completion_lines
    if not _describes(told, pair, config):
        return False
    if task == "generation":
        return runs and (pair["kind"] != "class" or n_lines <= config.max_class_lines)
    return task == "comment" or len(told) >= config.min_explanation_characters


def is_trivial(pair: Pair, config: InstructionConfig) -> bool:
    """Whether code has next to nothing beyond its signature."""
    n_words = len(_WORD.findall(pair["code"])) - len(_WORD.findall(pair["signature"] or ""))
    return n_words < config.min_body_words


def question(pair: Pair, task: str, config: InstructionConfig, *, phrasing: str | None = None, **words: str) -> str:
    """What is asked, in the comment's language, or where no comment is shown by chance in Chinese."""
    number = chance(config.seed, task, pair["pair_id"])
    in_chinese = pair["comment_language"] == "Chinese"
    if task in (*JOINED, "completion"):
        in_chinese = in_chinese or chance(config.seed, "words", task, pair["pair_id"]) < config.chinese
    kind = kind_of(pair["kind"], pair["signature"] or "", pair["code"])
    return asked(
        phrasing or task,
        number,
        in_chinese=in_chinese,
        kind=kind,
        language=pair["language"],
        name=pair["name"],
        **words,
    )


def sample(pair: Pair, task: str, asked_for: str, answer: str, **meta: Any) -> Sample:
    """A chat of one question and its answer (SCHEMAS: Chat)."""
    return {
        "id": f"{pair['pair_id']}-{task}",
        "task": task,
        "messages": [{"role": "user", "content": asked_for}, {"role": "assistant", "content": answer}],
        "meta": {name: pair[name] for name in _META} | meta,
    }


def _describes(told: str, pair: Pair, config: InstructionConfig) -> bool:
    """Whether a comment is documentation with words enough. A text without spaces has one a character."""
    if pair["doc_style"] == "plain" and pair["language"] in _MARKED:
        return False
    n_words = len(told) if pair["comment_language"] == "Chinese" else len(_WORD.findall(told))
    return n_words >= config.min_description_words


def _of_comment(pair: Pair, task: str, told: str, config: InstructionConfig) -> Sample:
    language = pair["language"]
    asked_for = question(
        pair, task, config, told=specification(pair["comment"], language), code=fenced(pair["code"], language),
        signature=fenced(pair["signature"], language),
    )  # fmt: skip
    if task == "explanation":
        return sample(pair, task, asked_for, told)
    return sample(pair, task, asked_for, fenced(pair["code_with_comment" if task == "comment" else "code"], language))


def _completion(pair: Pair, config: InstructionConfig) -> Sample:
    def draw(what: str) -> float:
        return chance(config.seed, "completion", what, pair["pair_id"])

    whole = pair["code_with_comment"] if draw("comment") < 0.5 else pair["code"]
    lines = whole.rstrip().split("\n")
    # A comment stands before the signature or right behind it: what is cut off is code.
    head = len(lines) - len(pair["code"].rstrip().split("\n")) + (pair["signature"] or "").count("\n") + 2
    low = min(max(head, math.ceil(len(lines) / 4)), len(lines) - 2)
    high = max(low, len(lines) * 3 // 4)
    cut = low + int(draw("cut") * (high - low + 1))
    start = fenced("\n".join(lines[:cut]), pair["language"])
    if draw("rest") < 0.5:
        asked_for = question(pair, "completion", config, phrasing="completion_rest", start=start)
        return sample(pair, "completion", asked_for, fenced("\n".join(lines[cut:]), pair["language"]))
    asked_for = question(pair, "completion", config, start=start)
    return sample(pair, "completion", asked_for, fenced(whole, pair["language"]))
