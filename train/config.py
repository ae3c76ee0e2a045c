"""The configuration of training: one YAML file, checked before anything runs.

`CommonConfig` is what every kind of training has; `RunConfig` adds the number of steps and is what the loop reads;
`PretrainConfig` is pretraining's, and fine-tuning's is in train/sft_config.py.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from curate.errors import WrongUse
from train.lora import LoraConfig
from train.model import ModelConfig
from train.settings import Section
from train.shapes import shape_of


class SourceConfig(Section):
    """A folder of packed tokens, or a finished run as it is, and its share."""

    path: Path
    weight: float = Field(default=1.0, gt=0)  # share of the sequences, in proportion to the other sources'


class PhaseConfig(Section):
    """Other shares from a step on."""

    from_step: int = Field(ge=1)
    weights: tuple[Annotated[float, Field(ge=0)], ...]  # one for each source; 0 leaves it out


class DataConfig(Section):
    """What is trained on, and how it is cut into sequences."""

    sources: tuple[SourceConfig, ...] = Field(min_length=1)
    curriculum: tuple[PhaseConfig, ...] = ()
    sequence_length: int = Field(default=2048, ge=4)
    mask_documents: bool = True  # attention, positions and targets stay within a document
    fim_rate: float = Field(default=0.0, ge=0, le=1)  # share of documents that are filled in the middle (CodeFuse: .5)
    repo_name_rate: float = Field(default=0.2, ge=0, le=1)  # this and the next two: of files of finished runs that tell
    path_rate: float = Field(default=0.2, ge=0, le=1)  # their repository, path and stars; packed ones have what they
    stars_rate: float = Field(default=0.2, ge=0, le=1)  # were packed with
    # Of finished runs: parts of a batch that are read side by side. A rank tokenises what its own lanes need, so that
    # there should be at least as many as data ranks. None: up to 8, as the run has files and the batch divides.
    lanes: int | None = Field(default=None, ge=1)
    tags: tuple[str, ...] = ()  # the training loss is told by language and by each of these tags
    ahead: int = Field(default=4, ge=1)  # batches that are kept ready

    @model_validator(mode="after")
    def _phases_fit(self) -> Self:
        for phase in self.curriculum:
            if len(phase.weights) != len(self.sources) or not any(phase.weights):
                raise ValueError(
                    f"the curriculum's weights from step {phase.from_step} on are {list(phase.weights)}: give one for "
                    f"each of the {len(self.sources)} sources, not all 0"
                )
        steps = [phase.from_step for phase in self.curriculum]
        if steps != sorted(set(steps)):
            raise ValueError(f"the curriculum's phases begin at steps {steps}: put them in order")
        return self

    def phases(self) -> list[tuple[int, tuple[float, ...]]]:
        """(first step, weights) of each phase; the sources' own weights come first."""
        first = tuple(source.weight for source in self.sources)
        return [(0, first), *((phase.from_step, phase.weights) for phase in self.curriculum)]


class OptimizerConfig(Section):
    """AdamW, its schedule, and what is done against gradients too large. Defaults: CodeFuse-CodeLlama-34B's."""

    lr: float = Field(default=3e-4, gt=0)
    min_lr: float = Field(default=0.0, ge=0)  # where the schedule ends
    schedule: Literal["cosine", "wsd", "constant"] = "cosine"
    warmup_steps: int = Field(default=2000, ge=0)
    decay_steps: int = Field(default=0, ge=0)  # of wsd: the last steps, in which the rate falls in a line
    betas: tuple[float, float] = (0.9, 0.95)
    eps: float = Field(default=1e-6, gt=0)
    weight_decay: float = Field(default=0.1, ge=0)  # on matrices; never on norms and biases
    clip_norm: float | None = Field(default=1.0, gt=0)
    spike_factor: float | None = Field(default=10.0, gt=1)  # steps whose norm is over so many medians are left out
    max_skipped: int = Field(default=20, ge=1)  # steps left out in a row before the run fails


class CheckpointConfig(Section):
    """When the state is saved, and what stays."""

    every: int = Field(default=1000, ge=1)  # steps
    keep_last: int = Field(default=3, ge=1)
    keep_best: bool = True  # the one with the lowest validation loss stays as well


class ValidationConfig(Section):
    """What is held out, and how often it is looked at."""

    sources: tuple[Path, ...] = Field(min_length=1)
    every: int = Field(default=1000, ge=1)  # steps
    max_sequences: int | None = Field(default=None, ge=1)  # of each source; None: all
    tags: tuple[str, ...] = ()  # losses are told by language and by each of these tags


Policy = Literal["off", "warn", "checkpoint", "stop"]


class HealthConfig(Section):
    """What is done when the card reports trouble: nothing, a line, a checkpoint at once, or the end of the run.

    `stop` saves nothing, as the state may be damaged already: the newest checkpoint is from before, and torchrun's
    --max-restarts goes on from it.
    """

    every_s: float = Field(default=10.0, gt=0)  # seconds between looks
    ecc: Policy = "stop"  # memory errors that could not be corrected, since the run began
    xid: Policy = "stop"  # errors that the driver reports by number
    # Errors of programs and not of cards; the list is that of NVIDIA's device plugin for Kubernetes.
    ignored_xids: tuple[int, ...] = (13, 31, 43, 45, 68, 109)
    throttling: Policy = "warn"  # clocks lowered for heat or by the board's power brake; a power cap is normal
    temperature: Policy = "warn"
    max_celsius: float | None = Field(default=None, gt=0)  # inclusive; None: where the card begins to slow down


class ModelChoice(Section):
    """Which model: what it takes to build it again, and no more."""

    model: str  # a preset's name, a run's folder, or a folder with config.json
    model_changes: dict[str, Any] = {}  # fields of ModelConfig put over it
    lora: LoraConfig | None = None  # train adapters only

    def model_config_of(self) -> ModelConfig:
        """The model's shape, with the changes."""
        found = shape_of(self.model)
        try:
            return replace(found, **self.model_changes)
        except TypeError:
            fields = ", ".join(ModelConfig.__dataclass_fields__)
            raise WrongUse(
                f"model_changes has {', '.join(self.model_changes)}; a model has the fields {fields}"
            ) from None


class CommonConfig(ModelChoice):
    """What every kind of training has."""

    out: Path
    # The tokenizer.json that the data were packed with, or are tokenised with; copied into `out` and exports.
    tokenizer: Path | None = None
    init_from: Path | None = None  # a run's folder, or one with safetensors, to go on from those weights
    optimizer: OptimizerConfig = OptimizerConfig()
    checkpoint: CheckpointConfig = CheckpointConfig()
    health: HealthConfig | None = HealthConfig()  # null: cards are not looked at
    micro_batch: int = Field(default=8, ge=1)  # sequences that a card holds at once
    precision: Literal["float32", "bfloat16", "float16"] = "bfloat16"
    loss_scale: float = Field(default=32_768.0, ge=1)  # the first; float16 only (CodeFuse-13B; its minimum is 1)
    compile: bool = False
    recompute: Literal["none", "selective", "full"] = "none"
    tensor_parallel: int = Field(default=1, ge=1)  # cards that share each layer
    log_every: int = Field(default=10, ge=1)  # steps between lines on the console and points in TensorBoard
    seed: int = 0

    @model_validator(mode="after")
    def _adapters_have_weights(self) -> Self:
        if self.optimizer.min_lr > self.optimizer.lr:
            raise ValueError(
                f"optimizer.min_lr is {self.optimizer.min_lr} and must not be over lr, {self.optimizer.lr}"
            )
        if self.lora and not self.init_from:
            raise ValueError("lora trains adapters to weights that are there: name them with init_from")
        if self.lora and self.tensor_parallel > 1:
            raise ValueError("lora needs tensor_parallel: 1")
        return self

    def check_length(self, sequence_length: int) -> None:
        """ValueError where sequences are longer than the model can place."""
        longest = self.model_config_of().max_positions
        if sequence_length > longest:
            raise ValueError(
                f"data.sequence_length is {sequence_length}, over the model's {longest}: "
                f"lower it, or raise model_changes.max_positions"
            )


class RunConfig(CommonConfig):
    """What the loop reads."""

    steps: int = Field(ge=1)

    @model_validator(mode="after")
    def _decays_within_the_run(self) -> Self:
        if self.optimizer.schedule == "wsd" and not 0 < self.optimizer.decay_steps <= self.steps:
            raise ValueError(f"optimizer.decay_steps is {self.optimizer.decay_steps} and must be in 1..{self.steps}")
        return self


class PretrainConfig(RunConfig):
    """A pretraining run."""

    data: DataConfig
    validation: ValidationConfig | None = None
    global_batch: int = Field(ge=1)  # sequences a step, over all cards

    @model_validator(mode="after")
    def _sequences_fit(self) -> Self:
        self.check_length(self.data.sequence_length)
        return self

    def accumulation(self, data_ranks: int) -> int:
        """Micro-batches a step on each rank. WrongUse where the numbers do not divide."""
        if self.global_batch % (self.micro_batch * data_ranks):
            raise WrongUse(
                f"global_batch is {self.global_batch} and must be a multiple of micro_batch x data ranks, "
                f"{self.micro_batch} x {data_ranks}"
            )
        return self.global_batch // (self.micro_batch * data_ranks)
