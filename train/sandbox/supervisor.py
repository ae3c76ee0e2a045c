"""The first process of a jail: starts the program, drains what it writes, watches its limits, ends all, reports.

It runs in the jail, under the same filter and without capabilities, but the program cannot reach it: signals from
inside do not kill the first process of a PID namespace, and its memory and descriptors are closed to others.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable

from train.sandbox import frames, linux, usage
from train.sandbox.limits import MB, Limits

FIRST_TICK_S, LAST_TICK_S = 0.01, 0.05


def supervise(limits: Limits, own_namespace: bool, report: int, stop: int, start: Callable[[int, int], None]) -> None:
    """Runs `start` in a child, which gets the ends of its output pipes, and writes one report.

    `stop` is the read end of a pipe that the keeper holds: when it closes, the run is over. Without a PID namespace of
    its own the program is held together by its process group, which the filter keeps it from leaving.
    """
    begin = time.monotonic()
    out_read, out_write = os.pipe()
    err_read, err_write = os.pipe()
    if not own_namespace:
        linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)
    child = os.fork()
    if child == 0:
        for fd in (out_read, err_read, report, stop):
            os.close(fd)
        start(out_write, err_write)
    linux.close_but((report, stop, out_read, err_read))
    outputs = {out_read: bytearray(), err_read: bytearray()}
    watch = _Watch(limits, None if own_namespace else child, begin)
    status, killed = _wait(child, outputs, watch, stop)
    _kill_all(child, own_namespace)
    if status is None:
        status = os.waitpid(child, 0)[1]
    _reap()
    _drain(outputs, watch)
    found = usage.measure(watch.group)
    signalled = os.WIFSIGNALED(status)
    frames.write(
        report,
        {
            "signal": os.WTERMSIG(status) if signalled else None,
            "code": None if signalled else os.WEXITSTATUS(status),
            "killed": killed,
            "cpu_s": found.cpu_s,
            "wall_s": time.monotonic() - begin,
            "peak_mb": watch.peak_bytes / MB,
            "stdout": outputs[out_read].decode("utf-8", "replace"),
            "stderr": outputs[err_read].decode("utf-8", "replace"),
            "output_bytes": watch.output_bytes,
        },
    )


class _Watch:
    """The limits that are watched, and what was seen."""

    def __init__(self, limits: Limits, group: int | None, begin: float) -> None:
        self.limits, self.group = limits, group
        self.deadline = begin + limits.wall_s
        self.peak_bytes = 0
        self.output_bytes = 0

    def broken(self) -> str | None:
        """Which limit is passed."""
        if time.monotonic() > self.deadline:
            return "wall"
        found = usage.measure(self.group)
        self.peak_bytes = max(self.peak_bytes, found.resident_bytes)
        if found.cpu_s > self.limits.cpu_s:
            return "cpu"
        most = self.limits.memory_mb * MB
        if found.resident_bytes > most and (len(found.pids) < 2 or usage.proportional_bytes(found.pids) > most):
            return "memory"
        return None

    def take(self, fd: int, kept: bytearray) -> bool:
        """Reads from an output pipe and keeps what the cap allows. False at its end."""
        try:
            part = os.read(fd, 1 << 16)
        except BlockingIOError:
            return True
        self.output_bytes += len(part)
        kept += part[: max(0, self.limits.output_bytes - len(kept))]
        return bool(part)


def _wait(child: int, outputs: dict[int, bytearray], watch: _Watch, stop: int) -> tuple[int | None, str | None]:
    """Until the program ends (its status), breaks a limit or is stopped (why)."""
    ended = os.pidfd_open(child)
    poll = select.poll()
    for fd in (*outputs, ended, stop):
        os.set_blocking(fd, False)
        poll.register(fd, select.POLLIN)
    tick = FIRST_TICK_S
    looked = time.monotonic()
    while True:
        events = poll.poll(tick * 1000)
        for fd, _ in events:
            if fd == ended:
                return os.waitpid(child, 0)[1], None
            if fd == stop:
                return None, "stopped"
            if not watch.take(fd, outputs[fd]):
                poll.unregister(fd)
        now = time.monotonic()
        if now - looked >= tick:
            looked, tick = now, min(LAST_TICK_S, tick * 1.5)
            _reap(but=child)
            why = watch.broken()
            if why is not None:
                return None, why


def _kill_all(child: int, own_namespace: bool) -> None:
    """Kills every process of the run: in a PID namespace all but the first, otherwise the program's group.

    What left the group, where no filter held it, has become a child of this process when its parents are dead.
    """
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if own_namespace:
            os.kill(-1, signal.SIGKILL)
            return
        os.killpg(child, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)  # before it had made its group
    own = os.getpid()
    while True:
        with open(f"/proc/{own}/task/{own}/children") as file:
            others = [int(pid) for pid in file.read().split() if int(pid) != child]
        if not others:
            return
        for pid in others:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _reap(but: int | None = None) -> None:
    """Takes the status of every orphan that has ended; of all of them after the kill."""
    with contextlib.suppress(ChildProcessError):
        if but is None:
            while True:
                os.waitpid(-1, 0)
        while True:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if ended is None or ended.si_pid == but:
                return
            os.waitpid(ended.si_pid, 0)


def _drain(outputs: dict[int, bytearray], watch: _Watch) -> None:
    """What still lies in the pipes, whose writers are dead: no more than a pipe holds."""
    for fd, kept in outputs.items():
        os.set_blocking(fd, False)
        for _ in range(17):
            before = watch.output_bytes
            if not watch.take(fd, kept) or watch.output_bytes == before:
                break
