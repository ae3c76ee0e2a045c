"""The configuration of reinforcement learning: one YAML file, checked before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from train.chat import RoleNames
from train.config import CheckpointConfig, OptimizerConfig, RunConfig
from train.rl.estimators import Estimator
from train.rl.kl import KlForm
from train.rl.policy_loss import Aggregation
from train.settings import Section

# What the guide (A Practical Guide to Code Intelligence, 2025) found: 16 rollouts a prompt, 8 where pass@5 is the aim;
# answers of 4,096 tokens, 2,048 for pass@5 and 16,384 for pass@1 (8,192 was worse than either side); REINFORCE++ with a
# baseline learns fastest, RLOO ends best at both.
PRESETS: Mapping[str, Mapping[str, Any]] = {
    "balanced": {"estimator": "reinforce_plus_plus_baseline", "samples": 16, "max_tokens": 4096},
    "pass1": {"estimator": "rloo", "samples": 16, "max_tokens": 16_384},
    "pass5": {"estimator": "rloo", "samples": 8, "max_tokens": 2048},
}


class RlOptimizerConfig(OptimizerConfig):
    """AdamW as everywhere, with the small constant rate that keeps a policy near the one that was sampled from."""

    lr: float = Field(default=1e-6, gt=0)
    schedule: Literal["cosine", "wsd", "constant"] = "constant"
    warmup_steps: int = Field(default=10, ge=0)  # rounds of rollouts, as `steps` are
    weight_decay: float = Field(default=0.01, ge=0)
    spike_factor: float | None = Field(default=None, gt=1)  # norms follow the share of mixed groups: spikes are normal


class RolloutConfig(Section):
    """How answers are drawn. Log-probabilities are those of the temperature's distribution, before top-p."""

    temperature: float = Field(default=1.0, gt=0)
    top_p: float = Field(default=1.0, gt=0, le=1)  # under 1 the drawn distribution is not the trained one
    stops: tuple[str, ...] | None = None  # texts that end an answer; None: the language's, where a prompt goes on
    batch: int = Field(default=64, ge=1)  # answers that are decoded at once on each card
    engine: Literal["own", "vllm"] = "own"  # who draws; vllm where it is installed
    # Steps recorded as graphs; None: on a GPU. Of the own engine the room for keys and values then stays while it is
    # trained: lower batch where that lacks memory.
    compiled: bool | None = None
    memory_share: float = Field(default=0.4, gt=0, lt=1)  # of the card's memory, for vllm


class LossConfig(Section):
    """The policy loss: PPO's, with the bounds of DAPO and the dual clip."""

    clip_low: float = Field(default=0.2, ge=0, lt=1)
    clip_high: float = Field(default=0.2, ge=0)  # clip-higher: 0.28
    dual_clip: float | None = Field(default=3.0, gt=1)  # None: not bounded for negative advantages
    aggregation: Aggregation = "token-mean"
    kl: float = Field(default=0.0, ge=0)  # strength of the divergence from the first weights; 0 needs no second model
    kl_form: KlForm = "k3"
    kl_in: Literal["loss", "reward"] = "loss"
    drift_cap: float | None = Field(
        default=2.0, ge=1
    )  # of the weight trainer's over generator's chance; None: no weight
    updates: int = Field(default=1, ge=1)  # mini-batches, and steps of the optimizer, that a round is cut into
    epochs: int = Field(default=1, ge=1)  # times a round is gone through


class RewardConfig(Section):
    """What an answer earns, by what became of it in the jail. A failure of the jail itself earns nothing and costs
    nothing: the answer is left out."""

    passed: float = 1.0
    failed: float = 0.0
    error: float = 0.0
    timeout: float = 0.0
    memory: float = 0.0
    # Answers cut off at max_tokens: judged as they are, left out, or fined. Left out (DAPO's overlong filtering) they
    # cost nothing, and a policy that is pushed away from wrong answers may learn not to end: a small model stood at 65%
    # of its answers right after as many rounds as brought it to 86% otherwise. `cut_off` in the trace shows it.
    overlong: Literal["keep", "mask", "penalty"] = "keep"
    # Of penalty (DAPO): from max_tokens less so many on a fine grows in a line, up to 1 for an answer that is cut off.
    overlong_tokens: int = Field(default=512, ge=1)
    workers: int | None = Field(default=None, ge=1)  # programs judged at a time; None: the cores there are
    cpu_seconds: float = Field(default=5.0, gt=0)  # of one program, where its prompt names none
    memory_mb: int = Field(default=512, ge=16)
    warm: bool = True  # Python: fork a running interpreter; false starts one for each program
    remembered: int = Field(default=100_000, ge=0)  # verdicts kept, so that the same program is not run again


class HeldOutConfig(Section):
    """Prompts that are looked at and never trained on."""

    prompts: tuple[Path, ...] = Field(min_length=1)
    every: int = Field(default=10, ge=1)  # steps; also before the first and after the last
    samples: int = Field(default=10, ge=1)  # answers a prompt
    temperature: float = Field(default=0.2, gt=0)  # that of the published pass@1
    top_p: float = Field(default=0.95, gt=0, le=1)
    ks: tuple[int, ...] = (1, 5)  # the k of pass@k

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if max(self.ks) > self.samples:
            raise ValueError(f"held_out.samples is {self.samples} and must be at least {max(self.ks)}, the largest k")
        return self


class RlConfig(RunConfig):
    """A run of reinforcement learning. `model` is that of `init_from`; `micro_batch` counts answers to learn from."""

    init_from: Path  # the model to go on from: a run's folder, or one with config.json and safetensors
    prompts: tuple[Path, ...] = Field(min_length=1)  # JSONL of RL prompts; evaluation files are refused
    preset: Literal["balanced", "pass1", "pass5"] | None = None  # values for what is not said
    held_out: HeldOutConfig | None = None
    chat_roles: RoleNames | None = None  # names of roles in messages; None: those that init_from was tuned with
    estimator: Estimator = "reinforce_plus_plus_baseline"
    samples: int = Field(default=16, ge=1)  # answers a prompt
    max_tokens: int = Field(default=4096, ge=1)  # of one answer
    prompts_per_step: int = Field(default=64, ge=1)
    drop_uniform: bool = True  # groups in which all did equally well teach nothing: they are left out, and counted
    refill_rounds: int = Field(default=0, ge=0)  # dynamic sampling: so many times other prompts take their places
    rollout: RolloutConfig = RolloutConfig()
    reward: RewardConfig = RewardConfig()
    loss: LossConfig = LossConfig()
    optimizer: RlOptimizerConfig = RlOptimizerConfig()
    checkpoint: CheckpointConfig = CheckpointConfig(every=20)
    precision: Literal["float32", "bfloat16"] = "bfloat16"
    log_every: int = Field(default=1, ge=1)

    @model_validator(mode="before")
    @classmethod
    def _preset(cls, raw: Any) -> Any:
        if not isinstance(raw, Mapping):
            return raw
        chosen = PRESETS.get(str(raw.get("preset")), {})
        model = {"model": str(raw["init_from"])} if "init_from" in raw else {}
        return {**model, **chosen, **raw}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.estimator == "grpo_passk" and self.samples < 2:
            raise ValueError("grpo_passk compares the best two of a group: set samples to 2 or more")
        if "loss_scale" in self.model_fields_set:
            raise ValueError("loss_scale is float16's, and precision is float32 or bfloat16: leave it out")
        if self.rollout.engine == "vllm" and self.rollout.top_p < 1:
            raise ValueError(
                f"rollout.top_p is {self.rollout.top_p} and must be 1 with vllm, which tells log-probabilities of what "
                "top-p leaves"
            )
        if self.tensor_parallel > 1:
            raise ValueError("tensor_parallel must be 1: answers are drawn with whole weights on every card")
        if self.refill_rounds and not self.drop_uniform:
            raise ValueError("refill_rounds fills the places of groups that drop_uniform leaves out: set it to true")
        if self.reward.overlong == "penalty" and self.reward.overlong_tokens > self.max_tokens:
            raise ValueError(
                f"reward.overlong_tokens is {self.reward.overlong_tokens} and must be at most max_tokens, "
                f"{self.max_tokens}"
            )
        return self
