"""`codemill train rl`, `python -m train.rl_command` for torchrun, and `codemill prompts`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from curate.errors import CodemillError, WrongUse


def rl(
    config: Annotated[Path, typer.Argument(help="a YAML file; see train/rl/config.py for its fields")],
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="K=V", help="put a setting over the file's")
    ] = None,
) -> None:
    """Reinforce what passes its tests: answers are drawn, run in the jail, and learnt from. The same command resumes.

    On eight cards: torchrun --nproc-per-node 8 -m train.rl_command rl.yaml

    Example: codemill train rl rl.yaml --set preset=pass5
    """
    from train.rl.config import RlConfig
    from train.rl.loop import train_rl
    from train.settings import load

    train_rl(load(RlConfig, config, settings or ()))


def prompts(
    inputs: Annotated[
        list[Path], typer.Argument(metavar="INPUT...", help="folders of runs with pairs, MBPP-shaped JSONL files")
    ],
    out: Annotated[Path, typer.Option("--out", help="the JSONL file to write")],
    style: Annotated[str, typer.Option(help="base: a text to go on with; chat: messages")] = "base",
    most: Annotated[int | None, typer.Option("--max", help="prompts, at most")] = None,
    cpu_seconds: Annotated[float, typer.Option(help="of one run of a known solution")] = 2.0,
    workers: Annotated[int | None, typer.Option(help="programs run at a time; the machine's cores without it")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines, for machines")] = False,
) -> None:
    """Make prompts with tests for reinforcement learning: from curated functions, whose results in the jail become
    their tests, and from MBPP-shaped files. Evaluation files are refused.

    Example: codemill prompts out/curated mbpp_train.jsonl --out prompts.jsonl
    """
    from train.rl.prompt_sets import STYLES, PromptSetConfig, write_prompts

    if style not in STYLES:
        raise WrongUse(f"--style {style!r}: say one of {', '.join(STYLES)}")
    config = PromptSetConfig(style=style, cpu_seconds=cpu_seconds, max_prompts=most)
    told = (lambda text: None) if as_json else (lambda text: print(text, file=sys.stderr))
    counts = write_prompts(inputs, out, config, workers=workers, say=told)
    told_counts = ", ".join(f"{name} {number:,}" for name, number in counts.items())
    print(json.dumps(counts) if as_json else f"{told_counts}: {out}")


if __name__ == "__main__":
    try:
        typer.run(rl)
    except CodemillError as error:
        print(error, file=sys.stderr)
        sys.exit(2 if isinstance(error, WrongUse) else 1)
