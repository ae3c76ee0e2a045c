"""Test generation: a function with its solution; the assertions that the model writes for it are put to the test.

- `validity`: share of the assertions that hold for the canonical solution.
- `kill_rate`: share of mutants that the valid assertions, together, tell from the canonical solution. Mutants are those
  that the benchmark's own tests tell from it, so that equivalent ones do not count; None where there is none.
- `line_coverage`: share of the solution's lines inside functions that the valid assertions run; Python only.
An answer without an assertion scores 0 in each. Everything runs in the sandbox.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from curate.errors import WrongUse
from train.evaluate.completions import Completion
from train.evaluate.generators.protocol import Request
from train.evaluate.mutants import fate, mutants
from train.evaluate.problems import Problem
from train.evaluate.tasks.assertions import LEADS, found, seen, tests, traced
from train.evaluate.tasks.prompting import Question, Style, comment, fenced, request
from train.sandbox.limits import Limits
from train.sandbox.pool import Sandbox
from train.sandbox.trial import Trial, Verdict

_EXAMPLE: dict[str, str] = {
    "Python": "assert {} ...", "JavaScript": "console.assert({} ...);", "C++": "assert({} ...);",
    "Java": "assert s.{} ...;", "Go": "assert.Equal(expected, {} ...)",
}  # fmt: skip


class Unjudged(Exception):
    """The sandbox failed on a part of a sample: nothing is known of the whole."""


@dataclass(frozen=True, kw_only=True)
class WritingTests:
    """Function -> assertions."""

    problems: Sequence[Problem]
    sandbox: Sandbox
    limits: Limits
    style: Style = "base"
    examples: Sequence[Problem] = ()
    assertions: int = 20  # judged of one sample, at most
    mutants: int = 10  # of one problem, at most
    name: str = "tests"
    scores: Sequence[str] = ("validity", "kill_rate", "line_coverage")
    _known: dict[str, list[Trial]] = field(default_factory=dict, repr=False)

    def requests(self) -> list[Request]:
        """One for each problem. Raises WrongUse for a language whose assertions are not known."""
        language = next((one.language for one in self.problems if one.language not in LEADS), None)
        if language:
            raise WrongUse(f"tests cannot be generated for {language}: there are {', '.join(LEADS)}")
        shown = [asked(example) for example in self.examples]
        stops = ("\ndef ", "\nclass ", "\nif ", "\nprint(", "\n```")
        return [request(problem, asked(problem), self.style, stops, shown) for problem in self.problems]

    def judge(self, completions: Sequence[Completion]) -> Iterator[dict[str, Any]]:
        """A row of scores for each."""
        by_id = {problem.task_id: problem for problem in self.problems}
        for one in completions:
            problem = by_id[one.task_id]
            begun = asked(problem).base.rpartition("\n")[2] if self.style == "base" else ""
            row = {"task_id": one.task_id, "sample": one.sample, "outcome": "scored", "seconds": 0.0, "detail": ""}
            try:
                scores, seconds = self._scores(problem, begun + one.text)
                yield row | {"seconds": round(seconds, 4), "scores": scores}
            except Unjudged as error:
                yield row | {"outcome": "infrastructure", "detail": str(error)}

    def _scores(self, problem: Problem, text: str) -> tuple[dict[str, float | None], float]:
        """Scores of one sample, and CPU seconds."""
        asserted = found(text, problem, self.assertions)
        trial = replace(problem.trial(problem.canonical, self.limits), tests=tests(asserted, problem.language))
        valid, seconds = self._valid(problem, trial, asserted)
        own = replace(trial, tests=tests(valid, problem.language))
        covered, share = traced(problem), None
        if covered is not None:
            share = 0.0
            if valid:
                verdict = self._judge([replace(own, program=covered[0])])[0]
                share, seconds = min(1.0, seen(verdict.stdout) / max(covered[1], 1)), seconds + verdict.seconds
        rivals = self._rivals(problem)
        killed = 0
        if valid:
            verdicts = self._judge([replace(rival, tests=own.tests) for rival in rivals])
            killed = sum(verdict.outcome != "passed" for verdict in verdicts)
            seconds += sum(verdict.seconds for verdict in verdicts)
        scores = {
            "validity": len(valid) / len(asserted) if asserted else 0.0,
            "kill_rate": killed / len(rivals) if rivals else None,
            "line_coverage": share, "assertions": len(asserted),
        }  # fmt: skip
        return scores, seconds

    def _valid(self, problem: Problem, trial: Trial, asserted: Sequence[str]) -> tuple[list[str], float]:
        """The assertions that hold for the canonical solution: all at once, and each alone where that fails."""
        if not asserted:
            return [], 0.0
        whole = self._judge([trial])[0]
        if whole.outcome == "passed":
            return list(asserted), whole.seconds
        alone = self._judge([replace(trial, tests=tests([one], problem.language)) for one in asserted])
        held = [one for one, verdict in zip(asserted, alone, strict=True) if verdict.outcome == "passed"]
        return held, whole.seconds + sum(verdict.seconds for verdict in alone)

    def _rivals(self, problem: Problem) -> list[Trial]:
        """Mutants that compile and that the benchmark's own tests kill; found once a problem."""
        if problem.task_id not in self._known:
            made = mutants(problem.canonical, problem.language, self.mutants)
            trials = [problem.trial(mutant.text, self.limits) for mutant in made]
            fates = [fate(verdict.outcome, verdict.detail) for verdict in self._judge(trials)]
            self._known[problem.task_id] = [one for one, told in zip(trials, fates, strict=True) if told == "killed"]
        return self._known[problem.task_id]

    def _judge(self, trials: Sequence[Trial]) -> list[Verdict]:
        verdicts = list(self.sandbox.map(trials))
        broken = next((verdict for verdict in verdicts if verdict.outcome == "infrastructure"), None)
        if broken is not None:
            raise Unjudged(broken.detail)
        return verdicts


def asked(problem: Problem) -> Question:
    """A problem as a question. A base model goes on after the first words of the first assertion."""
    code = problem.program(problem.canonical).rstrip()
    call = f"{problem.entry_point}("
    example = _EXAMPLE[problem.language].format(f"{call}...)")
    lead = {"Python": f"assert {call}", "JavaScript": f"console.assert({call}", "C++": f"assert({call}",
            "Java": f"assert s.{call}", "Go": "assert.Equal("}[problem.language]  # fmt: skip
    base = f"{code}\n\n{comment(f'Ten assertions that check {problem.entry_point}:', problem.language)}{lead}"
    chat = (
        f"Write ten assertions that check this {problem.language} function, each on a line of its own, in the form "
        f"`{example}`, in one code block. Use no variables.\n\n{fenced(code, problem.language)}"
    )
    own = [line.strip() for line in problem.tests.splitlines() if line.strip().startswith(lead.split("(")[0])]
    answer = "\n".join(own)
    return Question(
        base=base, chat=chat, base_answer=answer.removeprefix(lead), chat_answer=fenced(answer, problem.language)
    )
