"""exact: of files with the same text, one is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pyarrow as pa
from pydantic import field_validator

from analyzers.header import header_ends
from curate.stage import Decided, Keep, Wide, decisions
from dedup.exact import keys as md5_keys

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


class Exact(Wide):
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

    def measure(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The key of every document (16 bytes)."""
        content = batch.column("content")
        starts = header_ends(content, batch.column("language").to_pylist()) if "licence_header" in self.ignore else None
        return batch.append_column(
            "exact_key", md5_keys(content, starts=starts, ignore_whitespace="whitespace" in self.ignore)
        )

    def decide(self, files: DataFrame, keep: Keep) -> Decided:
        """Everything but the first of each group, in the order of rank, content_id, file_id."""
        from pyspark.sql import Window
        from pyspark.sql import functions as F

        group = Window.partitionBy("exact_key").orderBy("rank", "content_id", "file_id")
        keeper = F.first("file_id").over(group)
        found = files.select("file_id", keeper.alias("keeper")).where("file_id <> keeper")
        decided = {
            "drop_stage": F.lit(self.name),
            "drop_reason": F.lit("exact_duplicate"),
            "duplicate_of": F.col("keeper"),
            "similarity": F.lit(1.0),
            "cluster": F.col("keeper"),
        }
        return Decided(decisions=decisions(found, decided))
