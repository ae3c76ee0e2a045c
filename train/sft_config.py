"""The configuration of supervised fine-tuning."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from train.chat import RoleNames
from train.config import CheckpointConfig, CommonConfig, OptimizerConfig, RunConfig
from train.settings import Section

# "A Practical Guide to Code Intelligence" (2025), for dense models of 14B: batches of 64 to 256 samples (what matters
# most), 2e-6 to 5e-6, 3 to 5 epochs. Its values for mixtures of experts have no model here.
PRESETS: dict[str, dict[str, Any]] = {
    "dense": {
        "global_batch": 128,
        "epochs": 3,
        "optimizer": {"lr": 5e-6, "schedule": "cosine", "warmup_share": 0.05},
        "data": {"sequence_length": 8192},
    }
}


class ChatFile(Section):
    """A file of chats (train/chat_formats.py has the shapes)."""

    path: Path
    task: str | None = None  # None: what the row says, or the file's name
    weight: float = Field(default=1.0, gt=0)  # how often a sample is taken in an epoch: 2 twice, .5 every other one


class ChatDataConfig(Section):
    """What is fine-tuned on, and how it becomes tokens."""

    files: tuple[ChatFile, ...] = Field(min_length=1)
    sequence_length: int = Field(ge=8)  # tokens of a row, into which whole samples are packed
    too_long: Literal["cut", "leave_out", "refuse"] = "cut"  # samples over a row; cut: their first tokens stay
    unusable: Literal["refuse", "leave_out"] = "refuse"  # rows that are no chat or in which nothing bears loss
    roles: RoleNames = "chatml"  # chatml: system, user, assistant; codefuse: system, human, bot
    turns: Literal["all", "last"] = "all"  # which of the assistant's turns bear loss
    tags: tuple[str, ...] = ()  # fields of meta by which losses are told, besides language and task
    ahead: int = Field(default=4, ge=1)  # batches that are kept ready


class ChatValidationConfig(Section):
    """What is held out, and how often it is looked at."""

    files: tuple[ChatFile, ...] = ()
    share: float = Field(default=0.0, ge=0, lt=1)  # of the training files' samples, chosen by their content or ...
    # ... by this field of meta, so that what was made of one pair is not trained on and held out at once. Samples
    # without the field go by their content.
    together: str = "pair_id"
    every: int = Field(default=100, ge=1)  # steps
    max_samples: int | None = Field(default=None, ge=1)  # None: all

    @model_validator(mode="after")
    def _holds_something(self) -> Self:
        if not self.files and not self.share:
            raise ValueError("validation holds nothing out: name files, or a share of the training files")
        return self


class SftOptimizerConfig(OptimizerConfig):
    """AdamW with a warm-up that may be a share of the steps."""

    warmup_steps: int = Field(default=0, ge=0)
    warmup_share: float | None = Field(default=None, ge=0, lt=1)  # of all steps, over warmup_steps where it is given


class SftCheckpointConfig(CheckpointConfig):
    """When the state is saved: oftener than in pretraining, as there are fewer steps."""

    every: int = Field(default=100, ge=1)  # steps


class CobaConfig(Section):
    """Of `loss: coba`; see train.losses.ConvergenceBalance. All three count validations."""

    window: int = Field(default=200, ge=2)
    warmup: int = Field(default=100, ge=2)
    tau: float = Field(default=5.0, gt=0)


class SftConfig(CommonConfig):
    """A fine-tuning run. Without `model`, it is that of `init_from`; without `tokenizer`, the one that lies there."""

    preset: str | None = "dense"  # settings put under these; null: none
    data: ChatDataConfig
    validation: ChatValidationConfig | None = None
    optimizer: SftOptimizerConfig = SftOptimizerConfig()
    checkpoint: SftCheckpointConfig = SftCheckpointConfig()
    global_batch: int = Field(ge=1)  # samples a step, over all cards
    epochs: int = Field(ge=1)
    max_steps: int | None = Field(default=None, ge=1)  # end before the epochs do; the schedule ends there, too
    micro_batch: int = Field(default=1, ge=1)  # rows that a card holds at once
    loss: Literal["token", "sample", "balanced", "focal_sample", "focal_task", "coba"] = "token"
    task_weights: dict[str, float] = {}  # of `balanced`; a task that is not named has 1
    focal_alpha: float = Field(default=1.0, gt=0)
    focal_gamma: float = Field(default=2.0, ge=0)
    coba: CobaConfig = CobaConfig()

    @model_validator(mode="before")
    @classmethod
    def _preset_under(cls, raw: Any) -> Any:
        if not isinstance(raw, dict):
            return raw
        name = raw.get("preset", "dense")
        if name is not None and name not in PRESETS:
            raise ValueError(f"preset is {name!r} and must be null or one of {', '.join(PRESETS)}")
        found = _under(PRESETS[name], raw) if name else dict(raw)
        given = raw.get("optimizer")
        if isinstance(given, dict) and "warmup_steps" in given and "warmup_share" not in given:
            found["optimizer"].pop("warmup_share", None)  # what is given in steps is not a share
        if found.get("init_from"):
            found.setdefault("model", str(found["init_from"]))
        return found

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        self.check_length(self.data.sequence_length)
        if self.loss == "coba" and self.validation is None:
            raise ValueError("loss: coba weighs tasks by their validation losses: name validation")
        if self.task_weights and self.loss != "balanced":
            raise ValueError(f"task_weights are of loss: balanced, and loss is {self.loss}")
        if any(weight <= 0 for weight in self.task_weights.values()):
            raise ValueError("task_weights must be over 0: leave a task out by leaving out its file")
        return self

    def run(self, steps: int) -> RunConfig:
        """What the loop reads, of a run of so many steps."""
        optimizer = self.optimizer.model_dump()
        if (share := optimizer.pop("warmup_share")) is not None:
            optimizer["warmup_steps"] = math.ceil(share * steps)
        common = {name: getattr(self, name) for name in CommonConfig.model_fields}
        return RunConfig(**common | {"optimizer": OptimizerConfig(**optimizer), "steps": steps})


def _under(low: dict[str, Any], high: dict[str, Any]) -> dict[str, Any]:
    """Both mappings, `high` over `low`, inner ones likewise."""
    found = dict(low)
    for name, value in high.items():
        before = found.get(name)
        found[name] = _under(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return found
