"""Prompts for base models and for models that chat, with examples before the question where some are given."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from train.evaluate.completions import Completion
from train.evaluate.generators.protocol import Message, Request
from train.evaluate.problems import Problem

Style = Literal["base", "chat"]
FENCES: Mapping[str, str] = {"C++": "cpp"}  # where it is not the language's name in small letters


@dataclass(frozen=True, kw_only=True)
class Question:
    """One problem as it is put to a model, in both styles, with the right answer for when it serves as an example."""

    base: str  # text that a model goes on with
    chat: str  # what a user says
    base_answer: str = ""
    chat_answer: str = ""


class Task(Protocol):
    """One kind of work on one benchmark."""

    @property
    def name(self) -> str:
        """completion, translation, comment or tests."""
        ...

    @property
    def problems(self) -> Sequence[Problem]:
        """What is asked."""
        ...

    @property
    def scores(self) -> Sequence[str]:
        """Names of what rows are scored by; () where rows pass or fail."""
        ...

    def requests(self) -> list[Request]:
        """A prompt for each problem."""
        ...

    def judge(self, completions: Sequence[Completion]) -> Iterator[dict[str, Any]]:
        """A row of results for each completion, in order."""
        ...


def request(
    problem: Problem, question: Question, style: Style, stops: Sequence[str], examples: Sequence[Question]
) -> Request:
    """The question after its examples: base texts side by side with an empty line between, chat as turns."""
    if style == "base":
        shown = [f"{one.base}{one.base_answer}".rstrip() + "\n\n\n" for one in examples]
        return Request(task_id=problem.task_id, prompt="".join(shown) + question.base, stops=tuple(stops))
    turns: list[Message] = []
    for one in examples:
        turns += [("user", one.chat), ("assistant", one.chat_answer)]
    turns.append(("user", question.chat))
    return Request(task_id=problem.task_id, prompt=question.chat, chat=tuple(turns))


def fenced(code: str, language: str) -> str:
    """Code as a block of Markdown."""
    return f"```{FENCES.get(language, language.lower())}\n{code.rstrip()}\n```"


def in_chinese(text: str) -> bool:
    """Whether a text is to be answered in Chinese: it has Chinese characters."""
    return re.search(r"[\u4e00-\u9fff]", text) is not None


def comment(text: str, language: str) -> str:
    """A text as line comments."""
    return "".join(f"{comment_mark(language)} {line}".rstrip() + "\n" for line in text.splitlines())


def comment_mark(language: str) -> str:
    """What begins a line comment."""
    return "#" if language == "Python" else "//"
