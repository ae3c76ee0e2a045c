"""Comment generation: a function without its comment; what the model says of it is compared with what was said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from train.evaluate.bleu import sentence_bleu
from train.evaluate.completions import Completion
from train.evaluate.generators.protocol import Request
from train.evaluate.problems import Problem
from train.evaluate.tasks.prompting import Question, Style, comment, comment_mark, fenced, request


@dataclass(frozen=True, kw_only=True)
class Commenting:
    """Code -> comment, scored by smoothed BLEU-4 (`bleu`). Problems without words for what they do are left out."""

    problems: Sequence[Problem]
    words: str = "en"  # the language of the comment: en or zh, as far as the benchmark has it
    style: Style = "base"
    examples: Sequence[Problem] = ()
    name: str = "comment"
    scores: Sequence[str] = ("bleu",)

    def requests(self) -> list[Request]:
        """One for each problem that has a comment in the language asked for."""
        shown = [asked(example, self.words) for example in self.examples]
        told = (problem for problem in self.problems if self.words in problem.about)
        return [request(problem, asked(problem, self.words), self.style, ("\n",), shown) for problem in told]

    def judge(self, completions: Sequence[Completion]) -> Iterator[dict[str, Any]]:
        """Scores each against the benchmark's own words."""
        about = {problem.task_id: problem.about[self.words] for problem in self.problems if self.words in problem.about}
        for one in completions:
            score = sentence_bleu(said(one.text), about[one.task_id], chinese=self.words == "zh")
            yield {"task_id": one.task_id, "sample": one.sample, "outcome": "scored", "seconds": 0.0, "detail": "",
                   "scores": {"bleu": round(score, 6)}}  # fmt: skip


def asked(problem: Problem, words: str) -> Question:
    """A problem as a question."""
    code = f"{problem.declaration().rstrip()}\n{problem.canonical.rstrip()}" if problem.stands else problem.canonical
    say = {
        "en": "Say in one to three sentences what this function does. Answer with these sentences alone.",
        "zh": "用一到三句话说明这个函数的作用。只回答这几句话。",
    }
    head = {"en": "What the function above does:", "zh": "上面函数的作用："}[words]
    base = f"{code.rstrip()}\n\n{comment(head, problem.language)}{comment_mark(problem.language)}"
    about = problem.about.get(words, "")
    chat = f"{say[words]}\n\n{fenced(code, problem.language)}"
    return Question(base=base, chat=chat, base_answer=f" {about}\n", chat_answer=about)


def said(text: str) -> str:
    """A model's comment without comment marks, fences and line ends."""
    text = re.sub(r"```[\w+#]*", " ", text)
    lines = (re.sub(r"^\s*(?:///?|#+|/?\*+/?|--|\"\"\"|''')\s?", "", line) for line in text.splitlines())
    return " ".join(" ".join(lines).replace('"""', " ").replace("*/", " ").split())
