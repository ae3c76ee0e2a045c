"""Layout: kept files into shards, all files into the ledger: Parquet whose names and bytes depend on them alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pyarrow as pa

from curate.errors import RunFailed
from curate.schema import DECISION, DOCUMENT, LEDGER

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

MAX_PACKED_SHARDS = 10_000  # above it every shard is a task of its own
_FILE = pa.schema([("path", pa.string()), ("rows", pa.int64()), ("bytes", pa.int64()), ("sha256", pa.string())])


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which language has how many shards, numbered through in the order of the languages' names."""

    n_shards: dict[str, int]

    @property
    def first(self) -> dict[str, int]:
        """Number of each language's first shard."""
        first, at = {}, 0
        for language, count in self.n_shards.items():
            first[language], at = at, at + count
        return first

    def path(self, number: int) -> str:
        """Where a shard lies below OUT."""
        language = max(
            (language for language, first in self.first.items() if first <= number), key=self.first.__getitem__
        )
        return f"shards/language={quote(language, safe='')}/{number - self.first[language]:05d}.parquet"


def plan(kept: DataFrame, shard_bytes: int) -> tuple[Plan, list[str]]:
    """Shards by the languages' bytes, and the repositories that are larger than one shard."""
    from pyspark.sql import functions as F

    sizes = kept.groupBy("language").agg(F.sum("size_bytes").alias("n_bytes")).collect()
    counts = {row["language"]: max(1, math.ceil(row["n_bytes"] / shard_bytes)) for row in sizes}
    large: list[str] = []
    if any(count > 1 for count in counts.values()):
        repos = kept.where("repo is not null").groupBy("repo").agg(F.sum("size_bytes").alias("n_bytes"))
        large = sorted(row["repo"] for row in repos.where(F.col("n_bytes") > shard_bytes).select("repo").collect())
    return Plan(n_shards=dict(sorted(counts.items()))), large


def write_shards(kept: DataFrame, layout: Plan, large: Sequence[str], folder: str, cores: int) -> None:
    """Documents into `folder`/_shard=NUMBER, each written by one task, sorted by repo, path, file_id."""
    from pyspark.sql import functions as F

    n_shards = sum(layout.n_shards.values())
    if n_shards == 0:
        return
    key = F.col("repo_key")
    if large:
        key = F.when(F.col("repo").isin(list(large)), F.col("path_key")).otherwise(key)
    number = _look_up(layout.first, "language") + F.pmod(key, _look_up(layout.n_shards, "language"))
    task = number % F.lit(min(n_shards, 4 * cores)) if n_shards <= MAX_PACKED_SHARDS else number
    n_tasks = min(n_shards, 4 * cores) if n_shards <= MAX_PACKED_SHARDS else n_shards
    (
        kept.select(*_columns(kept, DOCUMENT), number.cast("int").alias("_shard"), task.cast("int").alias("_task"))
        .repartitionById(n_tasks, F.col("_task"))
        .drop("_task")
        .sortWithinPartitions("_shard", "repo", "path", "file_id")
        .write.partitionBy("_shard")
        .parquet(folder)
    )


def write_ledger(rows: DataFrame, n_rows: int, ledger_rows: int, folder: str) -> None:
    """All files into `folder`/_part=NUMBER, in the order of file_id through all parts."""
    from pyspark.sql import functions as F

    n_parts = max(1, math.ceil(n_rows / ledger_rows))
    part = F.floor(F.conv(F.substring("file_id", 1, 8), 16, 10).cast("long") * n_parts / F.lit(1 << 32)).cast("int")
    (
        rows.select(*_columns(rows, LEDGER), part.alias("_part"))
        .repartitionById(n_parts, F.col("_part"))
        .sortWithinPartitions("_part", "file_id")
        .write.partitionBy("_part")
        .parquet(folder)
    )


def ledger_rows(work: DataFrame, decided: DataFrame | None) -> DataFrame:
    """Work rows with the decisions of wide stages put over them; no content."""
    from pyspark.sql import functions as F

    if decided is None:
        return work.select(*_columns(work, LEDGER))
    renamed = decided.select("file_id", *(F.col(name).alias(f"_{name}") for name in DECISION.names[1:]))
    joined = work.join(renamed, "file_id", "left")
    own = set(work.columns)
    columns = {
        name: F.coalesce(F.col(f"_{name}"), F.col(name)) if name in own else F.col(f"_{name}")
        for name in DECISION.names[1:]
    }
    return joined.select(
        *(columns.get(name, F.col(name)).alias(name) for name in LEDGER.names if name in own or name in columns)
    )


def outputs(spark: SparkSession, folder: Path, names: dict[str, str], cores: int) -> list[dict]:
    """Rows, bytes and sha256 of every file that was written; `names` gives the final place of each folder."""
    from pyspark.sql.pandas.types import from_arrow_schema

    found = []
    for below, place in sorted(names.items()):
        files = sorted((folder / below).glob("*.parquet"))
        if len(files) != 1:
            raise RunFailed(f"{folder / below} holds {len(files)} files and should hold 1: run again with --fresh")
        found.append({"written": str(files[0]), "path": place})
    if not found:
        return []
    table = pa.Table.from_pylist(found)
    rows = (
        spark.createDataFrame(table)
        .repartition(min(len(found), 4 * cores))
        .mapInArrow(_measure_files, from_arrow_schema(_FILE))
        .collect()
    )
    written = {row["path"]: row["written"] for row in found}
    return [row.asDict() | {"written": written[row["path"]]} for row in sorted(rows, key=lambda row: row["path"])]


def _measure_files(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    import hashlib

    import pyarrow.parquet as pq

    for batch in batches:
        rows = []
        for file in batch.to_pylist():
            with open(file["written"], "rb") as handle:
                digest = hashlib.file_digest(handle, "sha256").hexdigest()
                size = handle.tell()
            n_rows = pq.read_metadata(file["written"]).num_rows
            rows.append({"path": file["path"], "rows": n_rows, "bytes": size, "sha256": digest})
        yield pa.RecordBatch.from_pylist(rows, schema=_FILE)


def _look_up(table: dict[str, int], column: str) -> Column:
    from pyspark.sql import functions as F

    return F.create_map(*(F.lit(x) for pair in table.items() for x in pair))[F.col(column)]


def _columns(frame: DataFrame, schema: pa.Schema) -> list[Column]:
    """Every column of a schema, null where the frame has none."""
    from pyspark.sql import functions as F
    from pyspark.sql.pandas.types import from_arrow_type

    there = set(frame.columns)
    return [
        F.col(field.name) if field.name in there else F.lit(None).cast(from_arrow_type(field.type)).alias(field.name)
        for field in schema
    ]
