"""Beam search: of each prompt the continuations with the highest mean log-probability a token that a beam finds.

Scores and the end of the search are those of transformers' `generate` (length_penalty 1, early_stopping False): a
continuation's score is the sum of its log-probabilities over its number of tokens, its end included, and a search is
over when it has as many whole continuations as beams and the best open one scores no higher than the worst of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor

from train.generate import Decoding
from train.model import Decoder


@dataclass(kw_only=True)
class _Search:
    """One prompt's search. `beams` are rows of new tokens, all of the same length."""

    width: int
    room: int  # tokens a continuation may have
    beams: list[list[int]] = field(default_factory=lambda: [[]])
    sums: list[float] = field(default_factory=lambda: [0.0])  # of the beams' log-probabilities
    found: list[tuple[float, list[int]]] = field(default_factory=list)  # whole continuations, best first
    over: bool = False

    def advance(
        self, candidates: Sequence[tuple[float, int, int]], ended: Callable[[list[int]], int | None]
    ) -> list[tuple[int, int]]:
        """Take (sum, beam, token), best first; gives each new beam's parent and token. Once over, beams stand still.

        `ended` says how many of the tokens belong to a continuation that is whole, None where it goes on.
        """
        beams: list[list[int]] = []
        sums: list[float] = []
        steps: list[tuple[int, int]] = []
        for rank, (total, beam, token) in enumerate(candidates):
            if rank >= self.width and len(beams) == self.width:
                break
            tokens = [*self.beams[beam], token]
            n_own = ended(tokens)
            if n_own is None and len(tokens) == self.room:
                n_own = len(tokens)
            if n_own is None:
                beams.append(tokens)
                sums.append(total)
                steps.append((beam, token))
            elif rank < self.width:
                self.found.append((total / len(tokens), tokens[:n_own]))
        self.found = sorted(self.found, key=lambda one: -one[0])[: self.width]
        self.beams, self.sums = beams, sums
        full = len(self.found) == self.width
        self.over = not beams or (full and sums[0] / len(beams[0]) <= self.found[-1][0])
        return steps


def beam_search(
    model: Decoder,
    prompts: Sequence[Sequence[int]],
    *,
    beams: int,
    max_tokens: int,
    ends: Collection[int] = (),
    over: Callable[[int, list[int]], bool] | None = None,
    n_ids: int | None = None,
) -> list[list[list[int]]]:
    """For each prompt at most `beams` lists of new tokens, best first. The arguments are those of `generate`.

    Fewer only where the vocabulary is too small for as many.
    """
    decoding = Decoding(model, prompts, max_tokens=max_tokens, n_ids=n_ids)
    searches = [_Search(width=beams, room=min(max_tokens, model.config.max_positions - len(one))) for one in prompts]
    first_row = list(range(len(prompts)))  # of each prompt's beams; they stand side by side
    while True:
        logs_BV = decoding.logits_BV.float().log_softmax(-1)
        steps: list[tuple[int, int]] = []  # parent's row and token of each row to come
        for number, search in enumerate(searches):
            if search.over:
                continue
            row, first_row[number] = first_row[number], len(steps)
            best = _best(logs_BV[row : row + len(search.beams)], search.sums, beams * (1 + len(ends)))
            taken = search.advance(best, partial(_own, number, ends=ends, over=over))
            steps += [] if search.over else [(row + beam, token) for beam, token in taken]
        if not steps:
            return [[tokens for _, tokens in search.found] for search in searches]
        parents, tokens_B = zip(*steps, strict=True)
        decoding.reorder(parents)
        decoding.append(torch.tensor(tokens_B, device=logs_BV.device))


def _best(logs_WV: Tensor, sums: Sequence[float], n: int) -> list[tuple[float, int, int]]:
    """The n likeliest continuations of W beams by one token, as (sum, beam, token)."""
    totals_WV = logs_WV + torch.tensor(sums, device=logs_WV.device)[:, None]
    top = totals_WV.flatten().topk(min(n, totals_WV.numel()))
    width = logs_WV.shape[1]
    return [(total, at // width, at % width) for total, at in zip(*(one.tolist() for one in top), strict=True)]


def _own(
    number: int, tokens: list[int], *, ends: Collection[int], over: Callable[[int, list[int]], bool] | None
) -> int | None:
    """How many tokens of a continuation are its own, its end not counted; None while it goes on."""
    if tokens[-1] in ends:
        return len(tokens) - 1
    return len(tokens) if over is not None and over(number, tokens) else None
