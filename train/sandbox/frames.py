"""Messages over a pipe: four bytes of length, big-endian, then JSON in UTF-8. Nothing that is read can be executed."""

from __future__ import annotations

import json
import os
import struct
from typing import Any

MAX_BYTES = 32 << 20


class BrokenFrame(Exception):
    """What came is no message, or more than MAX_BYTES."""


def write(fd: int, message: Any) -> None:
    """Writes one message whole. Raises ValueError for one over MAX_BYTES, BrokenPipeError when nobody reads."""
    body = json.dumps(message, separators=(",", ":")).encode()
    if len(body) > MAX_BYTES:
        raise ValueError(f"a message of {len(body):,} bytes is above the {MAX_BYTES:,} that cross a pipe: send less")
    view = memoryview(struct.pack(">I", len(body)) + body)
    while view:
        view = view[os.write(fd, view) :]


def read(fd: int) -> Any:
    """The next message, or None at the end of the stream. Raises BrokenFrame for anything else."""
    head = _exactly(fd, 4)
    if head is None:
        return None
    length = struct.unpack(">I", head)[0]
    if length > MAX_BYTES:
        raise BrokenFrame(f"a message of {length:,} bytes")
    body = _exactly(fd, length)
    if body is None:
        raise BrokenFrame("a message without its end")
    return parse(body)


def parse(body: bytes) -> Any:
    """JSON, or BrokenFrame."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BrokenFrame(f"a message that is no JSON: {type(error).__name__}") from None


def _exactly(fd: int, n_bytes: int) -> bytes | None:
    """So many bytes, or None where the stream ends before the first."""
    parts: list[bytes] = []
    missing = n_bytes
    while missing:
        part = os.read(fd, min(missing, 1 << 20))
        if not part:
            if parts:
                raise BrokenFrame("a message that was cut off")
            return None
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
