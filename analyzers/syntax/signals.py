"""Flat columns of reports, for rules of a recipe to name. What each means stands in analyzers.signals.

Null where a measure does not apply: no report, a language of tier C, no function to take a mean of.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log2
from typing import Any

import pyarrow as pa

from analyzers.signals import SYNTAX_SIGNALS, arrow_types
from analyzers.syntax.bugs.report import ERROR, FATAL, WARNING
from analyzers.syntax.report import Definition, Report


def _functions(report: Report) -> list[Definition] | None:
    if report.definitions is None:
        return None
    return [definition for definition in report.definitions if definition.kind != "class"]


def _over_functions(reduce: Callable[[list[int]], float | None], field: str) -> Callable[[Report], Any]:
    def measure(report: Report) -> Any:
        functions = _functions(report)
        return reduce([getattr(function, field) for function in functions]) if functions else None

    return measure


def _lines(reduce: Callable[[list[int]], float], kinds: tuple[str, ...]) -> Callable[[Report], Any]:
    def measure(report: Report) -> Any:
        lines = [one.end_line - one.start_line + 1 for one in report.definitions or () if one.kind in kinds]
        return reduce(lines) if lines else None

    return measure


def _count(*kinds: str) -> Callable[[Report], Any]:
    def measure(report: Report) -> Any:
        if report.definitions is None:
            return None
        return sum(one.kind in kinds for one in report.definitions)

    return measure


def _mean(values: list[int]) -> float:
    return sum(values) / len(values)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _documented(report: Report) -> float | None:
    functions = _functions(report)
    return sum(one.doc_start >= 0 for one in functions) / len(functions) if functions else None


def _volume(report: Report) -> float:
    tokens = report.tokens
    different = tokens.n_different_operators + tokens.n_different_operands
    return (tokens.n_operators + tokens.n_operands) * log2(different) if different else 0.0


_CALLABLE = ("function", "method")

_MEASURES: dict[str, Callable[[Report], Any]] = {
    "error_bytes_fraction": lambda report: _share(report.error_bytes, report.n_bytes),
    "n_error_nodes": lambda report: report.n_errors,
    "n_missing_nodes": lambda report: report.n_missing,
    "n_functions": _count(*_CALLABLE),
    "n_classes": _count("class"),
    "max_function_lines": _lines(max, _CALLABLE),
    "mean_function_lines": _lines(_mean, _CALLABLE),
    "max_class_lines": _lines(max, ("class",)),
    "max_cyclomatic": _over_functions(max, "cyclomatic"),
    "mean_cyclomatic": _over_functions(_mean, "cyclomatic"),
    "max_cognitive": _over_functions(max, "cognitive"),
    "max_nesting": lambda report: report.nesting,
    "max_parameters": _over_functions(max, "n_parameters"),
    "documented_function_fraction": _documented,
    "comment_bytes_fraction": lambda report: _share(
        sum(one.end - one.start for one in report.comments), report.n_bytes
    ),
    "n_imports": lambda report: None if report.imports is None else len(report.imports),
    "mean_identifier_chars": lambda report: _share(
        report.tokens.identifier_chars, report.tokens.n_different_identifiers
    ),
    "short_identifier_fraction": lambda report: _share(
        report.tokens.n_short_identifiers, report.tokens.n_different_identifiers
    ),
    "long_identifier_fraction": lambda report: _share(
        report.tokens.n_long_identifiers, report.tokens.n_different_identifiers
    ),
    "halstead_volume": _volume,
}


_BUGS = {"n_fatal_bugs": FATAL, "n_error_bugs": ERROR, "n_warning_bugs": WARNING}


def signals_of(
    reports: Sequence[Report | str], bugs: Sequence[Sequence[tuple] | None] | None = None
) -> dict[str, pa.Array]:
    """A nullable column for each signal; a row that is a reason instead of a report is null throughout.

    `bugs` are rows of bugs.Bug, by file; None where nothing looked for any.
    """
    found: dict[str, list[Any]] = {
        name: [None if isinstance(report, str) else measure(report) for report in reports]
        for name, measure in _MEASURES.items()
    }
    for name, severity in _BUGS.items():
        found[name] = [
            None if rows is None else sum(row[1] == severity for row in rows) for rows in bugs or [None] * len(reports)
        ]
    return {name: pa.array(found[name], kind) for name, kind in arrow_types(SYNTAX_SIGNALS).items()}
