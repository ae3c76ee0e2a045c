"""The client's end of one keeper: starts it, sends it runs, exchanges their data, and replaces it when it fails."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import selectors
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from train.sandbox import cgroups, frames, root
from train.sandbox.jail import Mode, Spec
from train.sandbox.keeper import BACKSTOP_S
from train.sandbox.limits import MB, Limits
from train.sandbox.probe import HOME, PYTHON

ANSWER_BYTES = 1 << 20
PACKAGE = str(Path(__file__).parent.resolve())
FIRST_USER = 0x6A00_0000  # user ids far above any that a system gives out: jails of one worker take the next 16
USERS = 16
SUPERVISOR_PROCESSES = 4  # beside the program's own


class Broken(Exception):
    """The sandbox itself failed; nothing is known of the program."""


@dataclass(frozen=True)
class Ended:
    """What came out of one jail. `report` is None where its supervisor died with it."""

    report: Mapping[str, Any] | None
    answer: bytes
    out_of_memory: bool = False  # the kernel killed a process of the group

    @property
    def killed(self) -> str | None:
        """The limit that was broken: cpu, wall or memory; None where none was."""
        if self.out_of_memory:
            return "memory"
        return None if self.report is None else self.report.get("killed")


class Worker:
    """One keeper and its control group. Not for two threads at once."""

    def __init__(self, mode: Mode, readable: Sequence[str]) -> None:
        self.mode, self.readable = mode, tuple(readable)
        self.users = False
        self.shelves: set[str] = set()  # what toolchains prepared, by name
        self.group = cgroups.make(f"codemill-{os.getpid()}-{secrets.token_hex(4)}") if mode != "unsafe" else None
        self.folder = Path(tempfile.mkdtemp(prefix="codemill-jail-")) if mode != "namespaces" else None
        self.process: subprocess.Popen[bytes] | None = None
        self.control: socket.socket | None = None
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self) -> None:
        """Starts the keeper and waits until it is ready. Raises Broken with its reason."""
        self.control, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.control.settimeout(30)
        code = f"import sys; sys.path.insert(0, {str(HOME)!r}); from train.sandbox import keeper; keeper.main()"
        with other:
            self.process = subprocess.Popen(
                [PYTHON, "-I", "-S", "-c", code], stdin=other.fileno(), stdout=subprocess.DEVNULL,
                env={"PYTHONHASHSEED": "0"}, start_new_session=True, cwd="/",
            )  # fmt: skip
        groups = [str(path) for path in self.group.enter] if self.group else []
        setup: dict[str, Any] = {
            "mode": self.mode,
            "readable": self.readable,
            "groups": groups,
            "bubblewrap": self._bubblewrap(),
        }
        setup["package"] = PACKAGE
        self._send(setup)
        reply = self._receive()
        if "map" in reply:
            self._map_users(reply["map"])
            self._send({})
            reply = self._receive()
        if "ready" not in reply:
            raise Broken(str(reply.get("broken", reply)))

    def _map_users(self, pid: int) -> None:
        """Gives the keeper's namespace its users: root inside is this user, and where root may, others for jails."""
        first = FIRST_USER + secrets.randbelow(1 << 20) * USERS  # other sandboxes may run beside this one
        folder = Path(f"/proc/{pid}")
        with contextlib.suppress(OSError):
            if os.geteuid() == 0:
                for kind in ("uid", "gid"):
                    (folder / f"{kind}_map").write_text(f"0 0 1\n1 {first} {USERS}\n")
                self.users = True
                return
        with contextlib.suppress(OSError):
            (folder / "setgroups").write_text("deny")
        for kind, own in (("uid", os.geteuid()), ("gid", os.getegid())):
            with contextlib.suppress(OSError):
                (folder / f"{kind}_map").write_text(f"0 {own} 1")

    def _bubblewrap(self) -> list[str]:
        """The command that encloses a process, less its box and program."""
        if self.mode != "bubblewrap":
            return []
        command = [
            shutil.which("bwrap") or "bwrap",
            "--unshare-all",
            "--die-with-parent",
            "--as-pid-1",
            "--new-session",
        ]
        for path in self.readable:
            if os.path.islink(path):
                command += ["--symlink", os.readlink(path), path]
            elif os.path.exists(path):
                command += ["--ro-bind", path, path]
        command += ["--ro-bind", PACKAGE, f"{root.PACKAGE}/train/sandbox", "--proc", "/proc", "--dev", "/dev"]
        return [*command, "--tmpfs", "/tmp", "--clearenv"]

    def spec(self, spec: Spec, user: int) -> Spec:
        """A spec with what this worker adds: user, control groups, and where there is no root of its own, paths."""
        groups = tuple(str(path) for path in self.group.enter) if self.group and spec.program != "checker" else ()
        own = user if self.users else None
        if self.folder is None:
            return replace(spec, user=own, groups=groups)
        box, shelf = (None if name is None else str(self.folder / name) for name in (spec.box, spec.shelf))
        scratch = None if spec.own_root else str(self.open_box(f"run-{user}", spec.limits))
        return replace(
            spec, user=own, groups=groups, readable=(*self.readable, PACKAGE), box=box, shelf=shelf, scratch=scratch
        )

    def open_box(self, name: str, limits: Limits) -> Path:
        """A folder that runs one after another share."""
        if self.folder is None:
            self._ask({"open": name, "limits": limits.__dict__})
            return Path(root.BOXES, name)
        (self.folder / name).mkdir(exist_ok=True)
        return self.folder / name

    def close_box(self, name: str) -> None:
        """Takes the folder away."""
        if self.folder is None:
            self._ask({"close": name})
        else:
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def run(self, specs: Sequence[Spec], payloads: Sequence[bytes]) -> list[Ended]:
        """One run, or two linked ones: candidate, then checker. Raises Broken, after a new keeper was started."""
        specs = [self.spec(spec, user + 1) for user, spec in enumerate(specs)]
        if self.group is not None:
            most = max(specs, key=lambda spec: spec.limits.memory_mb).limits
            memory = (most.memory_mb + most.disk_mb + 32) * MB
            self.group.limit(memory, most.processes + SUPERVISOR_PROCESSES)
        kills = self.group.out_of_memory_kills() if self.group else 0
        try:
            ended = self._exchange(specs, payloads)
        except (OSError, Broken) as error:
            self.stop()
            self.start()
            raise Broken(str(error)) from error
        finally:
            if self.folder:
                for user in range(1, len(specs) + 1):
                    shutil.rmtree(self.folder / f"run-{user}", ignore_errors=True)
        if self.group and self.group.out_of_memory_kills() > kills:
            ended[0] = replace(ended[0], out_of_memory=True)
        return ended

    def _exchange(self, specs: Sequence[Spec], payloads: Sequence[bytes]) -> list[Ended]:
        """Hands the ends of new pipes to the keeper, writes the payloads, reads answers and reports."""
        mine: list[int] = []
        theirs: list[int] = []
        for _ in specs:
            payload_read, payload_write = os.pipe()
            answer_read, answer_write = os.pipe()
            report_read, report_write = os.pipe()
            for fd in (payload_read, answer_write):
                os.fchmod(fd, 0o666)  # the run is another user, and Java can only open them by name
            mine += [payload_write, answer_read, report_read]
            theirs += [payload_read, answer_write, report_write]
        try:
            request = json.dumps({"run": [spec.to_json() for spec in specs]}).encode()
            assert self.control is not None
            socket.send_fds(self.control, [request], theirs)
            for fd in theirs:
                os.close(fd)
            theirs = []
            deadline = time.monotonic() + max(spec.limits.wall_s for spec in specs) + 3 * BACKSTOP_S
            to_write = {mine[3 * place]: payload for place, payload in enumerate(payloads)}
            taken = _pump(to_write, [fd for place, fd in enumerate(mine) if place % 3], deadline)
            for place in range(0, len(mine), 3):
                mine[place] = -1  # _pump closes what it has written
            self._receive_done()
        finally:
            for fd in (*mine, *theirs):
                with contextlib.suppress(OSError):
                    os.close(fd)
        reports = [taken[mine[3 * place + 2]] for place in range(len(specs))]
        answers = [taken[mine[3 * place + 1]] for place in range(len(specs))]
        return [Ended(_report(bytes(report)), bytes(answer)) for report, answer in zip(reports, answers, strict=True)]

    def _receive_done(self) -> None:
        reply = self._receive()
        if "done" not in reply:
            raise Broken(str(reply.get("broken", reply)))

    def _ask(self, request: Mapping[str, Any]) -> None:
        self._send(request)
        self._receive_done()

    def _send(self, message: Mapping[str, Any]) -> None:
        assert self.control is not None
        self.control.send(json.dumps(message).encode())

    def _receive(self) -> dict[str, Any]:
        assert self.control is not None
        message = self.control.recv(1 << 16)
        if not message:
            raise Broken("the keeper ended")
        reply: dict[str, Any] = json.loads(message)
        return reply

    def stop(self) -> None:
        """Kills the keeper, and in namespaces all that it started."""
        self.shelves.clear()
        if self.control is not None:
            self.control.close()
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self.control = self.process = None

    def close(self) -> None:
        """Ends the keeper and takes everything away."""
        if self.control is not None and self.process is not None:
            self.control.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5)
        self.stop()
        if self.group is not None:
            self.group.remove()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def _report(data: bytes) -> dict[str, Any] | None:
    """A supervisor's report; Broken where it says that the jail could not be built."""
    if len(data) < 4:
        return None
    report = frames.parse(data[4:])
    if not isinstance(report, dict) or "broken" in report:
        raise Broken(f"the jail could not be built: {report}")
    return report


def _pump(to_write: dict[int, bytes], to_read: Sequence[int], deadline: float) -> dict[int, bytearray]:
    """Writes and reads until every reader's end is closed by the other side. Closes what it has written to."""
    taken = {fd: bytearray() for fd in to_read}
    left = {fd: memoryview(data) for fd, data in to_write.items()}
    with selectors.DefaultSelector() as selector:
        for fd in (*to_write, *to_read):
            os.set_blocking(fd, False)
            selector.register(fd, selectors.EVENT_WRITE if fd in left else selectors.EVENT_READ)
        while selector.get_map():
            if time.monotonic() > deadline:
                raise Broken("the keeper did not keep its time")
            for key, _ in selector.select(1.0):
                fd = key.fd
                if fd in left:
                    with contextlib.suppress(BrokenPipeError):
                        left[fd] = left[fd][os.write(fd, left[fd][: 1 << 16]) :]
                        if left[fd]:
                            continue
                    selector.unregister(fd)
                    os.close(fd)
                    continue
                part = os.read(fd, 1 << 16)
                taken[fd] += part[: max(0, ANSWER_BYTES - len(taken[fd]))]
                if not part:
                    selector.unregister(fd)
    return taken
