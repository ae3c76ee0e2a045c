"""The command `codemill run` as a process: started, watched, killed with all it started; and what it wrote."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

import curate

MOST_SECONDS = 240


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What is left of a process that ended by itself."""

    code: int
    events: list[dict]  # the JSON lines
    said: list[str]  # the other lines on standard error that are codemill's, or a traceback's
    seconds: float

    def stages(self, state: str) -> list[str]:
        """Names of the stages that were told of with a state, in order."""
        return [event["stage"] for event in self.events if event.get("state") == state]


@dataclass(frozen=True, kw_only=True)
class Said:
    """The end of a command that ran in this process."""

    code: int
    out: str
    err: str


class Command:
    """A running `codemill run ... --json`, leader of its own process group."""

    def __init__(self, arguments: list[str], log: Path, environment: dict[str, str] | None = None):
        self.log, self.began = log, time.monotonic()
        settings = {"SPARK_LOCAL_DIRS": str(log.parent)}  # a killed Spark leaves its scratch behind
        program = "import sys; from curate.cli import main; main(sys.argv[1:])"
        with log.open("wb") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-c", program, "run", *arguments, "--json"], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=stream, start_new_session=True,
                env=os.environ | settings | (environment or {}),
            )  # fmt: skip

    def wait(self) -> Ended:
        """The end of the process, which must come by itself."""
        try:
            code = self.process.wait(MOST_SECONDS)
        finally:
            seconds = time.monotonic() - self.began
            self.kill()
        return Ended(code=code, events=self.events(), said=self._said(), seconds=seconds)

    def wait_for(self, stage: str, state: str | None = None) -> None:
        """Come back when a stage has been told of (with a state), or the process has ended."""
        while self.process.poll() is None:
            if any(one.get("stage") == stage and state in (None, one.get("state")) for one in self.events()):
                return
            time.sleep(0.05)

    def interrupt(self) -> None:
        """What Ctrl-C does: SIGINT to the whole group."""
        os.killpg(self.process.pid, signal.SIGINT)

    def kill(self) -> None:
        """SIGKILL to the process and all that descends from it, in whatever group; comes back when all are gone."""
        doomed = self.descendants()
        for process in [*doomed, psutil.Process(self.process.pid)] if self.process.poll() is None else doomed:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        self.process.wait(60)
        psutil.wait_procs(doomed, timeout=60)

    def descendants(self) -> list[psutil.Process]:
        """Processes that this one started, directly or not, while it lives."""
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def events(self) -> list[dict]:
        """The JSON lines told so far."""
        return [json.loads(line) for line in self._lines() if line.startswith("{") and line.endswith("}")]

    def _said(self) -> list[str]:
        return [line for line in self._lines() if line.startswith(("codemill:", "Traceback", "  File", "\tat "))]

    def _lines(self) -> list[str]:
        return self.log.read_text(encoding="utf-8", errors="replace").splitlines()


def sums(run: curate.Run) -> dict[str, str]:
    """sha256 of every file of a run by its place, as its manifest says and as it is on the disk."""
    told = {file["path"]: file["sha256"] for file in run.manifest["files"]}
    found = {path.relative_to(run.folder).as_posix(): path for path in sorted(run.folder.rglob("*")) if path.is_file()}
    there = {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in found.items()
        if name not in ("manifest.json", "report.html") and not name.startswith("_work/")
    }
    assert there == told
    return told
