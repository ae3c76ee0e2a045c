"""An index to which many small runs were added has many small files: those of a bucket are merged when they are many.

A merged file holds the rows of several runs in the same order. The list names it in place of them, and is written last
of all, as for any addition; what it names no longer stays until the next addition, for who still reads by the list
before.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from curate.index import TABLES
from curate.index_write import put, write_buckets
from curate.work import read_parquet

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

MOST_FILES = 16  # of a bucket; every one is opened by who looks for a key

Files = list[dict[str, Any]]


def compacted(files: Files, n_buckets: int, folder: Path, aside: Path, spark: SparkSession) -> Files:
    """The list's files with those of full buckets merged; merged ones are written below `aside` and moved to their
    places."""
    from pyspark.sql import functions as F

    left = files
    for table, schema in TABLES.items():
        buckets: dict[int, Files] = {}
        for file in files:
            if file["table"] == table:
                buckets.setdefault(file["bucket"], []).append(file)
        old = [file for of_bucket in buckets.values() for file in to_merge(of_bucket)]
        if old:
            rows = read_parquet(spark, [folder / file["path"] for file in old], schema)
            placed = rows.withColumn("bucket", F.pmod("key", F.lit(n_buckets)).cast("int"))
            written = write_buckets(placed, schema, n_buckets, aside / f"merged-{table}")
            new = [put(file, table, f"merged-{file['sha256'][:16]}", folder) for file in written]
            gone = {file["path"] for file in old}
            left = [file for file in left if file["path"] not in gone] + [{**file, "run": None} for file in new]
    return left


def to_merge(files: Files) -> Files:
    """Of a bucket's files those that are to become one: none as long as they are few, else all but the large ones, each
    with more rows than all smaller ones together. So a row is written again as often as its file has doubled."""
    if len(files) <= MOST_FILES:
        return []
    by_rows = sorted(files, key=lambda file: (file["rows"], file["path"]))
    n_rows = [file["rows"] for file in by_rows]
    n_small = len(by_rows)
    while n_small > 2 and n_rows[n_small - 1] > sum(n_rows[: n_small - 1]):
        n_small -= 1
    return by_rows[:n_small]


def sweep(folder: Path, files: Files) -> None:
    """Remove what the list does not name: of additions that were cut off, and of files that were merged before."""
    named = {folder / file["path"] for file in files}
    for table in TABLES:
        for path in sorted((folder / table).glob("bucket=*/*")):
            if path not in named:
                path.unlink()
