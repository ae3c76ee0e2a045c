"""Losses that follow a law, as runs of several sizes and budgets would have them."""

from __future__ import annotations

import math

import numpy as np

from train.scaling.fit import Point
from train.scaling.law import PUBLISHED, Law


def law_of(language: str) -> Law:
    """The published exponents, with Nc and Dc of which the table does not speak: the two terms are .5 at a billion
    parameters and .3 at four billion tokens."""
    found = PUBLISHED[language]
    return Law(
        a_n=found.a_n,
        log_n_c=math.log(1e9) + math.log(0.5) / found.a_n,
        a_d=found.a_d,
        log_d_c=math.log(4e9) + math.log(0.3) / found.a_d,
        l_inf=found.l_inf,
    )


def runs(law: Law, *, noise: float = 0.0, seed: int = 0, sizes: int = 5, budgets: int = 6) -> list[Point]:
    """A run of every size with every budget; `noise` is the standard deviation of log loss."""
    random = np.random.default_rng(seed)
    return [
        Point(n, d, float(law.loss(n, d) * np.exp(noise * random.normal())))
        for n in np.geomspace(2e8, 1.4e10, sizes)
        for d in np.geomspace(2e9, 6.4e10, budgets)
    ]
