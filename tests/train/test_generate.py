"""Decoding with a cache: the logits of the whole forward pass, and what is chosen from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch._dynamo.utils import counters

import train.decode_step as decode_step
from curate.errors import WrongUse
from train.beam_search import beam_search
from train.decode_step import DecodeStep
from train.export import export
from train.generate import Decoding, generate
from train.lora import LoraConfig, apply_lora
from train.model import Decoder, ModelConfig, init_weights
from train.presets import preset
from train.sampling import Sampler, likeliest

VARIANTS = {
    "parallel, a share rotated": preset("tiny-codefuse"),
    "sequential, a quarter rotated": replace(preset("tiny-codefuse"), parallel=False, rope_share=0.25),
    "grouped": preset("tiny-llama"),
    "grouped, scaled, biased, tied": replace(
        preset("tiny-llama"), attention_bias=True, mlp_bias=True, rope_factor=4.0, rope_theta=1e6, tied=True
    ),
    "a head of keys each": replace(preset("tiny-llama"), n_kv_heads=None),
    "multi-query, learned": preset("tiny-starcoder"),
    "heads, learned": replace(preset("tiny-starcoder"), n_kv_heads=None, mlp="gelu"),
}
PROMPTS = [[7, 200, 31], [5], list(range(40, 57)), [7, 200, 31], [99, 98, 97, 96, 95]]


def built(config: ModelConfig, spread: float = 0.15) -> Decoder:
    """Weights so far apart that the next token's chances are, too."""
    model = Decoder(config)
    init_weights(model, 5)
    with torch.no_grad():
        for i, parameter in enumerate(model.parameters()):
            parameter.add_(spread * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(i)))
    return model.eval()


def forward(model: Decoder, tokens: Sequence[int]) -> Tensor:
    """The last token's logits, without a cache."""
    with torch.no_grad():
        return model(torch.tensor([tokens]), torch.arange(len(tokens))[None])[0, -1]


@pytest.mark.parametrize("name", VARIANTS)
def test_each_step_gives_the_logits_of_the_whole_forward_pass(name: str) -> None:
    model = built(VARIANTS[name])
    texts = [list(prompt) for prompt in PROMPTS]
    decoding = Decoding(model, texts, max_tokens=12)
    random = torch.Generator().manual_seed(0)
    for step in range(12):
        expected = torch.stack([forward(model, text) for text in texts])
        assert float(expected.std()) > 0.3
        torch.testing.assert_close(decoding.logits_BV, expected, rtol=1e-4, atol=1e-4)
        if step == 6:  # some rows left out, one of them twice
            rows = [4, 2, 2, 0]
            decoding.reorder(rows)
            texts = [list(texts[row]) for row in rows]
        tokens = torch.randint(0, 256, (len(texts),), generator=random)
        decoding.append(tokens)
        for text, token in zip(texts, tokens.tolist(), strict=True):
            text.append(token)


def test_adapters_speak_too() -> None:
    model = built(preset("tiny-codefuse"))
    plain = Decoding(model, PROMPTS, max_tokens=1).logits_BV
    apply_lora(model, LoraConfig(rank=2))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                parameter.fill_(0.1)
    told = Decoding(model, PROMPTS, max_tokens=1).logits_BV
    assert float((told - plain).abs().max()) > 0.01
    torch.testing.assert_close(told[2], forward(model, PROMPTS[2]), rtol=1e-4, atol=1e-4)


def test_rows_end_where_they_should() -> None:
    model = built(replace(preset("tiny-starcoder"), max_positions=24))
    whole = generate(model, PROMPTS, likeliest, max_tokens=20)
    assert [len(row) for row in whole] == [20, 20, 24 - 17, 20, 19]
    for prompt, row in zip(PROMPTS, whole, strict=True):
        assert row == alone(model, prompt, len(row))
    end = whole[0][4]
    cut = generate(model, PROMPTS, likeliest, max_tokens=20, ends={end})
    assert cut == [row[: row.index(end)] if end in row else row for row in whole]
    stopped = generate(model, PROMPTS, likeliest, max_tokens=20, over=lambda row, new: row == 1 and len(new) == 3)
    assert stopped == [whole[0], whole[1][:3], *whole[2:]]
    assert max(map(max, generate(model, PROMPTS, likeliest, max_tokens=20, n_ids=50))) < 50


def alone(model: Decoder, prompt: Sequence[int], n: int) -> list[int]:
    """Greedy, without cache or batch."""
    text = list(prompt)
    for _ in range(n):
        text.append(int(forward(model, text).argmax()))
    return text[len(prompt) :]


@pytest.mark.parametrize("prompts", [[[1], []], [[1], [2] * 128]])
def test_prompts_without_room_are_told(prompts: list[list[int]]) -> None:
    with pytest.raises(WrongUse, match="must have 1 to 127"):
        generate(built(preset("tiny-llama")), prompts, likeliest, max_tokens=3)


def test_what_a_row_draws_is_its_own() -> None:
    model = built(preset("tiny-llama"))

    def drawn(rows: Sequence[int], seed: int = 0) -> list[list[int]]:
        sampler = Sampler([seed + row for row in rows], temperature=1.0, top_p=0.9)
        return generate(model, [PROMPTS[row] for row in rows], sampler, max_tokens=8)

    whole = drawn(range(5))
    assert whole[0] != whole[3]  # the same prompt, another seed
    assert drawn([3, 1]) == [whole[3], whole[1]]
    assert drawn(range(5), seed=9) != whole


@pytest.mark.parametrize(("temperature", "top_p"), [(0.5, 0.8), (1.5, 1.0)])
def test_draws_follow_the_chances(temperature: float, top_p: float) -> None:
    """4,000 draws: each token's number within 5 standard errors of its chance among those that top-p leaves."""
    logits, n = torch.tensor([2.0, 1.0, 0.0, 1.5, -3.0]), 4000
    found = Counter(Sampler(range(n), temperature=temperature, top_p=top_p)(logits.expand(n, 5)).tolist())
    chances = (logits / temperature).softmax(-1).tolist()
    left: dict[int, float] = {}
    for token in sorted(range(5), key=lambda token: -chances[token]):
        if sum(left.values()) < top_p:
            left[token] = chances[token]
    assert set(found) <= set(left)
    for token, chance in left.items():
        chance /= sum(left.values())
        assert abs(found[token] - n * chance) < 5 * (n * chance * (1 - chance)) ** 0.5 + 1


@pytest.mark.parametrize("name", ["tiny-codefuse", "tiny-llama"])
def test_beams_are_those_of_transformers(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    transformers = pytest.importorskip("transformers")
    transformers.logging.disable_progress_bar()
    model = built(preset(name), spread=0.05)
    folder = export(model, tmp_path_factory.mktemp("model"), dtype="float32")
    theirs = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    ends = set(range(0, 256, 9))
    found = beam_search(model, PROMPTS, beams=4, max_tokens=9, ends=ends)
    assert any(len(tokens) < 9 for best in found for tokens in best)
    for prompt, best in zip(PROMPTS, found, strict=True):
        out = theirs.generate(
            torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long), num_beams=4,
            num_return_sequences=4, max_new_tokens=9, do_sample=False, eos_token_id=sorted(ends), pad_token_id=0,
        )  # fmt: skip
        expected = []
        for row in out[:, len(prompt) :].tolist():
            at = next((i for i, token in enumerate(row) if token in ends), len(row))
            expected.append(row[:at])
        assert best == expected


def test_beams_end_at_stops_and_at_the_longest_sequence() -> None:
    model = built(replace(preset("tiny-llama"), max_positions=20), spread=0.05)
    found = beam_search(model, PROMPTS, beams=3, max_tokens=30)
    assert [{len(tokens) for tokens in best} for best in found] == [{20 - len(prompt)} for prompt in PROMPTS]
    stopped = beam_search(model, PROMPTS[:1], beams=3, max_tokens=30, over=lambda _, new: len(new) == 4)
    assert {len(tokens) for tokens in stopped[0]} == {4}
    greedy = generate(model, PROMPTS[:1], likeliest, max_tokens=17)
    assert beam_search(model, PROMPTS[:1], beams=1, max_tokens=17) == [greedy]


TORCH_IMPORTS_ITSELF = pytest.mark.filterwarnings("ignore:.torch.jit.script_method. is deprecated:DeprecationWarning")


@TORCH_IMPORTS_ITSELF
@pytest.mark.parametrize(("name", "backend"), [("grouped", "aot_eager"), ("multi-query, learned", "eager")])
def test_a_compiled_step_gives_the_same_and_is_compiled_once_a_shape(
    name: str, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two batches in the same room: 5 rows that end at the 37th slot; then 2, in a quarter of the rows, whose
    attention looks at 16 slots and then at all."""
    monkeypatch.setattr(decode_step, "_LEAST_SLOTS", 16)
    monkeypatch.setattr(decode_step, "_LEAST_ROWS", 1)
    torch._dynamo.reset()
    counters.clear()
    model = built(replace(VARIANTS[name], n_layers=1)).requires_grad_(False)
    step = DecodeStep(model, compiled=True, backend=backend)
    for prompts, graphs in ((PROMPTS, 1), (PROMPTS[:2], 3), (PROMPTS[3:], 3)):
        found = generate(model, prompts, likeliest, max_tokens=20, step=step)
        assert found == generate(model, prompts, likeliest, max_tokens=20)
        assert counters["stats"]["unique_graphs"] == graphs
    assert not counters["graph_break"]
    assert (step.rows, step.slots) == (5, 48)  # of 37, in whole sixteens


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@TORCH_IMPORTS_ITSELF
def test_a_gpu_compiles_without_being_asked() -> None:
    model = built(preset("tiny-llama")).requires_grad_(False).to("cuda")
    step = DecodeStep(model)
    assert step.compiled
    for prompts in (PROMPTS, PROMPTS[:2], PROMPTS):
        found = generate(model, prompts, likeliest, max_tokens=20, step=step)
        assert found == generate(model, prompts, likeliest, max_tokens=20)


@TORCH_IMPORTS_ITSELF
def test_rows_that_a_compiled_step_leaves_out_change_nothing() -> None:
    """Rows go, and more come than there were: the room grows, and what lies in it goes along."""
    model = built(replace(VARIANTS["grouped"], n_layers=1)).requires_grad_(False)
    step = DecodeStep(model, compiled=True, backend="eager")
    texts = [list(prompt) for prompt in PROMPTS]
    decoding = Decoding(model, texts, max_tokens=9, step=step)
    for rows in ([4, 2, 2, 0], [1], [0, 0, 0, 0, 0, 0, 0]):
        decoding.reorder(rows)
        texts = [list(texts[row]) for row in rows]
        tokens = torch.arange(10, 10 + len(rows))
        decoding.append(tokens)
        for text, token in zip(texts, tokens.tolist(), strict=True):
            text.append(token)
        expected = torch.stack([forward(model, text) for text in texts])
        torch.testing.assert_close(decoding.logits_BV, expected, rtol=1e-4, atol=1e-4)
    assert step.rows == 7
