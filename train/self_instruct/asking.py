"""Asking an endpoint once: answers go to a log as they come, and what is in the log is not asked again.

A request is known by its place in the work and a hash of all that is sent, the server's address apart, so that other
prompts, another model or other sampling never take an answer that was not theirs. An answer is on the disk before the
next request of its thread is sent; a kill loses those under way, at most `concurrency`, and nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xxhash

from curate.errors import RunFailed, WrongUse
from train.evaluate.completions import Completion
from train.evaluate.generators.protocol import Generator, Message, Request, Sampling
from train.evaluate.run import append, resumed

MOST_REFUSED = 5  # requests refused one after the other: then it is the server that refuses, not a request


@dataclass
class Asked:
    """What became of requests in this run."""

    answered: int = 0
    known: int = 0  # from the log
    refused: int = 0


@dataclass
class Asker:
    """One endpoint with its log. Used in a `with` block, which holds the log open."""

    generator: Generator
    model: str
    log: Path
    sampling: Sampling
    concurrency: int = 8
    counts: Asked = field(default_factory=Asked)

    def __enter__(self) -> Asker:
        self._known = {row["task_id"]: str(row["completion"]) for row in resumed(self.log)}
        self._file = self.log.open("a", encoding="utf-8")
        return self

    def __exit__(self, *_: Any) -> None:
        self._file.close()

    def ask(self, places: Mapping[str, tuple[Message, ...]], tick: Callable[[], None] = lambda: None) -> dict[str, str]:
        """The answer of each place that got one; a request that the server refuses has none.

        RunFailed or WrongUse, after what was under way has ended, where the server stays broken or refuses everything.
        """
        ids = {self._id(place, chat): place for place, chat in places.items()}
        missing = [name for name in ids if name not in self._known]
        self.counts.known += len(ids) - len(missing)
        for _ in range(len(ids) - len(missing)):
            tick()
        requests = [Request(task_id=name, prompt="", chat=places[ids[name]]) for name in missing]
        self._ask_missing(requests, tick)
        return {place: self._known[name] for name, place in ids.items() if name in self._known}

    def _id(self, place: str, chat: Sequence[Message]) -> str:
        return f"{place}-{xxhash.xxh3_64_hexdigest(repr((chat, self.model, self.sampling)).encode())}"

    def _ask_missing(self, requests: Sequence[Request], tick: Callable[[], None]) -> None:
        """All requests, some at a time. An error waits until those under way have ended, and nothing new begins."""
        pool = ThreadPoolExecutor(self.concurrency, thread_name_prefix="self-instruct")
        left = iter(requests)
        under_way: set[Future[Completion]] = set()
        broken: RunFailed | None = None
        refusals: list[WrongUse] = []
        try:
            while True:
                while broken is None and len(under_way) < self.concurrency and (one := next(left, None)) is not None:
                    under_way.add(pool.submit(self._one, one))
                if not under_way:
                    break
                ended, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                for future in ended:
                    try:
                        self._keep(future.result())
                        refusals.clear()
                    except WrongUse as error:
                        self.counts.refused += 1
                        refusals.append(error)
                    except RunFailed as error:
                        broken = broken or error
                    tick()
                if len(refusals) >= (MOST_REFUSED if self._known else min(MOST_REFUSED, len(requests))):
                    broken = broken or RunFailed(
                        f"{len(refusals)} requests were refused one after the other: {refusals[-1]}"
                    )
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        if broken is not None:
            raise broken

    def _one(self, request: Request) -> Completion:
        """One call with its attempts, of which the generator knows how many and how long apart."""
        (completion,) = self.generator.generate([request], self.sampling)
        return completion

    def _keep(self, completion: Completion) -> None:
        """An answer, on the disk when this returns."""
        row = {"task_id": completion.task_id, "sample": 0, "completion": completion.text}
        append(self._file, row)
        os.fsync(self._file.fileno())
        self._known[completion.task_id] = completion.text
        self.counts.answered += 1
