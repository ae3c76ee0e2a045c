"""A task by its name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

from curate.errors import WrongUse
from train.evaluate.problems import Problem
from train.evaluate.tasks.comment import Commenting
from train.evaluate.tasks.completion import Completing
from train.evaluate.tasks.prompting import Style, Task
from train.evaluate.tasks.testing import WritingTests
from train.evaluate.tasks.translation import Translating, number
from train.sandbox.limits import Limits
from train.sandbox.pool import Sandbox

Name = Literal["completion", "translation", "comment", "tests"]


def open_task(
    name: str, problems: Sequence[Problem], sandbox: Sandbox, *, limits: Limits, style: Style = "base",
    examples: Sequence[Problem] = (), sources: Sequence[Problem] = (), words: str = "en",
) -> Task:  # fmt: skip
    """A task on problems. Raises WrongUse for an unknown name, style or language of words, and for missing sources."""
    if name not in get_args(Name):
        raise WrongUse(f"no task {name!r}: there are {', '.join(get_args(Name))}")
    if style not in get_args(Style):
        raise WrongUse(f"no style {style!r}: there are {', '.join(get_args(Style))}")
    if name == "completion":
        return Completing(problems=problems, sandbox=sandbox, limits=limits, style=style, examples=examples)
    if name == "tests":
        return WritingTests(problems=problems, sandbox=sandbox, limits=limits, style=style, examples=examples)
    if name == "comment":
        if words not in ("en", "zh"):
            raise WrongUse(f"no words {words!r}: comments are in en or zh")
        return Commenting(problems=problems, words=words, style=style, examples=examples)
    if not sources:
        raise WrongUse("translation needs the same tasks in the source language: name their file with --translate-from")
    by_number = {number(source): source for source in sources}
    pairs = [(by_number[number(example)], example) for example in examples if number(example) in by_number]
    return Translating(problems=problems, sources=sources, sandbox=sandbox, limits=limits, style=style, examples=pairs)
