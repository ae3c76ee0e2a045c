"""portrait: tags of every file along some sixty dimensions, and how many files have each."""

from __future__ import annotations

from functools import partial as bound
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pydantic import Field

from analyzers.portrait.tags import READS, TAGS, tags
from curate import portrait
from curate.errors import WrongUse
from curate.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame


class Portrait(Stage):
    """`tags` of shards and ledger, and OUT/portrait.parquet. It stands behind the stages whose columns it puts into
    bands (text, syntax, score, redact); what was not measured before it has no tag.
    Reason to drop: analysis_error, for a file at which it fails.
    """

    name = "portrait"
    reads = READS
    writes = {"tags": TAGS}
    delivers = (portrait.NAME,)

    content: bool = Field(
        True, description="false: files leave their content here, where a profile is all that is asked"
    )

    def check_among(self, stages: Sequence[Stage]) -> None:
        """Without content no later stage can read it."""
        later = stages[stages.index(self) + 1 :]
        reader = next((one.name for one in later if "content" in one.needed()), None)
        if not self.content and reader is not None:
            raise WrongUse(f"stage {reader!r} reads content, which `portrait: {{content: false}}` leaves out before it")

    def measure(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Tags as a column."""
        columns = {name: batch.column(name) for name in batch.schema.names} | {"tags": tags(batch)}
        if not self.content:
            columns["content"] = pa.nulls(batch.num_rows, pa.large_string())
        return pa.RecordBatch.from_pydict(columns)

    def deliver(self, kept: DataFrame, rows: DataFrame, folder: str) -> list[dict[str, Any]]:
        """portrait.parquet."""
        from pyspark.sql.pandas.types import from_arrow_schema

        kind = from_arrow_schema(portrait.PORTRAIT)
        read_counts, kept_counts = bound(portrait.partial, read=True), bound(portrait.partial, read=False)

        def of_read(batches):  # Spark pickles plain functions
            return read_counts(batches)

        def of_kept(batches):
            return kept_counts(batches)

        parts = rows.select(*portrait.READS).mapInArrow(of_read, kind)
        parts = parts.unionByName(kept.select(*portrait.READS).mapInArrow(of_kept, kind))
        keys = portrait.PORTRAIT.names[: -len(portrait.COUNTS)]
        counts = parts.groupBy(*keys).sum(*portrait.COUNTS).toDF(*portrait.PORTRAIT.names)
        table = portrait.summed(counts.toArrow().cast(portrait.PORTRAIT))
        return [{"path": portrait.NAME} | portrait.write(table, Path(folder) / portrait.NAME)]
