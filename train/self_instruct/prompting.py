"""What is said to the model, and what its words mean.

It is asked for tasks between lines `<task>` and `</task>`, and for an answer with tests between `<answer>` and
`<tests>`. A model's thinking before its answer (`<think>...</think>`) is no part of tasks and tests.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from train.evaluate.generators.protocol import Message
from train.self_instruct.seeds import Kind

_ABOUT = {
    "generation": "write a piece of code from a description of what it shall do",
    "comment": "write the documentation comment of code that the task holds",
    "explanation": "explain code that the task holds",
    "translation": "translate code that the task holds into another programming language",
    "test": "write test cases for code that the task holds",
    "completion": "complete code of which the task holds the beginning",
}
_THOUGHT = re.compile(r"\A\s*<think>.*?</think>\s*", re.DOTALL)
_TASK = re.compile(r"^[ \t]*<task>[ \t]*\n(.*?)^[ \t]*</task>[ \t]*$", re.DOTALL | re.MULTILINE)
_PART = {
    name: re.compile(rf"^[ \t]*<{name}>[ \t]*\n(.*?)^[ \t]*</{name}>[ \t]*$", re.DOTALL | re.MULTILINE)
    for name in ("answer", "tests")
}
_SYSTEM = "You write training tasks for a programming assistant."


def ask_for_tasks(kind: Kind, examples: Sequence[str], number: int) -> tuple[Message, ...]:
    """A prompt for `number` new tasks after examples."""
    shown = "\n\n".join(f"<task>\n{example}\n</task>" for example in examples)
    about = f", in which the assistant shall {_ABOUT[kind.task]}" if kind.task in _ABOUT else ""
    programs = f" All code is {kind.language}; source and target, where there are two, are named." * (
        kind.language != "Unknown"
    )
    asked = (
        f"Here are tasks of the kind `{kind.task}` that people gave to a programming assistant{about}:\n\n{shown}\n\n"
        f"Write {number} new tasks of this kind, in {kind.words}.{programs} Each must differ from those above and from "
        "each other in what it is about, not only in names or wording: vary field, difficulty, length and the way it "
        "is asked. Each must be clear without any other file or page, and hold all code that it is about, whole and in "
        "a fenced block. Do not use tasks of well-known benchmarks. Do not answer them. Write each between a line "
        "<task> and a line </task>, and nothing else."
    )
    return (("system", _SYSTEM), ("user", asked))


def tasks_in(text: str, most: int) -> list[str]:
    """The first `most` tasks of a reply; one that was cut off is none."""
    found = (match[1].strip("\n").rstrip() for match in _TASK.finditer(_THOUGHT.sub("", text)))
    return [task for task in found if task][:most]


def ask_for_answer(task: str, *, tested: bool) -> tuple[Message, ...]:
    """A task as a user says it; where it is tested with a word on how to answer."""
    if not tested:
        return (("user", task),)
    how = (
        "Reply in two parts. Between a line <answer> and a line </answer>: the answer as a user shall see it, its "
        "Python code in one fenced block, needing the standard library only. Between a line <tests> and a line "
        "</tests>: 3 to 8 Python assert statements, one a line, that call what the code defines and hold exactly when "
        "it does what is asked; no imports of it, no fences."
    )
    return (("user", f"{task}\n\n{how}"),)


class Reply(NamedTuple):
    """An answer, and the tests that came with it; None for what was asked for and is not there."""

    answer: str | None
    tests: str | None


def reply_in(text: str, *, tested: bool) -> Reply:
    """The parts of a reply. One that is not tested is its answer, thinking included."""
    if not tested:
        return Reply(text.strip(), None)
    text = _THOUGHT.sub("", text)
    found = {name: pattern.search(text) for name, pattern in _PART.items()}
    told = {name: match[1].strip("\n").rstrip() if match else None for name, match in found.items()}
    return Reply(told["answer"], told["tests"])


def said(answer: str) -> str:
    """An answer without the thinking before it."""
    return _THOUGHT.sub("", answer)
