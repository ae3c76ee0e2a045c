"""Files of a run grouped by repository, whatever their language, in memory for one part of them.

Shards are by language, so that a repository lies in many. Files go to parts on disk by a hash of their repository, and
a part that is still too large goes to parts again. Where it is too large even then it is put in order by its paths and
imports alone, and cut into runs of that order: a repository over a part's size comes as several groups, one after the
other. Files without a repository come alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curate.shards import Run
from train.order import key_of
from train.renderers.document import COLUMNS, Row
from train.renderers.import_targets import Import
from train.run_imports import imports_of

PART_BYTES = 128_000_000  # of content that a part in memory may hold
_LEVELS = 2  # times that files are split by their repository
_MOST_PARTS = 64  # files that are open for writing at a time
_ROWS = 64
_PLACE = ("file_id", "repo", "path", "language")

Imports = Mapping[str, Sequence[Import]]
Order = Callable[[Sequence[dict[str, Any]], Imports], list[int]]
"""Places of one repository's files in their order. The files have `file_id`, `path` and `language`, and come sorted by
path; the imports are by file_id."""


def by_path(rows: Sequence[dict[str, Any]], imports: Imports) -> list[int]:
    """The order that is there already."""
    return list(range(len(rows)))


def repositories(
    run: Run, scratch: Path, part_bytes: int = PART_BYTES, *, order: Order = by_path, with_imports: bool = False
) -> Iterator[list[Row]]:
    """The files of each repository in an order; the order of repositories is that of hashes.

    `scratch`, an empty folder, takes the contents of all files once or, in runs of more than 64 parts, twice; where a
    repository is over a part's size, its contents once more. It is empty again at the end.

    WrongUse where imports are asked for and the run has no facts of them.
    """
    n_bytes = sum(batch["size_bytes"].to_numpy().sum() for batch in run.documents(["size_bytes"]))
    regroup = _Regroup(part_bytes=part_bytes, order=order)
    imports: Iterable[pa.RecordBatch] = imports_of(run) if with_imports else ()
    yield from regroup.grouped(run.documents(COLUMNS, batch_rows=_ROWS), imports, int(n_bytes), scratch, level=0)


class _Regroup:
    """How large a part may be, and in which order the files of a repository come."""

    def __init__(self, *, part_bytes: int, order: Order):
        self.part_bytes, self.order = part_bytes, order

    def grouped(
        self, batches: Iterable[pa.RecordBatch], imports: Iterable[pa.RecordBatch], n_bytes: int, folder: Path,
        level: int,
    ) -> Iterator[list[Row]]:  # fmt: skip
        """The repositories of one part: at once where it fits, else part by part of it."""
        if n_bytes <= self.part_bytes:
            rows: list[Any] = [row for batch in batches for row in batch.to_pylist()]
            for ordered in self._in_order(rows, imports):
                yield [rows[place] for place in ordered]
            return
        if level == _LEVELS:
            yield from self._too_large(batches, imports, folder)
            return
        n_parts = min(_MOST_PARTS, -(-n_bytes // self.part_bytes) + 1)

        def number_of(row: dict[str, Any]) -> int:
            return key_of(level, _repo(row)) % n_parts

        sizes = _split(batches, number_of, folder, f"{level}")
        told = _split(imports, number_of, folder, f"{level}-imports")
        for number in sorted(told.keys() - sizes.keys()):  # of files that were dropped
            (folder / f"{level}-imports-{number}.parquet").unlink()
        for number, size in sorted(sizes.items()):
            inner = folder / f"{level}-{number}"
            inner.mkdir()
            part, brought = folder / f"{level}-{number}.parquet", folder / f"{level}-imports-{number}.parquet"
            yield from self.grouped(_batches(part), _batches(brought), size, inner, level + 1)
            inner.rmdir()
            part.unlink()
            brought.unlink(missing_ok=True)

    def _in_order(self, rows: list[dict[str, Any]], imports: Iterable[pa.RecordBatch]) -> Iterator[list[int]]:
        """For each repository the places of its files among the rows."""
        by_file: dict[str, list[Import]] = {}
        for batch in imports:
            for row in batch.to_pylist():
                by_file.setdefault(row["file_id"], []).append(Import(row["module"], row["name"]))
        places = sorted(range(len(rows)), key=lambda i: (_repo(rows[i]), rows[i]["path"], rows[i]["file_id"]))
        for _, group in groupby(places, key=lambda place: _repo(rows[place])):
            own = list(group)
            yield [own[place] for place in self.order([rows[place] for place in own], by_file)]

    def _too_large(
        self, batches: Iterable[pa.RecordBatch], imports: Iterable[pa.RecordBatch], folder: Path
    ) -> Iterator[list[Row]]:
        """The same without the contents in memory: they are cut on disk into runs of the order, which are read one by
        one."""
        whole = folder / "whole.parquet"
        sizes: list[int] = []
        rows: list[dict[str, Any]] = []
        writer: pq.ParquetWriter | None = None
        for batch in batches:
            writer = writer or pq.ParquetWriter(whole, batch.schema, compression="zstd")
            writer.write_batch(batch)
            rows += batch.select(list(_PLACE)).to_pylist()
            sizes += pc.fill_null(pc.binary_length(batch["content"]), 0).to_pylist()
        assert writer is not None  # the part is large
        writer.close()
        rank: dict[str, tuple[int, int]] = {}
        number = held = 0
        for place in (place for ordered in self._in_order(rows, imports) for place in ordered):
            if held and held + sizes[place] > self.part_bytes:
                number, held = number + 1, 0
            held += sizes[place]
            rank[rows[place]["file_id"]] = (number, len(rank))
        for first in range(0, number + 1, _MOST_PARTS):
            yield from self._runs(whole, rank, first, folder)
        whole.unlink()

    def _runs(self, whole: Path, rank: Mapping[str, tuple[int, int]], first: int, folder: Path) -> Iterator[list[Row]]:
        """The runs from `first` on, as many as may be open at a time."""
        numbers = range(first, first + _MOST_PARTS)

        def number_of(row: dict[str, Any]) -> int:
            number = rank[row["file_id"]][0]
            return number if number in numbers else -1

        for number in sorted(_split(_batches(whole), number_of, folder, "run")):
            part = folder / f"run-{number}.parquet"
            rows: list[Any] = [row for batch in _batches(part) for row in batch.to_pylist()]
            rows.sort(key=lambda row: rank[row["file_id"]])
            for _, group in groupby(rows, key=_repo):
                yield list(group)
            part.unlink()


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    """What a part holds; nothing where there is none."""
    if path.exists():
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(_ROWS)


def _split(
    batches: Iterable[pa.RecordBatch], number_of: Callable[[dict[str, Any]], int], folder: Path, name: str
) -> dict[int, int]:
    """Rows into NAME-NUMBER.parquet; gives the bytes of content of those that got any. Below 0 a row goes nowhere."""
    writers: dict[int, pq.ParquetWriter] = {}
    sizes: dict[int, int] = {}
    try:
        for batch in batches:
            has_content = "content" in batch.schema.names
            numbers = [number_of(row) for row in batch.select(["repo", "file_id"]).to_pylist()]
            lengths = pc.binary_length(batch["content"]).to_pylist() if has_content else [0] * len(numbers)
            for number in sorted(set(numbers) - {-1}):
                own = [i for i, other in enumerate(numbers) if other == number]
                if number not in writers:
                    writers[number] = pq.ParquetWriter(
                        folder / f"{name}-{number}.parquet", batch.schema, compression="zstd"
                    )
                writers[number].write_batch(batch.take(pa.array(own)))
                sizes[number] = sizes.get(number, 0) + sum(lengths[i] or 0 for i in own)
    finally:
        for writer in writers.values():
            writer.close()
    return sizes


def _repo(row: Any) -> str:
    """The repository, or for a file without one a name that no other file has."""
    return row["repo"] or f"\0{row['file_id']}"
