"""What a stage is, and the contract that is checked before a job starts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from curate.errors import WrongUse
from curate.schema import DECISION, LEDGER

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


_SPARK_TYPES = {pa.string(): "string", pa.float64(): "double"}


class Stage(BaseModel):
    """A step of a recipe. Its fields are its settings; `name` is what recipes, ledger and messages call it.

    `measure` runs inside the fused pass: it gets live documents as an Arrow batch and gives the batch with the columns
    of `writes` added. To drop documents it adds the verdict columns of curate.schema. It has no side effects, no
    session and no memory between batches; what it raises costs one file, dropped as `analysis_error`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: ClassVar[str]
    reads: ClassVar[tuple[str, ...]] = ()
    writes: ClassVar[Mapping[str, pa.DataType]] = {}

    delivers: ClassVar[tuple[str, ...]] = ()
    """Files and folders that deliver() may write into OUT, beside shards and ledger."""

    def needed(self) -> tuple[str, ...]:
        """Columns this stage needs with its present settings."""
        return self.reads

    def measure(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with this stage's columns added."""
        return batch

    def asked(self) -> tuple[str, ...]:
        """Those of `delivers` that the settings ask for."""
        return self.delivers

    def deliver(self, kept: DataFrame, rows: DataFrame, folder: str) -> list[dict[str, Any]]:
        """Write the files that are asked for below `folder`, from kept and from all rows without their content; gives
        path, written, rows, bytes and sha256 of each."""
        raise TypeError(f"{type(self).__name__} must define deliver()")

    def check_among(self, stages: Sequence[Stage]) -> None:
        """Raise WrongUse where the settings do not go together with those of the recipe's other stages."""

    def check(self, written: Mapping[str, str]) -> None:
        """Raise WrongUse where the settings ask for what earlier stages (column -> stage) do not write."""
        for column in self.needed():
            if column not in written:
                raise WrongUse(
                    f"stage {self.name!r} needs the column {column!r}, which no earlier stage writes: "
                    f"put the stage that writes it before {self.name!r}, or take {self.name!r} out"
                )


@dataclass(frozen=True, kw_only=True)
class Decided:
    """The answer of a wide stage: rows of curate.schema.DECISION (the driver's own, where they are few), what the
    manifest should tell of it, and the tables that the stage says it makes."""

    decisions: DataFrame | pa.Table
    notes: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, DataFrame] = field(default_factory=dict)


class Keep(Protocol):
    """What a wide stage asks the engine for: a table, Spark's or the driver's own, written to `_work` and read from
    there, `batch_rows` of its rows in a batch that a task gets (few, where they have content)."""

    def __call__(self, name: str, rows: DataFrame | pa.Table, *, batch_rows: int | None = None) -> DataFrame: ...


Batches = Iterator[pa.RecordBatch]
Measure = Callable[[pa.RecordBatch], pa.RecordBatch]

CHANGES = "changes"
"""The table of a stage that changes files: a row with `file_id` for each of them, and what change() wants to know."""


class Wide(Stage):
    """A stage that compares files with each other, by ids, keys and signatures; by content only files in doubt."""

    keys: ClassVar[tuple[str, ...]] = ()
    """Columns that decide() sees besides the engine's ids. Only those it uses are read."""

    early: ClassVar[bool] = False
    """Whether it may stand before stages that look into files. It measures where it stands, and decides after them."""

    settles: ClassVar[pa.Schema | None] = None
    """Columns of settle()'s table; None where files are not changed by what others say."""

    tables: ClassVar[Mapping[str, pa.Schema]] = {}
    """Tables, small beside the rows, that decide() gives besides: CHANGES, and those that deliver_tables() wants."""

    measured_by: ClassVar[str | None] = None
    """A column; the stage that writes it measures changed content anew. Asked for where there is a table CHANGES."""

    def decides_by(self) -> tuple[str, ...]:
        """Those of `keys` that decide() needs with the present settings."""
        return self.keys

    def check(self, written: Mapping[str, str]) -> None:
        """Also that the columns of `keys` are there when it decides."""
        super().check(written)
        for column in self.decides_by():
            if column not in {*written, *self.writes, *LEDGER.names}:
                raise WrongUse(
                    f"stage {self.name!r} decides by {column!r}, which neither it nor an earlier stage writes"
                )

    def settle(self, rows: DataFrame, keep: Keep) -> DataFrame:
        """What all files, dropped ones too, say of each other: a table small beside them. Called before decide()."""
        raise TypeError(f"{type(self).__name__} must define settle()")

    def settled(self, rows: DataFrame, table: DataFrame) -> DataFrame:
        """Work rows with what settle() found put into their columns; for this stage's decide() and all that follows."""
        raise TypeError(f"{type(self).__name__} must define settled()")

    def decide(self, files: DataFrame, keep: Keep) -> Decided:
        """Decisions about live files: one row for each that goes. No action, apart from small aggregates and `keep`."""
        raise TypeError(f"{type(self).__name__} must define decide()")

    def change(self, rows: Batches, measure: Measure) -> Batches:
        """Work rows, in batches of any size, as they are from here on: of those that CHANGES names, which come with its
        columns. A row left out stays as it is. `measure` is that of the stage that writes `measured_by`."""
        raise TypeError(f"{type(self).__name__} must define change()")

    def deliver_tables(self, tables: Mapping[str, DataFrame], folder: str) -> list[dict[str, Any]]:
        """The same as deliver(), from the stage's own tables, for a stage that makes other ones than CHANGES."""
        raise TypeError(f"{type(self).__name__} must define deliver_tables()")


def decisions(frame: DataFrame, columns: Mapping[str, Any]) -> DataFrame:
    """Rows of curate.schema.DECISION from a frame with `file_id`: the given columns, null for the others."""
    from pyspark.sql import functions as F

    return frame.select(
        "file_id",
        *(
            (columns[field.name] if field.name in columns else F.lit(None))
            .cast(_SPARK_TYPES[field.type])
            .alias(field.name)
            for field in DECISION
            if field.name != "file_id"
        ),
    )


def check_contracts(stages: Sequence[Stage]) -> dict[str, pa.DataType]:
    """Columns written by the fused pass beyond the ledger's; WrongUse where a stage stands in a wrong place."""
    written: dict[str, str] = {}
    extra: dict[str, pa.DataType] = {}
    wide: str | None = None
    for stage in stages:
        if isinstance(stage, Wide):
            wide = wide if stage.early else stage.name
        elif wide is not None and type(stage).measure is not Stage.measure:
            raise WrongUse(
                f"stage {stage.name!r} looks into files and stands after {wide!r}, which compares them: move it up"
            )
        stage.check(written)
        stage.check_among(stages)
        for column, kind in stage.writes.items():
            written[column] = stage.name
            if column not in LEDGER.names and column != "content":
                extra[column] = kind
    return extra
