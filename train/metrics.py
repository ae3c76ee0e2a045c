"""What a run tells: a trace in JSON lines, TensorBoard, and the console."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from train.console import COLUMNS, Column, Console, Face

_TRACE = "trace.jsonl"
_MOST_TOLD = 6  # tasks or languages in a line


class Metrics:
    """Told by rank 0 only. The trace has what a run computes and is the same for the same run, resumed or not. Times
    never are: they go to TensorBoard and the console, and where the trace has them too, as that of reinforcement
    learning has, they stand under `seconds` alone."""

    def __init__(
        self,
        out: Path,
        *,
        steps: int,
        first_step: int,
        active: bool,
        face: Face = "auto",
        columns: Sequence[Column] = COLUMNS,
    ):
        self.active = active
        if not active:
            return
        from torch.utils.tensorboard.writer import SummaryWriter

        self.trace = _cut(out / _TRACE, first_step).open("a", encoding="utf-8")
        self.board = SummaryWriter(str(out / "tensorboard"), purge_step=first_step)
        self.console = Console(face, steps=steps, first_step=first_step, columns=columns)

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

    def progress(self, row: Mapping[str, Any]) -> None:
        """Where the run is, on the console."""
        if self.active:
            self.console.row(row)

    def say(self, text: str) -> None:
        """One line to the user."""
        if self.active:
            self.console.say(text)

    def close(self) -> None:
        """End the console and the files."""
        if self.active:
            self.console.close()
            self.trace.close()
            self.board.close()


def points_of(row: Mapping[str, Any]) -> dict[str, float | None]:
    """A row of the trace as points: losses by language as loss/Python, by other dimensions as loss/task/repair."""
    points: dict[str, float | None] = {name: row[name] for name in ("loss", "lr", "grad_norm", "loss_scale")}
    for dimension, values in row["by"].items():
        place = "loss" if dimension == "language" else f"loss/{dimension}"
        points |= {f"{place}/{name}": loss for name, loss in values.items()}
    points |= row.get("objective", {})
    if found := row.get("validation"):
        points |= points_of_validation(found)
    return points


def points_of_validation(found: Mapping[str, Any]) -> dict[str, float | None]:
    """A validation as points: of all of it, and by every dimension."""
    points: dict[str, float | None] = {
        f"validation/{name}": found[name] for name in ("loss", "perplexity", "bits_per_byte")
    }
    for dimension, values in found["by"].items():
        for name, one in values.items():
            points[f"validation/{dimension}/{name}"] = one["loss"]
            points[f"validation_bits_per_byte/{dimension}/{name}"] = one["bits_per_byte"]
    return points


def told_of(found: Mapping[str, Any]) -> str:
    """A validation in one line: of all, and of the tasks, or without tasks of the languages, that have most tokens."""
    by: Mapping[str, Any] = found["by"].get("task") or found["by"].get("language") or {}
    most = sorted(by.items(), key=lambda item: -item[1]["n_tokens"])[:_MOST_TOLD]
    parts = ", ".join(f"{name} {one['loss']:.4f}" for name, one in most)
    return f"validation loss {found['loss']:.4f}" + (f": {parts}" if parts else "")


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
