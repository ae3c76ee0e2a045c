"""Building an index, what is done within tasks: kept files signed from their shards, rows written into buckets."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from curate.files import complete
from curate.index import FILES
from curate.index_stage import Indexed
from curate.near_tasks import Batches
from dedup.priority import rank

SIGNED = pa.schema([*(field for field in FILES if field.name != "key"), ("path", pa.string()),
                    ("size_bytes", pa.int64()), ("content", pa.large_string())])  # fmt: skip
"""A row for each kept file, as dedup stages take them."""

BUCKET = pa.schema(
    [("bucket", pa.int32()), ("written", pa.string()), ("rows", pa.int64()), ("bytes", pa.int64()),
     ("sha256", pa.string())]
)  # fmt: skip
"""A row for each file that was written."""

GROUP_ROWS = 50_000
_ROWS = 64  # signed at a time: even the longest fit
_COLUMNS = ("file_id", "content_id", "language", "licence", "stars", "path", "size_bytes", "content")
_ZSTD_LEVEL = 3


@dataclass(frozen=True, kw_only=True)
class Signer:
    """Signs the files of a run's shards. Runs in tasks, over Arrow batches."""

    stages: tuple[Indexed, ...]
    run: str
    folder: str
    with_content: bool = False

    def __call__(self, shards: Batches) -> Batches:
        """Rows of SIGNED for rows (shard); content is null unless asked for."""
        for name in (name for batch in shards for name in batch.column("shard").to_pylist()):
            start = 0
            with pq.ParquetFile(Path(self.folder, name)) as file:
                for batch in file.iter_batches(_ROWS, columns=list(_COLUMNS)):
                    yield self._signed(batch, name, start)
                    start += batch.num_rows

    def _signed(self, batch: pa.RecordBatch, shard: str, start: int) -> pa.RecordBatch:
        rows = {name: batch.column(name) for name in _COLUMNS}
        rows["content"] = rows["content"].cast(pa.large_string())
        measured = pa.RecordBatch.from_pydict(rows)
        for stage in self.stages:
            measured = stage.measure(measured)
        n_rows = batch.num_rows
        found = {name: measured.column(name) for name in measured.schema.names} | {
            "run": pa.repeat(self.run, n_rows),
            "rank": pa.array(rank(rows["licence"].to_pylist(), rows["stars"].to_pylist())),
            "shard": pa.repeat(shard, n_rows),
            "row": pa.array(np.arange(start, start + n_rows)),
        }
        if not self.with_content:
            del found["content"]
        columns = [found.get(field.name, pa.nulls(n_rows, field.type)).cast(field.type) for field in SIGNED]
        return pa.RecordBatch.from_arrays(columns, schema=SIGNED)


@dataclass(frozen=True, kw_only=True)
class BucketWriter:
    """Rows in the order of `bucket` in, a file for each bucket out. Runs in tasks, over Arrow batches.

    Row groups have GROUP_ROWS rows, however the rows arrive: the same rows give the same bytes.
    """

    folder: str
    schema: pa.Schema

    def __call__(self, batches: Batches) -> Batches:
        """Rows of BUCKET, one as soon as each file is complete."""
        file: _BucketFile | None = None
        for batch in (rows for rows in batches if rows.num_rows):
            buckets = batch.column("bucket").to_numpy()
            edges = [0, *(np.flatnonzero(np.diff(buckets)) + 1).tolist(), batch.num_rows]
            for start, stop in pairwise(edges):
                if file is None or file.bucket != buckets[start]:
                    yield from [] if file is None else [file.close()]
                    file = _BucketFile(Path(self.folder), int(buckets[start]), self.schema)
                file.add(batch.slice(start, stop - start).select(self.schema.names))
        if file is not None:
            yield file.close()


class _BucketFile:
    """One file under way."""

    def __init__(self, folder: Path, bucket: int, schema: pa.Schema):
        folder.mkdir(parents=True, exist_ok=True)
        self.bucket, self.schema = bucket, schema
        self.path = folder / f"{bucket:05d}-{uuid.uuid4().hex}.parquet"
        self.stream = self.path.open("wb")
        texts = [field.name for field in schema if field.name in ("run", "shard")]
        self.writer = pq.ParquetWriter(
            self.stream, schema, compression="zstd", compression_level=_ZSTD_LEVEL, store_schema=False,
            use_dictionary=texts,
        )  # fmt: skip
        self.held: list[pa.RecordBatch] = []
        self.held_rows = self.n_rows = 0

    def add(self, rows: pa.RecordBatch) -> None:
        while rows.num_rows:
            take = min(GROUP_ROWS - self.held_rows, rows.num_rows)
            self.held.append(rows.slice(0, take).cast(self.schema))
            self.held_rows += take
            rows = rows.slice(take)
            if self.held_rows == GROUP_ROWS:
                self._flush()

    def close(self) -> pa.RecordBatch:
        self._flush()
        told = complete(self.writer, self.stream, self.path) | {"bucket": self.bucket, "rows": self.n_rows}
        return pa.RecordBatch.from_pylist([told], schema=BUCKET)

    def _flush(self) -> None:
        if self.held:
            group = pa.Table.from_batches(self.held).combine_chunks()
            self.writer.write_table(group, row_group_size=group.num_rows)
            self.n_rows += group.num_rows
            self.held, self.held_rows = [], 0
