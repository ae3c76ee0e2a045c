"""Planning: parameters and tokens for a budget of computation, and tokens for each language.

Computation is 6 N D. Tokens are given to languages in proportion to aD, not evenly (A Practical Guide to Code
Intelligence, 2025): a language whose loss falls faster with data gets more of it. What a language does not have, even
repeated, goes to the others in the same proportion. Repeating up to about four times is worth nearly as much as new
tokens (Muennighoff et al. 2023).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from curate.errors import WrongUse
from train.scaling.law import FLOPS_A_PARAMETER_AND_TOKEN, Law, data_exponent

MOST_EPOCHS = 4.0
_SIZES = (1e5, 1e14)  # parameters, between which the best number is looked for
_HALVINGS = 200


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is to be planned."""

    flops: float
    languages: tuple[str, ...]
    available: Mapping[str, float] | None = None  # tokens that there are; None: as many as asked for
    epochs: float = MOST_EPOCHS  # how often they may be taken, at most
    parameters: float | None = None  # a fixed size; None: the best one

    def __post_init__(self) -> None:
        if not (self.flops > 0 and self.epochs > 0 and (self.parameters is None or self.parameters > 0)):
            raise WrongUse(
                f"flops are {self.flops:g}, epochs {self.epochs:g} and parameters {self.parameters}: all must be over 0"
            )
        if not self.languages:
            raise WrongUse("no language to plan for: name some with --languages, or a run with --run")
        if not sum(self.most_tokens.values()):
            raise WrongUse(f"there are no tokens of {', '.join(self.languages)}: name languages that the run has")

    @property
    def most_tokens(self) -> dict[str, float]:
        """Tokens of each language that can be had."""
        if self.available is None:
            return dict.fromkeys(self.languages, math.inf)
        return {name: self.epochs * self.available.get(name, 0.0) for name in self.languages}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A size, a number of tokens, and how they are shared."""

    question: Question
    parameters: float
    tokens: float
    by_language: dict[str, float]
    exponents: dict[str, float]  # aD of each language, by which it was shared
    losses: dict[str, float]  # expected, of the languages that have a law
    interval: dict[str, tuple[float, float]]  # of parameters and tokens, where laws were resampled
    bound_by_data: bool  # there are no more tokens: the rest of the computation went into parameters

    def to_json(self) -> dict[str, Any]:
        """The same for machines."""
        rows = {
            name: {
                "tokens": tokens,
                "share": tokens / self.tokens,
                "a_d": self.exponents[name],
                "loss": self.losses.get(name),
            }
            for name, tokens in self.by_language.items()
        }
        return {
            "flops": self.question.flops,
            "parameters": self.parameters,
            "tokens": self.tokens,
            "interval": self.interval,
            "bound_by_data": self.bound_by_data,
            "languages": rows,
        }


def plan(laws: Mapping[str, Law], question: Question, resampled: Sequence[Mapping[str, Law]] = ()) -> Plan:
    """The size and tokens of lowest expected loss; `laws` by language, or one named "all" over every language.

    The loss is the mean of the laws' losses weighted by tokens; with one law over all, that law's. WrongUse where no
    law speaks of any of the languages. Intervals are 95 % of the plans by `resampled` laws.
    """
    exponents = {name: data_exponent(name, laws) for name in question.languages}
    parameters = _best_size(laws, question, exponents)
    by_language, bound = _shared(question.flops / FLOPS_A_PARAMETER_AND_TOKEN / parameters, question, exponents)
    own = _spoken_for(laws, question)
    tokens = sum(by_language.values())
    interval: dict[str, tuple[float, float]] = {}
    if resampled and question.parameters is None:
        sizes = np.array(
            [_best_size(one, question, {n: data_exponent(n, one) for n in exponents}) for one in resampled]
        )
        low, high = (float(edge) for edge in np.percentile(sizes, (2.5, 97.5)))
        budget = question.flops / FLOPS_A_PARAMETER_AND_TOKEN
        interval = {"parameters": (low, high), "tokens": (min(tokens, budget / high), budget / low)}
    return Plan(
        question=question,
        parameters=parameters,
        tokens=tokens,
        by_language=by_language,
        exponents=exponents,
        losses={n: float(laws[n].loss(parameters, by_language[n])) for n in own if by_language.get(n)},
        interval=interval,
        bound_by_data=bound,
    )


def expected_loss(laws: Mapping[str, Law], question: Question, exponents: Mapping[str, float], size: float) -> float:
    """The loss at a size, with the tokens that the computation leaves."""
    by_language, _ = _shared(question.flops / FLOPS_A_PARAMETER_AND_TOKEN / size, question, exponents)
    own = _spoken_for(laws, question)
    total = sum(by_language.values())
    if own == ["all"]:
        return float(laws["all"].loss(size, total))
    spoken = sum(by_language[name] for name in own)
    return sum(by_language[n] / spoken * float(laws[n].loss(size, by_language[n])) for n in own if by_language[n])


def _spoken_for(laws: Mapping[str, Law], question: Question) -> list[str]:
    own = [name for name in question.languages if name in laws]
    if own or "all" in laws:
        return own or ["all"]
    raise WrongUse(
        f"no law was fitted to {', '.join(question.languages)}, only to {', '.join(laws)}: fit runs that tell of one"
    )


def _best_size(laws: Mapping[str, Law], question: Question, exponents: Mapping[str, float]) -> float:
    """The number of parameters of lowest loss, by golden section over its logarithm.

    At a fixed computation a term in N falls and one in D rises exponentially with log N, so that the sum has one lowest
    place; where tokens run out it goes on falling with N, which keeps it so.
    """
    if question.parameters is not None:
        return question.parameters
    low, high = (math.log(edge) for edge in _SIZES)
    golden = (math.sqrt(5) - 1) / 2
    for _ in range(_HALVINGS):
        a, b = high - golden * (high - low), low + golden * (high - low)
        at_a, at_b = (expected_loss(laws, question, exponents, math.exp(one)) for one in (a, b))
        low, high = (low, b) if at_a <= at_b else (a, high)
        if high - low < 1e-9:
            break
    return math.exp((low + high) / 2)


def _shared(tokens: float, question: Question, exponents: Mapping[str, float]) -> tuple[dict[str, float], bool]:
    """Tokens by language in proportion to the exponents, none over what it has; and whether all have too little."""
    room = question.most_tokens
    if tokens >= sum(room.values()):
        return room, True
    given: dict[str, float] = {}
    open_names = set(question.languages)
    while open_names:
        rest = tokens - sum(given.values())
        scale = rest / sum(exponents[name] for name in open_names)
        full = {name for name in open_names if room[name] <= scale * exponents[name]}
        if not full:
            given |= {name: scale * exponents[name] for name in open_names}
            break
        given |= {name: room[name] for name in full}
        open_names -= full
    return {name: given[name] for name in question.languages}, False
