"""A trial: one program against the tests of one task; and its verdict."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from train.sandbox.limits import Limits

Outcome = Literal["passed", "failed", "timeout", "memory", "error", "infrastructure"]


class Unfit(ValueError):
    """Prompt or tests are not of the shape that the harness knows: the task is at fault, not the program."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One run of a whole program: what it reads, and what it must write, compared outside of the jail."""

    expected: str  # standard output, compared without white space at the ends of lines and of the whole
    stdin: str = ""
    args: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One program and the tests that judge it. The program is a stranger's; prompt and tests are the benchmark's."""

    language: str  # a name of `languages.BY_NAME`
    program: str  # the whole source: prompt and completion
    tests: str = ""
    cases: tuple[Case, ...] = ()  # instead of tests: the honest way for any language, since the program sees no answer
    prompt: str = ""  # what stood before the completion; its helpers and declarations are trusted
    entry_point: str | None = None  # the function to be written
    limits: Limits = field(default_factory=Limits)
    warm: bool = True  # Python: fork a running interpreter instead of starting one


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What became of a trial.

    passed: every test ran and held. failed: a test did not hold. error: the program does not compile, raised, or ended
    by itself. timeout, memory: a limit was broken. infrastructure: the sandbox failed, and nothing is known.
    """

    outcome: Outcome
    seconds: float  # CPU time of the program
    detail: str = ""
    stdout: str = ""

    def row(self, task_id: str, sample: int) -> dict[str, Any]:
        """As a row of results."""
        passed = self.outcome == "passed"
        return {
            "task_id": task_id, "sample": sample, "passed": passed, "outcome": self.outcome,
            "seconds": round(self.seconds, 4), "detail": self.detail,
        }  # fmt: skip
