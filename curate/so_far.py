"""What finished stages have left of the work rows: settled, changed, and without what was dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from curate.schema import DECISION
from curate.stage import CHANGES, Stage, Wide
from curate.work import Work

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

BROADCAST_BYTES = 64 << 20  # decisions below this size go to every task; larger ones are joined by a shuffle

_ID_BYTES = 64  # of a file_id in such a table


@dataclass(frozen=True, kw_only=True)
class SoFar:
    """Views of `_work`, as it is now. `notes` are the finished stages', by name; the engine adds to them."""

    work: Work
    spark: SparkSession
    schema: pa.Schema
    wide: Sequence[Wide]
    notes: dict[str, dict[str, Any]]

    def live(self, before: Wide | None = None) -> DataFrame:
        """Work rows that no stage has dropped, up to a stage or in the end."""
        rows = self.rows(before, settled=True).where("drop_stage is null")
        gone = self.decisions(before)
        return rows if gone is None else rows.join(gone.select("file_id"), "file_id", "left_anti")

    def rows(self, before: Wide | None = None, *, settled: bool = False) -> DataFrame:
        """All work rows as stages before one have settled them, with `settled` that one too; by default all stages."""
        from pyspark.sql import functions as F

        rows = self.work.read(self.spark, "narrow", self.schema)
        stages = list(self.wide)
        for stage in stages[: stages.index(before) + settled] if before else stages:
            if stage.settles is not None and self.notes[settled_name(stage)]["rows"]:
                table = self.work.read(self.spark, settled_name(stage), stage.settles)
                small = bytes_below(self.work.folder / settled_name(stage)) < BROADCAST_BYTES
                rows = stage.settled(rows, F.broadcast(table) if small else table)
        for stage in stages[: stages.index(before)] if before else stages:
            if CHANGES in stage.tables and (n_changed := self.notes[changed_name(stage)]["rows"]):
                changed = self.work.read(self.spark, changed_name(stage), self.schema)
                ids = changed.select("file_id")
                small = n_changed * _ID_BYTES < BROADCAST_BYTES
                rows = rows.join(F.broadcast(ids) if small else ids, "file_id", "left_anti")
                rows = rows.select(*changed.columns).unionByName(changed)
        return rows

    def decisions(self, before: Wide | None = None) -> DataFrame | None:
        """Decisions of all wide stages, or of those before one; None where there are none."""
        from pyspark.sql import functions as F

        stages = list(self.wide)
        names = [stage.name for stage in (stages[: stages.index(before)] if before else stages)]
        tables = [self.work.read(self.spark, name, DECISION) for name in names if self.notes[name]["dropped"]]
        if not tables:
            return None
        joined = reduce(lambda a, b: a.unionByName(b), tables)
        small = sum(bytes_below(self.work.folder / name) for name in names) < BROADCAST_BYTES
        return F.broadcast(joined) if small else joined


def settled_name(stage: Wide) -> str:
    """Where in `_work` the table of settle() lies."""
    return f"{stage.name}_settled"


def changed_name(stage: Wide) -> str:
    """Where in `_work` lie the rows that a stage has changed."""
    return f"{stage.name}_changed"


def table_name(stage: Stage, name: str) -> str:
    """Where in `_work` lies a table that decide() gives besides."""
    return f"{stage.name}_{name}"


def delivered_name(stage: Stage) -> str:
    """Where in `_work` lies what a stage delivers, until the run is finished."""
    return f"{stage.name}_delivered"


def rows_below(folder: Path) -> int:
    """Rows of a finished stage, by its files' footers."""
    return sum(pq.read_metadata(path).num_rows for path in folder.glob("*.parquet"))


def bytes_below(folder: Path) -> int:
    """Bytes of a finished stage's files."""
    return sum(path.stat().st_size for path in folder.glob("*.parquet"))
