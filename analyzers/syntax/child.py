"""The process that parses: frames come in at its standard input, answers go out at its standard output, in order.

A frame is a length (4 bytes, little-endian) and a `marshal` value. The first frame names the function to call, the
limits, and what else it is given for every file; every other is (request, source). An answer is the function's value,
or ("failed", message) where it raised. Each file has a budget of processor time: when a scanner hangs, the system ends
the process with SIGPROF, and neither a busy machine nor a dead parent changes that. The parent's side is
analyzers.syntax.parser.
"""

from __future__ import annotations

import gc
import marshal
import os
import resource
import signal
import struct
import sys
from importlib import import_module
from typing import Any, BinaryIO

from analyzers.syntax.limits import Limits

LENGTH = struct.Struct("<I")


def read_frame(stream: BinaryIO) -> Any:
    """The next value; EOFError where the stream ends."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        raise EOFError("the stream of frames has ended")
    return marshal.loads(stream.read(LENGTH.unpack(head)[0]))


def frame(value: Any) -> bytes:
    """A value as a frame."""
    body = marshal.dumps(value)
    return LENGTH.pack(len(body)) + body


def serve(inward: BinaryIO, outward: BinaryIO) -> None:
    """Answers frames until there are no more."""
    module, name, max_memory_bytes, bounds, arguments = read_frame(inward)
    limits = Limits(**bounds)
    task = getattr(import_module(module), name)
    resource.setrlimit(resource.RLIMIT_AS, (max_memory_bytes, max_memory_bytes))
    gc.set_threshold(200_000, 50, 50)  # nodes make no cycles, and looking for some among them is a tenth of the walk
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's matter
    outward.write(frame("ready"))
    outward.flush()
    while True:
        try:
            request, source = read_frame(inward)
        except EOFError:
            return
        signal.setitimer(signal.ITIMER_PROF, limits.seconds(len(source)))
        try:
            answer = task(request, source, limits, *arguments)
        except Exception as error:
            answer = ("failed", f"{type(error).__name__}: {error}"[:300])
        signal.setitimer(signal.ITIMER_PROF, 0)
        outward.write(frame(answer))
        outward.flush()


def main() -> None:
    """Keeps the pipe for frames: whatever else prints goes to standard error."""
    outward = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, outward)


if __name__ == "__main__":
    main()
