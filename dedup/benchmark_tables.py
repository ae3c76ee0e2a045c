"""Tables of benchmarks' n-grams: built from tasks, written, read. Those that come along are dedup/tables/*.parquet.

They hold hashes and names of tasks and no text; `python -m benchmarks.benchmark_tables` made them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dedup.contamination import CODE, HASH_BITS, RENAMED, TEST, TEXT, Table, table_of
from dedup.ngrams import RENAMED_TOKENS, WRITTEN_TOKENS, ngrams
from dedup.tasks import Task, read_tasks
from dedup.tokens import Tokenizer

SHIPPED = {
    "HumanEval": ("HumanEval.jsonl.gz",),
    "HumanEval-CN": ("humaneval_python_cn.jsonl.gz",),
    "HumanEval-X": tuple(f"humaneval_x_{language}.jsonl.gz" for language in ("python", "cpp", "go", "java", "js")),
    "MBPP": ("mbpp_test.jsonl.gz",),
}
"""Benchmarks that come along, and the files they were made from."""
MOST_NGRAMS = 16
"""Kept of a part, those with the lowest hashes: which they are depends on the text alone."""
FEWEST_RENAMED = 3
"""A solution with fewer renamed n-grams is not looked for under other names: what is left of a line or two without
them, many write."""
VERSION = f"contamination1/{Tokenizer().name}/{WRITTEN_TOKENS}/{RENAMED_TOKENS}/{HASH_BITS}"
"""Tables of another version hold other hashes and are refused."""
_SHIFT = np.uint64(64 - HASH_BITS)


def parts_of(task: Task) -> list[tuple[int, np.ndarray]]:
    """(kind, n-grams cut to HASH_BITS, ascending and once each) of every part that is long enough to have one."""
    texts = [(TEXT, text) for text in task.texts] + [(CODE, task.code), (TEST, task.tests)]
    parts = []
    for kind, text in texts:
        found = ngrams(pa.array([text], pa.large_string()), np.array([task.marks], np.uint8))
        parts.append((kind, found.written))
        if kind == CODE:
            parts.append((RENAMED, found.renamed))
    return [(kind, np.unique(hashes >> _SHIFT)) for kind, hashes in parts if len(hashes)]


def build(tasks: Sequence[Task], common: np.ndarray | None = None, most: int | None = MOST_NGRAMS) -> Table:
    """A table of tasks without the n-grams in `common`, of each part `most` at most (None: all)."""
    common = np.zeros(0, np.uint64) if common is None else common
    part_tasks: list[int] = []
    part_kinds: list[int] = []
    pairs = [np.zeros((0, 2), np.uint64)]
    for number, task in enumerate(tasks):
        for kind, hashes in parts_of(task):
            kept = np.setdiff1d(hashes, common)[:most]
            if len(kept) >= (FEWEST_RENAMED if kind == RENAMED else 1):
                pairs.append(np.stack([kept, np.full(len(kept), len(part_tasks), np.uint64)], axis=1))
                part_tasks.append(number)
                part_kinds.append(kind)
    return table_of([task.name for task in tasks], part_tasks, part_kinds, np.concatenate(pairs))


def save(table: Table, path: Path) -> None:
    """One Parquet file: a row for each n-gram of each part, names of tasks and the version in its metadata."""
    about = {
        "version": VERSION,
        "tasks": table.tasks,
        "part_tasks": table.part_tasks.tolist(),
        "part_kinds": table.part_kinds.tolist(),
    }
    rows = pa.table(
        {"hash": np.repeat(table.hashes, np.diff(table.offsets)).astype(np.int64), "part": table.parts}
    ).replace_schema_metadata({"contamination": json.dumps(about)})
    encodings = dict.fromkeys(rows.column_names, "DELTA_BINARY_PACKED")
    pq.write_table(rows, path, compression="zstd", use_dictionary=False, column_encoding=encodings)


def load(path: Path) -> Table:
    """A table that `save` wrote; ValueError for another version's or another file."""
    rows = pq.read_table(path)
    about = json.loads((rows.schema.metadata or {}).get(b"contamination", b"{}"))
    if about.get("version") != VERSION:
        raise ValueError(
            f"{path}: a table of version {about.get('version')}, and {VERSION} is needed: build it again with "
            "python -m benchmarks.benchmark_tables"
        )
    pairs = np.stack([rows.column(name).to_numpy().astype(np.uint64) for name in ("hash", "part")], axis=1)
    return table_of(about["tasks"], about["part_tasks"], about["part_kinds"], pairs)


@cache
def shipped(benchmark: str) -> Table:
    """The table of one of SHIPPED."""
    with resources.as_file(resources.files("dedup") / "tables" / f"{benchmark}.parquet") as path:
        return load(path)


def read(path: Path) -> Table:
    """A table from a file: one that `save` wrote, or JSON lines of tasks, of which nothing is weeded.

    ValueError where it holds nothing that could be found.
    """
    if path.suffix == ".parquet":
        table = load(path)
    else:
        table = build(read_tasks([path], path.name.removesuffix(".gz").removesuffix(".jsonl")))
    if not len(table.hashes):
        raise ValueError(
            f"{path}: no part of its {len(table.tasks)} tasks has an n-gram of {WRITTEN_TOKENS} words, so that nothing "
            "would ever be found: name a file of longer tasks"
        )
    return table
