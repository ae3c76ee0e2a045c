"""The Python face: one call from inputs to a finished run, views of a run, and what another recipe would change.

`run.ledger`, `run.shards` and `run.pairs` are Arrow data sets; `Run` has views of them for pandas and DuckDB besides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from curate import session, shards
from curate.engine import run as run_engine
from curate.errors import WrongUse
from curate.out_folder import check_places
from curate.progress import Reporter
from curate.recipe import Recipe, load
from curate.schema import DOCUMENT, LEDGER, PAIR, SIGNALS
from curate.warm import compile_kernels, is_compiled
from curate.what_if_answer import WhatIf
from curate.what_if_answer import what_if as what_if

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow.dataset as ds
    from duckdb import DuckDBPyConnection
    from pyspark.sql import SparkSession


class Run(shards.Run):
    """A finished run with its ledger for pandas and for DuckDB: what notebooks open."""

    def pandas(self, columns: Sequence[str] | None = None, where: ds.Expression | None = None) -> pd.DataFrame:
        """Ledger rows as a frame, signals as columns of their own beside the others; by default all of both.

        It lies in memory: of a ledger of many millions name `columns`, or filter with `where`, an Arrow expression
        on the ledger's columns (`pc.field("signals", "n_chars")` is a signal).

        >>> run.pandas(["path", "language", "n_lines", "alnum_fraction", "drop_reason"])  # doctest: +SKIP
        """
        places = {name: pc.field(name) for name in LEDGER.names if name != "signals"}
        ledger = self.ledger  # of an earlier version, it may have fewer signals
        measured = {field.name for field in ledger.schema.field("signals").type}
        places |= {name: pc.field("signals", name) for name in SIGNALS.names if name in measured}
        wanted = list(places) if columns is None else list(columns)
        if unknown := [name for name in wanted if name not in places]:
            raise WrongUse(f"{unknown[0]!r} is no column of the ledger and no signal: `codemill signals` lists those")
        return ledger.to_table(columns={name: places[name] for name in wanted}, filter=where).to_pandas()

    def duckdb(self) -> DuckDBPyConnection:
        """A connection of its own, with the views ledger, documents (kept files with content) and pairs over the run's
        Parquet files: nothing is loaded before a query asks for it.

        >>> run.duckdb().sql("select language, avg(signals.n_chars) from ledger group by 1")  # doctest: +SKIP
        """
        import duckdb

        connection = duckdb.connect()
        for view, folder, schema in (
            ("ledger", "ledger/", LEDGER), ("documents", "shards/", DOCUMENT), ("pairs", "pairs/", PAIR),
        ):  # fmt: skip
            files = [str(file) for file in self.files(folder)]
            if files:
                connection.read_parquet(files, hive_partitioning=False).create_view(view)
            else:
                connection.from_arrow(schema.empty_table()).create(view)
        return connection

    def what_if(self, recipe: str | Path | Recipe | None = None, settings: Iterable[str] = ()) -> WhatIf:
        """The same as curate.what_if of this run."""
        return what_if(self, recipe, settings)


def run(
    recipe: str | Path | Recipe, inputs: str | Path | Sequence[str | Path], out: str | Path,
    spark: SparkSession | None = None, *, settings: Iterable[str] = (), master: str | None = None,
    environment: str | None = None, spark_settings: dict[str, str] | None = None, fresh: bool = False,
    keep_work: bool = False, reporter: Reporter | None = None,
) -> Run:  # fmt: skip
    """Mill `inputs` by `recipe` (a shipped name, a YAML file, or a Recipe) into the folder `out`.

    >>> curated = curate.run("codefuse", "path/to/code", "out/curated")  # doctest: +SKIP
    >>> curated.summary["kept"]["files"], curated.ledger.count_rows()  # doctest: +SKIP

    `settings` are those of --set. Without `spark` a session is started on `master` (this machine) and stopped again;
    a cluster's machines get the Python of the archive `environment` (--env), and Spark the `spark_settings` (--conf).
    Raises curate.errors.WrongUse and RunFailed, each one sentence with the next step.
    """
    checked = recipe if isinstance(recipe, Recipe) else load(recipe, settings)
    places = [inputs] if isinstance(inputs, (str, Path)) else list(inputs)
    if spark is not None:
        done = run_engine(checked, places, out, spark, fresh=fresh, keep_work=keep_work, reporter=reporter)
        return Run(done.folder)
    session.check_master(master)
    check_places(places, out, fresh=fresh)  # before the seconds that a start costs
    if not is_compiled():
        (reporter or Reporter()).say("compiling the kernels, this once")
        compile_kernels()
    own = session.start(master, spark_settings, environment)
    try:
        return Run(run_engine(checked, places, out, own, fresh=fresh, keep_work=keep_work, reporter=reporter).folder)
    finally:
        own.stop()
