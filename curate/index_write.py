"""Rows of an index's tables into files, a bucket each, at their places."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from curate.index_sign import BUCKET, BucketWriter
from curate.session import parallelism
from curate.spreading import mapped

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

_ORDER = ("key", "place", "run", "file_id")


def write_buckets(
    rows: DataFrame, schema: pa.Schema, n_buckets: int, folder: Path, order: tuple[str, ...] = _ORDER
) -> list[dict[str, Any]]:
    """A file for each bucket that has rows (they have a column `bucket`), in the order of those columns that there are;
    gives rows of BUCKET."""
    from pyspark.sql import functions as F

    n_tasks = min(n_buckets, 4 * parallelism(rows.sparkSession))
    by_task = rows.repartitionById(n_tasks, F.col("bucket") % n_tasks)
    ordered = by_task.sortWithinPartitions("bucket", *(name for name in order if name in schema.names))
    writer = BucketWriter(folder=str(folder), schema=schema)
    return [row.asDict() for row in mapped(ordered, writer, BUCKET).collect()]


def put(file: dict[str, Any], table: str, name: str, folder: Path) -> dict[str, Any]:
    """Move a file that was written to its place in the index, and what the list says of it."""
    path = f"{table}/bucket={file['bucket']:05d}/{name}.parquet"
    place = folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    Path(file["written"]).replace(place)
    return {"table": table, "path": path, **{key: file[key] for key in ("bucket", "rows", "bytes", "sha256")}}
