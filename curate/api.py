"""The Python face: one call from inputs to a finished run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from curate import session
from curate.engine import run as run_engine
from curate.out_folder import check_places
from curate.progress import Reporter
from curate.recipe import Recipe, load
from curate.shards import Run
from curate.warm import compile_kernels, is_compiled

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def run(
    recipe: str | Path | Recipe, inputs: str | Path | Sequence[str | Path], out: str | Path,
    spark: SparkSession | None = None, *, settings: Iterable[str] = (), master: str | None = None,
    fresh: bool = False, keep_work: bool = False, reporter: Reporter | None = None,
) -> Run:  # fmt: skip
    """Mill `inputs` by `recipe` (a shipped name, a YAML file, or a Recipe) into the folder `out`.

    >>> curated = curate.run("codefuse", "path/to/code", "out/curated")  # doctest: +SKIP
    >>> curated.summary["kept"]["files"], curated.ledger.count_rows()  # doctest: +SKIP

    `settings` are those of --set. Without `spark` a session is started on `master` (this machine) and stopped again.
    Raises curate.errors.WrongUse and RunFailed, each one sentence with the next step.
    """
    checked = recipe if isinstance(recipe, Recipe) else load(recipe, settings)
    places = [inputs] if isinstance(inputs, (str, Path)) else list(inputs)
    if spark is not None:
        return run_engine(checked, places, out, spark, fresh=fresh, keep_work=keep_work, reporter=reporter)
    session.check_master(master)
    check_places(places, out, fresh=fresh)  # before the seconds that a start costs
    if not is_compiled():
        (reporter or Reporter()).say("compiling the kernels, this once")
        compile_kernels()
    own = session.start(master)
    try:
        return run_engine(checked, places, out, own, fresh=fresh, keep_work=keep_work, reporter=reporter)
    finally:
        own.stop()
