"""A model's shape by name: of a preset, of a run of this trainer, or of a folder in transformers' layouts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from curate.errors import WrongUse
from train.model import ModelConfig
from train.presets import PRESETS, preset


def shape_of(name: str) -> ModelConfig:
    """The shape of that name. WrongUse where it is neither a preset nor a folder that tells one."""
    folder = Path(name)
    if name in PRESETS or not folder.is_dir():
        return preset(name)
    from train.export import read_config

    told = run_config(folder)
    if told is None:
        return read_config(folder)
    return replace(shape_of(told["model"]), **told["model_changes"])


def run_config(folder: Path) -> dict[str, Any] | None:
    """The configuration of the run whose folder, or one of whose checkpoints, this is; None where it is neither."""
    folder = folder.absolute()
    run = folder.parents[1] if folder.parent.name == "checkpoints" else folder
    if not (run / "checkpoints").is_dir():
        return None
    try:
        return json.loads((run / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WrongUse(f"{run / 'config.json'} cannot be read: {error}") from None
