"""Rollouts on vLLM, where it is installed: an engine beside the trainer on each card, in the same process.

Weights are handed over as a folder of safetensors, in which rank 0 writes what all others read: `reload_weights` of
vLLM's workers takes them from where the model was first loaded. On a GPU the engine sleeps while the trainer learns
(level 2: weights and cache are let go). The folder's vocabulary is cut to the tokenizer's ids, so that the distribution
that is drawn from is the one that is learnt on. What is drawn is a function of the seeds and of how vLLM batches, so a
run that was interrupted goes on, but not with the same answers.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.distributed.tensor import DTensor

from curate.errors import RunFailed, WrongUse
from train.export import export
from train.layouts import layout_for
from train.lora import LoraConfig, apply_lora, merge_lora
from train.model import Decoder, ModelConfig
from train.parallel import World
from train.rl.rollout import Answer, Drawing, Ended, Request, Told, answer_of, end_ids
from train.tokenizer import Tokenizer
from train.trained import TOKENIZER

OLDEST = (0, 10, 2)  # the first whose `processed_logprobs` are those of the temperature's distribution


class VllmEngine:
    """A source of answers as `train.rl.rollout.Engine` wants it: float32 on a CPU, bfloat16 on a GPU.

    `folder` gets weights, configuration and tokenizer. `batch` answers are drawn at once, with `memory_share` of the
    card's memory for weights and cache together; `compiled`: False does without vLLM's graphs. Entropies are estimates:
    vLLM tells a token's log-probability alone, whose negative has the entropy as its mean where top_p is 1. WrongUse
    where vLLM is missing or too old, or does not know the model's layout.
    """

    def __init__(
        self,
        config: ModelConfig,
        tokenizer: Tokenizer,
        *,
        folder: Path,
        batch: int,
        world: World,
        lora: LoraConfig | None,
        memory_share: float,
        compiled: bool | None = None,
    ) -> None:
        self.vllm = load_vllm()
        layout = layout_for(config)
        if layout.architecture not in self.vllm.ModelRegistry.get_supported_archs():
            raise WrongUse(
                f"vLLM {self.vllm.__version__} does not know {layout.architecture}, the model's layout: "
                "set rollout.engine to own"
            )
        self.config, self.tokenizer, self.folder, self.world, self.lora = config, tokenizer, folder, world, lora
        self.on_gpu = world.device.type == "cuda"
        self.ends = sorted(end_ids(tokenizer))
        self.dtype = "bfloat16" if self.on_gpu else "float32"
        self.arguments: dict[str, Any] = {
            "model": str(folder), "dtype": self.dtype, "max_model_len": config.max_positions, "max_num_seqs": batch,
            "gpu_memory_utilization": memory_share, "enforce_eager": compiled is False, "seed": world.rank,
            "logprobs_mode": "processed_logprobs", "enable_sleep_mode": self.on_gpu, "disable_log_stats": True,
        }  # fmt: skip
        if world.size > 1:  # torchrun has started one process a card, and each has an engine of its own
            self.arguments["distributed_executor_backend"] = "external_launcher"
        self.engine: Any = None
        self.asleep = False

    def sync(self, trained: Decoder) -> None:
        """Write the weights, gathered where they are split, and have vLLM read them; the first time starts it."""
        whole = self._gathered(trained)
        self.world.by_first(lambda: self._write(whole))
        if self.engine is None:
            self.engine = self._started()
            return
        if self.asleep:
            self.engine.wake_up(["weights"])
        self.engine.collective_rpc("reload_weights")
        if self.asleep:
            self.engine.wake_up(["kv_cache"])
        self.asleep = False
        self.engine.reset_prefix_cache()  # what it holds is of the weights before

    def draw(self, requests: Sequence[Request], drawing: Drawing, told: Told) -> None:
        """Each answer is a request with a seed of its own; equal prompts are read once, by vLLM's cache of prefixes."""
        assert self.engine is not None
        assert not self.asleep
        for number, one in enumerate(requests):
            self.engine.add_request(str(number), {"prompt_token_ids": list(one.tokens)}, self._sampling(one, drawing))
        while self.engine.has_unfinished_requests():
            for output in self.engine.step():
                if output.finished:
                    told(self._answer(requests[int(output.request_id)], output.outputs[0]))

    def rest(self) -> None:
        """Let go of weights and cache; the next `sync` brings them back."""
        if self.on_gpu and self.engine is not None:
            self.engine.sleep(2)
            self.asleep = True

    def _sampling(self, request: Request, drawing: Drawing) -> Any:
        return self.vllm.SamplingParams(
            temperature=drawing.temperature, top_p=drawing.top_p, seed=request.seed,
            max_tokens=min(drawing.max_tokens, self.config.max_positions - len(request.tokens)),
            stop=list(request.stops) or None, stop_token_ids=self.ends, detokenize=bool(request.stops),
            skip_special_tokens=False, logprobs=0,  # the drawn token's own
            output_kind=self.vllm.sampling_params.RequestOutputKind.FINAL_ONLY,
        )  # fmt: skip

    def _answer(self, request: Request, output: Any) -> Answer:
        if output.finish_reason not in ("stop", "length"):
            raise RunFailed(f"vLLM ended an answer with {output.finish_reason!r}: look at its log")
        tokens = list(output.token_ids)
        logps = [place[token].logprob for token, place in zip(tokens, output.logprobs, strict=True)]
        ended: Ended = "end" if tokens[-1] in self.ends else output.finish_reason
        return answer_of(self.tokenizer, request, tokens, logps, [-logp for logp in logps], ended)

    def _gathered(self, trained: Decoder) -> list[torch.Tensor]:
        """Whole parameters in their order: all ranks take part, and rank 0 has them."""
        found = []
        for parameter in trained.parameters():
            whole = parameter.full_tensor() if isinstance(parameter, DTensor) else parameter
            if self.world.rank == 0:
                found.append(whole.detach().to("cpu", getattr(torch, self.dtype)))
        return found

    @torch.no_grad()
    def _write(self, parameters: Sequence[torch.Tensor]) -> None:
        with torch.device("meta"):
            model = Decoder(self.config)
            if self.lora:
                apply_lora(model, self.lora)
        model.to(getattr(torch, self.dtype)).to_empty(device="cpu").tie()
        for own, parameter in zip(model.parameters(), parameters, strict=True):
            own.copy_(parameter)
        merge_lora(model)
        model.config = replace(self.config, vocab_size=self.tokenizer.n_ids)
        for table in (model.embedding, model.head):
            table.weight = nn.Parameter(table.weight[: self.tokenizer.n_ids])
        model.tie()
        self.folder.mkdir(parents=True, exist_ok=True)
        for old in self.folder.glob("*.safetensors"):
            old.unlink()  # and not written over: who still has it mapped keeps what was there
        (self.folder / TOKENIZER).write_text(self.tokenizer.json, encoding="utf-8")
        export(model, self.folder, dtype=self.dtype, tokenizer=self.folder / TOKENIZER)

    def _started(self) -> Any:
        try:
            return self.vllm.LLMEngine.from_engine_args(self.vllm.EngineArgs(**self.arguments))
        except ValueError as error:  # too little memory, or a shape that its kernels do not do
            raise RunFailed(
                f"vLLM does not start with this model: {' '.join(str(error).split())}: "
                "change rollout.memory_share or rollout.batch, or set rollout.engine to own"
            ) from None


def load_vllm() -> Any:
    """The module, told to stay in this process and to send nobody statistics. WrongUse where it is not there or old."""
    os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
    try:
        found: Any = importlib.import_module("vllm")
        importlib.import_module("vllm.sampling_params")
    except ImportError as error:
        raise WrongUse(
            f"rollout.engine is vllm, which cannot be imported ({error}): pip install vllm, or set it to own"
        ) from None
    version = tuple(map(int, re.findall(r"\d+", found.__version__)[:3]))
    if version < OLDEST:
        raise WrongUse(
            f"vLLM is {found.__version__} and must be {'.'.join(map(str, OLDEST))} or newer: pip install -U vllm"
        )
    return found
