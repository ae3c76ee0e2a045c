"""The file system that jails see: a small tmpfs with the system bound into it, read-only, and nothing else of the host.

Built once by the keeper in its own mount namespace; each jail then takes a copy and adds what is its own. Steps as in
bubblewrap: a tmpfs becomes the root, with the old root below it to bind from, and is then left for the new one.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable

from train.sandbox import linux, syscalls
from train.sandbox.limits import Limits

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc/alternatives", "/etc/ld.so.cache",
          "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime")  # fmt: skip
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
PACKAGE = "/opt/codemill"  # where this package is seen, for an interpreter that is started inside
BOXES, BOX, SHELF = "/boxes", "/box", "/shelf"
READ_ONLY = linux.ATTR_RDONLY | linux.ATTR_NOSUID
PLAIN = linux.MS_NOSUID | linux.MS_NODEV


def build(readable: Iterable[str], package: str) -> None:
    """Leaves the host's files for a root that shows the readable paths. The caller has a mount namespace of its own."""
    pivot = syscalls.PIVOT_ROOT[syscalls.COLUMN[platform.machine()]]
    linux.mount("none", "/", None, linux.MS_REC | linux.MS_PRIVATE)
    linux.mount("tmpfs", "/tmp", "tmpfs", PLAIN, "mode=755,size=1m")
    os.mkdir("/tmp/new")
    os.mkdir("/tmp/old")
    linux.pivot_root("/tmp", "/tmp/old", pivot)
    os.chdir("/")
    linux.mount("tmpfs", "/new", "tmpfs", PLAIN, "mode=755,size=4m")
    shown: list[str] = []
    for path in sorted({os.path.normpath(path) for path in readable}):
        if not any(path.startswith(f"{done}/") for done in shown) and _show(path):
            shown.append(path)
    _show(package, f"{PACKAGE}/train/sandbox")
    for path in DEVICES:
        _file(f"/new{path}")
        linux.mount(f"/old{path}", f"/new{path}", None, linux.MS_BIND)
    for name in ("proc", "tmp", "old", BOXES[1:], BOX[1:], SHELF[1:]):
        os.makedirs(f"/new/{name}", exist_ok=True)
    os.symlink("/tmp", "/new/dev/shm")
    linux.mount("proc", "/new/proc", "proc", PLAIN | linux.MS_NOEXEC)
    linux.pivot_root("/new", "/new/old", pivot)
    os.chdir("/")
    linux.unmount("/old")
    os.rmdir("/old")


def _show(path: str, place: str | None = None) -> bool:
    """Binds one path of the host into the new root, at the same place or another; a link is made anew.

    False where there is nothing to bind.
    """
    source, target = f"/old{path}", f"/new{place or path}"
    if os.path.islink(source):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.symlink(os.readlink(source), target)
        return False
    if not os.path.exists(source):
        return False
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        _file(target)
    linux.mount(source, target, None, linux.MS_BIND | linux.MS_REC)
    linux.restrict_mount(target, READ_ONLY)
    return True


def _file(path: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    open(path, "xb").close()


def open_box(name: str, limits: Limits) -> None:
    """A sized tmpfs that several jails see one after another: what one compiles, others run."""
    os.mkdir(f"{BOXES}/{name}")
    options = f"mode=1777,size={limits.disk_mb}m,nr_inodes={limits.inodes}"
    linux.mount("tmpfs", f"{BOXES}/{name}", "tmpfs", PLAIN, options)


def close_box(name: str) -> None:
    """Takes a box away with all that is in it."""
    linux.unmount(f"{BOXES}/{name}")
    os.rmdir(f"{BOXES}/{name}")


def enter(limits: Limits, box: str | None, box_writable: bool, shelf: str | None) -> None:
    """A jail's own mounts: an empty sized /tmp, its box and shelf and no other, its own /proc, and the root read-only.

    The caller has left the keeper's mount namespace and is the first process of its PID namespace.
    """
    linux.mount("tmpfs", "/tmp", "tmpfs", PLAIN, f"mode=1777,size={limits.disk_mb}m,nr_inodes={limits.inodes}")
    if box is not None:
        linux.mount(f"{BOXES}/{box}", BOX, None, linux.MS_BIND)
        if not box_writable:
            linux.restrict_mount(BOX, READ_ONLY | linux.ATTR_NODEV)
    if shelf is not None:
        linux.mount(f"{BOXES}/{shelf}", SHELF, None, linux.MS_BIND)
        linux.restrict_mount(SHELF, READ_ONLY | linux.ATTR_NODEV)
    linux.mount("tmpfs", BOXES, "tmpfs", PLAIN | linux.MS_RDONLY, "mode=000,size=4k,nr_inodes=2")
    linux.mount("proc", "/proc", "proc", PLAIN | linux.MS_NOEXEC)
    linux.restrict_mount("/", READ_ONLY | linux.ATTR_NODEV, recursive=False)
