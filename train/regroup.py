"""Files of a run grouped by repository, whatever their language, in memory for one part of them.

Shards are by language, so that a repository lies in many. Files go to parts on disk by a hash of their repository, and
a part that is still too large goes to parts again: twice by repository, then by folder, then by file. A repository over
a part's size comes as several groups, its folders whole where they fit. Files without a repository come alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curate.shards import Run
from train.order import key_of
from train.renderers.document import COLUMNS, Row

PART_BYTES = 128_000_000  # of content that a part in memory may hold
_MOST_PARTS = 64  # files that are open for writing at a time
_ROWS = 64


def repositories(run: Run, scratch: Path, part_bytes: int = PART_BYTES) -> Iterator[list[Row]]:
    """The files of each repository, sorted by path; the order of repositories is that of hashes. `scratch`, an empty
    folder, takes the contents of all files once or, in runs of more than 64 parts, twice; it is empty again at the end.
    """
    n_bytes = sum(batch["size_bytes"].to_numpy().sum() for batch in run.documents(["size_bytes"]))
    batches = run.documents(COLUMNS, batch_rows=_ROWS)
    yield from _grouped(batches, int(n_bytes), scratch, part_bytes, level=0)


def _grouped(
    batches: Iterable[pa.RecordBatch], n_bytes: int, folder: Path, part_bytes: int, level: int
) -> Iterator[list[Row]]:
    if n_bytes <= part_bytes or level == len(_KEYS):
        rows = [row for batch in batches for row in batch.to_pylist()]
        rows.sort(key=lambda row: (_repo(row), row["path"], row["file_id"]))
        for _, group in groupby(rows, key=_repo):
            yield list(group)
        return
    n_parts = min(_MOST_PARTS, -(-n_bytes // part_bytes) + 1)
    sizes = _split(batches, n_parts, folder, level)
    for number, size in sorted(sizes.items()):
        part = folder / f"{level}-{number}.parquet"
        inner = folder / f"{level}-{number}"
        inner.mkdir()
        yield from _grouped(pq.ParquetFile(part).iter_batches(_ROWS), size, inner, part_bytes, level + 1)
        inner.rmdir()
        part.unlink()


def _split(batches: Iterable[pa.RecordBatch], n_parts: int, folder: Path, level: int) -> dict[int, int]:
    """Rows into `n_parts` files by the level's key; gives the bytes of content of those that got any."""
    writers: dict[int, pq.ParquetWriter] = {}
    sizes: dict[int, int] = {}
    try:
        for batch in batches:
            places = batch.select(["repo", "path", "file_id"]).to_pylist()
            numbers = [key_of(level, _KEYS[level](row)) % n_parts for row in places]
            lengths = pc.binary_length(batch["content"]).to_pylist()
            for number in sorted(set(numbers)):
                own = [i for i, other in enumerate(numbers) if other == number]
                if number not in writers:
                    path = folder / f"{level}-{number}.parquet"
                    writers[number] = pq.ParquetWriter(path, batch.schema, compression="zstd")
                writers[number].write_batch(batch.take(pa.array(own)))
                sizes[number] = sizes.get(number, 0) + sum(lengths[i] or 0 for i in own)
    finally:
        for writer in writers.values():
            writer.close()
    return sizes


def _repo(row: Row) -> str:
    """The repository, or for a file without one a name that no other file has."""
    return row["repo"] or f"\0{row['file_id']}"


_KEYS: tuple[Callable[[Row], str], ...] = (
    _repo,
    _repo,
    lambda row: f"{_repo(row)}/{PurePosixPath(row['path']).parent}",
    lambda row: row["file_id"],
)
"""What files are kept together by, level after level; each level hashes with a seed of its own."""
