"""A model's shape by name: of a preset, of a run of this trainer, or of a folder in transformers' layouts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from train.model import ModelConfig
from train.presets import PRESETS, preset
from train.trained import run_config


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
