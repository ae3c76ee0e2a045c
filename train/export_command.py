"""`codemill export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def export(
    trained: Annotated[Path, typer.Argument(help="a run's folder, for its newest checkpoint, or one checkpoint")],
    out: Annotated[Path, typer.Option("--out", help="the folder to write")],
    dtype: Annotated[str, typer.Option(help="float32, bfloat16 or float16")] = "bfloat16",
) -> None:
    """Write a trained model as safetensors and config.json, for transformers and the servers built on it.

    Example: codemill export out/codefuse-1.3b --out out/served --dtype float16
    """
    from train.checkpoint import load_trained
    from train.export import export as write
    from train.trained import trained_roles, trained_tokenizer

    tokenizer, roles = trained_tokenizer(trained), trained_roles(trained)
    print(write(load_trained(trained), out, dtype=dtype, tokenizer=tokenizer, chat=roles))
