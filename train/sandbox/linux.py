"""System calls that Python's standard library has no name for, through ctypes. Each raises OSError with its name.

Numbers that are the same on every architecture with the generic table (Linux 5.1 and later) stand here; those that
differ are in `syscalls`.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Sequence

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC = 0x0002_0000, 0x0200_0000, 0x0400_0000, 0x0800_0000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWTIME = 0x1000_0000, 0x2000_0000, 0x4000_0000, 0x0000_0080

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 0x1000, 0x4000, 0x4_0000
MNT_DETACH = 2
ATTR_RDONLY, ATTR_NOSUID, ATTR_NODEV = 1, 2, 4

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_SECUREBITS = 1, 4, 24, 28
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 36, 38, 47
SECUREBITS_NO_ROOT = 0x2F  # noroot, no setuid fix-up and no ambient raise, each locked

SYS_MOUNT_SETATTR, SYS_LANDLOCK_CREATE, SYS_LANDLOCK_ADD, SYS_LANDLOCK_RESTRICT = 442, 444, 445, 446
AT_EMPTY_PATH, AT_RECURSIVE, AT_FDCWD = 0x1000, 0x8000, -100
CAP_SYS_ADMIN = 21

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


class Fprog(ctypes.Structure):
    """struct sock_fprog: a filter of `length` instructions of eight bytes."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def _checked(result: int, name: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def syscall(name: str, number: int, *arguments: object) -> int:
    """A system call by number; integers are passed as longs."""
    plain = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return _checked(_libc.syscall(ctypes.c_long(number), *plain), name)


def unshare(flags: int) -> None:
    """Leaves the namespaces of the flags for new ones."""
    _checked(_libc.unshare(ctypes.c_int(flags)), "unshare")


def setns(fd: int, flags: int) -> None:
    """Enters the namespace of a descriptor."""
    _checked(_libc.setns(ctypes.c_int(fd), ctypes.c_int(flags)), "setns")


def mount(source: str, target: str, kind: str | None, flags: int = 0, options: str = "") -> None:
    """mount(2)."""
    encoded = [None if text is None else os.fsencode(text) for text in (source, target, kind)]
    _checked(_libc.mount(*encoded, ctypes.c_ulong(flags), os.fsencode(options)), f"mount {source} on {target}")


def unmount(target: str) -> None:
    """Takes a mount off at once, whoever still uses it."""
    _checked(_libc.umount2(os.fsencode(target), MNT_DETACH), f"unmount {target}")


def restrict_mount(target: str, attributes: int, recursive: bool = True) -> None:
    """Sets attributes (read-only, no set-uid, no devices) on a mount and those below it. Linux 5.12 or later."""
    record = struct.pack("QQQQ", attributes, 0, 0, 0)
    flags = AT_RECURSIVE if recursive else 0
    syscall("mount_setattr", SYS_MOUNT_SETATTR, AT_FDCWD, os.fsencode(target), flags, record, len(record))


def pivot_root(new_root: str, put_old: str, number: int) -> None:
    """Makes a mount the root; `number` is the architecture's for pivot_root."""
    syscall("pivot_root", number, os.fsencode(new_root), os.fsencode(put_old))


def prctl(option: int, *arguments: int) -> int:
    """prctl(2), with zeros for what is not given."""
    values = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    return _checked(_libc.prctl(ctypes.c_int(option), *values), f"prctl {option}")


def effective_capabilities() -> int:
    """The bit set of this process's effective capabilities."""
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1], 16) for line in lines if line.startswith("CapEff"))


def drop_capabilities() -> None:
    """Empties all five capability sets for good. What lacks CAP_SETPCAP keeps its bounding set, unusable without the
    others once no_new_privs is set."""
    for capability in range(64):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:
            break
    for option in ((PR_SET_SECUREBITS, SECUREBITS_NO_ROOT), (PR_CAP_AMBIENT, 4)):
        try:
            prctl(*option)
        except OSError:
            continue
    header = struct.pack("Ii", 0x2008_0522, 0)
    _checked(_libc.capset(header, bytes(24)), "capset")


def install_filter(program: bytes) -> None:
    """Puts a seccomp filter on this process and all its children. no_new_privs must be set."""
    record = Fprog(len(program) // 8, program)
    _checked(_libc.prctl(22, ctypes.c_ulong(2), ctypes.byref(record), 0, 0), "seccomp")


def close_but(kept: Sequence[int]) -> None:
    """Closes every descriptor but those named."""
    low = 0
    for fd in sorted({fd for fd in kept if fd >= 0}):
        if fd > low:  # CPython takes an empty range from 0 for everything
            os.closerange(low, fd)
        low = fd + 1
    os.closerange(low, 1 << 30)  # one system call
