"""Code completion: a function's head and what it shall do, or a sentence; the tests judge the function."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from train.evaluate.answers import cut, stops
from train.evaluate.completions import Completion
from train.evaluate.generators.protocol import Request
from train.evaluate.problems import Problem
from train.evaluate.tasks.prompting import Question, Style, fenced, in_chinese, request
from train.sandbox.limits import Limits
from train.sandbox.pool import Sandbox


@dataclass(frozen=True, kw_only=True)
class Completing:
    """Prompt -> function."""

    problems: Sequence[Problem]
    sandbox: Sandbox
    limits: Limits
    style: Style = "base"
    examples: Sequence[Problem] = ()
    name: str = "completion"
    scores: Sequence[str] = ()

    def requests(self) -> list[Request]:
        """For base models the prompt itself, where it begins a program; else a docstring of it and its first test."""
        shown = [asked(example) for example in self.examples]
        return [request(problem, asked(problem), self.style, stops(problem), shown) for problem in self.problems]

    def judge(self, completions: Sequence[Completion]) -> Iterator[dict[str, Any]]:
        """Runs each in the sandbox."""
        return run(self.problems, completions, self.sandbox, self.limits)


def run(
    problems: Sequence[Problem], completions: Sequence[Completion], sandbox: Sandbox, limits: Limits
) -> Iterator[dict[str, Any]]:
    """Verdicts on completions, cut to the function, as rows of results."""
    by_id = {problem.task_id: problem for problem in problems}
    trials = (by_id[one.task_id].trial(cut(by_id[one.task_id], one.text), limits) for one in completions)
    for one, verdict in zip(completions, sandbox.map(trials), strict=True):
        yield verdict.row(one.task_id, one.sample)


def asked(problem: Problem) -> Question:
    """A problem as a question."""
    language = problem.language
    whole = fenced(problem.program(problem.canonical), language)
    if problem.stands:
        say = (
            f"补全下面的 {language} 函数。用一个代码块给出完整的函数，包括它需要的导入。"
            if in_chinese(problem.prompt)
            else f"Complete the following {language} function. Answer with the whole function, and the imports that it "
            "needs, in one code block."
        )
        chat = f"{say}\n\n{fenced(problem.prompt, language)}"
        return Question(base=problem.prompt, chat=chat, base_answer=problem.canonical, chat_answer=whole)
    test = next((line for line in problem.tests.splitlines() if line.startswith("assert")), "")
    base = f'"""\n{problem.prompt}\n{test}\n"""\n'
    chat = (
        f"{problem.prompt} Answer with the {language} function in one code block. It must pass this test:\n\n"
        f"{fenced(test, language)}"
    )
    return Question(base=base, chat=chat, base_answer=problem.canonical, chat_answer=whole)
