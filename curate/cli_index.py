"""The commands `index build` and `index match`: functions that curate.cli registers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

index_app = typer.Typer(help="Files that earlier runs kept, for later batches to be compared with.")

_SHOWN = 20  # matches on a terminal

_Index = Annotated[Path, typer.Option("--index", help="the folder of the index")]
_Json = Annotated[bool, typer.Option("--json", help="JSON lines, for machines")]
_Master = Annotated[str | None, typer.Option(help="local[N], spark://HOST:PORT, yarn, k8s://URL")]


@index_app.command()
def build(
    runs: Annotated[list[Path], typer.Option("--run", help="the folder of a finished run; several in their order")],
    index: _Index,
    master: _Master = None,
    as_json: _Json = False,
) -> None:
    """Add what runs kept to an index, or begin one: keys and signatures of every file, as Parquet.

    Example: codemill index build --run out/may --run out/june --index out/index
    """
    from curate import session
    from curate.index_build import add
    from curate.progress import Reporter
    from curate.shards import Run

    session.check_master(master)
    _ = [Run(run).manifest for run in runs]  # before the seconds that a start costs
    spark = session.start(master)
    try:
        reporter = Reporter("json" if as_json else "auto")
        added = [add(run, index, spark, reporter=reporter) for run in runs]
    finally:
        spark.stop()
    for run in added:
        told = f"run {run.id}: {run.files:,} files of {run.folder}"
        print(json.dumps(vars(run)) if as_json else told)
    if not as_json:
        print(f"index     {index}")


@index_app.command()
def match(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="the folder of a finished run")],
    index: _Index,
    out: Annotated[Path, typer.Option("--out", help="the folder to write, new or empty")],
    master: _Master = None,
    as_json: _Json = False,
) -> None:
    """Tell which files that a run kept an index holds, exactly or nearly; nothing of the run is changed.

    Example: codemill index match out/july --index out/index --out out/july-matches
    """
    from curate import session
    from curate.index import Index
    from curate.index_match import match as match_run
    from curate.progress import Reporter
    from curate.shards import Run

    session.check_master(master)
    _ = Run(run).manifest, Index(index).contents  # before the seconds that a start costs
    spark = session.start(master)
    try:
        found = match_run(run, index, out, spark, reporter=Reporter("json" if as_json else "auto"))
    finally:
        spark.stop()
    if as_json:
        for batch in found.to_batches():
            for row in batch.to_pylist():
                print(json.dumps(row, ensure_ascii=False))
        return
    counts = found.to_table(columns=["stage", "run", "folder", "size_bytes"]).group_by(["stage", "run", "folder"])
    table = Table("stage", "run", "files", "MB", "folder", box=None, header_style="dim")
    for row in counts.aggregate([("size_bytes", "count"), ("size_bytes", "sum")]).sort_by("run").to_pylist():
        n_files, n_bytes = row["size_bytes_count"], row["size_bytes_sum"]
        table.add_row(row["stage"], row["run"], f"{n_files:,}", f"{n_bytes / 1e6:,.1f}", escape(row["folder"]))
    console = Console()
    console.print(table)
    for row in found.head(_SHOWN).to_pylist():
        told = f"{row['similarity']:.3f}  {row['path']}  as {row['duplicate_of']} of run {row['run']}"
        console.print(told, highlight=False, markup=False, soft_wrap=True)
    console.print(f"{found.count_rows():,} files match; all of them in {out}", highlight=False, markup=False)
