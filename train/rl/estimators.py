"""Advantages: how much better a sample did than its group, by five estimators, as pure functions.

Shapes: N samples, T response tokens. `rewards_N` is a scalar for each sample, `groups_N` numbers the prompt that each
answers, `mask_NT` is 1 on response tokens. A row whose mask is empty has no reward: it is counted in no group and gets
no advantage, whatever stands at its place in `rewards_N`. All is float64.

Sources: GRPO (Shao et al. 2024), Dr. GRPO (Liu et al. 2025), RLOO (Ahmadian et al. 2024), REINFORCE++ (Hu 2025), pass@k
training (Walder and Karkhanis 2025).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, get_args

import torch
from torch import Tensor

from curate.errors import WrongUse

Estimator = Literal["grpo", "dr_grpo", "rloo", "reinforce_plus_plus_baseline", "grpo_passk"]
ESTIMATORS: tuple[Estimator, ...] = get_args(Estimator)
_STD_FLOOR = 1e-6  # added to a group's standard deviation
_VARIANCE_FLOOR = 1e-8  # added to the batch's variance


def advantages(estimator: Estimator, rewards_N: Tensor, groups_N: Tensor, mask_NT: Tensor) -> Tensor:
    """advantages_NT by the estimator of that name, 0 where the mask is.

    WrongUse for a name that is none, and from grpo_passk for a group of fewer than two samples that have a reward.
    """
    if estimator not in ESTIMATORS:
        raise WrongUse(f"there is no estimator {estimator!r}: name one of {', '.join(ESTIMATORS)}")
    mask_NT = mask_NT.double()
    rewarded_N = mask_NT.sum(1) > 0
    found_N = torch.zeros(len(rewards_N), dtype=torch.float64, device=rewards_N.device)
    if rewarded_N.any():
        found_N[rewarded_N] = _OF_SAMPLES[estimator](rewards_N[rewarded_N].double(), groups_N[rewarded_N])
    advantages_NT = found_N[:, None] * mask_NT
    return whitened(advantages_NT, mask_NT) if estimator == "reinforce_plus_plus_baseline" else advantages_NT


def grpo(rewards_N: Tensor, groups_N: Tensor) -> Tensor:
    """(r - mean_g) / (std_g + 1e-6), the deviation unbiased. Of a group of one the mean is 0 and the deviation 1."""
    mean_N, std_N, _ = group_statistics(rewards_N, groups_N)
    return (rewards_N - mean_N) / (std_N + _STD_FLOOR)


def dr_grpo(rewards_N: Tensor, groups_N: Tensor) -> Tensor:
    """r - mean_g: without the division, which weighs easy and hard prompts more than others."""
    return rewards_N - group_statistics(rewards_N, groups_N)[0]


def rloo(rewards_N: Tensor, groups_N: Tensor) -> Tensor:
    """(r - mean_g) n / (n - 1): the reward less the mean of the others' rewards. Alone, a sample keeps its reward."""
    mean_N, _, n_N = group_statistics(rewards_N, groups_N)
    return (rewards_N - mean_N) * torch.where(n_N > 1, n_N / (n_N - 1).clamp(min=1), 1.0)


def grpo_passk(rewards_N: Tensor, groups_N: Tensor) -> Tensor:
    """The best sample of each group gets (r_1st - r_2nd) / (std_g + 1e-6), the others 0; so do equals."""
    _, std_N, n_N = group_statistics(rewards_N, groups_N)
    if bool((n_N < 2).any()):
        raise WrongUse("grpo_passk compares the best two of a group, and one has a single sample: draw 2 or more each")
    found_N = torch.zeros_like(rewards_N)
    for group in groups_N.unique():
        here = (groups_N == group).nonzero().flatten()
        best, second = rewards_N[here].topk(2).values
        first = here[rewards_N[here].argmax()]
        found_N[first] = (best - second) / (std_N[first] + _STD_FLOOR)
    return found_N


def group_statistics(rewards_N: Tensor, groups_N: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mean, unbiased standard deviation and size of each sample's group; of a group of one 0, 1 and 1."""
    _, place_N = groups_N.unique(return_inverse=True)
    n_G = torch.bincount(place_N).to(rewards_N.dtype)
    mean_G = torch.zeros_like(n_G).index_add_(0, place_N, rewards_N) / n_G
    squares_G = torch.zeros_like(n_G).index_add_(0, place_N, (rewards_N - mean_G[place_N]).square())
    alone_G = n_G == 1
    std_G = torch.where(alone_G, 1.0, (squares_G / (n_G - 1).clamp(min=1)).sqrt())
    return mean_G.masked_fill(alone_G, 0.0)[place_N], std_G[place_N], n_G[place_N]


def whitened(values_NT: Tensor, mask_NT: Tensor) -> Tensor:
    """(x - mean) rsqrt(variance + 1e-8) over all tokens of the mask, the variance unbiased; 0 outside of it."""
    n = mask_NT.sum()
    mean = (values_NT * mask_NT).sum() / n.clamp(min=1)
    variance = ((values_NT - mean).square() * mask_NT).sum() / (n - 1).clamp(min=1)
    return (values_NT - mean) * torch.rsqrt(variance + _VARIANCE_FLOOR) * mask_NT


_OF_SAMPLES: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "grpo": grpo,
    "dr_grpo": dr_grpo,
    "rloo": rloo,
    "reinforce_plus_plus_baseline": dr_grpo,
    "grpo_passk": grpo_passk,
}
