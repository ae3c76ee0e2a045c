"""Progress of an evaluation: a bar on a terminal, a line now and then elsewhere, JSON lines for machines."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

SECONDS_BETWEEN_LINES = 10.0


class Reporter:
    """Tells of work done piece by piece. `style` is "auto" (bars on a terminal, else lines), "json" or "none"."""

    def __init__(
        self, style: str = "none", stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.stream, self._clock = stream or sys.stderr, clock
        self.style = ("bars" if self.stream.isatty() else "lines") if style == "auto" else style

    @contextmanager
    def work(self, name: str) -> Iterator[Callable[[int, int], Callable[[], None]]]:
        """A piece of work: the block calls `start(done, total)`, and what that gives after each piece."""
        columns = (
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            TimeRemainingColumn(compact=True),
        )  # fmt: skip
        bars = self.style == "bars"
        with Progress(*columns, console=Console(file=self.stream), transient=True, disable=not bars) as progress:
            bar = progress.add_task(name, total=None)
            counts = {"done": 0, "total": 0}
            last = began = self._clock()

            def start(done: int, total: int) -> Callable[[], None]:
                counts.update(done=done, total=total)
                progress.update(bar, completed=done, total=total)
                return tick

            def tick() -> None:
                nonlocal last
                counts["done"] += 1
                progress.update(bar, completed=counts["done"])
                if not bars and self._clock() - last >= SECONDS_BETWEEN_LINES:
                    last = self._clock()
                    told = {"work": name, "state": "working", **counts}
                    self._line(told, f"{name}: {counts['done']:,} of {counts['total']:,}")

            yield start
        seconds = self._clock() - began
        told = {"work": name, "state": "done", "done": counts["done"], "seconds": round(seconds, 3)}
        self._line(told, f"{name}: {counts['done']:,} in {seconds:.1f} s")

    def _line(self, told: dict[str, Any], text: str) -> None:
        if self.style == "json":
            print(json.dumps(told), file=self.stream, flush=True)
        elif self.style != "none":
            print(text, file=self.stream, flush=True)
