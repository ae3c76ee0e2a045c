"""Packed tokens that a tiny model can learn something from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from train.packed import PackedWriter

SPECIAL = {"end_of_text": 255, "fim_prefix": 254, "fim_middle": 253, "fim_suffix": 252}


def write(folder: Path, n_documents: int, seed: int, longest: int = 60) -> Path:
    """Documents that count upwards in strides of their own: the language and a tag say which."""
    random = np.random.default_rng(seed)
    with PackedWriter(folder, special_tokens=SPECIAL, token_bytes=[1] * 252 + [0] * 4) as writer:
        for i in range(n_documents):
            kind = i % 3
            tokens = (random.integers(0, 250) + np.arange(random.integers(5, longest)) * (kind + 1)) % 250
            language = ("C", "Go", "Python")[kind]
            writer.add([*tokens, 255], language=language, tags={"kind": "test" if i % 2 else "main"})
    return folder


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """`train` and `held_out` folders of packed tokens."""
    folder = tmp_path_factory.mktemp("corpus")
    return {"train": write(folder / "train", 300, 0), "held_out": write(folder / "held_out", 20, 1)}


@pytest.fixture
def settings(corpus: dict[str, Path], tmp_path: Path) -> dict[str, Any]:
    """A run of a few seconds at most, as parsed YAML."""
    return {
        "out": str(tmp_path / "run"),
        "model": "tiny-codefuse",
        "data": {"sources": [{"path": str(corpus["train"])}], "sequence_length": 32, "fim_rate": 0.5},
        "optimizer": {"lr": 3e-3, "schedule": "constant", "warmup_steps": 2},
        "checkpoint": {"every": 100},
        "steps": 6,
        "global_batch": 8,
        "micro_batch": 4,
        "precision": "float32",
    }
