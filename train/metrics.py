"""What a run tells: a trace in JSON lines, TensorBoard, and the console."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_TRACE = "trace.jsonl"


class Metrics:
    """Told by rank 0 only. The trace has what a run computes and is the same for the same run, resumed or not; times,
    which never are, go to TensorBoard and the console."""

    def __init__(self, out: Path, *, steps: int, first_step: int, active: bool, quiet: bool = False):
        self.active, self.steps = active, steps
        self.console = Console(stderr=True, quiet=quiet)
        self.bar: Progress | None = None
        if not active:
            return
        from torch.utils.tensorboard.writer import SummaryWriter

        self.trace = _cut(out / _TRACE, first_step).open("a", encoding="utf-8")
        self.board = SummaryWriter(str(out / "tensorboard"), purge_step=first_step)
        if self.console.is_terminal and not quiet:
            columns = (
                TextColumn("step"),
                MofNCompleteColumn(),
                BarColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.fields[told]}"),
            )
            self.bar = Progress(*columns, console=self.console)
            self.task = self.bar.add_task("", total=steps, completed=first_step, told="")
            self.bar.start()

    def step(self, row: Mapping[str, Any]) -> None:
        """A row of the trace."""
        if self.active:
            self.trace.write(json.dumps(row) + "\n")
            self.trace.flush()

    def points(self, step: int, values: Mapping[str, float | None]) -> None:
        """Points in TensorBoard; None is left out."""
        if self.active:
            for name, value in values.items():
                if value is not None:
                    self.board.add_scalar(name, value, step)

    def progress(self, step: int, told: str) -> None:
        """Where the run is: on the bar of a terminal, else as a line."""
        if not self.active:
            return
        if self.bar:
            self.bar.update(self.task, completed=step, told=told)
        else:
            self.say(f"step {step}/{self.steps}: {told}")

    def say(self, text: str) -> None:
        """One line to the user."""
        if self.active:
            self.console.print(text, highlight=False, soft_wrap=True)

    def close(self) -> None:
        """End the bar and the files."""
        if self.active:
            if self.bar:
                self.bar.stop()
            self.trace.close()
            self.board.close()


def _cut(path: Path, step: int) -> Path:
    """The trace without rows from `step` on, which will be computed again, and without half a line at its end."""
    if path.exists():
        whole = path.read_text(encoding="utf-8")
        lines = whole[: whole.rfind("\n") + 1].splitlines(keepends=True)
        kept = [line for line in lines if json.loads(line)["step"] < step]
        part = path.with_name(f"{path.name}.part")
        part.write_text("".join(kept), encoding="utf-8")
        part.replace(path)
    return path
