"""Instruction data from curated runs: chats of function-comment pairs, of their parallels and of their tests."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from curate.errors import RunFailed
from curate.shards import Run
from train.instruct.markdown import fenced
from train.instruct.parallel import translations
from train.instruct.tasks import TASKS, InstructionConfig, Sample, samples_of
from train.instruct.tested import functions_with_tests

__all__ = ["TASKS", "InstructionConfig", "fenced", "pairs", "samples_of", "write_instructions"]
_COLUMNS = (
    "pair_id", "file_id", "language", "kind", "name", "signature", "doc_style", "comment", "comment_language", "code",
    "code_with_comment", "repo", "path", "licence", "drop_reason",
)  # fmt: skip
_PYTHON = ("file_id", "repo", "path", "content")
_ROWS = 1024


def write_instructions(runs: Sequence[Run], out: Path, config: InstructionConfig) -> dict[str, int]:
    """Chat JSONL of all kept pairs of runs, whole or not at all; gives samples by task, and the pairs that gave none.

    RunFailed without any sample.
    """
    counts: Counter[str] = Counter()
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(out.name + ".part")
    with part.open("w", encoding="utf-8") as file:
        for sample in _samples(runs, config, counts):
            file.write(json.dumps(sample, ensure_ascii=False) + "\n")
            counts[sample["task"]] += 1
    if not any(counts[task] for task in TASKS):
        part.unlink()
        folders = ", ".join(str(run.folder) for run in runs)
        if counts["pairs_without_a_task"]:
            raise RunFailed(f"{folders}: none of {counts['pairs_without_a_task']:,} pairs is fit for a task asked for")
        raise RunFailed(f"{folders} hold no pairs: run a recipe whose stage syntax has `pairs: {{}}`")
    os.replace(part, out)
    return dict(sorted(counts.items()))


def _samples(runs: Sequence[Run], config: InstructionConfig, counts: Counter[str]) -> Iterator[Sample]:
    """Of all pairs, then of those that have a parallel, then of those that have tests."""

    def everything() -> Iterator[dict[str, Any]]:
        return chain.from_iterable(map(pairs, runs))

    for pair in everything():
        made = list(samples_of(pair, config))
        counts["pairs_without_a_task"] += not made
        yield from made
    if "translation" in config.tasks:
        yield from translations(everything, config)
    if "test" in config.tasks:
        yield from functions_with_tests(everything, lambda: chain.from_iterable(map(_python, runs)), config)


def pairs(run: Run) -> Iterator[dict[str, Any]]:
    """Kept pairs of a run, in the order of its files (curate.schema.PAIR)."""
    for path in run.files("pairs/"):
        for pair in _rows(path, _COLUMNS):
            if pair["drop_reason"] is None:
                yield pair


def _python(run: Run) -> Iterator[dict[str, Any]]:
    """The Python files of a run."""
    for path in run.files("shards/language=Python/"):
        yield from _rows(path, _PYTHON)


def _rows(path: Path, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_ROWS, columns=list(columns)):
            yield from batch.to_pylist()
