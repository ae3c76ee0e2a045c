"""Tables out of packed columns: what a file's tree gave, many rows a file, laid out in buckets beside the shards.

A file's rows travel as one value of bytes, which costs the JVM nothing and needs one shuffle whatever the number of
tables. Buckets are ranges of file_id, which is a hash: each table is sorted by it, and the rows of a file are in the
same bucket of each. The same rows and number of buckets give the same bytes.
"""

from __future__ import annotations

import hashlib
import marshal
import math
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from analyzers.syntax.facts.packed import unpack
from analyzers.syntax.facts.relations import RELATIONS
from analyzers.syntax.pairs import Pair
from curate.schema import PAIR

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

BUCKET_BYTES = 256 << 20  # of source whose rows make one bucket
GROUP_ROWS = 20_000
_ZSTD_LEVEL = 3
_MOST_PACKED = 10_000  # buckets above which each is a task of its own
_WRITTEN = pa.schema(
    [("table", pa.string()), ("number", pa.int32()), ("written", pa.string()), ("rows", pa.int64()),
     ("bytes", pa.int64()), ("sha256", pa.string())]
)  # fmt: skip


class Opener(Protocol):
    """How packed values become rows."""

    @property
    def column(self) -> str:
        """The packed column."""
        ...

    @property
    def beside(self) -> tuple[str, ...]:
        """Columns of the file that go into its rows, besides file_id."""
        ...

    @property
    def tables(self) -> Mapping[str, pa.Schema]:
        """The tables by name."""
        ...

    def rows(self, packed: bytes, file: tuple[Any, ...]) -> Mapping[str, list[tuple]]:
        """Rows of each table for one file; `file` has file_id and the columns beside."""
        ...


class Pairs:
    """Function-comment pairs, as analyzers.syntax.pairs gives them."""

    column = "pairs"
    beside = ("language", "repo", "path", "licence")
    tables: Mapping[str, pa.Schema] = {"pairs": PAIR}

    def rows(self, packed: bytes, file: tuple[Any, ...]) -> Mapping[str, list[tuple]]:
        """Rows of PAIR."""
        told = dict(zip(("file_id", *self.beside), file, strict=True))
        pairs = [{**told, **dict(zip(Pair._fields, row, strict=True))} for row in marshal.loads(packed)]
        return {"pairs": [tuple(pair[name] for name in PAIR.names) for pair in pairs]}


class Facts:
    """Facts, as analyzers.syntax.facts.packed packs them."""

    column = "facts"
    beside: tuple[str, ...] = ()
    tables: Mapping[str, pa.Schema] = RELATIONS

    def rows(self, packed: bytes, file: tuple[Any, ...]) -> Mapping[str, list[tuple]]:
        """Rows of RELATIONS."""
        return unpack(packed)


def write(files: DataFrame, opener: Opener, folder: str) -> list[dict[str, Any]]:
    """A file for each table and bucket below `folder`; gives table, number, written, rows, bytes and sha256 of each.

    files: with file_id, size_bytes and the opener's columns. No file where no row has the packed column.
    """
    from pyspark.sql import functions as F

    there = files.where(F.col(opener.column).isNotNull())
    n_bytes = there.agg(F.sum("size_bytes")).collect()[0][0] or 0
    return write_buckets(there, opener, max(1, math.ceil(n_bytes / BUCKET_BYTES)), folder)


def write_buckets(files: DataFrame, opener: Opener, n_buckets: int, folder: str) -> list[dict[str, Any]]:
    """The same in so many buckets; every row has the packed column."""
    from pyspark.sql import functions as F
    from pyspark.sql.pandas.types import from_arrow_schema

    writer = BucketWriter(folder=folder, opener=opener)

    def written(batches):  # Spark pickles a plain function
        return writer(batches)

    number = F.floor(F.conv(F.substring("file_id", 1, 8), 16, 10).cast("long") * n_buckets / F.lit(1 << 32)).cast("int")
    rows = files.select("file_id", *opener.beside, opener.column, number.alias("_file"))
    cores = files.sparkSession.sparkContext.defaultParallelism
    n_tasks = n_buckets if n_buckets > _MOST_PACKED else min(n_buckets, 4 * cores)
    task = (F.col("_file") % F.lit(n_tasks)).cast("int")
    ordered = rows.repartitionById(n_tasks, task).sortWithinPartitions("_file", "file_id")
    found = [row.asDict() for row in ordered.mapInArrow(written, from_arrow_schema(_WRITTEN)).collect()]
    return sorted(found, key=lambda file: (file["table"], file["number"]))


def place(file: dict[str, Any]) -> str:
    """Where a file of write() belongs below its folder."""
    return f"{file['table']}/{file['number']:05d}.parquet"


def delivered(files: Sequence[dict[str, Any]], below: str = "") -> list[dict[str, Any]]:
    """Files of write() as Stage.deliver gives them."""
    names = ("written", "rows", "bytes", "sha256")
    return [{"path": below + place(file), **{name: file[name] for name in names}} for file in files]


@dataclass(frozen=True, kw_only=True)
class BucketWriter:
    """Packed values in the order of bucket and file_id in; out a row for each file of each table."""

    folder: str
    opener: Opener

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """One file for each table of a bucket, empty ones too, so that every table can be read."""
        bucket: _Bucket | None = None
        for batch in batches:
            names = ("_file", self.opener.column, "file_id", *self.opener.beside)
            for number, packed, *file in zip(*(batch.column(name).to_pylist() for name in names), strict=True):
                if bucket is not None and bucket.number != number:
                    yield bucket.close()
                    bucket = None
                bucket = bucket or _Bucket(Path(self.folder), number, self.opener.tables)
                bucket.add(self.opener.rows(packed, tuple(file)))
        if bucket is not None:
            yield bucket.close()


class _Bucket:
    """Files of one bucket under way. Row groups are cut by rows, however they arrive."""

    def __init__(self, folder: Path, number: int, tables: Mapping[str, pa.Schema]):
        self.number, self.tables = number, tables
        self.paths = {name: folder / name / f"{number:06d}-{uuid.uuid4().hex}.parquet" for name in tables}
        self.held: dict[str, list[tuple]] = {name: [] for name in tables}
        self.counts = dict.fromkeys(tables, 0)
        self.writers: dict[str, pq.ParquetWriter] = {}
        for name, path in self.paths.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            self.writers[name] = pq.ParquetWriter(
                path, tables[name], compression="zstd", compression_level=_ZSTD_LEVEL, store_schema=False
            )

    def add(self, rows: Mapping[str, list[tuple]]) -> None:
        for name, more in rows.items():
            held = self.held[name]
            held += more
            while len(held) >= GROUP_ROWS:
                self._write(name, held[:GROUP_ROWS])
                del held[:GROUP_ROWS]

    def close(self) -> pa.RecordBatch:
        told = []
        for name, path in self.paths.items():
            if self.held[name]:
                self._write(name, self.held[name])
            self.writers[name].close()
            with path.open("rb") as handle:
                digest = hashlib.file_digest(handle, "sha256").hexdigest()
            told.append(
                {"table": name, "number": self.number, "written": str(path), "rows": self.counts[name],
                 "bytes": path.stat().st_size, "sha256": digest}
            )  # fmt: skip
        return pa.RecordBatch.from_pylist(told, schema=_WRITTEN)

    def _write(self, name: str, rows: list[tuple]) -> None:
        schema = self.tables[name]
        columns = zip(*rows, strict=True)
        arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
        self.writers[name].write_table(pa.Table.from_arrays(arrays, schema=schema), row_group_size=GROUP_ROWS)
        self.counts[name] += len(rows)
