"""Issues and pull requests of GH Archive's files into a data set, on several cores, in bounded memory."""

from __future__ import annotations

import glob
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curate.errors import RunFailed, WrongUse
from curate.history import dataset
from curate.history.conversations import ConversationRules, conversation
from curate.history.events import EVENT, events_in
from curate.history.grouping import PART_BYTES, grouped

NOTE = "issues.json"
_ROWS = 1_000  # events at a time
_FILE_BYTES = 512_000_000  # characters of content in one file


def write_conversations(
    inputs: Sequence[str | Path], out: Path, rules: ConversationRules, *, workers: int = 1, fresh: bool = False,
    part_bytes: int = PART_BYTES, say: Callable[[str], None] = lambda text: None,
) -> Counter[str]:  # fmt: skip
    """Conversations into OUT/00000.parquet and so on, and OUT/issues.json last; gives the counts.

    Inputs are files of events (.json, .jsonl, packed or not), folders of them, or globs. All events that belong to the
    text of a conversation are written to OUT/_events once, or twice where there are very many, and read again. An
    interrupted call begins again. RunFailed where no conversation is taken.
    """
    dataset.begin(out, NOTE, fresh)
    scratch = out / "_events"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    files = event_files(inputs)
    counts: Counter[str] = Counter(files=len(files))
    try:
        (scratch / "parts").mkdir()
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            events = _events(files, pool if workers > 1 else None, scratch, workers, counts, say)
            documents = _documents(grouped(events, scratch / "parts", part_bytes), rules, counts)
            written = _write(documents, out, counts)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if not counts["taken"]:
        raise RunFailed(f"no conversation was taken of {len(files)} files of events: {dict(counts)}")
    dataset.finish(out, NOTE, written, {"counts": dict(counts), "rules": rules.model_dump(mode="json")})
    return counts


def event_files(inputs: Sequence[str | Path]) -> list[str]:
    """Files that inputs name, sorted. WrongUse where one names nothing."""
    found: set[str] = set()
    for given in map(str, inputs):
        inside = os.path.join(glob.escape(given), "**") if os.path.isdir(given) else given
        names = [path for path in glob.glob(inside, recursive=True) if os.path.isfile(path) and ".json" in path]
        if not names:
            raise WrongUse(f"input {given!r} names no .json or .jsonl file of events (.gz and .zst too)")
        found |= set(names)
    return sorted(found)


def _events(
    files: Sequence[str], pool: ProcessPoolExecutor | None, scratch: Path, workers: int, counts: Counter[str],
    say: Callable[[str], None],
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """Rows of EVENT of all files, in their order; with a pool as many files at a time as it has workers."""
    done = 0
    for start in range(0, len(files), workers):
        several = files[start : start + workers]
        paths = [scratch / f"{number}.parquet" for number in range(len(several))]
        for told in (pool.map if pool else map)(_parse, several, paths):
            counts.update(told)
        for path in paths:
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(_ROWS):
                    yield from batch.to_pylist()
            path.unlink()
        done += len(several)
        say(f"{done} of {len(files)} files of events, {counts['events']:,} events")


def _parse(file: str, path: Path) -> Counter[str]:
    """The events of one file as Parquet; gives what was counted."""
    counts: Counter[str] = Counter()
    rows = events_in(os.fsencode(file), counts)
    with pq.ParquetWriter(path, EVENT, compression="zstd", compression_level=1) as writer:
        while held := list(islice(rows, _ROWS)):
            writer.write_batch(pa.RecordBatch.from_pylist(held, schema=EVENT))
    return counts


def _documents(
    groups: Iterator[list[dict[str, Any]]], rules: ConversationRules, counts: Counter[str]
) -> Iterator[dict[str, str | None]]:
    for group in groups:
        counts["conversations"] += 1
        found = conversation(group, rules)
        counts[found.reason or "taken"] += 1
        if found.reason is None:
            kind = "pulls" if found.is_pull else "issues"
            yield {
                "repo_name": found.repo,
                "path": f"{kind}/{found.number}.txt",
                "language": "Text",
                "license": None,
                "content": found.text,
            }


def _write(rows: Iterator[dict[str, str | None]], out: Path, counts: Counter[str]) -> list[Path]:
    """Files of about _FILE_BYTES."""
    written: list[Path] = []
    first = next(rows, None)
    while first is not None:
        path = out / f"{len(written):05d}.parquet"
        left: list[dict[str, str | None]] = []
        dataset.write(_some(first, rows, left), path, "", counts)
        written.append(path)
        first = left[0] if left else None
    return written


def _some(
    first: dict[str, str | None], rows: Iterator[dict[str, str | None]], left: list[dict[str, str | None]]
) -> Iterator[dict[str, str | None]]:
    """Rows until a file is full; the one behind them goes to `left`."""
    size = len(first["content"] or "")
    yield first
    for row in rows:
        size += len(row["content"] or "")
        if size > _FILE_BYTES:
            left.append(row)
            return
        yield row
