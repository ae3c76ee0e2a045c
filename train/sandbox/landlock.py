"""Landlock: what files a process and its children may touch, where mount namespaces are closed. No privilege needed.

Everything is refused except reading and executing below the given roots, and writing below the given folders. From ABI
4 TCP is refused as well, and from ABI 6 abstract sockets and signals to processes outside. Source: the kernel's
documentation of Landlock (userspace-api/landlock).
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable

from train.sandbox import linux

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
TRUNCATE, IOCTL_DEV = 1 << 14, 1 << 15
READ = EXECUTE | READ_FILE | READ_DIR
ON_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
NETWORK, SCOPES = 3, 3  # bind and connect over TCP; abstract sockets and signals
PATH_BENEATH, VERSION_FLAG = 1, 1


def abi() -> int:
    """The version of Landlock that the kernel speaks; 0 where it has none."""
    try:
        return linux.syscall("landlock", linux.SYS_LANDLOCK_CREATE, None, 0, VERSION_FLAG)
    except OSError:
        return 0


def handled(version: int) -> int:
    """The rights on files that a version can refuse."""
    return (1 << (13 if version < 2 else 14 if version < 3 else 15 if version < 5 else 16)) - 1


def restrict(readable: Iterable[str], writable: Iterable[str]) -> None:
    """Restricts this process for good. no_new_privs must be set; paths that do not exist are left out."""
    version = abi()
    rights = handled(version)
    attributes = struct.pack("QQQ", rights, NETWORK if version >= 4 else 0, SCOPES if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = linux.syscall("landlock_create", linux.SYS_LANDLOCK_CREATE, attributes[:size], size, 0)
    try:
        for paths, allowed in ((readable, READ), (writable, rights & ~IOCTL_DEV)):
            for path in paths:
                _allow(ruleset, path, allowed & rights)
        linux.syscall("landlock_restrict", linux.SYS_LANDLOCK_RESTRICT, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, allowed: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not os.path.isdir(path):
            allowed &= ON_FILES
        record = ctypes.create_string_buffer(struct.pack("=Qi", allowed, fd))
        linux.syscall("landlock_add", linux.SYS_LANDLOCK_ADD, ruleset, PATH_BENEATH, record, 0)
    finally:
        os.close(fd)
