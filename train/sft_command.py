"""`codemill train sft`, and `python -m train.sft_command` for torchrun."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from curate.errors import CodemillError, WrongUse


def sft(
    config: Annotated[Path, typer.Argument(help="a YAML file; see train/sft_config.py for its fields")],
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="K=V", help="put a setting over the file's")
    ] = None,
    show: Annotated[
        int, typer.Option(metavar="N", help="show N samples of each file, with what bears loss, and do not train")
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines, for machines")] = False,
) -> None:
    """Fine-tune a model on chats, with loss on the assistant's turns. The same command goes on where it was stopped.

    On eight cards: torchrun --nproc-per-node 8 --max-restarts 3 -m train.sft_command sft.yaml

    Example: codemill train sft sft.yaml --show 3
    """
    from train.settings import load
    from train.sft import sft as run
    from train.sft_config import SftConfig

    parsed = load(SftConfig, config, settings or ())
    if show:
        _show(parsed, show)
    else:
        run(parsed, face="json" if as_json else "auto")


def _show(config: object, n: int) -> None:
    import tempfile

    from rich.console import Console

    from train.chat import ChatTokens
    from train.sft import tokenizer_of
    from train.sft_config import SftConfig
    from train.sft_show import show
    from train.tokenizer import Tokenizer

    assert isinstance(config, SftConfig)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tokenizer.json"
        path.write_text(tokenizer_of(config), encoding="utf-8")
        show(config, ChatTokens(Tokenizer(path), config.data.roles), n, Console())


if __name__ == "__main__":
    try:
        typer.run(sft)
    except CodemillError as error:
        print(error, file=sys.stderr)
        sys.exit(2 if isinstance(error, WrongUse) else 1)
