"""pass@k and other scores, with their intervals: what results say of a benchmark as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from train.evaluate.problems import Problem

RESAMPLES = 2000
INTERVAL = (2.5, 97.5)  # percentiles


def pass_at_k(n: int, c: int, k: int) -> float:
    """The chance that at least one of k samples passes, drawn without replacement from n of which c pass.

    1 - C(n - c, k) / C(n, k), as the product 1 - prod_{i = n-c+1 .. n} (1 - k / i); 1 where n - c < k. Unbiased for n
    samples of a model. Source: Chen et al. 2021, "Evaluating Large Language Models Trained on Code", section 2.1.
    Raises ValueError unless 0 <= c <= n and 1 <= k <= n.
    """
    if not (0 <= c <= n and 1 <= k <= n):
        raise ValueError(f"pass@{k} of {c} passed in {n} samples is not defined: draw at least {max(k, c, 1)} samples")
    if n - c < k:
        return 1.0
    return float(1.0 - np.prod(1.0 - k / np.arange(n - c + 1, n + 1)))


def passes(counts: Mapping[str, tuple[int, int]], k: int) -> float:
    """The mean of pass@k over problems; `counts` is task -> (samples, passed)."""
    if not counts:
        raise ValueError("no problem was judged: there is nothing to score")
    return float(np.mean([pass_at_k(n, c, k) for n, c in counts.values()]))


def interval(counts: Mapping[str, tuple[int, int]], k: int, seed: int = 0) -> tuple[float, float]:
    """A 95 % interval of `passes`: see `bootstrap`."""
    return bootstrap([pass_at_k(n, c, k) for n, c in counts.values()], seed)


def bootstrap(values: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """A 95 % interval of a mean over problems: percentile bootstrap, 2,000 resamples of problems, from a seed.

    It tells how the score would vary with other problems of the same kind; with one problem it has no width. A mean of
    0 or 1 gives no width either, since resampling can show nothing that was not seen: there, and for one sample a
    problem, see `wilson`.
    """
    scores = np.array(values)
    drawn = np.random.default_rng(seed).integers(0, len(scores), (RESAMPLES, len(scores)))
    low, high = np.percentile(scores[drawn].mean(axis=1), INTERVAL)
    return float(low), float(high)


def wilson(passed: int, problems: int) -> tuple[float, float]:
    """A 95 % interval of a share: Wilson's score interval (Wilson 1927), z = 1.959964; (0, 1) for no problem."""
    if problems == 0:
        return 0.0, 1.0
    z = 1.959964
    share = passed / problems
    middle = (share + z * z / (2 * problems)) / (1 + z * z / problems)
    half = z * np.sqrt(share * (1 - share) / problems + z * z / (4 * problems**2)) / (1 + z * z / problems)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def pass_rates(
    counts: Mapping[str, tuple[int, int]], ks: Sequence[int] = (1, 5, 10, 100)
) -> dict[str, dict[str, float]]:
    """pass@k with its interval for each k that every problem has samples for; `counts` is task -> (samples, passed).

    With one sample a problem the interval is Wilson's, else the bootstrap's.
    """
    fewest = min((n for n, _ in counts.values()), default=0)
    told = {}
    for k in ks:
        if k > fewest:
            continue
        single = all(n == 1 for n, _ in counts.values())
        low, high = wilson(sum(c for _, c in counts.values()), len(counts)) if single else interval(counts, k)
        told[f"pass@{k}"] = {"score": passes(counts, k), "low": low, "high": high, "problems": len(counts)}
    return told


def means(rows: Iterable[Mapping[str, Any]], names: Sequence[str]) -> dict[str, dict[str, float]]:
    """For each named score its mean over problems of the mean over samples, with the bootstrap's interval.

    Samples for which a score is None have none; so has a problem without any.
    """
    told = {}
    for name in names:
        by_task: dict[str, list[float]] = {}
        for row in rows:
            if row["scores"][name] is not None:
                by_task.setdefault(row["task_id"], []).append(row["scores"][name])
        values = [float(np.mean(found)) for found in by_task.values()]
        if values:
            low, high = bootstrap(values)
            told[name] = {"score": float(np.mean(values)), "low": low, "high": high, "problems": len(values)}
    return told


def summarise(
    results: Iterable[Mapping[str, Any]], problems: Sequence[Problem], names: Sequence[str] = ()
) -> dict[str, Any]:
    """Scores and counts. Samples that the sandbox failed on are counted apart, as neither passed nor failed.

    Problems without any judged sample are counted as `missing`; the score is of the others and says how many. `names`
    are the scores of a task whose samples do not pass or fail.
    """
    rows = list(results)
    judged = [row for row in rows if row["outcome"] != "infrastructure"]
    samples = Counter(row["task_id"] for row in judged)
    if names:
        scores = means(judged, names)
    else:
        passed = Counter(row["task_id"] for row in judged if row["passed"])
        scores = pass_rates({task: (n, passed[task]) for task, n in samples.items()})
    return {
        "scores": scores,
        "outcomes": dict(sorted(Counter(row["outcome"] for row in rows).items())),
        "problems": len(problems),
        "missing": sum(problem.task_id not in samples for problem in problems),
        "samples": len(rows),
    }
