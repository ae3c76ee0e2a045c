"""datalog: files that a Datalog rule names are dropped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pydantic import Field, model_validator

from analyzers.syntax.facts.packed import unpack
from analyzers.syntax.facts.relations import RELATIONS
from curate.errors import WrongUse
from curate.stage import Decided, Keep, Wide, decisions

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from curate.datalog import Program


class Datalog(Wide):
    """Drops the files that a predicate with the columns file_id and reason holds, over the facts of all live files.

    The stage `syntax` has to come before it, with the relations that the rules name in `facts`. Of several reasons for
    one file the first by alphabet counts. Reason to drop: unnamed. So it is called where the rule gives null, else as
    it says.
    """

    name = "datalog"
    keys = ("facts",)

    rules: str = Field(description="a .l file, or the name of shipped rules")
    predicate: str = Field("Drop", description="the predicate with file_id and reason")
    text: str = Field("", description="the rules themselves; read from `rules` where they are not given")

    @model_validator(mode="before")
    @classmethod
    def _read(cls, values: Any) -> Any:
        """The text becomes a setting, so that other rules are another recipe."""
        if isinstance(values, Mapping) and isinstance(values.get("rules"), str) and not values.get("text"):
            from curate.datalog import load

            return {**values, "text": load(values["rules"]).text}
        return values

    @model_validator(mode="after")
    def _has_columns(self) -> Datalog:
        program = self._program()
        columns = program.predicates[program.check_predicate(self.predicate)]
        if not {"file_id", "reason"} <= set(columns):
            raise WrongUse(f"{self.rules}: {self.predicate} has {', '.join(columns)} and needs file_id and reason")
        return self

    def _program(self) -> Program:
        from curate.datalog import Program

        return Program(self.text, self.rules)

    def decide(self, files: DataFrame, keep: Keep) -> Decided:
        """One decision for each live file that the predicate names."""
        from pyspark.sql import functions as F

        from curate.query import answer_in_spark

        program = self._program()
        frames = {name: keep(name, _rows(files, name)) for name in program.relations(self.predicate)}
        found = answer_in_spark(program, self.predicate, files.sparkSession, frames)
        reason = F.coalesce(F.min(F.col("reason").cast("string")), F.lit("unnamed"))
        named = found.groupBy("file_id").agg(reason.alias("reason")).join(files.select("file_id"), "file_id")
        return Decided(decisions=decisions(named, {"drop_stage": F.lit(self.name), "drop_reason": F.col("reason")}))


def _rows(files: DataFrame, relation: str) -> DataFrame:
    """One relation of all files, out of their packed facts."""
    from pyspark.sql.pandas.types import from_arrow_schema

    schema = RELATIONS[relation]

    def opened(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            rows = [row for packed in batch.column("facts").to_pylist() for row in unpack(packed)[relation]]
            if rows:
                columns = zip(*rows, strict=True)
                arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
                yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    return files.where("facts is not null").select("facts").mapInArrow(opened, from_arrow_schema(schema))
