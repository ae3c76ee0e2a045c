"""The keeper: a small Python process that forks jails on request. One for each worker.

It has imported what programs mostly import, so that a forked jail has a running interpreter at once, and it has never
read a byte of a program, of tests or of results: these pass by it through descriptors that it only hands on, so that
there is nothing in its memory, which every jail inherits, that a program could look for.

With namespaces it lives in its own (user, mount, network, IPC, UTS, PID) and everything that it started dies with it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from typing import Any

from train.sandbox import candidate, checker, jail, linux, root
from train.sandbox.limits import Limits

BACKSTOP_S = 5.0  # after the wall limit, which the supervisor keeps, the keeper kills the supervisor itself
PRELOADED = (
    "array", "bisect", "cmath", "collections", "collections.abc", "copy", "dataclasses", "datetime", "decimal", "enum",
    "fractions", "functools", "hashlib", "heapq", "inspect", "io", "itertools", "json", "math", "operator", "queue",
    "random", "re", "statistics", "string", "sys", "threading", "time", "traceback", "types", "typing",
)  # fmt: skip
KEPT = (candidate, checker)  # imported before the root changes: this package is not visible inside


def main() -> None:
    """Serves one client over the socket that is standard input, until it closes."""
    control = socket.socket(fileno=os.dup(0))
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    linux.close_but((0, 1, 2, control.fileno()))
    setup = json.loads(control.recv(1 << 16))
    jail.keep_groups(tuple(setup["groups"]))
    for name in PRELOADED:
        importlib.import_module(name)
    try:
        namespace = _enter(setup, control) if setup["mode"] == "namespaces" else None
    except OSError as error:
        control.send(json.dumps({"broken": str(error)}).encode())
        return
    gc.collect()
    gc.freeze()
    control.send(b'{"ready": true}')
    _serve(Keeper(setup["mode"], namespace, setup.get("bubblewrap", ())), control)


def _enter(setup: dict[str, Any], control: socket.socket) -> int:
    """Goes into namespaces of its own; the client maps its user. Returns a descriptor of the PID namespace."""
    if os.geteuid() == 0:
        with contextlib.suppress(PermissionError):
            os.setgroups([])
    linux.unshare(linux.CLONE_NEWUSER)
    control.send(json.dumps({"map": os.getpid()}).encode())
    control.recv(64)
    linux.unshare(jail.OWN_NAMESPACES | linux.CLONE_NEWPID | linux.CLONE_NEWCGROUP)
    inner = os.fork()
    if inner:
        control.close()
        status = os.waitpid(inner, 0)[1]
        os._exit(0 if status == 0 else 1)
    linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setresuid(0, 0, 0)
    namespace = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    root.build(setup["readable"], setup["package"])
    return namespace


def _serve(keeper: Keeper, control: socket.socket) -> None:
    """Requests until the client is gone."""
    while True:
        message, fds, _, _ = socket.recv_fds(control, 1 << 16, 16)
        if not message:
            return
        request = json.loads(message)
        try:
            if "run" in request:
                keeper.run([jail.Spec.from_json(spec) for spec in request["run"]], fds)
            elif "open" in request:
                root.open_box(request["open"], Limits(**request["limits"]))
            else:
                root.close_box(request["close"])
            reply: dict[str, Any] = {"done": True}
        except OSError as error:
            reply = {"broken": str(error)}
        finally:
            for fd in fds:
                with contextlib.suppress(OSError):
                    os.close(fd)
        with contextlib.suppress(BrokenPipeError):  # the client is gone: the next request is none
            control.send(json.dumps(reply).encode())


class Keeper:
    """Starts jails and waits for them."""

    def __init__(self, mode: jail.Mode, namespace: int | None, bubblewrap: tuple[str, ...] = ()) -> None:
        self.mode, self.namespace, self.bubblewrap = mode, namespace, bubblewrap

    def run(self, specs: list[jail.Spec], fds: list[int]) -> None:
        """Runs one jail, or two that are linked. `fds`: payload, answer and report of each.

        The last jail's end ends the trial: it is the checker, or the only one.
        """
        forth, back = os.pipe(), os.pipe()  # to the first jail, and from it
        pids, stops = [], []
        for place, spec in enumerate(specs):
            payload, answer, report = fds[3 * place : 3 * place + 3]
            linked = (-1, -1) if len(specs) == 1 else (forth[0], back[1]) if place == 0 else (back[0], forth[1])
            stop_read, stop_write = os.pipe()
            stops.append(stop_write)
            judged = len(specs) == 2 and place == 0  # a candidate has nothing to say to the client
            ends = jail.Ends(
                payload=payload, answer=-1 if judged else answer, report=report, stop=stop_read,
                link_in=linked[0], link_out=linked[1],
            )  # fmt: skip
            pids.append(self._start(spec, ends))
            os.close(stop_read)
        for fd in (*forth, *back, *fds):
            os.close(fd)
        fds.clear()
        _wait(pids[-1], max(spec.limits.wall_s for spec in specs) + BACKSTOP_S)
        for stop in stops:
            os.close(stop)
        for pid in pids[:-1]:
            _wait(pid, BACKSTOP_S)

    def _start(self, spec: jail.Spec, ends: jail.Ends) -> int:
        """Forks the first process of a jail."""
        if self.namespace is None:
            pid = os.fork()
        else:
            linux.unshare(linux.CLONE_NEWPID)
            pid = os.fork()
            if pid:
                linux.setns(self.namespace, linux.CLONE_NEWPID)
        if pid == 0:
            if self.mode == "bubblewrap":
                self._through_bubblewrap(spec, ends)
            jail.run(spec, ends)
        return pid

    def _through_bubblewrap(self, spec: jail.Spec, ends: jail.Ends) -> None:
        """Replaces this process by bubblewrap, which starts `enter` in namespaces of its making."""
        for fd in ends.all():
            if fd >= 0:
                os.set_inheritable(fd, True)
        box = () if spec.box is None else ("--bind" if spec.box_writable else "--ro-bind", spec.box, root.BOX)
        shelf = () if spec.shelf is None else ("--ro-bind", spec.shelf, root.SHELF)
        jail.enter_groups(spec)
        told = dataclasses.replace(spec, groups=()).to_json()
        python = (sys.executable, "-I", "-S", "-c", ENTER, told, json.dumps(ends.__dict__))
        os.execv(self.bubblewrap[0], [*self.bubblewrap, *box, *shelf, "--remount-ro", "/", "--", *python])


ENTER = f"""
import sys
sys.path.insert(0, {root.PACKAGE!r})
from train.sandbox import jail
import json
jail.run(jail.Spec.from_json(sys.argv[1]), jail.Ends(**json.loads(sys.argv[2])))
"""


def _wait(pid: int, seconds: float) -> None:
    """Until a process has ended; it is killed when the time is over."""
    ended = os.pidfd_open(pid)
    try:
        if not select.select([ended], [], [], seconds)[0]:
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    finally:
        os.close(ended)


if __name__ == "__main__":
    main()
