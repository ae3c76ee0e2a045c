"""Many trials at a time: a keeper for each worker, and threads that wait for them."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

from train.sandbox import judge, languages, probe, root
from train.sandbox.jail import Mode
from train.sandbox.limits import slowness
from train.sandbox.trial import Trial, Verdict
from train.sandbox.worker import Broken, Worker

ATTEMPTS = 2  # a trial whose sandbox broke is tried once more; what breaks twice is told as infrastructure


class Sandbox:
    """Judges trials. `mode` forces one way to build jails; `readable` are folders that programs may read besides."""

    def __init__(
        self,
        workers: int | None = None,
        *,
        mode: Mode | None = None,
        unsafe: bool = False,
        readable: Sequence[str] = (),
    ) -> None:
        self.layers = probe.layers()
        self.workers = workers or os.cpu_count() or 1
        self.slowness = slowness()
        base = str(Path(probe.PYTHON).parents[1])
        self._readable = (*root.SYSTEM, base, *languages.roots(), *readable)
        self._free: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        self._all: list[Worker] = []
        self._closing = threading.Lock()
        self.mode = self._start([mode] if mode else probe.modes(self.layers, unsafe))
        self._threads = ThreadPoolExecutor(self.workers, thread_name_prefix="sandbox")

    def _start(self, modes: Sequence[Mode]) -> Mode:
        """Starts the workers in the first mode that works. Raises Refused with what went wrong in each."""
        problems = []
        for mode in modes:
            try:
                for _ in range(self.workers):
                    self._all.append(Worker(mode, self._readable))
            except (Broken, OSError) as error:
                problems.append(f"{mode}: {error}")
                self._stop_workers()
                continue
            for worker in self._all:
                self._free.put(worker)
            return mode
        raise probe.Refused(f"no jail could be started ({'; '.join(problems)}): see the table of layers")

    def judge(self, trial: Trial) -> Verdict:
        """One verdict. Safe to call from several threads."""
        worker = self._free.get()
        try:
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    verdict = judge.judge(worker, trial, trial.limits.stretched(self.slowness))
                except Broken as error:
                    verdict = Verdict(outcome="infrastructure", seconds=0.0, detail=str(error)[:500])
                if verdict.outcome != "infrastructure" or attempt == ATTEMPTS:
                    break
            return verdict
        finally:
            self._free.put(worker)

    def submit(self, trial: Trial) -> Future[Verdict]:
        """The same in the background."""
        return self._threads.submit(self.judge, trial)

    def map(self, trials: Iterable[Trial]) -> Iterator[Verdict]:
        """Verdicts in the order of the trials, as many at a time as there are workers."""
        ahead: queue.SimpleQueue[Future[Verdict]] = queue.SimpleQueue()
        for trial in trials:
            ahead.put(self.submit(trial))
            if ahead.qsize() > 4 * self.workers:
                yield ahead.get().result()
        while not ahead.empty():
            yield ahead.get().result()

    def close(self) -> None:
        """Ends everything; nothing stays behind."""
        self._threads.shutdown(cancel_futures=True)
        self._stop_workers()

    def _stop_workers(self) -> None:
        with self._closing:
            for worker in self._all:
                worker.close()
            self._all.clear()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
