"""Translation between the languages of HumanEval-X: a whole function in one, the same function in the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from curate.errors import WrongUse
from train.evaluate.answers import stops
from train.evaluate.completions import Completion
from train.evaluate.generators.protocol import Request
from train.evaluate.problems import Problem
from train.evaluate.tasks.completion import run
from train.evaluate.tasks.prompting import Question, Style, fenced, request
from train.sandbox.limits import Limits
from train.sandbox.pool import Sandbox


@dataclass(frozen=True, kw_only=True)
class Translating:
    """Declaration and solution in the source language, declaration in the target's -> body in the target's.

    The prompt has neither comment nor example, so that it is the code that is translated. Laid out as in CodeGeeX's
    evaluation of HumanEval-X. What comes back is judged behind the problem's own prompt, which declares the same.
    """

    problems: Sequence[Problem]  # in the target language
    sources: Sequence[Problem]  # the same tasks in the source language
    sandbox: Sandbox
    limits: Limits
    style: Style = "base"
    examples: Sequence[tuple[Problem, Problem]] = ()  # source, target
    name: str = "translation"
    scores: Sequence[str] = ()

    def requests(self) -> list[Request]:
        """One for each problem that has a source. Raises WrongUse where one has none."""
        by_number = {number(problem): problem for problem in self.sources}
        shown = [asked(source, target) for source, target in self.examples]
        made = []
        for problem in self.problems:
            source = by_number.get(number(problem))
            if source is None:
                raise WrongUse(f"{problem.task_id} has no counterpart to translate from: give the same tasks twice")
            made.append(request(problem, asked(source, problem), self.style, stops(problem), shown))
        return made

    def judge(self, completions: Sequence[Completion]) -> Iterator[dict[str, Any]]:
        """Runs each in the sandbox."""
        return run(self.problems, completions, self.sandbox, self.limits)


def number(problem: Problem) -> str:
    """What a task is called in every language: the part of its id behind the language."""
    return problem.task_id.rpartition("/")[2]


def asked(source: Problem, target: Problem) -> Question:
    """A pair as a question."""
    given = f"{source.declaration().rstrip()}\n{source.canonical.rstrip()}"
    wanted = target.declaration()
    base = f"code translation\n{source.language}:\n{given}\n{target.language}:\n{wanted}"
    chat = (
        f"Translate this {source.language} function to {target.language}. Answer with the whole {target.language} "
        f"function in one code block.\n\n{fenced(given, source.language)}\n\nIt begins so:\n\n"
        f"{fenced(wanted, target.language)}"
    )
    whole = fenced(f"{wanted}{target.canonical}", target.language)
    return Question(base=base, chat=chat, base_answer=target.canonical, chat_answer=whole)
