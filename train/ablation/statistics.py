"""Differences of bits per byte between two arms, with intervals over seeds and over repositories.

A pair of models (the same seed in both arms) gives a difference d_s = (nats_B - nats_A) / ln 2 / bytes over the same
documents. Two things make it chance: which seed, and which repositories were held out. Their variances are

    over seeds         s^2 / S of the d_s, S - 1 degrees of freedom
    over repositories  of the mean over seeds, when R repositories are drawn anew with replacement (a bootstrap of a
                       ratio), times R / (R - 1), R - 1 degrees of freedom

and are added, which counts their interaction twice and so errs on the wide side (Owen 2007, the pigeonhole bootstrap).
The interval is Student's t of that, degrees of freedom by Welch and Satterthwaite. With one seed there is no interval
over seeds, and the whole interval is that over repositories.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np

RESAMPLES = 2000
LEVEL = 0.95
Interval = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Bits per byte of both arms, and B's less A's: below 0, B is better. None where nothing tells an interval."""

    a: float
    b: float
    by_seed: tuple[float, ...]
    interval: Interval | None
    over_seeds: Interval | None
    over_repositories: Interval | None
    n_repositories: int
    n_bytes: int

    @property
    def value(self) -> float:
        """The mean difference."""
        return self.b - self.a

    @property
    def verdict(self) -> str:
        """better, worse, or unclear: what the whole interval says of B. One repository tells nothing of others."""
        if self.interval is None or self.over_repositories is None or self.interval[0] <= 0 <= self.interval[1]:
            return "unclear"
        return "better" if self.value < 0 else "worse"

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return asdict(self) | {"difference": self.value, "verdict": self.verdict}


def difference(
    nats_a: np.ndarray, nats_b: np.ndarray, n_bytes: np.ndarray, repositories: np.ndarray, *, seed: int = 0
) -> Difference:
    """The difference over documents: nats (seeds x documents), bytes (documents), repository numbers (documents)."""
    _, places = np.unique(repositories, return_inverse=True)
    n = int(places.max()) + 1
    size = np.bincount(places, weights=n_bytes, minlength=n) * math.log(2)
    a, b = (np.stack([np.bincount(places, weights=row, minlength=n) for row in nats]) for nats in (nats_a, nats_b))
    by_seed = (b - a).sum(1) / size.sum()
    variance_seeds = by_seed.var(ddof=1) / len(by_seed) if len(by_seed) > 1 else 0.0
    drawn = _resampled((b - a).mean(0), size, seed) if n > 1 else np.zeros(0)
    variance_repositories = drawn.var(ddof=1) * n / (n - 1) if n > 1 else 0.0
    middle = float(by_seed.mean())
    return Difference(
        a=float(a.mean(0).sum() / size.sum()),
        b=float(b.mean(0).sum() / size.sum()),
        by_seed=tuple(map(float, by_seed)),
        interval=_together(middle, (variance_seeds, len(by_seed) - 1), (variance_repositories, n - 1)),
        over_seeds=_t_interval(middle, variance_seeds, len(by_seed) - 1),
        over_repositories=_percentiles(drawn),
        n_repositories=n,
        n_bytes=int(n_bytes.sum()),
    )


def _resampled(nats: np.ndarray, size: np.ndarray, seed: int) -> np.ndarray:
    """The ratio over repositories drawn anew."""
    random = np.random.default_rng(seed)
    weights = random.multinomial(len(size), np.full(len(size), 1 / len(size)), RESAMPLES).astype(float)
    return weights @ nats / (weights @ size)


def _percentiles(drawn: np.ndarray) -> Interval | None:
    if not len(drawn):
        return None
    low, high = np.percentile(drawn, [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    return float(low), float(high)


def _together(middle: float, *parts: tuple[float, int]) -> Interval | None:
    """Student's interval of variances added, each with its degrees of freedom; parts without any are left out."""
    known = [(variance, df) for variance, df in parts if df > 0]
    variance = sum(one for one, _ in known)
    if not known:
        return None
    spread = sum(one**2 / df for one, df in known)
    return _t_interval(middle, variance, variance**2 / spread if spread else known[0][1])


def _t_interval(middle: float, variance: float, df: float) -> Interval | None:
    if df <= 0:
        return None
    reach = t_quantile(0.5 + LEVEL / 2, df) * math.sqrt(variance)
    return middle - reach, middle + reach


def t_quantile(p: float, df: float) -> float:
    """The quantile of Student's t, p in [.5, 1), df >= 1 a real number; to 1e-8.

    With t = sqrt(df) tan u the distribution is 1/2 + c times the integral of cos(u)^(df - 1) from 0 to u, c being
    Gamma((df + 1) / 2) / (sqrt(pi) Gamma(df / 2)).
    """
    log_c = math.lgamma((df + 1) / 2) - math.lgamma(df / 2) - 0.5 * math.log(math.pi)
    places, weights = _nodes()

    def below(u: float) -> float:
        inside = np.cos(u * (places + 1) / 2) ** (df - 1)
        return 0.5 + math.exp(log_c) * float(inside @ weights) * u / 2

    low, high = 0.0, math.pi / 2
    for _ in range(60):
        u = (low + high) / 2
        low, high = (u, high) if below(u) < p else (low, u)
    return math.sqrt(df) * math.tan(low)


@cache
def _nodes() -> tuple[np.ndarray, np.ndarray]:
    """Places and weights of Gauss and Legendre's integration over -1 to 1; they take longer to find than to use."""
    return np.polynomial.legendre.leggauss(400)
