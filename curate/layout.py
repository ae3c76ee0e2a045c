"""Layout: kept files into shards, all files into the ledger: Parquet whose names and bytes depend on them alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pyarrow as pa

from curate.errors import RunFailed
from curate.files import WRITTEN, FileWriter
from curate.schema import DECISION, DOCUMENT, LEDGER

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

MAX_PACKED_SHARDS = 10_000  # above it every shard is a task of its own


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


def write_shards(kept: DataFrame, layout: Plan, large: Sequence[str], folder: str, cores: int) -> list[dict[str, Any]]:
    """Documents into files below `folder`, one a shard, sorted by repo, path, file_id; gives their rows of WRITTEN."""
    from pyspark.sql import functions as F

    n_shards = sum(layout.n_shards.values())
    if n_shards == 0:
        return []
    key = F.col("repo_key")
    if large:
        key = F.when(F.col("repo").isin(list(large)), F.col("path_key")).otherwise(key)
    number = _look_up(layout.first, "language") + F.pmod(key, _look_up(layout.n_shards, "language"))
    n_tasks = n_shards if n_shards > MAX_PACKED_SHARDS else min(n_shards, 4 * cores)
    order = ["repo", "path", "file_id"]
    found = _write(kept, DOCUMENT, number, n_tasks, order, folder)
    return [row | {"path": layout.path(row["number"])} for row in found]


def write_ledger(rows: DataFrame, n_rows: int, ledger_rows: int, folder: str) -> list[dict[str, Any]]:
    """All files into files below `folder`, in the order of file_id through all of them; gives their rows of WRITTEN.

    RunFailed where one file_id comes twice: a file read twice could hide another that was lost.
    """
    from pyspark.sql import functions as F

    n_parts = max(1, math.ceil(n_rows / ledger_rows))
    part = F.floor(F.conv(F.substring("file_id", 1, 8), 16, 10).cast("long") * n_parts / F.lit(1 << 32))
    found = _write(rows, LEDGER, part, n_parts, ["file_id"], folder, ascending="file_id")
    return [row | {"path": f"ledger/{row['number']:05d}.parquet"} for row in found]


def _write(
    rows: DataFrame, schema: pa.Schema, number: Column, n_tasks: int, order: list[str], folder: str,
    ascending: str | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    from pyspark.sql import functions as F
    from pyspark.sql.pandas.types import from_arrow_schema

    writer = FileWriter(folder=folder, schema=schema, ascending=ascending)

    def write(batches):  # Spark pickles a plain function; its types are FileWriter.__call__'s
        return writer(batches)

    numbered = rows.select(*_columns(rows, schema), number.cast("int").alias("_file"))
    task = (F.col("_file") % F.lit(n_tasks)).cast("int")
    sorted_rows = numbered.repartitionById(n_tasks, task).sortWithinPartitions("_file", *order)
    found = [row.asDict() for row in sorted_rows.mapInArrow(write, from_arrow_schema(WRITTEN)).collect()]
    for row in found:
        if fault := row.pop("fault"):
            raise RunFailed(f"a file was read twice, file_id {fault}: this is a defect; run again with --fresh")
    return sorted(found, key=lambda row: row["number"])


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
