"""Answers run with the tests that came with them, in the jail, each once: verdicts are kept as they come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import xxhash

from train.evaluate.execution_filter import trial_of
from train.evaluate.run import append, line, resumed
from train.sandbox.limits import Limits
from train.sandbox.pool import Sandbox


class Judge:
    """The jail, started when the first tests are to be run, with a log of its verdicts."""

    def __init__(self, log: Path, limits: Limits, workers: int | None):
        self.log, self.limits, self.workers = log, limits, workers
        self._sandbox: Sandbox | None = None

    def __enter__(self) -> Judge:
        self._known = {row["task_id"]: row for row in resumed(self.log, but=("infrastructure",))}
        return self

    def __exit__(self, *error: Any) -> None:
        if self._sandbox is not None:
            self._sandbox.__exit__(*error)

    def outcomes(self, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
        """What became of each row's tests; None for rows without."""
        names = [_digest(row, self.limits) if row["meta"].get("tests") else None for row in rows]
        new = {name: row for name, row in zip(names, rows, strict=True) if name is not None and name not in self._known}
        trials = {name: trial for name, row in new.items() if (trial := trial_of(row, self.limits)) is not None}
        if trials:
            self._sandbox = self._sandbox or Sandbox(self.workers).__enter__()
            with self.log.open("a", encoding="utf-8") as file:
                for name, verdict in zip(trials, self._sandbox.map(trials.values()), strict=True):
                    self._known[name] = verdict.row(name, 0)
                    append(file, self._known[name])
        return [None if name is None else str(self._known[name]["outcome"]) for name in names]


def _digest(row: Mapping[str, Any], limits: Limits) -> str:
    return xxhash.xxh3_128_hexdigest(f"{line(row)}\0{limits}".encode())
