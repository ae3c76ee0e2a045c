"""Rollouts on vLLM by a stand-in that has the names and arguments of vLLM 0.32's LLMEngine, and draws with our own
generator from the folder that it is given: so what is handed over is a model that can be read."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch

from curate.errors import RunFailed, WrongUse
from train.checkpoint import load_trained
from train.evaluate.generators.protocol import cut_at
from train.export import load_weights, read_config
from train.generate import generate
from train.lora import LoraConfig, apply_lora, merge_lora
from train.model import Decoder
from train.parallel import World
from train.rl import toy
from train.rl.rollout import Answer, Drawing, OwnEngine, Request
from train.rl.vllm_engine import VllmEngine
from train.sampling import Sampler
from train.tokenizer import Tokenizer

CPU = World(device=torch.device("cpu"))
DRAWING = Drawing(temperature=1.3, top_p=1.0, max_tokens=12)


class RequestOutputKind(Enum):
    CUMULATIVE = 0
    DELTA = 1
    FINAL_ONLY = 2


@dataclass(kw_only=True)
class SamplingParams:
    """Those of its fields that say something else than the default."""

    temperature: float = 1.0
    top_p: float = 1.0
    seed: int | None = None
    stop: list[str] | None = None
    stop_token_ids: list[int] | None = None
    max_tokens: int | None = 16
    logprobs: int | None = None
    detokenize: bool = True
    skip_special_tokens: bool = True
    output_kind: RequestOutputKind = RequestOutputKind.CUMULATIVE

    def __post_init__(self) -> None:
        assert self.detokenize or not self.stop, "stop strings are only supported when detokenize is True"
        assert self.output_kind is RequestOutputKind.FINAL_ONLY
        assert not self.skip_special_tokens


@dataclass(kw_only=True)
class EngineArgs:
    model: str
    dtype: str = "auto"
    seed: int = 0
    max_model_len: int | None = None
    gpu_memory_utilization: float = 0.92
    enforce_eager: bool = False
    max_num_seqs: int | None = None
    distributed_executor_backend: str | None = None
    logprobs_mode: str = "raw_logprobs"
    enable_sleep_mode: bool = False
    disable_log_stats: bool = False


@dataclass
class LLMEngine:
    """One engine; `calls` are those that change its state."""

    arguments: EngineArgs
    waiting: list[tuple[str, list[int], SamplingParams]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    @classmethod
    def from_engine_args(cls, engine_args: EngineArgs) -> LLMEngine:
        if engine_args.gpu_memory_utilization > 0.9:
            raise ValueError("Free memory on device is less\nthan desired GPU memory utilization")
        found = cls(engine_args)
        found.collective_rpc("reload_weights")
        return found

    def add_request(self, request_id: str, prompt: dict[str, list[int]], params: SamplingParams) -> str:
        assert isinstance(request_id, str)
        self.waiting.append((request_id, prompt["prompt_token_ids"], params))
        return request_id

    def has_unfinished_requests(self) -> bool:
        return bool(self.waiting)

    def step(self) -> list[Any]:
        """All of one request, the last that came first; now and then nothing is finished."""
        self.calls.append("step")
        if self.calls.count("step") % 2:
            return [SimpleNamespace(request_id=self.waiting[-1][0], finished=False, outputs=[])]
        name, prompt, params = self.waiting.pop()
        return [SimpleNamespace(request_id=name, finished=True, outputs=[self.drawn(prompt, params)])]

    def drawn(self, prompt: list[int], params: SamplingParams) -> Any:
        assert params.seed is not None
        assert params.max_tokens is not None
        logps: list[dict[int, Any]] = []
        reason, written = "length", ""
        sampler = Sampler([params.seed], temperature=params.temperature, top_p=params.top_p)

        def choose(logits_BV: torch.Tensor) -> torch.Tensor:
            token_B = sampler(logits_BV)
            logp = (logits_BV / params.temperature).log_softmax(-1)[0, token_B[0]]
            logps.append({int(token_B): SimpleNamespace(logprob=float(logp))})
            return token_B

        def over(_: int, tokens: list[int]) -> bool:
            nonlocal reason, written
            written = self.tokenizer.decode(tokens)
            stopped = tokens[-1] in (params.stop_token_ids or ()) or any(stop in written for stop in params.stop or ())
            reason = "stop" if stopped else "length"
            return stopped

        (tokens,) = generate(self.model, [prompt], choose, max_tokens=params.max_tokens, over=over)
        return SimpleNamespace(token_ids=tuple(tokens), logprobs=logps, finish_reason=reason, stop_reason=None)

    def collective_rpc(
        self, method: str, timeout: float | None = None, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> list[Any]:
        assert method == "reload_weights"
        self.calls.append(method)
        folder = Path(self.arguments.model)
        self.model = Decoder(read_config(folder))
        load_weights(self.model, folder)
        self.tokenizer = Tokenizer(folder / "tokenizer.json")
        return [None]

    def reset_prefix_cache(self, reset_running_requests: bool = False, reset_connector: bool = False) -> bool:
        self.calls.append("reset_prefix_cache")
        return True

    def sleep(self, level: int = 1, mode: str = "abort") -> None:
        self.calls.append(f"sleep {level}")

    def wake_up(self, tags: list[str] | None = None) -> bool:
        self.calls.append(f"wake_up {tags}")
        return True


@pytest.fixture
def vllm(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The stand-in under the module's name."""
    module: Any = ModuleType("vllm")
    module.__version__, module.sampling_params = "0.32.0+cpu", ModuleType("vllm.sampling_params")
    module.EngineArgs, module.LLMEngine, module.SamplingParams = EngineArgs, LLMEngine, SamplingParams
    module.sampling_params.RequestOutputKind = RequestOutputKind
    module.ModelRegistry = SimpleNamespace(get_supported_archs=lambda: ["LlamaForCausalLM", "GPTNeoXForCausalLM"])
    monkeypatch.setitem(sys.modules, "vllm", module)
    monkeypatch.setitem(sys.modules, "vllm.sampling_params", module.sampling_params)
    for name in ("VLLM_ENABLE_V1_MULTIPROCESSING", "VLLM_NO_USAGE_STATS"):
        monkeypatch.setenv(name, "0")
    return module


def engine_for(model: Decoder, task: Path, folder: Path, world: World = CPU, **changes: Any) -> VllmEngine:
    settings: dict[str, Any] = {"batch": 8, "lora": None, "memory_share": 0.4}
    tokenizer = Tokenizer(task / "tokenizer.json")
    return VllmEngine(model.config, tokenizer, folder=folder, world=world, **settings | changes)


def widened(model: Decoder, more: int) -> Decoder:
    """The same model with ids that its tokenizer does not have, and that are likely."""
    n = model.config.vocab_size
    found = Decoder(replace(model.config, vocab_size=n + more)).requires_grad_(False)
    for (name, one), other in zip(found.named_parameters(), model.parameters(), strict=True):
        one[: len(other)] = other.detach()
        if name == "head.weight":
            one[n:] = 3 * other.detach()[:more].abs()
    return found


def asked(tokenizer: Tokenizer, stops: tuple[str, ...] = ()) -> list[Request]:
    tokens = [tuple(one) for one in tokenizer.encode(["def add(a, b):\n", "def count(items):\n"])]
    return [Request(prompt=i % 2, sample=i, tokens=tokens[i % 2], seed=100 + i, stops=stops) for i in range(6)]


def drawn(engine: Any, requests: list[Request], drawing: Drawing = DRAWING) -> list[Answer]:
    found: list[Answer] = []
    engine.draw(requests, drawing, found.append)
    return sorted(found, key=lambda one: one.request.sample)


@pytest.mark.parametrize("stops", [(), ("turn",)])
def test_answers_are_those_of_the_own_engine(
    vllm: ModuleType, stops: tuple[str, ...], task: Path, tmp_path: Path
) -> None:
    """The stand-in draws by the same seeds; the vocabulary that is handed over is the tokenizer's: likely ids behind it
    are never drawn."""
    tokenizer = Tokenizer(task / "tokenizer.json")
    model = widened(load_trained(task / "pretrained"), 7)
    own = OwnEngine(model.config, tokenizer, batch=8, device=CPU.device, lora=None)
    engine = engine_for(model, task, tmp_path)
    for one in (own, engine):
        one.sync(model)
    for drawing in (DRAWING, Drawing(temperature=1.3, top_p=1.0, max_tokens=3)):
        requests = asked(tokenizer, stops)
        expected, found = drawn(own, requests, drawing), drawn(engine, requests, drawing)
        for one, other in zip(found, expected, strict=True):
            assert (one.tokens, one.text, one.ended) == (other.tokens, other.text, other.ended)
            assert one.logps == pytest.approx(other.logps, abs=1e-4)
            assert one.entropies == [-logp for logp in one.logps]
            assert one.text == cut_at(one.text, stops)
    assert read_config(tmp_path).vocab_size == tokenizer.n_ids
    assert engine.arguments["logprobs_mode"] == "processed_logprobs"


def test_weights_are_handed_over_after_each_update(vllm: ModuleType, task: Path, tmp_path: Path) -> None:
    """Adapters are merged; the engine sleeps while the trainer learns, and forgets what it read with old weights."""
    lora = LoraConfig(rank=2)
    model = load_trained(task / "pretrained")
    apply_lora(model, lora)
    engine = engine_for(model, task, tmp_path, lora=lora)
    engine.on_gpu = True  # a CPU's engine does not sleep
    engine.sync(model)
    engine.rest()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                parameter.normal_(generator=torch.Generator().manual_seed(3))
    engine.sync(model)
    assert engine.engine.calls == [
        "reload_weights", "sleep 2", "wake_up ['weights']", "reload_weights", "wake_up ['kv_cache']",
        "reset_prefix_cache",
    ]  # fmt: skip
    merge_lora(model)
    for (name, one), other in zip(model.named_parameters(), engine.engine.model.parameters(), strict=True):
        torch.testing.assert_close(one[: len(other)], other, msg=name)


def test_each_process_of_torchrun_has_an_engine_of_its_own(vllm: ModuleType, task: Path, tmp_path: Path) -> None:
    class Two(World):
        size, rank = 2, 1  # type: ignore[assignment]

    engine = engine_for(load_trained(task / "pretrained"), task, tmp_path, Two(device=CPU.device), compiled=False)
    assert engine.arguments["distributed_executor_backend"] == "external_launcher"
    assert (engine.arguments["seed"], engine.arguments["enforce_eager"]) == (1, True)


def test_what_vllm_cannot_do_is_one_sentence(
    vllm: Any, task: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load_trained(task / "pretrained")
    with pytest.raises(RunFailed, match=r"does not start .*less than desired .*change rollout.memory_share"):
        engine_for(model, task, tmp_path, memory_share=0.95).sync(model)
    engine = engine_for(model, task, tmp_path)
    with pytest.raises(RunFailed, match="ended an answer with 'abort'"):
        engine._answer(asked(engine.tokenizer)[0], SimpleNamespace(finish_reason="abort"))
    vllm.ModelRegistry.get_supported_archs = lambda: ["GPTNeoXForCausalLM"]
    with pytest.raises(WrongUse, match=r"vLLM 0.32.0\+cpu does not know LlamaForCausalLM.* set rollout.engine to own"):
        engine_for(model, task, tmp_path)
    vllm.__version__ = "0.10.1.1"
    with pytest.raises(WrongUse, match=r"is 0.10.1.1 and must be 0.10.2 or newer"):
        engine_for(model, task, tmp_path)
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(WrongUse, match="pip install vllm, or set it to own"):
        engine_for(model, task, tmp_path)
    with pytest.raises(WrongUse, match=r"rollout.top_p is 0.9 and must be 1 with vllm"):
        toy.reinforcement(task, rollout={"engine": "vllm", "top_p": 0.9})
