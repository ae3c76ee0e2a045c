"""Choosing the next token of each row of a batch: the likeliest, or one drawn.

Drawing is by Gumbel's trick: noise from a generator of each row's own is added to the log-probabilities that
temperature and top-p leave, and the largest taken, which draws from exactly their distribution. So what a row draws is
a function of its logits and its seed, and not of the rows beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def likeliest(logits_BV: Tensor) -> Tensor:
    """tokens_B: greedy decoding."""
    return logits_BV.argmax(-1)


class Sampler:
    """Draws tokens_B from logits_BV, with a seed for each row.

    `temperature` over 0 divides the logits. `top_p` in (0, 1] keeps so many of the likeliest tokens that their chances
    sum to at least it (nucleus sampling, Holtzman et al. 2020).
    """

    def __init__(self, seeds: Sequence[int], *, temperature: float, top_p: float = 1.0, device: str = "cpu") -> None:
        self.temperature, self.top_p = temperature, top_p
        self._generators = [torch.Generator(device).manual_seed(seed) for seed in seeds]

    def __call__(self, logits_BV: Tensor) -> Tensor:
        """The next token of each row; each call goes on with the rows' generators."""
        scores_BV = logits_BV.float() / self.temperature
        if self.top_p < 1:
            chances_BV, order_BV = scores_BV.softmax(-1).sort(descending=True, stable=True)
            left_out_BV = chances_BV.cumsum(-1) - chances_BV >= self.top_p
            scores_BV = scores_BV.masked_fill(left_out_BV.scatter(-1, order_BV, left_out_BV), -torch.inf)
        noise_BV = torch.stack(
            [torch.empty_like(scores_BV[0]).exponential_(generator=generator) for generator in self._generators]
        )
        return (scores_BV - noise_BV.log()).argmax(-1)
