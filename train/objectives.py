"""What a step makes small: one number of the whole global batch, whatever the ranks and micro-batches.

An objective counts its part of the batch; the counts are summed over the ranks; with them it gives the function that
makes a micro-batch's share of the loss. Shares are only ever added.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from curate.errors import WrongUse
from train.batches import Batch
from train.losses import (
    ConvergenceBalance,
    balanced_weights,
    by_slot,
    focal_samples,
    focal_task_slopes,
    sample_weights,
    slot_tasks,
    slots,
    task_certainty,
)
from train.model import IGNORED
from train.parallel import World

Share = Callable[[Tensor, Batch], Tensor]  # nll_BT of a micro-batch -> its share of the loss


def forward(model: nn.Module, batch: Batch) -> Tensor:
    """nll_BT of a batch."""
    return model(batch.tokens, batch.positions, batch.documents, batch.targets)


class TokenMean:
    """The mean over all tokens that are targets, and the base of the others."""

    def counts(self, batch: Batch) -> Tensor:
        """This rank's counts, float64, to be summed over the data ranks; the first is of targets."""
        return (batch.targets != IGNORED).sum().double().view(1)

    def share(self, totals: Tensor, parts: Sequence[Batch], model: nn.Module, world: World) -> Share:
        """The loss of micro-batches, given the summed counts and this rank's micro-batches."""
        n = totals[0].clamp(min=1)
        return lambda nll_BT, _: nll_BT.sum() / n

    def learn(self, validation: Mapping[str, Any]) -> None:
        """Look at a validation's losses; most objectives do not care."""

    def state(self) -> dict[str, Any]:
        """What resuming needs."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Take a state again."""

    def told(self) -> dict[str, float]:
        """Figures of its own, for the log."""
        return {}


class SampleMean(TokenMean):
    """The mean of the samples' token means; and the counts of samples that focal losses need."""

    def counts(self, batch: Batch) -> Tensor:
        """Targets, then samples."""
        bears_BT, slots_BT = _samples(batch)
        return torch.stack((bears_BT.sum(), (by_slot(bears_BT, slots_BT) > 0).sum())).double()

    def share(self, totals: Tensor, parts: Sequence[Batch], model: nn.Module, world: World) -> Share:
        """Each token weighed by its sample's length."""

        def loss(nll_BT: Tensor, micro: Batch) -> Tensor:
            return (nll_BT * sample_weights(*_samples(micro), totals[1].clamp(min=1))).sum()

        return loss


class FocalSamples(SampleMean):
    """Focal loss by samples (train.losses.focal_samples)."""

    def __init__(self, *, alpha: float, gamma: float):
        self.alpha, self.gamma = alpha, gamma

    def share(self, totals: Tensor, parts: Sequence[Batch], model: nn.Module, world: World) -> Share:
        """A sample is never split over micro-batches, so that each has its samples' whole P and Q."""

        def loss(nll_BT: Tensor, micro: Batch) -> Tensor:
            bears_BT, slots_BT = _samples(micro)
            n = totals[1].clamp(min=1)
            return focal_samples(nll_BT, bears_BT, slots_BT, n, alpha=self.alpha, gamma=self.gamma)

        return loss


class Balanced(TokenMean):
    """The weighted mean of the tasks' token means. `dimension` is the labels' row that tells the task."""

    def __init__(self, weights: Sequence[float], *, dimension: int):
        self.weights, self.dimension = list(weights), dimension

    def counts(self, batch: Batch) -> Tensor:
        """Targets, then those of each task."""
        bears_BT = batch.targets != IGNORED
        places = (batch.labels[self.dimension].long() % (len(self.weights) + 1)).flatten()  # -1 becomes the last
        n_K = torch.zeros(len(self.weights) + 1, dtype=torch.float64, device=places.device)
        n_K = n_K.index_add(0, places, bears_BT.flatten().double())[:-1]
        return torch.cat((bears_BT.sum().double().view(1), n_K))

    def share(self, totals: Tensor, parts: Sequence[Batch], model: nn.Module, world: World) -> Share:
        """Each token weighed by its task's share and count."""
        weights_K = totals.new_tensor(self.weights)

        def loss(nll_BT: Tensor, micro: Batch) -> Tensor:
            tasks_BT = micro.labels[self.dimension]
            return (nll_BT * balanced_weights(micro.targets != IGNORED, tasks_BT, totals[1:], weights_K)).sum()

        return loss


class Converging(Balanced):
    """Balanced with CoBa's weights, which follow the tasks' validation losses."""

    def __init__(self, tasks: Sequence[str], balance: ConvergenceBalance, *, dimension: int):
        super().__init__(balance.weights, dimension=dimension)
        self.tasks, self.balance = tasks, balance

    def learn(self, validation: Mapping[str, Any]) -> None:
        """Take the tasks' losses of a validation. WrongUse where a task is not in it."""
        found = validation["by"]["task"]
        missing = [task for task in self.tasks if task not in found]
        if missing:
            raise WrongUse(f"loss: coba: the validation has no sample of task {missing[0]!r}: hold some of it out")
        self.weights = self.balance.update([found[task]["loss"] for task in self.tasks])

    def state(self) -> dict[str, Any]:
        """The balance's."""
        return self.balance.state()

    def restore(self, state: dict[str, Any]) -> None:
        """Take the balance's state, and the weights that follow from it."""
        self.balance.restore(state)
        self.weights = self.balance.weights

    def told(self) -> dict[str, float]:
        """The tasks' weights."""
        return {f"task_weight/{task}": weight for task, weight in zip(self.tasks, self.weights, strict=True)}


class FocalTasks(TokenMean):
    """Focal loss by tasks. It is no sum over samples: the batch is run once more before, without gradients."""

    def __init__(self, n_tasks: int, *, alpha: float, gamma: float, dimension: int):
        self.n_tasks, self.dimension = n_tasks, dimension
        self.focus = {"alpha": alpha, "gamma": gamma}

    def counts(self, batch: Batch) -> Tensor:
        """Targets, then the samples of each task."""
        bears_BT, slots_BT = _samples(batch)
        there_S = by_slot(bears_BT, slots_BT) > 0
        tasks_S = slot_tasks(batch.labels[self.dimension], slots_BT).clamp(min=0)
        n_K = torch.zeros(self.n_tasks, dtype=torch.float64, device=tasks_S.device)
        return torch.cat((bears_BT.sum().double().view(1), n_K.index_add(0, tasks_S, there_S.double())))

    def share(self, totals: Tensor, parts: Sequence[Batch], model: nn.Module, world: World) -> Share:
        """The sum over tasks of slope x certainty, which has the gradient of the loss (train.losses)."""
        n_K = totals[1:]
        with torch.no_grad():
            found = [torch.stack(self._certainty(forward(model, micro), micro, n_K)) for micro in parts]
        whole = world.sum(torch.stack(found).sum(0)) * (world.data_size / world.size)
        slope_p_K, slope_q_K = focal_task_slopes(whole[0], whole[1], n_K > 0, **self.focus)

        def loss(nll_BT: Tensor, micro: Batch) -> Tensor:
            p_K, q_K = self._certainty(nll_BT, micro, n_K)
            return (slope_p_K * p_K + slope_q_K * q_K).sum()

        return loss

    def _certainty(self, nll_BT: Tensor, micro: Batch, n_K: Tensor) -> tuple[Tensor, Tensor]:
        return task_certainty(nll_BT, *_samples(micro), micro.labels[self.dimension], n_K)


def _samples(batch: Batch) -> tuple[Tensor, Tensor]:
    """Where targets are, and each token's slot."""
    assert batch.documents is not None, "samples are documents, which must be masked"
    return batch.targets != IGNORED, slots(batch.documents)
