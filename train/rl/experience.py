"""Samples as tensors, and log-probabilities of their tokens under a model.

Shapes: N samples of a round, B of a micro-batch, T tokens of the longest answer, S tokens of the longest sequence. What
ends in NT is laid out by the answers' own tokens, the first in column 0, on all ranks alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from train.model import IGNORED, Decoder, token_nll
from train.parallel import World
from train.rl.rounds import Sample


@dataclass(frozen=True, kw_only=True)
class Experience:
    """A round to learn from."""

    samples: Sequence[Sample]
    mask_NT: Tensor  # 1 on tokens that were drawn
    rollout_logp_NT: Tensor  # the generator's
    rewards_N: Tensor
    groups_N: Tensor

    @property
    def lengths(self) -> list[int]:
        """Tokens of each sample's prompt and answer together."""
        return [len(one.prompt_tokens) + len(one.tokens) for one in self.samples]


def experience_of(samples: Sequence[Sample], device: torch.device) -> Experience:
    """Samples that all have a reward, as tensors."""
    longest = max(len(one.tokens) for one in samples)
    mask_NT = torch.zeros(len(samples), longest)
    logp_NT = torch.zeros(len(samples), longest)
    for row, one in enumerate(samples):
        mask_NT[row, : len(one.tokens)] = 1
        logp_NT[row, : len(one.tokens)] = torch.tensor(one.logps)
    rewards = [0.0 if one.reward is None else one.reward for one in samples]
    return Experience(
        samples=samples, mask_NT=mask_NT.to(device), rollout_logp_NT=logp_NT.to(device),
        rewards_N=torch.tensor(rewards, dtype=torch.float64, device=device),
        groups_N=torch.tensor([one.place for one in samples], device=device),
    )  # fmt: skip


def answer_logp(model: Decoder, samples: Sequence[Sample], n_tokens: int, device: torch.device) -> Tensor:
    """logp_BT of the answers' tokens, float32, `n_tokens` wide and 0 behind their ends.

    No samples still cost a pass over one token: with weights split over the ranks all must take part.
    """
    rows = [[*one.prompt_tokens, *one.tokens] for one in samples] or [[0, 0]]
    begins = [len(one.prompt_tokens) - 1 for one in samples] or [0]
    width = max(map(len, rows)) - 1
    tokens_BS = torch.zeros(len(rows), width, dtype=torch.long)
    targets_BS = torch.full((len(rows), width), IGNORED)
    for number, (row, begin) in enumerate(zip(rows, begins, strict=True)):
        tokens_BS[number, : len(row) - 1] = torch.tensor(row[:-1])
        targets_BS[number, begin : len(row) - 1] = torch.tensor(row[begin + 1 :])
    positions_BS = torch.arange(width).expand(len(rows), width)
    nll_BS = model(tokens_BS.to(device), positions_BS.to(device), None, targets_BS.to(device))
    places_BT = torch.tensor(begins)[:, None] + torch.arange(n_tokens)
    inside_BT = (places_BT < width).to(device)
    return -nll_BS.gather(1, places_BT.clamp(max=width - 1).to(device)) * inside_BT


@torch.no_grad()
def all_logp(model: Decoder, told: Experience, *, micro_batch: int, world: World) -> Tensor:
    """logp_NT of the whole round under a model, each rank computing a part; the same on all."""
    n, width = told.mask_NT.shape
    found_NT = torch.zeros(n, width, device=world.device)
    for rows in parts(range(n), told.lengths, micro_batch=micro_batch, world=world):
        logp_BT = answer_logp(model, [told.samples[row] for row in rows], width, world.device)
        if rows:
            found_NT[rows] = logp_BT
    return world.sum(found_NT) * told.mask_NT


def parts(rows: Sequence[int], lengths: Sequence[int], *, micro_batch: int, world: World) -> list[list[int]]:
    """This rank's micro-batches: rows of like length together, as many batches on all ranks, the last perhaps empty."""
    ordered = sorted(rows, key=lambda row: (lengths[row], row))
    mine = ordered[world.data_rank :: world.data_size]
    most = -(-len(ordered) // world.data_size)
    return [mine[start : start + micro_batch] for start in range(0, most, micro_batch)]


def tempered_nll(temperature: float, n_ids: int) -> Callable[[Tensor, Tensor], Tensor]:
    """`train.model.token_nll` of the distribution that is drawn from: the tokenizer's ids, at a temperature."""

    def nll(logits_NV: Tensor, targets_N: Tensor) -> Tensor:
        return token_nll(logits_NV[:, :n_ids].float() / temperature, targets_N)

    return nll
