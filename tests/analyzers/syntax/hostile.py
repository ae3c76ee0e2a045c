"""Tasks for the child that do what scanners do at their worst. Named by tests of the parent's side."""

from __future__ import annotations

import ctypes
import os
import signal
import time

from analyzers.syntax.limits import Limits


def obey(language: str, source: bytes, limits: Limits) -> object:
    """Does what the source says, and otherwise gives it back with the process's number."""
    if source.startswith(b"crash"):
        ctypes.string_at(0)
    if source.startswith(b"hang"):
        while True:
            pass
    if source.startswith(b"sleep"):
        time.sleep(1000)
    if source.startswith(b"raise"):
        raise ValueError("told to")
    if source.startswith(b"print"):
        print("noise on standard output")
    if source.startswith(b"grow"):
        return bytes(1 << 40)
    if source.startswith(b"once "):
        path = source[5:].decode()
        if not os.path.exists(path):
            open(path, "w").close()
            os.kill(os.getpid(), signal.SIGSEGV)
    return (language, source, os.getpid())


def limits(request: tuple, source: bytes, limits: Limits, one: str, other: dict) -> object:
    """The bounds, the request and the arguments as they came."""
    return (limits.max_bytes, limits.base_calls, request, one, other)
