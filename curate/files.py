"""Writing sorted rows into Parquet files whose bytes depend on the rows alone.

Tasks write files under names of their own, and the driver takes those that finished tasks told of: an attempt that is
killed, repeated or raced leaves a file that nobody knows. Spark's own writer is not used here because its footers list
encodings in the order of a Java hash set, which differs from one JVM to the next.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

WRITTEN = pa.schema(
    [
        ("number", pa.int32()),
        ("written", pa.string()),
        ("rows", pa.int64()),
        ("bytes", pa.int64()),
        ("sha256", pa.string()),
    ]
)
"""A row for each file that was written: its number in the plan, where it lies, and what it holds."""

GROUP_BYTES = 32 << 20  # content of a row group; what a writer holds in memory is about twice that
GROUP_ROWS = 100_000
ZSTD_LEVEL = 3
ROW_BYTES = 256  # what a row costs beside its content


@dataclass(frozen=True, kw_only=True)
class FileWriter:
    """Rows in order of `_file` in, a file for each number out. Runs in Spark's Python workers, and without Spark."""

    folder: str
    schema: pa.Schema

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Rows of WRITTEN, one as soon as each file is complete."""
        open_file: _OpenFile | None = None
        for batch in batches:
            for number, rows in _runs(batch):
                if open_file is not None and open_file.number != number:
                    yield open_file.close()
                    open_file = None
                open_file = open_file or _OpenFile(self.folder, number, self.schema)
                open_file.add(rows.select(self.schema.names))
        if open_file is not None:
            yield open_file.close()


class _OpenFile:
    """One file under way. Row groups are cut by the rows' sizes, however the rows arrive."""

    def __init__(self, folder: str, number: int, schema: pa.Schema):
        self.number, self.schema = number, schema
        self.path = Path(folder) / f"{number:06d}-{uuid.uuid4().hex}.parquet"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.stream = self.path.open("wb")
        self.writer = pq.ParquetWriter(
            self.stream, schema, compression="zstd", compression_level=ZSTD_LEVEL, store_schema=False,
            use_dictionary=[name for name in schema.names if name not in ("content", "file_id", "content_id")],
        )  # fmt: skip
        self.held: list[pa.RecordBatch] = []
        self.held_bytes = self.held_rows = self.n_rows = 0

    def add(self, rows: pa.RecordBatch) -> None:
        """Take rows over, and write what makes whole row groups."""
        rows = rows.cast(self.schema)
        sizes = rows.column("size_bytes").fill_null(0).to_numpy(zero_copy_only=False) + ROW_BYTES
        while rows.num_rows:
            ends = np.cumsum(sizes) + self.held_bytes
            full = int(np.searchsorted(ends, GROUP_BYTES)) + 1
            take = min(full, GROUP_ROWS - self.held_rows, rows.num_rows)
            self.held.append(rows.slice(0, take))
            self.held_bytes, self.held_rows = int(ends[take - 1]), self.held_rows + take
            rows, sizes = rows.slice(take), sizes[take:]
            if self.held_bytes >= GROUP_BYTES or self.held_rows == GROUP_ROWS:
                self._flush()

    def close(self) -> pa.RecordBatch:
        """Complete the file and tell of it."""
        self._flush()
        self.writer.close()
        self.stream.flush()
        os.fsync(self.stream.fileno())
        self.stream.close()
        with self.path.open("rb") as handle:
            digest = hashlib.file_digest(handle, "sha256").hexdigest()
        told = {"number": self.number, "written": str(self.path), "rows": self.n_rows, "sha256": digest}
        return pa.RecordBatch.from_pylist([told | {"bytes": self.path.stat().st_size}], schema=WRITTEN)

    def _flush(self) -> None:
        if self.held:
            # One chunk a column: page borders must not depend on how rows arrived.
            group = pa.Table.from_batches(self.held).combine_chunks()
            self.writer.write_table(group, row_group_size=group.num_rows)
            self.n_rows += group.num_rows
            self.held, self.held_bytes, self.held_rows = [], 0, 0


def _runs(batch: pa.RecordBatch) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Parts of a batch with one value of `_file` each, in order."""
    numbers = batch.column("_file").to_numpy()
    edges = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(numbers)]
    for start, end in pairwise(edges):
        if end > start:
            yield int(numbers[start]), batch.slice(start, end - start)
