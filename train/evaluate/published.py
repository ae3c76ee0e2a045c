"""Scores that others published, to stand beside one's own. How they were drawn may differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from train.evaluate.problems import Problem


@dataclass(frozen=True, kw_only=True)
class Published:
    """One score."""

    benchmark: str  # HumanEval: as `benchmark_of` tells it
    task: str
    metric: str
    system: str
    score: float  # in [0, 1]
    source: str


TABLE: tuple[Published, ...] = (
    Published(
        benchmark="HumanEval", task="completion", metric="pass@1", system="CodeFuse-13B", score=0.3710,
        source="ICSE-SEIP 2024",
    ),
    Published(
        benchmark="HumanEval", task="completion", metric="pass@1", system="CodeFuse-CodeLlama-34B", score=0.744,
        source="its model card, 2023",
    ),
)  # fmt: skip


def benchmark_of(problems: Sequence[Problem]) -> str | None:
    """The benchmark that published scores are of: HumanEval by its task ids, all 164 of them; None for any other."""
    ids = {problem.task_id for problem in problems}
    return "HumanEval" if ids == {f"HumanEval/{number}" for number in range(164)} else None


def beside(problems: Sequence[Problem], task: str, metric: str) -> list[Published]:
    """Published scores of the same benchmark, task and metric."""
    name = benchmark_of(problems)
    return [one for one in TABLE if (one.benchmark, one.task, one.metric) == (name, task, metric)]
