"""Progress of a run: a bar for each stage on a terminal, plain lines elsewhere, JSON lines for machines."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

if TYPE_CHECKING:
    from pyspark import SparkContext

SECONDS_BETWEEN_LOOKS = 0.2
SECONDS_BETWEEN_LINES = 10.0


class Reporter:
    """Tells of stages. `style` is "auto" (bars on a terminal, else lines), "json" or "none"."""

    def __init__(self, style: str = "none", stream: TextIO | None = None):
        self.stream = stream or sys.stderr
        self.style = ("bars" if self.stream.isatty() else "lines") if style == "auto" else style
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str, context: SparkContext, n_bytes: int = 0) -> Iterator[None]:
        """A stage at work: its Spark tasks are followed until the block ends. `n_bytes` gives its rate."""
        began = time.monotonic()
        context.setJobGroup(job_group(name), name, interruptOnCancel=True)
        ended = threading.Event()
        follower = threading.Thread(target=self._follow, args=(name, context, n_bytes, ended, began), daemon=True)
        if self.style != "none":
            follower.start()
        finished = False
        try:
            yield
            finished = True
        finally:
            ended.set()
            if follower.is_alive():
                follower.join(timeout=5)
            self.seconds[name] = time.monotonic() - began
            if finished:
                self._end(name, n_bytes, self.seconds[name])

    def skipped(self, name: str) -> None:
        """A stage that an earlier run had finished."""
        self._line({"stage": name, "state": "finished before"}, f"{name}: finished before")

    def say(self, text: str) -> None:
        """One line to the user."""
        self._line({"message": text}, text)

    def _end(self, name: str, n_bytes: int, seconds: float) -> None:
        rate = f", {n_bytes / 1e6 / seconds:.0f} MB/s" if n_bytes and seconds else ""
        told = {"stage": name, "state": "done", "seconds": round(seconds, 3), "bytes": n_bytes}
        self._line(told, f"{name}: done in {seconds:.1f} s{rate}")

    def _line(self, told: dict[str, Any], text: str) -> None:
        if self.style == "json":
            print(json.dumps(told), file=self.stream, flush=True)
        elif self.style != "none":
            print(text, file=self.stream, flush=True)

    def _follow(self, name: str, context: SparkContext, n_bytes: int, ended: threading.Event, began: float) -> None:
        bars = self.style == "bars"
        columns = (
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
            TextColumn("tasks {task.fields[rate]}"), TimeElapsedColumn(), TimeRemainingColumn(compact=True),
        )  # fmt: skip
        with Progress(*columns, console=Console(file=self.stream), transient=True, disable=not bars) as progress:
            bar = progress.add_task(name, total=None, rate="")
            told = began
            while not ended.wait(SECONDS_BETWEEN_LOOKS):
                done, total = tasks(context, job_group(name))
                seconds = time.monotonic() - began
                share = done / total if total else 0.0
                rate = f"{n_bytes * share / 1e6 / seconds:.0f} MB/s" if n_bytes and share else ""
                progress.update(bar, completed=done, total=total or None, rate=rate)
                if not bars and time.monotonic() - told > SECONDS_BETWEEN_LINES and total:
                    told = time.monotonic()
                    left = seconds * (total - done) / done if done else None
                    self._line(
                        {"stage": name, "state": "working", "tasks_done": done, "tasks": total, "seconds_left": left},
                        f"{name}: {done} of {total} tasks {rate}" + (f", about {left:.0f} s left" if left else ""),
                    )


def job_group(stage: str) -> str:
    """What Spark calls the jobs of a stage."""
    return f"codemill {stage}"


def tasks(context: SparkContext, group: str) -> tuple[int, int]:
    """Tasks finished and tasks known of, over the jobs of a group."""
    tracker = context.statusTracker()
    done = total = 0
    for job in tracker.getJobIdsForGroup(group):
        info = tracker.getJobInfo(job)
        for stage in info.stageIds if info else ():
            at = tracker.getStageInfo(stage)
            if at is not None:
                done, total = done + at.numCompletedTasks, total + at.numTasks
    return done, total
