"""The clipped policy loss and the ways to make one number of it, as pure functions.

Shapes: N samples, T response tokens; `mask_NT` is 1 on the tokens that count. Sources: PPO (Schulman et al. 2017),
clip-higher (DAPO, Yu et al. 2025), dual clip (Ye et al. 2020), truncated importance sampling (Yao et al. 2025).

Aggregations are given as weights: loss = sum(loss_NT * weights_NT). Computed over a whole mini-batch before its first
micro-batch, they make micro-batches and ranks give what one pass would.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor

from train.rl.kl import LOG_RATIO_BOUND

Aggregation = Literal["token-mean", "seq-mean-token-sum", "seq-mean-token-mean", "seq-mean-token-sum-norm"]


class PolicyTerms(NamedTuple):
    """Each token's loss, and where it was bounded: a share of the tokens that a log should show."""

    loss_NT: Tensor
    clipped_NT: Tensor  # true where the clipped ratio decides
    dual_clipped_NT: Tensor  # true where the bound of negative advantages decides


def policy_terms(
    logp_NT: Tensor,
    old_logp_NT: Tensor,
    advantages_NT: Tensor,
    *,
    clip_low: float = 0.2,
    clip_high: float = 0.2,
    dual_clip: float | None = 3.0,
) -> PolicyTerms:
    """max(-A ratio, -A clip(ratio, 1 - low, 1 + high)), and for negative A at most -A dual_clip.

    The ratio is exp(logp - old_logp), the exponent clamped to +-20. `clip_high` over `clip_low` is clip-higher.
    """
    ratio_NT = (logp_NT - old_logp_NT).clamp(-LOG_RATIO_BOUND, LOG_RATIO_BOUND).exp()
    free_NT = -advantages_NT * ratio_NT
    bounded_NT = -advantages_NT * ratio_NT.clamp(1 - clip_low, 1 + clip_high)
    loss_NT = torch.maximum(free_NT, bounded_NT)
    clipped_NT = bounded_NT > free_NT
    if dual_clip is None:
        return PolicyTerms(loss_NT, clipped_NT, torch.zeros_like(clipped_NT))
    most_NT = -advantages_NT * dual_clip
    dual_NT = (advantages_NT < 0) & (loss_NT > most_NT)
    return PolicyTerms(torch.where(dual_NT, most_NT, loss_NT), clipped_NT, dual_NT)


def aggregation_weights(aggregation: Aggregation, mask_NT: Tensor, *, max_tokens: int) -> Tensor:
    """weights_NT of a mini-batch; rows without a token count in no mean.

    token-mean: 1 / all tokens. seq-mean-token-sum: 1 / rows. seq-mean-token-mean: 1 / rows / the row's tokens.
    seq-mean-token-sum-norm: 1 / rows / `max_tokens`, a constant, so that no length is preferred (Dr. GRPO).
    """
    mask_NT = mask_NT.double()
    tokens_N = mask_NT.sum(1)
    n_rows = (tokens_N > 0).sum().clamp(min=1)
    match aggregation:
        case "token-mean":
            return mask_NT / tokens_N.sum().clamp(min=1)
        case "seq-mean-token-sum":
            return mask_NT / n_rows
        case "seq-mean-token-mean":
            return mask_NT / tokens_N.clamp(min=1)[:, None] / n_rows
        case "seq-mean-token-sum-norm":
            return mask_NT / max_tokens / n_rows


def drift_weights(old_logp_NT: Tensor, rollout_logp_NT: Tensor, cap: float | None) -> Tensor:
    """min(exp(old - rollout), cap): makes up for the generator's chances, which are not quite the trainer's.

    Both are of the same weights; kernels, precision and the cache make them differ. None leaves all weights 1.
    """
    if cap is None:
        return torch.ones_like(old_logp_NT)
    return (old_logp_NT - rollout_logp_NT).clamp(-LOG_RATIO_BOUND, LOG_RATIO_BOUND).exp().clamp(max=cap)
