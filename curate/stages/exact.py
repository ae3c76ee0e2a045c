"""exact: of files with the same text, one is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pyarrow as pa
from pydantic import field_validator

from analyzers.header import header_ends
from curate.index_known import Known, file_id_of, run_of
from curate.index_stage import Indexed
from curate.stage import Decided, Keep, decisions
from dedup.exact import keys as md5_keys

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


class Exact(Indexed):
    """Exact dedup by MD5, of content or of content without white space and licence header (CodeFuse-13B 2.1, step 1).

    A dropped file's `duplicate_of` is the kept file of its group. Reason to drop: exact_duplicate.
    """

    name = "exact"
    reads = ("content", "content_id", "language")
    writes = {"exact_key": pa.binary()}
    keys = ("exact_key",)

    ignore: tuple[Literal["whitespace", "licence_header"], ...] = ()

    @field_validator("ignore")
    @classmethod
    def _once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted(set(value)))

    def version(self) -> str:
        """E.g. md5/licence_header+whitespace: what is left out."""
        return "/".join(["md5", *(["+".join(self.ignore)] if self.ignore else [])])

    def measure(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The key of every document (16 bytes)."""
        content = batch.column("content")
        starts = header_ends(content, batch.column("language").to_pylist()) if "licence_header" in self.ignore else None
        return batch.append_column(
            "exact_key", md5_keys(content, starts=starts, ignore_whitespace="whitespace" in self.ignore)
        )

    def compared(self, files: DataFrame, keep: Keep, known: Known | None) -> Decided:
        """Everything but the first of each group, in the order of rank, content_id, file_id; of a group that the index
        knows, everything."""
        from pyspark.sql import Window
        from pyspark.sql import functions as F

        group = Window.partitionBy("exact_key").orderBy("rank", "content_id", "file_id")
        decided = {
            "drop_stage": F.lit(self.name),
            "drop_reason": F.lit("exact_duplicate"),
            "duplicate_of": F.col("keeper"),
            "similarity": F.lit(1.0),
            "cluster": F.col("keeper"),
        }
        named = files.select("exact_key", "file_id", F.first("file_id").over(group).alias("keeper"))
        notes = {}
        if known is None:
            found = named.where("file_id <> keeper")
        else:
            before = known.equal("exact", files.select(F.col("exact_key").alias("value")))
            of_run = before.select(
                F.col("value").alias("exact_key"), file_id_of("node").alias("known"),
                run_of("node", [run.id for run in known.index.runs]).alias("match"),
            )  # fmt: skip
            goes = "match is not null" if known.alone else "match is not null or file_id <> keeper"
            joined = named.join(of_run, "exact_key", "left").where(goes)
            found = joined.withColumn("keeper", F.coalesce("known", "keeper"))
            decided["match"] = F.col("match")
            notes["index"] = known.notes()
        return Decided(decisions=decisions(found, decided), notes=notes)
