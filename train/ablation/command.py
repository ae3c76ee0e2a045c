"""`codemill ablate`: parse, call, print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def ablate(
    first: Annotated[str, typer.Argument(metavar="[NAME=]A", help="a finished run's folder, or a recipe")],
    second: Annotated[str, typer.Argument(metavar="[NAME=]B", help="another, over the same input")],
    out: Annotated[Path, typer.Option("--out", help="the folder to write; new, or of an interrupted ablation")],
    inputs: Annotated[list[str] | None, typer.Option("--input", help="what recipes read; several by repeating")] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="a YAML file; see train/ablation/config.py for its fields")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="K=V", help="put a setting over the file's")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="remove an earlier ablation in --out first")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON, for machines")] = False,
) -> None:
    """Does B's curation help? The same model trained on A and B, compared on repositories that neither has seen.

    Example: codemill ablate minimal codefuse --input path/to/code --out out/ablation --set tokens=5e7
    """
    from train.ablation.ablate import ablate as run
    from train.ablation.ablate import told
    from train.ablation.config import AblationConfig
    from train.settings import parse, put, read

    raw = read(config) if config else {}
    for setting in settings or ():
        put(raw, setting)
    raw |= {"inputs": inputs} if inputs else {}
    checked = parse(AblationConfig, raw, where=str(config or "ablate"))
    result = run([first, second], out, checked, fresh=fresh, say=lambda text: typer.echo(text, err=True))
    print(json.dumps(result) if as_json else told(result, out))
