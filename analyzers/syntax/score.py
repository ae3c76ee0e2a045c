"""The quality score of a file: 0..100, from signals that its syntax tree gave, every lost point attributable.

    share(x)    = (x - knee) / (worst - knee), not below 0 nor above 1
    score       = 100 * 2 ** -(sum of weight * share over all terms)
    a sub-score = the same over the terms of its dimension; score = product of the six / 100 ** 5

A term is a signal with a knee, where points begin to be lost, the value at which its worst is reached, and a weight:
how often it halves the score there. Where worst is below the knee, small values are bad. What was not measured loses
nothing; a file without a syntax tree has no score. The points that a term costs are its part of the sum, taken of
100 - score: they add up to what is missing.

The six dimensions are those of CodeFuse-13B (ICSE-SEIP 2024, section 2.2), which publishes neither signals nor limits.
Knees and weights by language are data: score_table.py, made by `python -m benchmarks.calibration`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from analyzers.syntax.score_table import DEFAULT, TABLE

DIMENSIONS: dict[str, tuple[str, ...]] = {
    "correctness": (
        "error_bytes_fraction", "syntax_error_rate", "ends_in_line", "n_unbalanced_brackets",
        "serious_bug_rate", "warning_bug_rate",
    ),
    "readability": (
        "max_function_lines", "max_class_lines", "max_parameters", "max_nesting", "documented_function_fraction",
        "min_maintainability",
    ),
    "redundancy": ("duplicate_function_line_fraction", "duplicate_class_line_fraction", "code_comment_fraction"),
    "naming": (
        "naming_break_fraction", "non_word_fraction", "single_letter_fraction", "mean_identifier_chars",
        "short_identifier_fraction", "long_identifier_fraction",
    ),
    "complexity": ("max_cyclomatic", "mean_cyclomatic", "max_cognitive", "halstead_volume"),
    "coupling": (
        "n_modules", "n_wildcard_imports", "fan_out", "external_call_fraction", "max_class_types", "max_function_types",
    ),
}  # fmt: skip
"""The signals of each dimension. A term on any other is an error."""

TABLE_ID = hashlib.sha256(json.dumps(TABLE, sort_keys=True).encode()).hexdigest()[:12]
"""The table's hash: scores of runs that name the same one can be compared."""

DIMENSION_OF: dict[str, str] = {signal: name for name, signals in DIMENSIONS.items() for signal in signals}
LOW_IS_BAD = frozenset({"documented_function_fraction", "min_maintainability", "mean_identifier_chars"})
PRESENT = "error_bytes_fraction"
"""The signal that every file with a syntax tree has."""


class Term(NamedTuple):
    """What one signal can cost. `weight` is at least 0; `knee` and `worst` differ."""

    knee: float
    worst: float
    weight: float


class Loss(NamedTuple):
    """What one signal has cost a file."""

    dimension: str
    signal: str
    value: float
    knee: float
    points: float


Terms = Mapping[str, Term]


def check(terms: Terms) -> None:
    """ValueError for a term on an unknown signal, a negative weight, or a knee that is also the worst."""
    for signal, term in terms.items():
        if signal not in DIMENSION_OF:
            raise ValueError(f"{signal!r} is in no dimension of the score; there are {', '.join(DIMENSION_OF)}")
        if not term.weight >= 0:
            raise ValueError(f"the weight of {signal!r} is {term.weight} and must be at least 0")
        if not np.isfinite(term).all() or term.knee == term.worst:
            raise ValueError(
                f"{signal!r} has knee {term.knee} and worst {term.worst}: write finite numbers that differ"
            )


def terms_of(language: str, changes: Mapping[str, Mapping[str, Term | None]] | None = None) -> dict[str, Term]:
    """The terms of a language: the table's, or those of DEFAULT where it has none; over them the changes for DEFAULT,
    which mean every language, then those for the language. None takes a term out."""
    found = {signal: Term(*term) for signal, term in TABLE.get(language, TABLE[DEFAULT]).items()}
    for name in (DEFAULT, language):
        for signal, term in (changes or {}).get(name, {}).items():
            if term is None:
                found.pop(signal, None)
            else:
                found[signal] = term
    return found


def shares(values: np.ndarray, term: Term) -> np.ndarray:
    """How much of its worst a signal has reached, 0..1; 0 for NaN."""
    reached = (values - term.knee) / (term.worst - term.knee)
    return np.nan_to_num(np.clip(reached, 0, 1), nan=0)


def scores(columns: Mapping[str, np.ndarray], terms: Terms) -> dict[str, np.ndarray]:
    """The score (`quality`) and the six sub-scores of files of one language, NaN without a syntax tree.

    columns: float64 by signal, NaN for null; one that is missing was not measured.
    """
    present = ~np.isnan(columns[PRESENT])
    burdens = {name: np.zeros(len(present)) for name in DIMENSIONS}
    for signal, term in terms.items():
        if signal in columns:
            burdens[DIMENSION_OF[signal]] += term.weight * shares(columns[signal], term)
    burdens["quality"] = np.sum([*burdens.values()], axis=0)
    return {name: np.where(present, 100 * 2**-burden, np.nan) for name, burden in burdens.items()}


def losses(signals: Mapping[str, float | None], terms: Terms) -> list[Loss]:
    """Where a file lost its points, the most first; empty for one that lost none or has no score."""
    if signals.get(PRESENT) is None:
        return []
    burdens = {}
    for signal, term in terms.items():
        value = signals.get(signal)
        if value is not None:
            burdens[signal] = term.weight * float(shares(np.array([float(value)]), term)[0])
    total = sum(burdens.values())
    missing = 100 - 100 * 2**-total
    found = [
        Loss(DIMENSION_OF[signal], signal, float(signals[signal] or 0), terms[signal].knee, missing * burden / total)
        for signal, burden in burdens.items()
        if burden > 0
    ]
    return sorted(found, key=lambda loss: (-loss.points, loss.signal))
