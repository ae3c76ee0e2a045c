"""Which layers of the jail this machine allows: each is tried, in a process that ends with it, and not looked up."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from train.sandbox import cgroups, landlock, linux, seccomp
from train.sandbox.jail import OWN_NAMESPACES, Mode

HOME = Path(__file__).resolve().parents[2]  # what must be on the path to import this package
PYTHON = os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


@dataclass(frozen=True)
class Layer:
    """One layer: whether it is there, and what it adds or why it is not."""

    name: str
    present: bool
    detail: str


class Refused(Exception):
    """This machine allows no jail."""


def layers() -> list[Layer]:
    """Every layer, in the order in which they are tried."""
    code = f"import sys; sys.path.insert(0, {str(HOME)!r}); from train.sandbox import probe; probe.attempt()"
    done = subprocess.run([PYTHON, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    tried = json.loads(done.stdout or "{}")
    found = []
    for name, adds in _ADDS.items():
        problem = _bubblewrap() if name == "bubblewrap" else tried.get(name, "the attempt died")
        found.append(Layer(name, not problem, problem or adds))
    found.append(Layer("rlimits", True, "CPU, data segment, address space, processes, descriptors, file size"))
    group = cgroups.make(f"codemill-probe-{os.getpid()}")
    if group is None:
        found.append(Layer("cgroups", False, "no group with memory and pids is writable: memory is watched instead"))
    else:
        group.remove()
        found.append(Layer("cgroups", True, f"version {group.version}: memory and processes of a whole jail"))
    return found


_ADDS = {
    "namespaces": "no network, private processes, mounts and IPC, read-only system, sized tmpfs; direct",
    "bubblewrap": "the same through bubblewrap, used where direct namespaces are closed",
    "seccomp": "sockets, ptrace, mounts, namespaces, keys, bpf and io_uring refused",
    "landlock": "files outside of the run's folder closed; TCP, abstract sockets and signals from ABI 4 and 6",
}


def table(found: list[Layer]) -> str:
    """The layers as lines of text."""
    width = max(len(layer.name) for layer in found)
    return "\n".join(
        f"{layer.name:<{width}}  {'yes' if layer.present else 'no ':<3}  {layer.detail}" for layer in found
    )


def modes(found: list[Layer], unsafe: bool = False) -> list[Mode]:
    """The ways to build a jail, best first. Raises Refused where there is none and `unsafe` is not said."""
    present = {layer.name for layer in found if layer.present}
    possible: list[Mode] = []
    if "seccomp" in present:
        possible += [mode for mode in ("namespaces", "bubblewrap", "landlock") if mode in present]
    if not possible and not unsafe:
        missing = "; ".join(f"{layer.name}: {layer.detail}" for layer in found if not layer.present)
        raise Refused(
            f"no jail can be built here ({missing}): allow user namespaces, or run with unsafe to execute strangers' "
            "code with nothing but resource limits around it"
        )
    return possible or ["unsafe"]


def attempt() -> None:
    """Tries the layers, each in a child, and prints {"layer": "" or what went wrong}."""
    if not seccomp.supported():
        refused = f"no filter for {platform.machine()}"
        print(json.dumps({"namespaces": _in_child(_namespaces), "seccomp": refused, "landlock": refused}))
        return
    tried = {"namespaces": _namespaces, "seccomp": _seccomp, "landlock": _landlock}
    print(json.dumps({name: _in_child(function) for name, function in tried.items()}))


def _namespaces() -> None:
    user = os.geteuid()
    linux.unshare(linux.CLONE_NEWUSER)
    if user:
        Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    linux.unshare(OWN_NAMESPACES | linux.CLONE_NEWPID | linux.CLONE_NEWCGROUP)
    problem = _in_child(_mounts)
    if problem:
        raise OSError(problem)


def _mounts() -> None:
    linux.mount("none", "/", None, linux.MS_REC | linux.MS_PRIVATE)
    linux.mount("proc", "/proc", "proc")
    linux.mount("tmpfs", "/tmp", "tmpfs", 0, "size=4k")
    linux.restrict_mount("/tmp", linux.ATTR_RDONLY)


def _seccomp() -> None:
    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
    linux.install_filter(seccomp.program())


def _landlock() -> None:
    if landlock.abi() == 0:
        raise OSError("the kernel has no Landlock")
    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
    landlock.restrict(["/usr"], [])


def _in_child(function: Callable[[], None]) -> str:
    """What a function raises in a child of its own; "" where it does not."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            function()
        except BaseException as error:
            os.write(writing, str(error).encode()[:4000] or b"?")
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as file:
        told = file.read().decode()
    status = os.waitpid(child, 0)[1]
    return told or (f"died with status {status}" if status else "")


def _bubblewrap() -> str:
    path = shutil.which("bwrap")
    if path is None:
        return "bwrap is not installed"
    done = subprocess.run(
        [path, "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "true"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return "" if done.returncode == 0 else done.stderr.strip()[:200] or f"bwrap ended with {done.returncode}"
