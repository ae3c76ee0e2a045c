"""Instruction data from function-comment pairs: code generation, comments and explanations, in English and Chinese.

    generation    "Write a Python function `add` ... <comment>"     -> the code
    comment       "Add a comment to this Python function ... <code>" -> the code with its comment
    explanation   "What does this Python function do? <code>"        -> the comment

Each in several phrasings. Which task and phrasing a pair gets is a function of a seed and its pair_id.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from curate.errors import RunFailed, WrongUse
from curate.shards import Run
from train.chance import chance

TASKS = ("generation", "comment", "explanation")

_ENGLISH: dict[str, tuple[str, ...]] = {
    "generation": (
        "Write a {language} {kind} `{name}` that does the following.\n\n{comment}",
        "{comment}\n\nImplement this in {language}. Its signature is:\n\n{signature}",
        "I need a {kind} in {language} with this signature:\n\n{signature}\n\nIts documentation reads:\n\n{comment}",
        "Please complete this {language} {kind}.\n\n{signature}\n\nIt should behave like this: {comment}",
    ),
    "comment": (
        "Add a documentation comment to this {language} {kind}.\n\n{code}",
        "This {language} {kind} has no documentation. Write it, and leave the code as it is.\n\n{code}",
        "{code}\n\nPlease document the {kind} `{name}` above.",
    ),
    "explanation": (
        "What does this {language} {kind} do?\n\n{code}",
        "Explain this {language} code.\n\n{code}",
        "{code}\n\nDescribe in words what `{name}` does.",
        "I am reading some {language}. What is the purpose of the {kind} `{name}`?\n\n{code}",
    ),
}
_CHINESE: dict[str, tuple[str, ...]] = {
    "generation": (
        "请用{language}编写一个{kind}`{name}`，功能如下：\n\n{comment}",
        "{comment}\n\n请用{language}实现上述功能，签名为：\n\n{signature}",
        "请补全下面的{language}{kind}。\n\n{signature}\n\n要求：{comment}",
    ),
    "comment": (
        "请为下面的{language}{kind}添加注释。\n\n{code}",
        "下面的{language}{kind}缺少文档，请写出文档注释，不要修改代码。\n\n{code}",
        "{code}\n\n请给上面的{kind}`{name}`写注释。",
    ),
    "explanation": (
        "下面的{language}{kind}有什么作用？\n\n{code}",
        "请解释这段{language}代码。\n\n{code}",
        "{code}\n\n请用文字说明`{name}`的功能。",
    ),
}
_KINDS = {"function": "函数", "method": "方法", "class": "类"}
_FENCE_NAMES = {"C++": "cpp", "C#": "csharp", "Objective-C": "objectivec", "Shell": "bash"}
_COLUMNS = (
    "pair_id", "file_id", "language", "kind", "name", "signature", "comment", "comment_language", "code",
    "code_with_comment", "repo", "path", "licence", "drop_reason",
)  # fmt: skip
_ROWS = 1024


@dataclass(frozen=True, kw_only=True)
class InstructionConfig:
    """Which tasks are made of a pair."""

    tasks: Sequence[str] = TASKS
    every_task: bool = False  # a sample of each task for every pair, instead of one by chance
    min_explanation_characters: int = 40  # shorter comments are no answer to "what does this do?"
    seed: int = 0

    def __post_init__(self) -> None:
        unknown = [task for task in self.tasks if task not in TASKS]
        if unknown or not self.tasks:
            raise WrongUse(f"the tasks are {', '.join(self.tasks) or 'none'}; there are {', '.join(TASKS)}")


def write_instructions(runs: Sequence[Run], out: Path, config: InstructionConfig) -> dict[str, int]:
    """Chat JSONL of all kept pairs of runs, whole or not at all; gives samples by task. RunFailed without any pair."""
    counts: Counter[str] = Counter()
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(out.name + ".part")
    with part.open("w", encoding="utf-8") as file:
        for sample in (sample for run in runs for pair in pairs(run) for sample in samples_of(pair, config)):
            file.write(json.dumps(sample, ensure_ascii=False) + "\n")
            counts[sample["task"]] += 1
    if not counts:
        part.unlink()
        folders = ", ".join(str(run.folder) for run in runs)
        raise RunFailed(f"{folders} hold no pairs: run a recipe whose stage syntax has `pairs: {{}}`")
    os.replace(part, out)
    return dict(sorted(counts.items()))


def pairs(run: Run) -> Iterator[dict[str, Any]]:
    """Kept pairs of a run, in the order of its files (curate.schema.PAIR)."""
    for path in run.files("pairs/"):
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_ROWS, columns=list(_COLUMNS)):
                yield from (pair for pair in batch.to_pylist() if pair["drop_reason"] is None)


def samples_of(pair: Mapping[str, Any], config: InstructionConfig) -> Iterator[dict[str, Any]]:
    """The chats of one pair: one of a task that chance names, or one of each."""
    tasks = [task for task in config.tasks if task != "explanation" or _explains(pair, config)]
    if tasks and not config.every_task:
        tasks = [tasks[int(chance(config.seed, "task", pair["pair_id"]) * len(tasks))]]
    for task in tasks:
        yield {
            "id": f"{pair['pair_id']}-{task}",
            "task": task,
            "messages": [
                {"role": "user", "content": _question(pair, task, config.seed)},
                {"role": "assistant", "content": _answer(pair, task)},
            ],
            "meta": {name: pair[name] for name in ("pair_id", "file_id", "language", "repo", "path", "licence")},
        }


def _explains(pair: Mapping[str, Any], config: InstructionConfig) -> bool:
    return len(pair["comment"]) >= config.min_explanation_characters


def _question(pair: Mapping[str, Any], task: str, seed: int) -> str:
    in_chinese = pair["comment_language"] == "Chinese"
    phrasings = (_CHINESE if in_chinese else _ENGLISH)[task]
    phrasing = phrasings[int(chance(seed, task, pair["pair_id"]) * len(phrasings))]
    return phrasing.format(
        language=pair["language"],
        kind=_KINDS[pair["kind"]] if in_chinese else pair["kind"],
        name=pair["name"],
        comment=pair["comment"],
        signature=fenced(pair["signature"], pair["language"]),
        code=fenced(pair["code"], pair["language"]),
    )


def _answer(pair: Mapping[str, Any], task: str) -> str:
    if task == "explanation":
        return pair["comment"]
    return fenced(pair["code_with_comment" if task == "comment" else "code"], pair["language"])


def fenced(code: str, language: str) -> str:
    """Code in a Markdown fence that is longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall("`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{_FENCE_NAMES.get(language, language.lower())}\n{code.rstrip()}\n{fence}"
