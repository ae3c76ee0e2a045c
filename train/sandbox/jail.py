"""One jail: a process encloses itself, layer by layer, and starts what is to run in it.

The order matters: namespaces and mounts while it may, then another user, then no capability, then the filter. What runs
inside gets these descriptors and no other: 0 nothing, 1 and 2 drained by the supervisor, 3 what it is to work on,
4 where its answer goes, 5 and 6 from and to the other jail of the same trial.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from train.sandbox import frames, landlock, limits, linux, root, seccomp, supervisor
from train.sandbox.limits import Limits

Mode = Literal["namespaces", "bubblewrap", "landlock", "unsafe"]
PAYLOAD, ANSWER, LINK_IN, LINK_OUT = 3, 4, 5, 6
OWN_NAMESPACES = linux.CLONE_NEWNS | linux.CLONE_NEWNET | linux.CLONE_NEWIPC | linux.CLONE_NEWUTS
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8",
               "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What the keeper knows of a run. Never the program or the tests: these go past it, straight into the jail."""

    program: Literal["candidate", "checker", "exec"]
    mode: Mode
    limits: Limits
    argv: tuple[str, ...] = ()  # for exec
    environment: Mapping[str, str] = field(default_factory=dict)  # beside ENVIRONMENT
    unpack: bool = False  # exec: the payload is a frame {"name": "text"}: write these files, into the box if it has one
    compiler: bool = False  # with the filter for compilers
    stdin: bool = False  # exec: the payload is the standard input
    box: str | None = None  # name of the folder that the run sees as /box; its path outside of namespaces
    box_writable: bool = False
    shelf: str | None = None  # like box, never writable, seen as /shelf: what a toolchain prepared once
    scratch: str | None = None  # the run's own folder where it has no root of its own
    user: int | None = None  # the user id to take; None keeps it
    groups: tuple[str, ...] = ()  # files of control groups to enter
    readable: tuple[str, ...] = ()  # for Landlock

    @property
    def own_root(self) -> bool:
        """Whether the jail has a root of its own, with the box and the shelf at fixed places."""
        return self.mode in ("namespaces", "bubblewrap")

    @property
    def workplace(self) -> str:
        """The folder that is the run's own: its working directory, empty before and gone after it."""
        return "/tmp" if self.own_root else str(self.scratch)

    @property
    def package(self) -> str:
        """The folder from which a run can import this package."""
        return root.PACKAGE if self.own_root else str(Path(__file__).resolve().parents[2])

    @property
    def places(self) -> dict[str, str]:
        """What {box} and {shelf} stand for in a command."""
        if self.own_root:
            return {"{box}": root.BOX, "{shelf}": root.SHELF}
        return {"{box}": str(self.box), "{shelf}": str(self.shelf)}

    def placed(self, word: str) -> str:
        """A word of a command with its places filled in."""
        for name, path in self.places.items():
            word = word.replace(name, path)
        return word

    def to_json(self) -> str:
        """One line."""
        return json.dumps(self.__dict__ | {"limits": self.limits.__dict__})

    @classmethod
    def from_json(cls, text: str | bytes) -> Spec:
        """The same spec again."""
        values: dict[str, Any] = json.loads(text)
        for name in ("argv", "groups", "readable"):
            values[name] = tuple(values[name])
        return cls(**values | {"limits": Limits(**values["limits"])})


@dataclass(frozen=True, kw_only=True)
class Ends:
    """Descriptors of one jail, as the keeper hands them over."""

    payload: int
    answer: int
    report: int
    stop: int
    link_in: int
    link_out: int

    def all(self) -> tuple[int, ...]:
        """Each of them."""
        return tuple(self.__dict__.values())


def run(spec: Spec, ends: Ends) -> None:
    """Encloses this process and runs the spec's program below it. Ends the process; what fails is in the report."""
    try:
        linux.close_but((2, *ends.all(), *(fd for fd in map(_opened, spec.groups) if fd >= 0)))
        _enclose(spec)
        supervisor.supervise(
            spec.limits, spec.own_root, ends.report, ends.stop,
            lambda out, err: _start(spec, ends, out, err),
        )  # fmt: skip
    except BaseException as error:
        with contextlib.suppress(BaseException):
            frames.write(ends.report, {"broken": f"{type(error).__name__}: {error}"})
    os._exit(0)


_group_fds: dict[str, int] = {}


def keep_groups(paths: tuple[str, ...]) -> None:
    """Opens control group files while they can be seen; the keeper calls it before it leaves the host's files."""
    for path in paths:
        _group_fds[path] = os.open(path, os.O_WRONLY | os.O_CLOEXEC)


def _opened(path: str) -> int:
    return _group_fds.get(path, -1)


def enter_groups(spec: Spec) -> None:
    """Moves this process into the spec's control groups."""
    for path in spec.groups:
        os.write(_group_fds[path], b"0\n")
        os.close(_group_fds[path])


def _enclose(spec: Spec) -> None:
    """All layers that hold the supervisor as well."""
    enter_groups(spec)
    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
    if spec.mode == "namespaces":
        linux.unshare(OWN_NAMESPACES)
        root.enter(spec.limits, spec.box, spec.box_writable, spec.shelf)
        if spec.user is not None:
            os.setresgid(spec.user, spec.user, spec.user)
            os.setresuid(spec.user, spec.user, spec.user)
        # A user namespace of its own, without a user in it: process counts are kept for each namespace.
        linux.unshare(linux.CLONE_NEWUSER)
    linux.prctl(linux.PR_SET_DUMPABLE, 0)
    if spec.mode != "unsafe":
        linux.drop_capabilities()
    if spec.own_root:
        linux.install_filter(seccomp.program(compiler=spec.compiler))


def _start(spec: Spec, ends: Ends, out: int, err: int) -> None:
    """In the program's own process: descriptors, limits, and the program. Never returns."""
    try:
        _arrange(ends, out, err)
        if spec.own_root:
            os.setsid()
        else:
            os.setpgid(0, 0)
        os.chdir(spec.workplace)
        if spec.unpack:
            _unpack(frames.read(PAYLOAD), spec.places["{box}"] if spec.box else spec.workplace)
            os.close(PAYLOAD)
        limits.apply(spec.limits)
        linux.prctl(linux.PR_SET_DUMPABLE, 1)
        if spec.mode == "landlock":
            seen = [*spec.readable, *root.DEVICES, *filter(None, (spec.box, spec.shelf))]
            written = ["/dev/null", spec.workplace, *([spec.box] if spec.box and spec.box_writable else [])]
            landlock.restrict(seen, written)
            linux.install_filter(seccomp.program(own_pid=os.getpid(), compiler=spec.compiler))
        _become(spec)
    except BaseException as error:
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
    os._exit(125)


def _become(spec: Spec) -> None:
    """Turns into the program."""
    asked = {name: spec.placed(value) for name, value in spec.environment.items()}
    environment = ENVIRONMENT | {"HOME": spec.workplace, "TMPDIR": spec.workplace} | asked
    if spec.program == "exec":
        if spec.stdin:
            os.dup2(PAYLOAD, 0)
            os.close(PAYLOAD)
        os.execvpe(spec.placed(spec.argv[0]), [spec.placed(word) for word in spec.argv], environment)
    from train.sandbox import candidate, checker

    os.environ.clear()
    os.environ.update(environment)
    sys.argv[:] = ["solution.py"]
    (candidate if spec.program == "candidate" else checker).main()
    os._exit(0)


def _arrange(ends: Ends, out: int, err: int) -> None:
    """Puts each descriptor where the program expects it and closes all others."""
    null = os.open("/dev/null", os.O_RDWR)
    wanted = (null, out, err, ends.payload, ends.answer, ends.link_in, ends.link_out)
    moved = []  # out of the way first: a wanted number may hold what another place needs
    for fd in wanted:
        moved.append(fd if fd < 0 else _above(fd, 64))
    for place, fd in enumerate(moved):
        if fd >= 0:
            os.dup2(fd, place, inheritable=True)
    linux.close_but([place for place, fd in enumerate(moved) if fd >= 0])


def _above(fd: int, lowest: int) -> int:
    import fcntl

    return fcntl.fcntl(fd, fcntl.F_DUPFD, lowest)


def _unpack(files: Mapping[str, str], folder: str) -> None:
    """Writes the payload's files; names are plain."""
    for name, text in files.items():
        if "/" in name or name.startswith("."):
            raise ValueError(f"file name {name!r} is not plain: give it without folders")
        with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
            file.write(text)
