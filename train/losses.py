"""Losses of supervised fine-tuning, over one task or many, as pure functions of packed rows.

Shapes: B rows, T tokens, S slots (B x T of them), K tasks. `nll_BT` is each target's negative log-likelihood,
`bears_BT` true where it counts (the assistant's tokens), `tasks_BT` the task in 0..K-1 of the sample that a token is
in, -1 in padding. A sample is a document of one row and has a slot of its own; most slots are empty. Sources: MFTCoder
(Liu et al. 2023) for the balanced and focal losses, CoBa (Gong et al. 2024) for the convergence balance.

Every function gives one part's share of the loss of the whole global batch, of which the totals are given to it: parts
are added up, so that micro-batches and ranks give what one pass would. Where each part divides by its own count, they
do not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from curate.errors import WrongUse


def slots(documents_BT: Tensor) -> Tensor:
    """Each token's slot, int64: row x T + number of its document within the row."""
    n_rows, n_tokens = documents_BT.shape
    return torch.arange(n_rows, device=documents_BT.device)[:, None] * n_tokens + documents_BT


def by_slot(values_BT: Tensor, slots_BT: Tensor) -> Tensor:
    """Sums of values over each slot, float32 or what the values are."""
    flat = values_BT.flatten()
    flat = flat if flat.is_floating_point() else flat.float()
    return torch.zeros(flat.shape, dtype=flat.dtype, device=flat.device).index_add(0, slots_BT.flatten(), flat)


def slot_tasks(tasks_BT: Tensor, slots_BT: Tensor) -> Tensor:
    """The task of the sample in each slot, int64; -1 where there is none."""
    tasks_S = torch.full((tasks_BT.numel(),), -1, dtype=torch.int64, device=tasks_BT.device)
    return tasks_S.scatter_(0, slots_BT.flatten(), tasks_BT.flatten().long())


def sample_weights(bears_BT: Tensor, slots_BT: Tensor, n_samples: Tensor) -> Tensor:
    """The mean of the samples' means: m / (N sum_t m), so that a short answer counts as much as a long one."""
    n_S = by_slot(bears_BT, slots_BT)
    return bears_BT / (n_S[slots_BT].clamp(min=1) * n_samples)


def balanced_weights(bears_BT: Tensor, tasks_BT: Tensor, n_tokens_K: Tensor, weights_K: Tensor) -> Tensor:
    """The weighted mean of the tasks' token means, over the tasks that are present: w_k m / (sum m of k) / sum w."""
    present_K = n_tokens_K > 0
    share_K = (weights_K * present_K / n_tokens_K.clamp(min=1)) / (weights_K * present_K).sum()
    return bears_BT * share_K[tasks_BT.long().clamp(min=0)]


def certainty(nll_BT: Tensor, bears_BT: Tensor, slots_BT: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """P_S and Q_S, each sample's mean probability and mean log-probability, and whether the slot has a sample."""
    n_S = by_slot(bears_BT, slots_BT)
    p_S = by_slot((-nll_BT).exp() * bears_BT, slots_BT) / n_S.clamp(min=1)
    q_S = by_slot(-nll_BT * bears_BT, slots_BT) / n_S.clamp(min=1)
    return p_S, q_S, n_S > 0


def focal_samples(
    nll_BT: Tensor, bears_BT: Tensor, slots_BT: Tensor, n_samples: Tensor, *, alpha: float = 1.0, gamma: float = 2.0
) -> Tensor:
    """Focal loss by samples: (1/N) sum_i -alpha (1 - P_i)^gamma Q_i.

    What the model knows already counts little (Lin et al. 2017 for single predictions).
    """
    p_S, q_S, there_S = certainty(nll_BT, bears_BT, slots_BT)
    return (-alpha * (1 - p_S) ** gamma * q_S * there_S).sum() / n_samples


def task_certainty(
    nll_BT: Tensor, bears_BT: Tensor, slots_BT: Tensor, tasks_BT: Tensor, n_samples_K: Tensor
) -> tuple[Tensor, Tensor]:
    """This part's share of P_K and Q_K, the means over each task's samples of P and Q."""
    p_S, q_S, there_S = certainty(nll_BT, bears_BT, slots_BT)
    tasks_S = slot_tasks(tasks_BT, slots_BT).clamp(min=0)
    n_K = n_samples_K.to(p_S.dtype).clamp(min=1)
    empty_K = torch.zeros_like(n_K)
    return empty_K.index_add(0, tasks_S, p_S * there_S) / n_K, empty_K.index_add(0, tasks_S, q_S * there_S) / n_K


def focal_tasks(p_K: Tensor, q_K: Tensor, present_K: Tensor, *, alpha: float = 1.0, gamma: float = 2.0) -> Tensor:
    """Focal loss by tasks: the mean over the tasks present of -alpha (1 - P_k)^gamma Q_k, of whole P and Q."""
    return (-alpha * (1 - p_K) ** gamma * q_K * present_K).sum() / present_K.sum().clamp(min=1)


def focal_task_slopes(
    p_K: Tensor, q_K: Tensor, present_K: Tensor, *, alpha: float = 1.0, gamma: float = 2.0
) -> tuple[Tensor, Tensor]:
    """Derivatives of `focal_tasks` by P_K and by Q_K.

    The loss is no sum over samples, so that parts cannot add theirs up; with these taken at the whole batch's P and Q,
    sum_k (slope_P P_k + slope_Q Q_k) is such a sum and has the same gradient.
    """
    p_K, q_K = p_K.detach().requires_grad_(), q_K.detach().requires_grad_()
    with torch.enable_grad():
        loss = focal_tasks(p_K, q_K, present_K, alpha=alpha, gamma=gamma)
    slope_p_K, slope_q_K = torch.autograd.grad(loss, (p_K, q_K))
    return slope_p_K, slope_q_K


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
        return self.weights

    @property
    def weights(self) -> list[float]:
        """The tasks' weights as they are now; they sum to 1."""
        if self.n_seen < self.warmup:
            return [1 / self.n_tasks] * self.n_tasks
        return self._weights(torch.stack(tuple(self.slopes))).tolist()

    def state(self) -> dict[str, Any]:
        """What resuming needs, for JSON."""
        kept = {name: [one.tolist() for one in getattr(self, name)] for name in ("losses", "slopes")}
        return kept | {"first": None if self.first is None else self.first.tolist(), "n_seen": self.n_seen}

    def restore(self, state: dict[str, Any]) -> None:
        """Take a state again."""
        self.n_seen = state["n_seen"]
        self.first = None if state["first"] is None else torch.tensor(state["first"], dtype=torch.float64)
        for name in ("losses", "slopes"):
            kept: deque[Tensor] = getattr(self, name)
            kept.clear()
            kept.extend(torch.tensor(one, dtype=torch.float64) for one in state[name])

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
