"""Training data that is an evaluation file is refused, whatever it is called and however it is laid out.

It is known by its texts (`fingerprints`) and by rows that have a benchmark's task id beside its columns. A file counts
as one that holds a benchmark when a tenth of the benchmark's tasks are in it, or when a fifth of its own rows are such
tasks. Less than that is for decontamination, which drops single rows: sentences as short as MBPP's are met by chance.
"""

from __future__ import annotations

import gzip
import io
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from curate.errors import WrongUse
from train.evaluate.fingerprints import Fingerprints, shipped
from train.evaluate.row_texts import may_hold_text, row_texts
from train.evaluate.word_windows import PIECE
from train.tokenizer import text_column

MIN_TASK_SHARE = 0.1  # of a benchmark's tasks
MIN_ROW_SHARE = 0.2  # of a file's rows, at least MIN_ROWS of them
MIN_ROWS = 2
_TASK = re.compile(r"(?:HumanEval|HumanEvalX|MBPP|mbpp|CPP|Java|JavaScript|Go|Rust|Python)/\d+")
_BATCH_ROWS = 64  # of Parquet at a time
_COLUMNS = {"canonical_solution", "test", "tests", "test_list", "entry_point"}


class _Rows(NamedTuple):
    """Rows of a file: which of them have a benchmark's task id, and the text of each."""

    task_ids: dict[int, str]
    texts: pa.LargeStringArray


@dataclass
class _Count:
    """What was found in one file."""

    rows: int = 0
    evaluating: int = 0
    by_id: set[str] = field(default_factory=set)
    tasks: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))


def refuse_evaluation_files(paths: Iterable[Path], fingerprints: Fingerprints | None = None) -> None:
    """Raises WrongUse for the first file that holds a benchmark. Folders are looked through.

    JSONL, JSON and Parquet are looked through row by row, all text in a row together; any other file counts as one row.
    """
    known = fingerprints or shipped()
    for path in _files(paths):
        count = _counted(path, known)
        told = _verdict(count, known)
        if told:
            raise WrongUse(f"{path} is an evaluation file ({told}): take it out of the training data")


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(one for one in path.rglob("*") if one.is_file())
        elif path.is_file():
            yield path
        else:
            raise WrongUse(f"{path} is not there: give files or folders of training data")


def _counted(path: Path, known: Fingerprints) -> _Count:
    """Looks through a file."""
    count = _Count()
    for rows in _batches(path):
        count.rows += len(rows.texts)
        count.by_id.update(rows.task_ids.values())
        found = set(rows.task_ids)
        for row, benchmark, task in known.found_in(rows.texts):
            count.tasks[benchmark].add(task)
            found.add(row)
        count.evaluating += len(found)
    return count


def _verdict(count: _Count, known: Fingerprints) -> str | None:
    """Why a file is refused; None for one that is not."""
    benchmark, tasks = max(count.tasks.items(), key=lambda item: len(item[1]), default=(None, set()))
    if benchmark is not None and len(tasks) >= MIN_TASK_SHARE * known.sizes[benchmark]:
        return f"{len(tasks)} of the {known.sizes[benchmark]} tasks of {known.names[benchmark]} are in it"
    if count.evaluating >= max(MIN_ROWS, MIN_ROW_SHARE * count.rows):
        name = known.names[benchmark] if benchmark is not None else min(count.by_id)
        return f"{count.evaluating:,} of its {count.rows:,} rows are tasks of a benchmark, as of {name}"
    return None


def _batches(path: Path) -> Iterator[_Rows]:
    """The rows of a file, some at a time."""
    if path.name.lower().endswith(".parquet"):
        import pyarrow.parquet as pq

        with pq.ParquetFile(path) as file:
            told = [field.name for field in file.schema_arrow if may_hold_text(field.type)]
            for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=told):
                yield _Rows(_task_ids(batch), row_texts(batch))
        return
    task_ids: dict[int, str] = {}
    texts: list[str] = []
    held = 0
    for task_id, text in _rows(path):
        if task_id is not None:
            task_ids[len(texts)] = task_id
        texts.append(text)
        held += len(text)
        if held >= PIECE:
            yield _Rows(task_ids, text_column(texts))
            task_ids, texts, held = {}, [], 0
    if texts:
        yield _Rows(task_ids, text_column(texts))


def _task_ids(batch: pa.RecordBatch) -> dict[int, str]:
    """Of each row that looks like a benchmark's its task id."""
    if "task_id" not in batch.schema.names or not _COLUMNS & set(batch.schema.names):
        return {}
    values = enumerate(batch["task_id"].to_pylist())
    return {row: value for row, value in values if isinstance(value, str) and _TASK.fullmatch(value)}


def _rows(path: Path) -> Iterator[tuple[str | None, str]]:
    """Of each row of JSON its task id, where it looks like a benchmark's, and all its text; any other file is a row."""
    name = path.name.lower()
    with _opened(path) as stream, io.TextIOWrapper(stream, "utf-8", "replace") as lines:
        if re.search(r"\.(jsonl|ndjson)(\.gz|\.zst)?$", name):
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _row(_parsed(line, f"{path}, line {number}"))
            return
        text = lines.read()
    if re.search(r"\.json(\.gz|\.zst)?$", name):
        whole = _parsed(text, str(path))
        yield from map(_row, whole if isinstance(whole, list) else [whole])
    else:
        yield None, text


def _opened(path: Path) -> Any:
    if path.suffix == ".gz":
        return gzip.open(path, "rb")
    if path.suffix == ".zst":
        import zstandard

        return zstandard.open(path, "rb")
    return path.open("rb")


def _parsed(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise WrongUse(f"{place}: no JSON ({error}): training data that cannot be read cannot be checked") from None


def _row(row: Any) -> tuple[str | None, str]:
    task_id = row.get("task_id") if isinstance(row, dict) else None
    known = isinstance(task_id, str) and _TASK.fullmatch(task_id) and _COLUMNS & row.keys()
    return (task_id if known else None), "\n".join(_strings(row))


def _strings(value: Any) -> Iterator[str]:
    """Every text in a row, by an explicit stack: rows may be nested deeper than Python calls."""
    stack = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            stack += reversed(one.values())
        elif isinstance(one, list | tuple):
            stack += reversed(one)
