"""Rules run over facts: by DuckDB inside this process, or by Spark SQL. The same rules give the same rows on both.

Both are shut before rules come near them: DuckDB reads the facts' own files and nothing else, its settings locked;
Spark has views of the relations. What rules can say is bounded by curate.datalog before that. They can still ask for a
join of everything with everything; that is the asker's own time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import pyarrow as pa

from analyzers.syntax.facts.relations import RELATIONS
from curate import dialects
from curate.datalog import Program, load, predicate_name
from curate.errors import WrongUse
from curate.facts import FactBase
from curate.work import read_parquet

if TYPE_CHECKING:
    import duckdb
    from pyspark.sql import DataFrame, SparkSession

Engine = Literal["duckdb", "spark"]


class Database(Protocol):
    """Where rules run."""

    dialect: str

    def keep(self, name: str, sql: str) -> None:
        """A query's rows as a table; one that is there under that name goes."""

    def differ(self, one: str, other: str) -> bool:
        """Whether two tables hold different rows."""


def query(
    rules: str | Path, facts: str | Path, *, engine: Engine = "duckdb", predicate: str | None = None,
    limit: int | None = None, spark: SparkSession | None = None,
) -> pa.Table:  # fmt: skip
    """Rows of a predicate of `rules` (a .l file or the name of shipped ones) over the facts in a folder.

    `predicate` may be left out where one is used by no other. Rows come in the order that @OrderBy asks for, else in
    any. WrongUse for rules that cannot be carried out, in one sentence with the place.
    """
    program, base = load(rules), FactBase(facts)
    name = program.check_predicate(predicate) if predicate else program.default()
    if limit is not None and limit < 1:
        raise WrongUse(f"--limit {limit}: write a whole number from 1")
    if engine == "duckdb":
        with open_duckdb(base) as database:
            return database.rows(answer(program, name, database, _tables(program, name)), limit)
    if spark is None:
        raise WrongUse("the engine spark needs a session: curate.session.start()")
    files = {relation: base.files(relation) for relation in program.relations(name)}
    frames = {relation: read_parquet(spark, paths, RELATIONS[relation]) for relation, paths in files.items() if paths}
    found = answer_in_spark(program, name, spark, frames)
    return (found if limit is None else found.limit(limit)).toArrow()


def answer_in_spark(
    program: Program, predicate: str, spark: SparkSession, relations: Mapping[str, DataFrame]
) -> DataFrame:
    """Rows of a predicate over relations that are tables of Spark's; those that are not given are empty.

    Recursive predicates are computed at once, the answer itself when it is asked for.
    """
    with open_spark(spark, program.relations(predicate), relations) as database:
        return database.frame(answer(program, predicate, database, _tables(program, predicate)))


def answer(program: Program, predicate: str, database: Database, tables: Mapping[str, str]) -> str:
    """The query of a predicate, after recursive ones that it needs were computed. `tables` are those of relations."""
    there = dict(tables)
    for name in program.recursive(predicate):
        there[name] = _fixed_point(program, name, database, there)
    if predicate in there:
        return f"SELECT * FROM {there[predicate]}"
    return program.sql(predicate, database.dialect, there)


def _fixed_point(program: Program, name: str, database: Database, there: Mapping[str, str]) -> str:
    """The table of a recursive predicate: rounds until one changes nothing, or until the last that it may have."""
    tables = [f"round_{name}_{place}".lower() for place in (0, 1)]
    database.keep(tables[0], program.first_round(name, database.dialect, there))
    rounds = {table: program.next_round(name, database.dialect, there, table) for table in tables}
    for number in range(program.rounds[name]):
        before, after = tables[number % 2], tables[(number + 1) % 2]
        database.keep(after, rounds[before])
        if not database.differ(before, after):
            break
    return after


def _tables(program: Program, predicate: str) -> dict[str, str]:
    return {predicate_name(relation): f"facts_{relation}" for relation in program.relations(predicate)}


@contextmanager
def open_duckdb(base: FactBase) -> Iterator[DuckDatabase]:
    """A database in memory that sees the facts, and can open nothing but their files."""
    import duckdb

    with duckdb.connect(":memory:", config={"autoinstall_known_extensions": False}) as connection:
        for relation, schema in RELATIONS.items():
            files = [str(path) for path in base.files(relation)]
            connection.register(f"none_{relation}", schema.empty_table())
            source = f"read_parquet({_list(files)})" if files else f"none_{relation}"
            connection.execute(f"CREATE VIEW facts_{relation} AS SELECT * FROM {source}")
        allowed = [str(path) for relation in RELATIONS for path in base.files(relation)]
        connection.execute(f"SET allowed_paths = {_list(allowed)}")
        connection.execute("SET enable_external_access = false; SET lock_configuration = true")
        yield DuckDatabase(connection)


@dataclass
class DuckDatabase:
    """Rules in DuckDB."""

    connection: duckdb.DuckDBPyConnection
    dialect: str = dialects.DUCKDB

    def keep(self, name: str, sql: str) -> None:
        """A table in memory."""
        with _duckdb_errors():
            self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {sql}")

    def differ(self, one: str, other: str) -> bool:
        """Whether two tables hold different rows."""
        either = f"(TABLE {one} EXCEPT TABLE {other}) UNION ALL (TABLE {other} EXCEPT TABLE {one})"
        with _duckdb_errors():
            return bool(self.connection.execute(f"SELECT 1 FROM ({either}) LIMIT 1").fetchall())

    def rows(self, sql: str, limit: int | None) -> pa.Table:
        """The rows of a query. Sums of whole numbers are 64 bits wide, as Spark has them."""
        with _duckdb_errors():
            found = self.connection.sql(sql if limit is None else f"SELECT * FROM ({sql}) LIMIT {limit}")
            table: pa.Table = found.to_arrow_table()
        narrow = [
            pa.field(column.name, pa.int64()) if pa.types.is_decimal(column.type) and not column.type.scale else column
            for column in table.schema
        ]
        return table.cast(pa.schema(narrow))


@contextmanager
def _duckdb_errors() -> Iterator[None]:
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        raise WrongUse(f"DuckDB cannot carry out the rules: {_first(error)}") from None


@contextmanager
def open_spark(
    spark: SparkSession, needed: Sequence[str], relations: Mapping[str, DataFrame]
) -> Iterator[SparkDatabase]:
    """Views of the relations that are needed, gone again afterwards; those that are not given are empty."""
    from pyspark.sql.pandas.types import from_arrow_schema

    database = SparkDatabase(spark)
    for relation in needed:
        frame = relations.get(relation)
        if frame is None:
            frame = spark.createDataFrame([], from_arrow_schema(RELATIONS[relation]))
        frame.createOrReplaceTempView(f"facts_{relation}")
        database.kept.add(f"facts_{relation}")
    try:
        yield database
    finally:
        for name in sorted(database.kept):
            spark.catalog.dropTempView(name)


@dataclass
class SparkDatabase:
    """Rules in Spark SQL."""

    spark: SparkSession
    dialect: str = dialects.SPARK
    kept: set[str] = field(default_factory=set)

    def keep(self, name: str, sql: str) -> None:
        """A view of rows that were computed: a plan that grew from round to round would never end."""
        rows = self.frame(sql).localCheckpoint(eager=True)
        rows.createOrReplaceTempView(name)
        self.kept.add(name)

    def differ(self, one: str, other: str) -> bool:
        """Whether two tables hold different rows."""
        a, b = self.spark.table(one), self.spark.table(other)
        return a.count() != b.count() or not a.exceptAll(b).isEmpty()

    def frame(self, sql: str) -> DataFrame:
        """The rows of a query, as Spark has them before they are asked for."""
        from pyspark.errors import PySparkException

        try:
            return self.spark.sql(sql)
        except PySparkException as error:
            raise WrongUse(f"Spark cannot carry out the rules: {_first(error)}") from None


def _list(texts: list[str]) -> str:
    quoted = (text.replace("'", "''") for text in texts)
    return "[" + ", ".join(f"'{text}'" for text in quoted) + "]"


def _first(error: Any) -> str:
    """The first line that an engine says of what is wrong."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)[:300]
