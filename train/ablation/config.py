"""The configuration of an ablation: everything has a default, so that a file is needed only for what differs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from train.config import OptimizerConfig
from train.settings import Section


class HoldOutConfig(Section):
    """What is held out of both arms; see `codemill hold-out`."""

    share: float = Field(default=0.02, gt=0, lt=1)  # of the repositories
    most_mb: float = Field(default=20.0, gt=0)
    min_similarity: float = Field(default=0.7, gt=0, le=1)  # to training data, at which held-out files go
    folders: int = Field(default=1, ge=1)  # of a path that stand for a repository where none is named
    max_document_tokens: int = Field(default=8192, ge=2)  # of a file that are looked at: none outweighs the others
    seed: int = 0


class AblationConfig(Section):
    """Two curations, one model."""

    inputs: tuple[str, ...] = ()  # what recipes are run over; runs have theirs
    model: str = "tiny-llama"  # a preset's name, or a folder with config.json
    model_changes: dict[str, Any] = {"n_layers": 6, "n_heads": 6, "n_kv_heads": 6, "d_model": 384, "d_ff": 1024}
    vocabulary_size: int = Field(default=8192, ge=320)  # of the tokenizer that both share
    tokenizer: Path | None = None  # a tokenizer.json, instead of training one on both arms
    tokenizer_mb: float = Field(default=100.0, gt=0)  # MB of text to train it on
    tokens: float = Field(default=5e7, gt=0)  # that each model is trained on, the same for both
    seeds: tuple[int, ...] = Field(default=(0, 1, 2), min_length=1)  # of weights and order; a pair of models each
    sequence_length: int = Field(default=512, ge=4)
    global_batch: int = Field(default=32, ge=1)  # sequences
    micro_batch: int = Field(default=8, ge=1)
    optimizer: OptimizerConfig = OptimizerConfig(lr=1e-3, min_lr=1e-4, warmup_steps=100)
    precision: Literal["float32", "bfloat16"] | None = None  # None: bfloat16 on a GPU, float32 without
    looks: int = Field(default=8, ge=1)  # at held-out loss during a training, for the curves
    processes: int = Field(default=1, ge=1)  # that train one model together, a card each
    pretrain: dict[str, Any] = {}  # further fields of `codemill train pretrain`'s configuration
    hold_out: HoldOutConfig = HoldOutConfig()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"seeds are {self.seeds}: a seed that comes twice gives the same model twice")
        if taken := sorted(self.pretrain.keys() & _OURS):
            raise ValueError(f"pretrain has {', '.join(taken)}, which an ablation sets by itself: take them out")
        return self

    @property
    def steps(self) -> int:
        """Steps of each training."""
        return max(1, round(self.tokens / (self.global_batch * self.sequence_length)))


_OURS = {
    "out", "model", "model_changes", "tokenizer", "data", "validation", "optimizer", "steps", "global_batch",
    "micro_batch", "precision", "seed",
}  # fmt: skip
