"""Where a run is, for people and for machines: a live table on a terminal, else lines, or JSON lines on request."""

from __future__ import annotations

import json
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal, NamedTuple, TextIO

from rich.console import Console as Terminal
from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn
from rich.table import Table

Face = Literal["auto", "json", "quiet"]
_ROWS = 8  # of the live table


class Column(NamedTuple):
    """One figure of a row. What is None or missing is left out of lines, and empty in the table."""

    name: str
    field: str
    write: Callable[[Any], str]
    in_lines: bool = True  # or in the table only


COLUMNS = (
    Column("loss", "loss", "{:.4f}".format),
    Column("lr", "lr", "{:.2e}".format),
    Column("gradient norm", "grad_norm", "{:.3g}".format, in_lines=False),
    Column("tokens/s", "tokens_per_s", "{:,.0f}".format),
    Column("MFU", "mfu", "{:.1%}".format),
    Column("memory GB", "memory_gb", "{:.1f}".format, in_lines=False),
    Column("waiting", "data_wait_share", "{:.1%}".format, in_lines=False),
    Column("validation", "validation_loss", "{:.4f}".format),
    Column("left", "left_s", lambda seconds: str(timedelta(seconds=round(seconds)))),
)


class Console:
    """`auto` is a live table where standard error is a terminal and lines on it where not; `json` prints JSON lines to
    standard output; `quiet` nothing. `columns` are what the table and the lines have of a row, in that order."""

    def __init__(
        self,
        face: Face,
        *,
        steps: int,
        first_step: int = 0,
        columns: Sequence[Column] = COLUMNS,
        terminal: Terminal | None = None,
    ):
        self.face, self.steps, self.columns = face, steps, columns
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
            told = ((one, row.get(one.field)) for one in self.columns if one.in_lines)
            line = ", ".join(f"{one.name} {one.write(value)}" for one, value in told if value is not None)
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
        shown = [one for one in self.columns if any(row.get(one.field) is not None for row in self.rows)]
        table = Table("step", *(one.name for one in shown), box=None, pad_edge=False, collapse_padding=True)
        for column in table.columns:
            column.justify = "right"
        for row in self.rows:
            cells = ["" if (value := row.get(one.field)) is None else one.write(value) for one in shown]
            table.add_row(f"{row['step']:,}", *cells)
        return Group(table, self.bar)
