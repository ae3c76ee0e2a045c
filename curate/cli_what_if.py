"""The command `what-if`: a function that curate.cli registers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def what_if(
    run_folder: Annotated[Path, typer.Option("--run", help="the folder of a finished run")],
    recipe: Annotated[str | None, typer.Argument(help="a recipe's name, or a YAML file; the run's own without")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="K=V", help="put a setting over the recipe's")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON, for machines")] = False,
) -> None:
    """Decide a run again by another recipe, from its ledger: what it would gain and lose, and what is not known.

    Example: codemill what-if --run out/curated --set stages.text.rules.lines.max=5000
    """
    from curate.shards import Run
    from curate.what_if_answer import what_if as answer
    from curate.what_if_show import show

    found = answer(Run(run_folder), recipe, settings or ())
    if as_json:
        print(json.dumps(found.as_dict(), ensure_ascii=False))
    else:
        show(found, Console())
