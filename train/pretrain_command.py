"""`codemill train pretrain`, and `python -m train.pretrain_command` for torchrun."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from curate.errors import CodemillError, WrongUse


def pretrain(
    config: Annotated[Path, typer.Argument(help="a YAML file; see train/config.py for its fields")],
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="K=V", help="put a setting over the file's")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines, for machines")] = False,
) -> None:
    """Train a model on packed tokens. Interrupted? The same command goes on from the newest checkpoint.

    On eight cards: torchrun --nproc-per-node 8 --max-restarts 3 -m train.pretrain_command codefuse-1.3b.yaml

    Example: codemill train pretrain codefuse-1.3b.yaml --set optimizer.lr=1e-4
    """
    from train.config import PretrainConfig
    from train.pretrain import pretrain as run
    from train.settings import load

    run(load(PretrainConfig, config, settings or ()), face="json" if as_json else "auto")


if __name__ == "__main__":
    try:
        typer.run(pretrain)
    except CodemillError as error:
        print(error, file=sys.stderr)
        sys.exit(2 if isinstance(error, WrongUse) else 1)
