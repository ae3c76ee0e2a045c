"""NOTICES.parquet: what licences ask to be passed on with the files: whose they are, and the licences' words.

A row for each tree, root and licence of kept files, sorted by these. A text stands there once, in the first row that
has it; further rows have its `text_id`.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from curate.schema import NOTICES

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

NAME = "NOTICES.parquet"
MOST_LINES = 200  # of copyright in a row: those that most files have
MOST_TEXTS = 32  # in a row

_WRITTEN = pa.schema([("written", pa.string()), ("rows", pa.int64()), ("bytes", pa.int64()), ("sha256", pa.string())])
_GROUP_ROWS = 1_000
_KEY = ("origin", "root", "licence")

Batches = Iterator[pa.RecordBatch]


def write(kept: DataFrame, rows: DataFrame, folder: str) -> dict[str, Any]:
    """Write NOTICES.parquet below `folder` from kept rows, and from all rows, whose licence texts hold for those below
    them; gives path, written, rows, bytes and sha256."""
    from pyspark.sql.pandas.types import from_arrow_schema

    writer = NoticesWriter(folder)

    def each(batches):  # Spark pickles a plain function
        return writer(batches)

    whole = table(kept, rows).repartition(1).sortWithinPartitions(*_KEY, "repo")
    found = whole.mapInArrow(each, from_arrow_schema(_WRITTEN)).collect()
    told = found[0].asDict() if found else next(writer(iter(()))).to_pylist()[0]
    return {"path": NAME, **told}


def table(kept: DataFrame, rows: DataFrame) -> DataFrame:
    """Rows of NOTICES."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    from_row = F.coalesce("origin", "repo", F.substring_index("source.uri", "/", 1))
    files = kept.select(
        from_row.alias("origin"), "repo", "root", "licence", "size_bytes", "copyrights",
    )  # fmt: skip
    groups = files.groupBy(*_KEY).agg(
        F.max("repo").alias("repo"), F.count("*").alias("files"), F.sum("size_bytes").alias("bytes")
    )
    texts = rows.where("licence_text is not null and origin is not null").select(
        F.col("origin").alias("_origin"), F.col("folder").alias("_root"), "path", F.col("content_id").alias("text_id"),
        F.col("licence_text").cast("string").alias("text"), F.col("copyrights").alias("_lines"),
    )  # fmt: skip
    of_group = groups.select(*_KEY).join(
        texts, (F.col("origin") == F.col("_origin")) & (F.col("root") == F.col("_root"))
    )
    lines = files.select(*_KEY, F.explode("copyrights").alias("line")).unionByName(
        of_group.select(*_KEY, F.explode("_lines").alias("line"))
    )
    by_group, line = Window.partitionBy(*_KEY), F.struct("place", "line")
    counted = (
        lines.groupBy(*_KEY, "line").count()
        .withColumn("place", F.row_number().over(by_group.orderBy(F.desc("count"), "line")))
        .groupBy(*_KEY).agg(
            F.sort_array(F.collect_list(F.when(F.col("place") <= MOST_LINES, line))).alias("lines"),
            F.greatest(F.count("*") - MOST_LINES, F.lit(0)).alias("copyrights_left_out"),
        )
    )  # fmt: skip
    once = Window.partitionBy("text_id").orderBy(*_KEY, "path")
    gathered = (
        of_group.withColumn("place", F.row_number().over(by_group.orderBy("path", "text_id")))
        .where(F.col("place") <= MOST_TEXTS)
        .withColumn("text", F.when(F.row_number().over(once) == 1, F.col("text")))
        .groupBy(*_KEY).agg(F.sort_array(F.collect_list(F.struct("path", "text_id", "text"))).alias("texts"))
    )  # fmt: skip
    whole = groups.alias("g")
    for other, name in ((counted, "c"), (gathered, "t")):
        same = [F.col(f"g.{key}").eqNullSafe(F.col(f"{name}.{key}")) for key in _KEY]
        whole = whole.join(other.alias(name), same, "left")
    return whole.select(
        "g.origin", "g.repo", "g.root", "g.licence", "g.files", "g.bytes",
        F.coalesce(F.col("c.lines.line"), F.array().cast("array<string>")).alias("copyrights"),
        F.coalesce("c.copyrights_left_out", F.lit(0)).cast("long").alias("copyrights_left_out"),
        F.coalesce("t.texts", F.array().cast("array<struct<path:string,text_id:string,text:string>>")).alias("texts"),
    )  # fmt: skip


class NoticesWriter:
    """Sorted rows in, one Parquet file out, whose bytes depend on the rows alone."""

    def __init__(self, folder: str):
        self.folder = folder

    def __call__(self, batches: Batches) -> Batches:
        """One row of written, rows, bytes and sha256."""
        path = Path(self.folder, f"{uuid.uuid4().hex}.parquet")  # attempts of a task may race
        path.parent.mkdir(parents=True, exist_ok=True)
        n_rows, held = 0, NOTICES.empty_table()
        with pq.ParquetWriter(path, NOTICES, compression="zstd", store_schema=False) as writer:
            for batch in batches:
                held = pa.concat_tables([held, pa.Table.from_batches([batch]).cast(NOTICES)]).combine_chunks()
                n_rows += batch.num_rows
                while held.num_rows >= _GROUP_ROWS:
                    writer.write_table(held.slice(0, _GROUP_ROWS).combine_chunks())
                    held = held.slice(_GROUP_ROWS)
            if held.num_rows or not n_rows:
                writer.write_table(held.combine_chunks())
        with path.open("rb") as handle:
            digest = hashlib.file_digest(handle, "sha256").hexdigest()
        told = {"written": str(path), "rows": n_rows, "bytes": path.stat().st_size, "sha256": digest}
        yield pa.RecordBatch.from_pylist([told], schema=_WRITTEN)
