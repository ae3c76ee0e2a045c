"""The command `profile`: a function that curate.cli registers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from curate.errors import WrongUse

if TYPE_CHECKING:
    import pyarrow as pa

_SHOWN = ("language", "module_kind", "domain", "framework", "licence_class", "quality", "size", "complexity",
          "comment_density", "comment_language")  # fmt: skip
_TOP = 6  # values of a dimension on a terminal


def profile(
    inputs: Annotated[list[str] | None, typer.Argument(metavar="INPUT_OR_RUN...", help="inputs, or a run")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="the folder to write portrait.parquet into")] = None,
    against: Annotated[Path | None, typer.Option("--against", help="a run to compare with: what moved")] = None,
    list_dimensions: Annotated[bool, typer.Option("--list", help="list the dimensions and leave")] = False,
    master: Annotated[str | None, typer.Option(help="local[N], spark://HOST:PORT, yarn, k8s://URL")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines, for machines")] = False,
) -> None:
    """Draw the portrait of raw inputs or of a finished run: what is there, along some sixty dimensions.

    Example: codemill profile path/to/code --out out/profile; codemill profile out/june --against out/may
    """
    if list_dimensions:
        _list()
        return
    if not inputs:
        raise WrongUse("name inputs or the folder of a run; --list lists the dimensions")
    table = _portrait(inputs, out, master, as_json)
    if against is not None:
        _show_drift(table, against, as_json)
    elif as_json:
        for row in table.to_pylist():
            print(json.dumps(row, ensure_ascii=False))
    else:
        _show(table)


def _portrait(inputs: list[str], out: Path | None, master: str | None, as_json: bool) -> pa.Table:
    from curate.portrait import NAME, of_run, write
    from curate.shards import MANIFEST, Run

    if len(inputs) == 1 and (Path(inputs[0]) / MANIFEST).is_file():
        table = of_run(Run(inputs[0]))
        if out is not None:
            write(table, out / NAME)
        return table
    if out is None:
        raise WrongUse("--out is missing: name the folder for the profile of these inputs")
    from curate.api import run
    from curate.portrait_recipe import recipe
    from curate.progress import Reporter

    finished = run(recipe(), inputs, out, master=master, reporter=Reporter("json" if as_json else "auto"))
    return of_run(finished)


def _list() -> None:
    from analyzers.portrait.dimensions import DIMENSIONS

    for dimension in DIMENSIONS:
        values = ", ".join(dimension.values) if dimension.values else "by table"
        print(f"{dimension.name:<18} {dimension.meaning} ({dimension.source}): {values}")


def _show(table: pa.Table) -> None:
    """The most frequent values of some dimensions, of files that were read."""
    from curate.portrait import shares

    shown = Table("dimension", "values, by share of the files read that have one")
    for name in _SHOWN:
        told = list(shares(table, name, "files").items())[:_TOP]
        if told:
            shown.add_row(name, "  ".join(f"{value} {share:.1%}" for value, share in told))
    Console().print(shown)


def _show_drift(table: pa.Table, against: Path, as_json: bool) -> None:
    """What moved from the run `against` to this one, among kept files."""
    from curate.portrait import drift, of_run
    from curate.shards import Run

    found = drift(of_run(Run(against)), table)
    if as_json:
        for row in found:
            print(json.dumps(row._asdict(), ensure_ascii=False))
        return
    shown = Table("dimension", "divergence", "moved most (share before, after)")
    for row in found:
        moved = "  ".join(f"{value} {before:.1%} {after:.1%}" for value, before, after in row.moved)
        shown.add_row(row.dimension, f"{row.divergence:.4f}", moved)
    Console().print(shown)
