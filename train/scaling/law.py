"""The scaling law of one language, L(N, D) = (Nc / N)^aN + (Dc / D)^aD + Linf, and the published exponents.

N parameters, D tokens, L loss in nats a token. The form and the table are those of A Practical Guide to Code
Intelligence (2025); Nc and Dc are not published, so that a plan needs a fit of one's own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from curate.errors import WrongUse

FLOPS_A_PARAMETER_AND_TOKEN = 6
"""Of training, forward and backward (Kaplan et al. 2020); attention's own part is left out."""


@dataclass(frozen=True, kw_only=True)
class Law:
    """One language's law. Nc and Dc are kept as logarithms: with small exponents they leave the range of floats."""

    a_n: float
    log_n_c: float
    a_d: float
    log_d_c: float
    l_inf: float

    def loss(self, parameters: float | np.ndarray, tokens: float | np.ndarray) -> np.ndarray:
        """Loss in nats a token, of any shapes that broadcast."""
        return self.by_parameters(parameters) + self.by_tokens(tokens) + self.l_inf

    def by_parameters(self, parameters: float | np.ndarray) -> np.ndarray:
        """(Nc / N)^aN, what more parameters would take away."""
        return np.exp(self.a_n * (self.log_n_c - np.log(parameters)))

    def by_tokens(self, tokens: float | np.ndarray) -> np.ndarray:
        """(Dc / D)^aD, what more tokens would take away."""
        return np.exp(self.a_d * (self.log_d_c - np.log(tokens)))

    def to_json(self) -> dict[str, float]:
        """The five numbers."""
        return asdict(self)

    @classmethod
    def of(cls, told: Mapping[str, Any], where: str) -> Law:
        """A law from `to_json`. WrongUse where that is not what it is."""
        try:
            found = cls(**{name: float(told[name]) for name in cls.__dataclass_fields__})
        except (KeyError, TypeError, ValueError) as error:
            raise WrongUse(f"{where} holds no law: {error}; write it with `codemill scaling fit`") from None
        if not all(map(math.isfinite, vars(found).values())):
            raise WrongUse(f"{where} holds a law that is not finite: fit it again with `codemill scaling fit`")
        return found


class Published(NamedTuple):
    """A language's published exponents."""

    a_n: float
    a_d: float
    l_inf: float


PUBLISHED = {
    "Python": Published(0.221, 1.217, 0.566),
    "Java": Published(0.447, 1.129, 0.397),
    "JavaScript": Published(0.692, 1.247, 0.554),
    "TypeScript": Published(0.439, 1.303, 0.518),
    "C#": Published(0.321, 1.350, 0.288),
    "Go": Published(0.845, 1.149, 0.414),
    "Rust": Published(0.643, 1.297, 0.397),
}
"""A Practical Guide to Code Intelligence (2025). Its prose, which calls Python's exponents the highest, disagrees with
its table; the table is followed."""


def data_exponent(language: str, laws: Mapping[str, Law]) -> float:
    """aD by the user's own fit, else by the table, else the table's median."""
    if language in laws:
        return laws[language].a_d
    found = PUBLISHED.get(language)
    return found.a_d if found else median(one.a_d for one in PUBLISHED.values())
