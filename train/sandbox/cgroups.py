"""Control groups, where this process may write them: memory and process counts of a whole jail, held by the kernel.

Version 2 (one tree, `memory` and `pids` delegated to this process's group) or version 1 (a tree for each). One group a
worker, made once: making one for each run would cost more than the run.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path

MOUNT = Path("/sys/fs/cgroup")


@dataclass
class Group:
    """One worker's group. `enter` lists the files to which a process writes 0 to move in."""

    folders: list[Path]
    version: int
    enter: list[Path] = field(default_factory=list)

    def limit(self, memory_bytes: int, processes: int) -> None:
        """Sets the limits; swap counts as memory where the kernel can tell."""
        if self.version == 2:
            _write(self.folders[0] / "memory.max", memory_bytes)
            _write(self.folders[0] / "pids.max", processes)
            with contextlib.suppress(OSError):
                _write(self.folders[0] / "memory.swap.max", 0)
            return
        for folder in self.folders:
            if (folder / "memory.limit_in_bytes").exists():
                _write(folder / "memory.limit_in_bytes", memory_bytes)
            if (folder / "pids.max").exists():
                _write(folder / "pids.max", processes)

    def out_of_memory_kills(self) -> int:
        """How often the kernel killed a process of the group for memory since the group was made."""
        for folder in self.folders:
            for name in ("memory.events", "memory.oom_control"):
                with contextlib.suppress(OSError):
                    for line in (folder / name).read_text().splitlines():
                        if line.startswith("oom_kill "):
                            return int(line.split()[1])
        return 0

    def remove(self) -> None:
        """Takes the group away, once its last process is gone."""
        for folder in self.folders:
            with contextlib.suppress(OSError):
                folder.rmdir()


def _write(path: Path, value: int) -> None:
    path.write_text(f"{value}\n")


def _own() -> dict[str, str]:
    """Controller (or "" for version 2) -> this process's group."""
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    return {name: path for line in lines for _, names, path in [line.split(":", 2)] for name in names.split(",")}


def _candidates() -> tuple[int, list[Path]]:
    """The version and the folders below which a group would be made; none where there is nothing to write."""
    own = _own()
    for base in (MOUNT, MOUNT / "unified"):
        if "" in own and (base / "cgroup.controllers").exists():
            folder = base / own[""].lstrip("/")
            with contextlib.suppress(OSError):
                if {"memory", "pids"} <= set((folder / "cgroup.subtree_control").read_text().split()):
                    return 2, [folder]
    folders = [MOUNT / name / own[name].lstrip("/") for name in ("memory", "pids") if name in own]
    return 1, [folder for folder in folders if folder.is_dir()]


def make(name: str) -> Group | None:
    """A new group called `name`, or None where groups cannot be made."""
    version, parents = _candidates()
    if not parents:
        return None
    group = Group([], version)
    try:
        for parent in parents:
            (parent / name).mkdir()
            group.folders.append(parent / name)
        group.limit(1 << 30, 64)
        group.enter = [folder / "cgroup.procs" for folder in group.folders]
        if not all(os.access(path, os.W_OK) for path in group.enter):
            raise PermissionError("cgroup.procs")
    except OSError:
        group.remove()
        return None
    return group
