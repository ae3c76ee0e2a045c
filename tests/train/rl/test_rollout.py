"""Rollouts: what is drawn, what is told of it, and that neither a batch nor the others in it matter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from train.checkpoint import load_trained
from train.model import Decoder
from train.rl.experience import answer_logp, tempered_nll
from train.rl.rollout import Answer, Drawing, OwnEngine, Request
from train.rl.rounds import Sample
from train.tokenizer import Tokenizer

CPU = torch.device("cpu")
DRAWING = Drawing(temperature=1.3, top_p=1.0, max_tokens=12)


@pytest.fixture(scope="module")
def model(task: Path) -> Decoder:
    return load_trained(task / "pretrained")


@pytest.fixture(scope="module")
def tokenizer(task: Path) -> Tokenizer:
    return Tokenizer(task / "tokenizer.json")


def requests(tokenizer: Tokenizer, n: int = 10, stops: tuple[str, ...] = ()) -> list[Request]:
    texts = ["def add(a, b):\n", "def count(items):\n"]
    tokens = [tuple(one) for one in tokenizer.encode(texts)]
    return [Request(prompt=i % 2, sample=i, tokens=tokens[i % 2], seed=100 + i, stops=stops) for i in range(n)]


def drawn(
    model: Decoder, tokenizer: Tokenizer, asked: Sequence[Request], drawing: Drawing = DRAWING, batch: int = 64
) -> list[Answer]:
    engine = OwnEngine(model.config, tokenizer, batch=batch, device=CPU, lora=None)
    engine.sync(model)
    found: list[Answer] = []
    engine.draw(asked, drawing, found.append)
    return sorted(found, key=lambda one: one.request.sample)


def logits(model: Decoder, tokens: Sequence[int]) -> Tensor:
    """Of the next token after each."""
    with torch.no_grad():
        return model(torch.tensor([tokens]), torch.arange(len(tokens))[None])[0]


def test_log_probabilities_and_entropies_are_those_of_the_whole_pass(model: Decoder, tokenizer: Tokenizer) -> None:
    for answer in drawn(model, tokenizer, requests(tokenizer)):
        prompt = answer.request.tokens
        scores = logits(model, [*prompt, *answer.tokens])[len(prompt) - 1 : -1, : tokenizer.n_ids] / 1.3
        logp = scores.log_softmax(-1)
        expected = logp[torch.arange(len(answer.tokens)), torch.tensor(answer.tokens)]
        assert answer.logps == pytest.approx(expected.tolist(), abs=1e-4)
        assert answer.entropies == pytest.approx((-(logp.exp() * logp).sum(-1)).tolist(), abs=1e-4)


def test_the_trainer_gives_the_same_log_probabilities(model: Decoder, tokenizer: Tokenizer) -> None:
    answers = drawn(model, tokenizer, requests(tokenizer, 7))
    samples = [
        Sample(
            place=0, sample=0, prompt_tokens=one.request.tokens, tokens=one.tokens, logps=one.logps, entropy=0.0,
            ended=one.ended, outcome="passed", reward=1.0,
        )
        for one in answers
    ]  # fmt: skip
    model.token_nll = tempered_nll(1.3, tokenizer.n_ids)
    width = max(len(one.tokens) for one in answers) + 2
    found = answer_logp(model, samples, width, CPU).tolist()
    assert len({len(one.tokens) for one in answers}) > 1
    for row, answer in zip(found, answers, strict=True):
        assert row == pytest.approx(answer.logps + [0.0] * (width - len(answer.logps)), abs=1e-4)
    assert answer_logp(model, [], 3, CPU).shape == (1, 3)


def test_a_batch_changes_nothing(model: Decoder, tokenizer: Tokenizer) -> None:
    asked = requests(tokenizer)
    together = drawn(model, tokenizer, asked)
    apart = drawn(model, tokenizer, list(reversed(asked)), batch=3)
    assert [one.tokens for one in together] == [one.tokens for one in apart]
    assert len({one.text for one in together}) > 3
    for one, other in zip(together, apart, strict=True):
        assert one.logps == pytest.approx(other.logps, abs=1e-4)


def test_draws_follow_the_distribution(model: Decoder, tokenizer: Tokenizer) -> None:
    """First tokens of 3,000 answers, against their chances."""
    tokens = tuple(tokenizer.encode(["def add(a, b):\n    return"])[0])
    asked = [Request(prompt=0, sample=i, tokens=tokens, seed=i) for i in range(3000)]
    drawing = replace(DRAWING, max_tokens=1)
    firsts = [one.tokens[0] for one in drawn(model, tokenizer, asked, drawing, batch=3000)]
    chances = (logits(model, tokens)[-1, : tokenizer.n_ids] / 1.3).softmax(-1)
    for token in chances.topk(4).indices.tolist():
        chance = float(chances[token])
        assert firsts.count(token) / 3000 == pytest.approx(chance, abs=4 * math.sqrt(chance * (1 - chance) / 3000))


def test_how_answers_end(model: Decoder, tokenizer: Tokenizer) -> None:
    ended = drawn(model, tokenizer, requests(tokenizer))
    assert {one.ended for one in ended} == {"end"}
    assert all(one.tokens[-1] == tokenizer.special("<|endoftext|>") and "<|" not in one.text for one in ended)
    assert all(one.text.endswith("\n") for one in ended)
    stopped = drawn(model, tokenizer, requests(tokenizer, stops=("turn",)))
    assert {one.ended for one in stopped} == {"stop"}
    assert {one.text for one in stopped} == {"    re"}
    assert all("turn" in tokenizer.decode(one.tokens) for one in stopped)
    short = drawn(model, tokenizer, requests(tokenizer), replace(DRAWING, max_tokens=3))
    assert {(one.ended, len(one.tokens)) for one in short} == {("length", 3)}


def test_the_longest_sequence_ends_answers(model: Decoder, tokenizer: Tokenizer) -> None:
    tokens = tuple(tokenizer.encode(["a, b" * 40])[0])[: model.config.max_positions - 2]
    (answer,) = drawn(model, tokenizer, [Request(prompt=0, sample=0, tokens=tokens, seed=1)])
    assert len(answer.tokens) <= 2
