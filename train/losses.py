"""Losses of supervised fine-tuning, over one task or many, as pure functions.

Shapes: B samples, T tokens, K tasks. `nll_BT` is each token's negative log-likelihood, `mask_BT` 1 where it counts (the
assistant's tokens), `tasks_B` each sample's task in 0..K-1. Sources: MFTCoder (Liu et al. 2023) for the balanced and
focal losses, CoBa (Gong et al. 2024) for the convergence balance.

Losses that are sums of tokens are given as weights: loss = sum(nll_BT * weights_BT). Computed over the whole global
batch before the first micro-batch, they make accumulation and ranks give what one pass would; where each micro-batch
divides by its own count, it does not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import torch
from torch import Tensor

from curate.errors import WrongUse


def check_masks(mask_BT: Tensor) -> None:
    """WrongUse names the first sample in which no token counts: it would train on nothing, in silence."""
    empty = (mask_BT.sum(1) == 0).nonzero().flatten().tolist()
    if empty:
        raise WrongUse(
            f"sample {empty[0]} of {len(mask_BT)} has no token that bears loss ({len(empty)} such samples): "
            "give it an assistant's turn, or a sequence length at which that is not cut off"
        )


def token_weights(mask_BT: Tensor) -> Tensor:
    """The plain mean over tokens: m / sum m."""
    check_masks(mask_BT)
    mask_BT = mask_BT.float()
    return mask_BT / mask_BT.sum()


def sample_weights(mask_BT: Tensor) -> Tensor:
    """The mean of the samples' means: m / (B sum_t m), so that a short answer counts as much as a long one."""
    check_masks(mask_BT)
    mask_BT = mask_BT.float()
    return mask_BT / mask_BT.sum(1, keepdim=True) / len(mask_BT)


def balanced_weights(mask_BT: Tensor, tasks_B: Tensor, weights_K: Tensor) -> Tensor:
    """The weighted mean of the tasks' token means, over the tasks that are present: w_k m / (sum m of k) / sum w."""
    check_masks(mask_BT)
    mask_BT = mask_BT.float()
    n_tokens_K = torch.zeros_like(weights_K).index_add_(0, tasks_B, mask_BT.sum(1).to(weights_K.dtype))
    present_K = n_tokens_K > 0
    share_K = (weights_K * present_K / n_tokens_K.clamp(min=1)) / (weights_K * present_K).sum()
    return mask_BT * share_K[tasks_B][:, None]


def focal_samples(nll_BT: Tensor, mask_BT: Tensor, *, alpha: float = 1.0, gamma: float = 2.0) -> Tensor:
    """Focal loss by samples: mean_i -alpha (1 - P_i)^gamma Q_i.

    P and Q are a sample's mean probability and mean log-probability over the tokens that count: what the model
    knows already counts little (Lin et al. 2017 for single predictions).
    """
    check_masks(mask_BT)
    n_B = mask_BT.sum(1)
    p_B = ((-nll_BT).exp() * mask_BT).sum(1) / n_B
    q_B = -(nll_BT * mask_BT).sum(1) / n_B
    return (-alpha * (1 - p_B) ** gamma * q_B).mean()


def focal_tasks(nll_BT: Tensor, mask_BT: Tensor, tasks_B: Tensor, *, alpha: float = 1.0, gamma: float = 2.0) -> Tensor:
    """Focal loss by tasks: P and Q are averaged over each task's samples first; the mean is over the tasks present."""
    check_masks(mask_BT)
    n_B = mask_BT.sum(1)
    p_B = ((-nll_BT).exp() * mask_BT).sum(1) / n_B
    q_B = -(nll_BT * mask_BT).sum(1) / n_B
    terms = []
    for task in tasks_B.unique():
        here = tasks_B == task
        terms.append(-alpha * (1 - p_B[here].mean()) ** gamma * q_B[here].mean())
    return torch.stack(terms).mean()


class ConvergenceBalance:
    """CoBa: tasks' weights from the slopes of their validation losses, so that all converge together and none overfits.

    With a_k(t) the slope, by least squares over the last `window` validations, of task k's loss divided by its first,
    and T the number of slopes that are kept (at most `window`):

        RCS_k = softmax over tasks of K a_k / sum |a|               slow tasks get more
        ACS_k = softmax over tasks of -T a_k(T) / sum_t |a_k(t)|    tasks that begin to diverge get less
        DF    = last element of T softmax over t of -tau T a(t) / sum |a|, a(t) the worst task's slope; at most 1
        w     = softmax over tasks of K (DF RCS + (1 - DF) ACS), each at least 1 / (10 K)

    DF is bounded by 1, as the paper has it: it weighs one against the other. Before `warmup` validations all tasks
    count the same.
    """

    def __init__(self, n_tasks: int, *, window: int = 200, warmup: int = 100, tau: float = 5.0):
        if warmup < 2:
            raise WrongUse(f"warmup is {warmup} and must be at least 2: a slope needs two validations")
        self.n_tasks, self.warmup, self.tau = n_tasks, warmup, tau
        self.first: Tensor | None = None
        self.n_seen = 0
        self.losses: deque[Tensor] = deque(maxlen=window)
        self.slopes: deque[Tensor] = deque(maxlen=window)

    def update(self, losses: Sequence[float]) -> list[float]:
        """Learn the tasks' validation losses; gives their weights, which sum to 1."""
        if len(losses) != self.n_tasks:
            raise WrongUse(f"{len(losses)} losses were given for {self.n_tasks} tasks")
        values_K = torch.tensor(losses, dtype=torch.float64)
        self.first = values_K if self.first is None else self.first
        self.losses.append(values_K / self.first)
        self.n_seen += 1
        if len(self.losses) >= 2:
            self.slopes.append(_slopes(torch.stack(tuple(self.losses))))
        if self.n_seen < self.warmup:
            return [1 / self.n_tasks] * self.n_tasks
        return self._weights(torch.stack(tuple(self.slopes))).tolist()

    def _weights(self, slopes_TK: Tensor) -> Tensor:
        n_slopes, n_tasks = slopes_TK.shape
        now_K, tiny = slopes_TK[-1], torch.finfo(torch.float64).tiny
        rcs_K = torch.softmax(n_tasks * now_K / now_K.abs().sum().clamp(min=tiny), 0)
        acs_K = torch.softmax(-n_slopes * now_K / slopes_TK.abs().sum(0).clamp(min=tiny), 0)
        worst_T = slopes_TK.amax(1)
        pull_T = torch.softmax(-self.tau * n_slopes * worst_T / worst_T.abs().sum().clamp(min=tiny), 0)
        df = (n_slopes * pull_T[-1]).clamp(max=1.0)
        weights_K = torch.softmax(n_tasks * (df * rcs_K + (1 - df) * acs_K), 0).clamp(min=1 / (10 * n_tasks))
        return weights_K / weights_K.sum()


def _slopes(losses_TK: Tensor) -> Tensor:
    """Each column's slope against 0, 1, 2, ... by least squares."""
    t_T = torch.arange(len(losses_TK), dtype=losses_TK.dtype)
    t_T = t_T - t_T.mean()
    return (t_T[:, None] * losses_TK).sum(0) / t_T.square().sum()
