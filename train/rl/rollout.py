"""Rollouts on our own generator: answers drawn in batches, each told of as soon as it ends.

A row's draws come from a seed of its own. When half of a batch has ended, the rest goes on in a smaller one, so that a
few long answers do not hold the room of many. Names of tensors end in their shape, as in `train.model`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import torch
from torch import Tensor
from torch.distributed.tensor import DTensor

from train.decode_step import DecodeStep
from train.evaluate.generators.protocol import cut_at
from train.generate import Decoding
from train.lora import LoraConfig, apply_lora
from train.model import Decoder, ModelConfig
from train.sampling import Sampler
from train.special_tokens import ids
from train.tokenizer import Tokenizer

Ended = Literal["end", "stop", "length"]  # a token that ends texts, a stop string, or no more room


@dataclass(frozen=True, kw_only=True)
class Request:
    """One answer that is asked for."""

    prompt: int  # number of the prompt, as the caller counts
    sample: int  # number among the prompt's answers
    tokens: tuple[int, ...]
    seed: int
    stops: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer. `tokens` are all that were drawn, an ending token included; `text` is without it and its stop."""

    request: Request
    tokens: list[int]
    logps: list[float]  # of each token as it was drawn
    entropies: list[float]  # of the distribution that each was drawn from, nats
    text: str
    ended: Ended


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """How answers are drawn."""

    temperature: float
    top_p: float
    max_tokens: int


Told = Callable[[Answer], None]


class Engine(Protocol):
    """A source of answers that takes the trained weights over."""

    def sync(self, trained: Decoder) -> None:
        """Take these weights; all ranks call it together."""
        ...

    def draw(self, requests: Sequence[Request], drawing: Drawing, told: Told) -> None:
        """Draw an answer to each request, and tell of each when it has ended."""
        ...

    def rest(self) -> None:
        """Nothing is drawn before the next `sync`: let go of memory that training can use."""
        ...


class OwnEngine:
    """A whole copy of the model on this rank's device: float32 on a CPU, bfloat16 on a GPU.

    `compiled`: whether the step is; None: on a GPU. See `train.decode_step`.
    """

    def __init__(
        self,
        config: ModelConfig,
        tokenizer: Tokenizer,
        *,
        batch: int,
        device: torch.device,
        lora: LoraConfig | None,
        compiled: bool | None = None,
    ) -> None:
        self.tokenizer, self.batch, self.device = tokenizer, batch, device
        self.ends = end_ids(tokenizer)
        model = Decoder(config)
        if lora:
            apply_lora(model, lora)
        dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
        self.model = model.to(device, dtype).requires_grad_(False).eval()
        self.step = DecodeStep(self.model, compiled=compiled)

    def sync(self, trained: Decoder) -> None:
        """Copy the weights, gathered where they are split."""
        with torch.no_grad():
            for own, parameter in zip(self.model.parameters(), trained.parameters(), strict=True):
                own.copy_(parameter.full_tensor() if isinstance(parameter, DTensor) else parameter)

    def draw(self, requests: Sequence[Request], drawing: Drawing, told: Told) -> None:
        """Longer prompts last: less of a batch is filling, and equal prompts stand together and are read once."""
        ordered = sorted(requests, key=lambda one: len(one.tokens))
        if ordered:
            longest = len(ordered[-1].tokens) + drawing.max_tokens
            self.step.reserve(self.batch, min(longest, self.model.config.max_positions))
        for start in range(0, len(ordered), self.batch):
            self._batch(ordered[start : start + self.batch], drawing, told)

    def rest(self) -> None:
        """The copy stays where it is: what a compiled step was recorded with must not move."""

    def _batch(self, requests: Sequence[Request], drawing: Drawing, told: Told) -> None:
        n_ids = self.tokenizer.n_ids
        prompts = [one.tokens for one in requests]
        decoding = Decoding(self.model, prompts, max_tokens=drawing.max_tokens, n_ids=n_ids, step=self.step)
        draws = _Draws([one.seed for one in requests], drawing, str(self.device))
        longest = self.model.config.max_positions
        rows = [_Row(one, min(drawing.max_tokens, longest - len(one.tokens))) for one in requests]
        while True:
            tokens_B, drawn = draws(decoding.logits_BV)
            for row, (token, logp, entropy) in zip(rows, drawn, strict=True):
                if row.ended is None:
                    row.add(int(token), logp, entropy, self.ends, self.tokenizer)
                    if row.ended is not None:
                        told(row.answer(self.tokenizer))
            going = [number for number, row in enumerate(rows) if row.ended is None]
            if not going:
                return
            if 2 * len(going) <= len(rows):
                decoding.reorder(going)
                draws.keep(going)
                rows, tokens_B = [rows[number] for number in going], tokens_B[going]
            decoding.append(tokens_B)


class _Draws(Sampler):
    """Draws that come with their log-probabilities and entropies, and of which rows may be left out."""

    def __init__(self, seeds: Sequence[int], drawing: Drawing, device: str) -> None:
        super().__init__(seeds, temperature=drawing.temperature, top_p=drawing.top_p, device=device)

    def __call__(self, logits_BV: Tensor) -> tuple[Tensor, list[list[float]]]:  # type: ignore[override]
        """tokens_B, and of each row token, log-probability and entropy: one copy from the device."""
        tokens_B = super().__call__(logits_BV)
        logp_BV = (logits_BV.float() / self.temperature).log_softmax(-1)
        logp_B = logp_BV.gather(-1, tokens_B[:, None])[:, 0]
        entropy_B = torch.special.entr(logp_BV.exp()).sum(-1)
        return tokens_B, torch.stack((tokens_B.double(), logp_B.double(), entropy_B.double()), dim=1).tolist()

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these rows."""
        self._generators = [self._generators[row] for row in rows]


@dataclass
class _Row:
    """An answer that grows."""

    request: Request
    room: int
    tokens: list[int] = field(default_factory=list)
    logps: list[float] = field(default_factory=list)
    entropies: list[float] = field(default_factory=list)
    ended: Ended | None = None

    def add(self, token: int, logp: float, entropy: float, ends: Collection[int], tokenizer: Tokenizer) -> None:
        self.tokens.append(token)
        self.logps.append(logp)
        self.entropies.append(entropy)
        if token in ends:
            self.ended = "end"
        elif self._stopped(tokenizer):
            self.ended = "stop"
        elif len(self.tokens) == self.room:
            self.ended = "length"

    def _stopped(self, tokenizer: Tokenizer) -> bool:
        """Whether a stop string ends in the last token: one of n bytes is within the last n tokens."""
        if not self.request.stops:
            return False
        tail = tokenizer.decode(self.tokens[-max(len(stop.encode()) for stop in self.request.stops) :])
        return any(stop in tail for stop in self.request.stops)

    def answer(self, tokenizer: Tokenizer) -> Answer:
        assert self.ended is not None
        return answer_of(tokenizer, self.request, self.tokens, self.logps, self.entropies, self.ended)


def answer_of(
    tokenizer: Tokenizer,
    request: Request,
    tokens: list[int],
    logps: list[float],
    entropies: list[float],
    ended: Ended,
) -> Answer:
    """An answer with its text, up to a stop."""
    written = tokens[:-1] if ended == "end" else tokens
    text = cut_at(text_after(tokenizer, request.tokens, written), request.stops)
    return Answer(request=request, tokens=tokens, logps=logps, entropies=entropies, ended=ended, text=text)


def end_ids(tokenizer: Tokenizer) -> set[int]:
    """Ids that end an answer: all of the table's tokens, as behind another document's beginning is no answer."""
    return {found for token in ids() if (found := tokenizer.backend.token_to_id(token)) is not None}


def text_after(tokenizer: Tokenizer, prompt: Sequence[int], new: Sequence[int]) -> str:
    """The text that tokens add to a prompt's: decoded with it, as some decoders trim a beginning."""
    before, whole = tokenizer.decode(prompt), tokenizer.decode([*prompt, *new])
    return whole[len(before) :] if whole.startswith(before) else tokenizer.decode(new)
