"""Where a run is, for people and for machines: a live table on a terminal, else lines, or JSON lines on request."""

from __future__ import annotations

import json
import sys
from collections import deque
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Literal, TextIO

from rich.console import Console as Terminal
from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn
from rich.table import Table

Face = Literal["auto", "json", "quiet"]
_ROWS = 8  # of the live table

# Column, its field of a row, and how it is written. What is None is left out of lines and empty in the table.
_COLUMNS: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("loss", "loss", "{:.4f}".format),
    ("lr", "lr", "{:.2e}".format),
    ("gradient norm", "grad_norm", "{:.3g}".format),
    ("tokens/s", "tokens_per_s", "{:,.0f}".format),
    ("MFU", "mfu", "{:.1%}".format),
    ("memory GB", "memory_gb", "{:.1f}".format),
    ("waiting", "data_wait_share", "{:.1%}".format),
    ("validation", "validation_loss", "{:.4f}".format),
    ("left", "left_s", lambda seconds: str(timedelta(seconds=round(seconds)))),
)
_IN_LINES = {"loss", "lr", "tokens_per_s", "mfu", "validation_loss", "left_s"}


class Console:
    """`auto` is a live table where standard error is a terminal and lines on it where not; `json` prints JSON lines to
    standard output; `quiet` nothing."""

    def __init__(self, face: Face, *, steps: int, first_step: int = 0, terminal: Terminal | None = None):
        self.face, self.steps = face, steps
        self.terminal = terminal or Terminal(stderr=True)
        self.out: TextIO = sys.stdout
        self.rows: deque[Mapping[str, Any]] = deque(maxlen=_ROWS)
        self.bar = Progress("step", MofNCompleteColumn(), BarColumn(), TaskProgressColumn(), console=self.terminal)
        self.task = self.bar.add_task("", total=steps, completed=first_step)
        self.live: Live | None = None  # from the first row on

    def row(self, row: Mapping[str, Any]) -> None:
        """A step's figures: `step`, and of the columns' fields those that there are."""
        if self.face == "json":
            self._json({"event": "step", "steps": self.steps, **row})
        elif self.face == "auto" and self.terminal.is_terminal:
            self.rows.append(row)
            self.bar.update(self.task, completed=row["step"])
            self._shown().refresh()
        elif self.face == "auto":
            told = ((name, row.get(field), write) for name, field, write in _COLUMNS if field in _IN_LINES)
            line = ", ".join(f"{name} {write(value)}" for name, value, write in told if value is not None)
            self.say(f"step {row['step']}/{self.steps}: {line}")

    def say(self, text: str) -> None:
        """One line to the user."""
        if self.face == "json":
            self._json({"event": "message", "text": text})
        elif self.face == "auto":
            self.terminal.print(text, highlight=False, soft_wrap=True, markup=False)

    def close(self) -> None:
        """Leave the last table standing."""
        if self.live:
            self.live.stop()

    def _json(self, told: Mapping[str, Any]) -> None:
        print(json.dumps(told, ensure_ascii=False), file=self.out, flush=True)

    def _shown(self) -> Live:
        if self.live is None:
            self.live = Live(console=self.terminal, get_renderable=self._table, auto_refresh=False)
            self.live.start()
        return self.live

    def _table(self) -> Group:
        shown = [column for column in _COLUMNS if any(row.get(column[1]) is not None for row in self.rows)]
        table = Table("step", *(name for name, _, _ in shown), box=None, pad_edge=False)
        for column in table.columns:
            column.justify = "right"
        for row in self.rows:
            cells = ["" if (value := row.get(field)) is None else write(value) for _, field, write in shown]
            table.add_row(f"{row['step']:,}", *cells)
        return Group(table, self.bar)
