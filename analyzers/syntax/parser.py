"""The parent's side of parsing: a child that may crash or hang, and answers for every file all the same.

A child is started with the interpreter at hand and talks over pipes, so that it works where forking is forbidden. When
it dies over a file, a new one tries that file again, alone; when that dies too the file is recorded as crashed. So what
a neighbour did to the memory of a child is not blamed on the next file. POSIX only.
"""

from __future__ import annotations

import marshal
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

from analyzers.syntax.child import LENGTH, frame
from analyzers.syntax.limits import Limits
from analyzers.syntax.report import Report, from_plain

_READ_BYTES = 1 << 20
_ROOT = Path(__file__).parents[2]


class ChildFailed(RuntimeError):
    """The child does not even start."""


class Parser:
    """Parses batches in a child process. A context manager; `close` ends the child.

    task names a function in a module; it is called with (request, source, limits, *arguments) and gives a value that
    `marshal` can carry, as it can what it is given. Wall clock is the last resort only, for a child that
    waits for ever: `patience` times the processor time that a file has.
    """

    def __init__(
        self,
        task: tuple[str, str] = ("analyzers.syntax.task", "report"),
        arguments: tuple = (),
        *,
        limits: Limits | None = None,
        max_memory_bytes: int = 4 << 30,
        patience: float = 20,
    ) -> None:
        """Starts nothing yet: the child comes with the first batch."""
        self._task = task
        self._arguments = arguments
        self._limits = limits or Limits()
        self._max_memory_bytes = max_memory_bytes
        self._patience = patience
        self._child: subprocess.Popen[bytes] | None = None
        self._told = tempfile.TemporaryFile()  # noqa: SIM115  (closed by close)
        self._inbox = bytearray()
        self.n_started = 0

    def __enter__(self) -> Parser:
        """Itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Ends the child."""
        self.close()

    def close(self) -> None:
        """Ends the child; the next batch would start another."""
        self._end()
        self._told.close()

    def reports(self, files: Iterable[tuple[str, bytes]]) -> list[Report | str]:
        """The default task's: a report for each (language, source), or why there is none (limits.Refusal)."""
        answers = self.answers(list(files))
        return [answer if isinstance(answer, str) else from_plain(answer) for answer in answers]

    def answers(self, files: Sequence[tuple[Any, bytes]]) -> list[Any]:
        """What the task says of each (request, source), in order; a string for hung, crashed, failed."""
        answers: list[Any] = []
        again = False  # the file at hand has killed one child already
        while len(answers) < len(files):
            batch = files[len(answers) : len(answers) + 1] if again else files[len(answers) :]
            got, ended_by = self._run(batch)
            answers += got
            if got:
                again = False
            if ended_by is None:
                continue
            if ended_by == "hung" or again:
                answers.append(ended_by)
                again = False
            else:
                again = True
        return ["failed" if isinstance(answer, tuple) and answer[:1] == ("failed",) else answer for answer in answers]

    def _run(self, files: Sequence[tuple[Any, bytes]]) -> tuple[list[Any], str | None]:
        """Answers up to the one that a child died over, and how it died; None where it lives."""
        child = self._child or self._start()
        answers: list[Any] = []
        inward, outward = child.stdin, child.stdout
        assert inward is not None
        assert outward is not None
        outbox = memoryview(b"".join(map(frame, files)))
        with selectors.DefaultSelector() as selector:
            selector.register(outward, selectors.EVENT_READ)
            selector.register(inward, selectors.EVENT_WRITE)
            deadline = self._deadline(files[0][1])
            while len(answers) < len(files):
                ready = selector.select(max(0.0, deadline - time.monotonic()))
                if not ready:
                    self._end()
                    return answers, "hung"
                for key, _ in ready:
                    if key.fileobj is inward:
                        outbox = self._send(inward.fileno(), outbox)
                        if not outbox:
                            selector.unregister(inward)
                        continue
                    if not self._receive(outward.fileno()):
                        return answers, self._cause()
                    while (answer := self._next()) is not None:
                        answers.append(answer[0])
                    if len(answers) < len(files):
                        deadline = self._deadline(files[len(answers)][1])
        return answers, None

    def _deadline(self, source: bytes) -> float:
        return time.monotonic() + self._patience * self._limits.seconds(len(source))

    def _send(self, pipe: int, outbox: memoryview) -> memoryview:
        try:
            return outbox[os.write(pipe, outbox[:_READ_BYTES]) :]
        except BlockingIOError:
            return outbox
        except BrokenPipeError:
            return outbox[:0]  # reading tells how the child ended

    def _receive(self, pipe: int) -> bool:
        try:
            chunk = os.read(pipe, _READ_BYTES)
        except BlockingIOError:
            return True
        self._inbox += chunk
        return bool(chunk)

    def _next(self) -> tuple[Any] | None:
        if len(self._inbox) < LENGTH.size:
            return None
        end = LENGTH.size + LENGTH.unpack_from(self._inbox)[0]
        if len(self._inbox) < end:
            return None
        answer = marshal.loads(self._inbox[LENGTH.size : end])
        del self._inbox[:end]
        return (answer,)

    def _start(self) -> subprocess.Popen[bytes]:
        self.n_started += 1
        self._told.seek(0)
        self._told.truncate()
        self._inbox.clear()
        places = os.pathsep.join([str(_ROOT), *(place for place in sys.path if place)])
        child = subprocess.Popen(
            [sys.executable, "-m", "analyzers.syntax.child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._told, env={**os.environ, "PYTHONPATH": places}, bufsize=0,
        )  # fmt: skip
        self._child = child
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write(frame((*self._task, self._max_memory_bytes, asdict(self._limits), self._arguments)))
            ready = child.stdout.read(len(frame("ready"))) or b""
        except BrokenPipeError:
            ready = b""
        if ready != frame("ready"):
            self._end()
            self._told.seek(0)
            last = self._told.read().decode("utf-8", "replace").strip().splitlines()[-1:]
            raise ChildFailed(f"the parser's process does not start: {''.join(last) or 'it says nothing'}")
        os.set_blocking(child.stdin.fileno(), False)
        os.set_blocking(child.stdout.fileno(), False)
        return child

    def _cause(self) -> str:
        """How the child that has closed its pipe ended."""
        assert self._child is not None
        code = self._child.wait()
        self._end()
        return "hung" if code == -signal.SIGPROF else "crashed"

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        for pipe in (child.stdin, child.stdout):
            assert pipe is not None
            pipe.close()
        child.wait()
