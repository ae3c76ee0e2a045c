"""Benchmark files as problems: one shape for HumanEval, MBPP, HumanEval-X and any JSONL that looks like one of them.

A row has `task_id`, `prompt`, `canonical_solution` and `test`, which is either one text or, as in MBPP, a list of
assertions. HumanEval's `test` defines `check(candidate)`, which is then called with the `entry_point`; the tests of
HumanEval-X call the function themselves. The language is that of the task id ("CPP/3"), and Python without one.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from train.sandbox.limits import Limits
from train.sandbox.trial import Trial

LANGUAGES: Mapping[str, str] = {
    "python": "Python", "humaneval": "Python", "mbpp": "Python", "cpp": "C++", "c++": "C++", "java": "Java",
    "javascript": "JavaScript", "js": "JavaScript", "go": "Go", "rust": "Rust", "typescript": "TypeScript",
    "ts": "TypeScript",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One task. `stands` says whether the prompt is the beginning of the program (MBPP's is a sentence instead)."""

    task_id: str
    language: str
    prompt: str
    canonical: str
    tests: str
    entry_point: str | None
    stands: bool = True

    def program(self, completion: str) -> str:
        """Prompt and completion as one source; a prompt without its line's end gets one."""
        if not self.stands:
            return completion
        return f"{self.prompt}{'' if self.prompt.endswith(chr(10)) else chr(10)}{completion}"

    def trial(self, completion: str, limits: Limits | None = None) -> Trial:
        """What the sandbox judges."""
        return Trial(
            language=self.language, program=self.program(completion), tests=self.tests,
            prompt=self.prompt if self.stands else "", entry_point=self.entry_point, limits=limits or Limits(),
        )  # fmt: skip


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a .jsonl or .jsonl.gz file. Raises ValueError with the line that is none."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: no JSON ({error})") from None
            if not isinstance(row, dict):
                raise ValueError(f"{path}, line {number}: a {type(row).__name__} where an object was expected")
            yield row


def load(path: Path) -> list[Problem]:
    """All problems of a file, in its order. Raises ValueError for a missing column or a task that comes twice."""
    problems = [_problem(row, path) for row in rows(path)]
    seen: set[str] = set()
    for problem in problems:
        if problem.task_id in seen:
            raise ValueError(f"{path}: task {problem.task_id} comes twice: give each task once")
        seen.add(problem.task_id)
    if not problems:
        raise ValueError(f"{path} has no problems: give a JSONL file of HumanEval's shape")
    return problems


def _problem(row: Mapping[str, Any], path: Path) -> Problem:
    missing = {"task_id", "prompt", "test"} - set(row)
    if missing:
        raise ValueError(f"{path}: task {row.get('task_id', '?')} has no {', '.join(sorted(missing))}")
    task_id = str(row["task_id"])
    language = LANGUAGES.get(task_id.partition("/")[0].lower(), "Python")
    tests, entry_point = row["test"], row.get("entry_point")
    stands = not isinstance(tests, list)
    if isinstance(tests, list):
        tests = "\n".join([str(row.get("test_setup") or ""), *map(str, tests)])
        named = re.match(r"\s*def\s+(\w+)", str(row.get("func_title") or ""))
        entry_point = entry_point or (named[1] if named else None)
    elif language == "Python" and entry_point and re.search(r"^def check\(", tests, flags=re.MULTILINE):
        tests = f"{tests}\ncheck({entry_point})\n"
    elif row.get("test_setup"):
        tests = f"{row['test_setup']}\n{tests}"
    return Problem(
        task_id=task_id, language=language, prompt=str(row["prompt"]).replace("\r\n", "\n"),
        canonical=str(row.get("canonical_solution") or "").replace("\r\n", "\n"), tests=tests.replace("\r\n", "\n"),
        entry_point=entry_point, stands=stands,
    )  # fmt: skip
