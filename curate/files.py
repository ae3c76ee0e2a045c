"""Writing rows into Parquet files from within tasks.

Tasks write files under names of their own, and the driver takes those that finished tasks told of: an attempt that is
killed, repeated or raced leaves a file that nobody knows. Spark's own writer is not used here, for two reasons: its
footers list encodings in the order of a Java hash set, which differs from one JVM to the next, and content that goes
back through the JVM to be written costs more than all text rules together.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from curate.packed import unpack

WRITTEN = pa.schema(
    [
        ("number", pa.int32()),
        ("written", pa.string()),
        ("rows", pa.int64()),
        ("bytes", pa.int64()),
        ("sha256", pa.string()),
        ("fault", pa.string()),
    ]
)
"""A row for each file that was written: its number in the plan, where it lies, what it holds, and what is wrong."""

GROUP_BYTES = 32 << 20  # content of a row group; what a writer holds in memory is about twice that
GROUP_ROWS = 100_000
ZSTD_LEVEL = 3
ROW_BYTES = 256  # what a row costs beside its content
_GATHERED_BYTES = 8 << 20
_UNLIKE = ("content", "file_id", "content_id")  # columns whose values seldom repeat: no dictionary


@dataclass(frozen=True, kw_only=True)
class FileWriter:
    """Rows in order of `_file` in, a file for each number out. Runs in Spark's Python workers, and without Spark.

    Signals come in packed (curate.packed) and are written as the struct they are. `ascending` names a text column that
    must rise strictly within a file; a row that repeats the one before is told of as the file's fault.
    """

    folder: str
    schema: pa.Schema
    ascending: str | None = None

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Rows of WRITTEN, one as soon as each file is complete."""
        open_file: ParquetFile | None = None
        number, last, fault = -1, "", None
        for batch in gathered(batches):
            for one, rows in _runs(batch):
                if open_file is not None and number != one:
                    yield _told(open_file, number, fault)
                    open_file = None
                if open_file is None:
                    number, last, fault = one, "", None
                    open_file = ParquetFile(Path(self.folder) / f"{one:06d}-{uuid.uuid4().hex}.parquet", self.schema)
                if self.ascending is not None:
                    names = [last, *rows.column(self.ascending).to_pylist()]
                    fault = fault or next((f"{a} before {b}" for a, b in pairwise(names) if a >= b), None)
                    last = names[-1]
                open_file.add(self._unpacked(rows.select(self.schema.names)))
        if open_file is not None:
            yield _told(open_file, number, fault)

    def _unpacked(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        place = self.schema.get_field_index("signals")
        signals = unpack(rows.column("signals"), self.schema.field("signals").type)
        return rows.set_column(place, self.schema.field("signals"), signals)


def gathered(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows in fewer batches. Spark sends few rows at a time, so that even the longest stay within memory."""
    held: list[pa.RecordBatch] = []
    held_bytes = 0
    for batch in batches:
        if batch.num_rows == 0:
            continue
        held.append(batch)
        held_bytes += batch.get_total_buffer_size()
        if held_bytes >= _GATHERED_BYTES:
            yield _joined(held)
            held, held_bytes = [], 0
    if held:
        yield _joined(held)


def _joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return pa.Table.from_batches(batches).combine_chunks().to_batches()[0]


def _told(file: ParquetFile, number: int, fault: str | None) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([{"number": number, "fault": fault} | file.close()], schema=WRITTEN)


class ParquetFile:
    """One file under way. Row groups are cut by the rows' sizes, however the rows arrive."""

    def __init__(self, path: Path, schema: pa.Schema, zstd_level: int = ZSTD_LEVEL, row_bytes: int = ROW_BYTES):
        self.path, self.schema, self.row_bytes = path, schema, row_bytes
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.stream = self.path.open("wb")
        self.writer = pq.ParquetWriter(
            self.stream, schema, compression="zstd", compression_level=zstd_level, store_schema=False,
            use_dictionary=[f.name for f in schema if f.name not in _UNLIKE and not _is_binary(f.type)],
        )  # fmt: skip
        self.held: list[pa.RecordBatch] = []
        self.held_bytes = self.held_rows = self.n_rows = 0

    def add(self, rows: pa.RecordBatch) -> None:
        """Take rows over, and write what makes whole row groups."""
        rows = rows.cast(self.schema)
        sizes = rows.column("size_bytes").fill_null(0).to_numpy(zero_copy_only=False) + self.row_bytes
        while rows.num_rows:
            ends = np.cumsum(sizes) + self.held_bytes
            full = int(np.searchsorted(ends, GROUP_BYTES)) + 1
            take = min(full, GROUP_ROWS - self.held_rows, rows.num_rows)
            self.held.append(rows.slice(0, take))
            self.held_bytes, self.held_rows = int(ends[take - 1]), self.held_rows + take
            rows, sizes = rows.slice(take), sizes[take:]
            if self.held_bytes >= GROUP_BYTES or self.held_rows == GROUP_ROWS:
                self._flush()

    def close(self) -> dict[str, Any]:
        """Complete the file and tell of it: written, rows, bytes, sha256."""
        self._flush()
        return complete(self.writer, self.stream, self.path) | {"rows": self.n_rows}

    def _flush(self) -> None:
        if self.held:
            # One chunk a column: page borders must not depend on how rows arrived.
            group = pa.Table.from_batches(self.held).combine_chunks()
            self.writer.write_table(group, row_group_size=group.num_rows)
            self.n_rows += group.num_rows
            self.held, self.held_bytes, self.held_rows = [], 0, 0


def complete(writer: pq.ParquetWriter, stream: BinaryIO, path: Path) -> dict[str, Any]:
    """Bring a file to the disk, and tell of it: written, bytes, sha256."""
    writer.close()
    stream.flush()
    os.fsync(stream.fileno())
    stream.close()
    with path.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
    return {"written": str(path), "bytes": path.stat().st_size, "sha256": digest}


def _is_binary(kind: pa.DataType) -> bool:
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)  # keys and signatures: each its own


def _runs(batch: pa.RecordBatch) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Parts of a batch with one value of `_file` each, in order."""
    numbers = batch.column("_file").to_numpy()
    edges = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(numbers)]
    for start, end in pairwise(edges):
        if end > start:
            yield int(numbers[start]), batch.slice(start, end - start)
