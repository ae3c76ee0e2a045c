"""The command `hold-out`: a function that curate.cli registers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def hold_out(
    runs: Annotated[list[str], typer.Argument(metavar="[NAME=]RUN...", help="finished runs over one input")],
    out: Annotated[Path, typer.Option("--out", help="the folder to write: held_out, and train/NAME for each run")],
    share: Annotated[float, typer.Option(help="of the repositories, by a hash of their names")] = 0.02,
    most_mb: Annotated[float, typer.Option(help="MB of held-out files at most")] = 20.0,
    train_mb: Annotated[float | None, typer.Option(help="MB to train on of each run, sampled; all without it")] = None,
    min_similarity: Annotated[float, typer.Option(help="to training data, at which held-out files go")] = 0.7,
    folders: Annotated[int, typer.Option(help="of a path that stand for a repository where none is named")] = 1,
    seed: Annotated[int, typer.Option(help="of every choice")] = 0,
    fresh: Annotated[bool, typer.Option("--fresh", help="write anew what is split there already")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON, for machines")] = False,
) -> None:
    """Hold the same repositories out of runs of one input, near-duplicates of what is left to train on removed.

    Example: codemill hold-out out/raw out/curated --out out/split --share 0.02 --most-mb 20
    """
    from curate.held_out.repositories import Choice
    from curate.held_out.split import SplitConfig, named, remove, split

    choice = Choice(share=share, most_bytes=int(most_mb * 1e6), folders=folders, seed=seed)
    train_bytes = None if train_mb is None else int(train_mb * 1e6)
    config = SplitConfig(choice=choice, min_similarity=min_similarity, train_bytes=train_bytes)
    arms = named(runs)
    if fresh:
        remove(out)
    counts = split(arms, out, config, say=lambda text: typer.echo(text, err=True))
    if as_json:
        print(json.dumps(counts))
        return
    print(
        f"held out {counts['kept']:,} files of {counts['held_out_repositories']:,} repositories: "
        f"{counts['read']:,} read, {counts['resembling_training']:,} like training data and "
        f"{counts['resembling_each_other']:,} like each other left out"
    )
    for name, amount in counts["train"].items():
        print(f"train/{name}: {amount['files']:,} files, {amount['bytes'] / 1e6:,.1f} MB")
