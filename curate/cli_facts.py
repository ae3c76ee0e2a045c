"""The commands `facts` and `query`: functions that curate.cli registers."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from curate.errors import WrongUse

if TYPE_CHECKING:
    import pyarrow as pa

_SHOWN = 50  # rows on a terminal where --limit says nothing

_Json = Annotated[bool, typer.Option("--json", help="JSON lines, for machines")]
_Master = Annotated[str | None, typer.Option(help="local[N], spark://HOST:PORT, yarn, k8s://URL")]


def facts(
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT...", help="folders, .jsonl(.gz|.zst), .parquet, globs")],
    out: Annotated[Path, typer.Option("--out", help="the folder to write OUT/facts into")],
    relations: Annotated[str | None, typer.Option(help="some relations only, by commas: file,function,call")] = None,
    master: _Master = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="remove earlier facts in --out first")] = False,
    as_json: _Json = False,
) -> None:
    """Extract facts (functions, calls, imports, flow ...) as Parquet tables. Interrupted? The same command goes on.

    Example: codemill facts path/to/code --out out/facts
    """
    from pydantic import ValidationError

    from curate import session
    from curate.facts import EVERYTHING, write_facts
    from curate.progress import Reporter
    from curate.stages.syntax import Syntax

    try:
        stage = Syntax(facts=tuple(relations.split(",")), refusals=()) if relations else EVERYTHING
    except ValidationError as error:
        raise WrongUse(f"--relations: {error.errors()[0]['msg'].removeprefix('Value error, ')}") from None
    session.check_master(master)
    spark = session.start(master)
    try:
        base = write_facts(
            inputs, out, spark, stage=stage, fresh=fresh, reporter=Reporter("json" if as_json else "auto")
        )
    finally:
        spark.stop()
    counts = {name: entry["rows"] for name, entry in base.contents["relations"].items()}
    if as_json:
        print(json.dumps({"facts": str(base.folder), "files": base.contents["files"], "rows": counts}))
        return
    print(f"{base.contents['files']['with']:,} files have facts")
    for reason, count in base.contents["files"]["without"].items():
        print(f"{count:,} have none: {reason}")
    print(", ".join(f"{name} {count:,}" for name, count in counts.items()))
    print(f"facts     {base.folder}")


def query(
    rules: Annotated[str, typer.Argument(help="a .l file, or shipped rules by name (`codemill query list`)")],
    facts: Annotated[Path | None, typer.Option("--facts", help="the folder of `codemill facts`")] = None,
    engine: Annotated[str, typer.Option(help="duckdb or spark")] = "duckdb",
    predicate: Annotated[str | None, typer.Option(help="which one, where the rules end in several")] = None,
    limit: Annotated[int | None, typer.Option(help="so many rows at most")] = None,
    master: _Master = None,
    as_json: _Json = False,
) -> None:
    """Ask facts by Datalog rules (Logica's syntax); `codemill query list` lists the rules that come along.

    Example: codemill query fan_in --facts out/facts --limit 20
    """
    from curate import session
    from curate.datalog import shipped
    from curate.query import query as run_query

    if rules == "list":
        for name, text in shipped().items():
            print(f"{name:<16} {text.splitlines()[0].lstrip('# ')}")
        return
    if facts is None:
        raise WrongUse("--facts is missing: name the folder that `codemill facts` wrote")
    if engine == "duckdb":
        _show(run_query(rules, facts, predicate=predicate, limit=limit), limit, as_json)
    elif engine == "spark":
        session.check_master(master)
        spark = session.start(master)
        try:
            found = run_query(rules, facts, engine="spark", predicate=predicate, limit=limit, spark=spark)
        finally:
            spark.stop()
        _show(found, limit, as_json)
    else:
        raise WrongUse(f"--engine {engine!r}: write duckdb or spark")


def _show(rows: pa.Table, limit: int | None, as_json: bool) -> None:
    """All rows for machines and pipes; a table of the first ones on a terminal."""
    if as_json:
        for row in rows.to_pylist():
            print(json.dumps(row, ensure_ascii=False))
        return
    if not sys.stdout.isatty():
        print("\t".join(rows.column_names))
        for row in rows.to_pylist():
            print("\t".join(_text(value) for value in row.values()))
        return
    table = Table(*rows.column_names)
    shown = rows.slice(0, _SHOWN if limit is None else limit)
    for row in shown.to_pylist():
        table.add_row(*(_text(value) for value in row.values()))
    Console().print(table)
    if shown.num_rows < rows.num_rows:
        print(f"{shown.num_rows} of {rows.num_rows:,} rows; --limit or --json shows more")


def _text(value: Any) -> str:
    """A value in one cell, without what would break the line."""
    told = "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
    return told.replace("\t", " ").replace("\n", " ").replace("\r", " ")
