"""Flat columns of reports, for rules of a recipe to name. What each means stands in analyzers.signals.

Null where a measure does not apply: no report, a language of tier C, no function to take a mean of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    "syntax_error_rate": lambda report: _rate(report.n_errors + report.n_missing, report),
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


_BUGS: dict[str, tuple[int, ...]] = {"n_fatal_bugs": (FATAL,), "n_error_bugs": (ERROR,), "n_warning_bugs": (WARNING,)}
_BUG_RATES: dict[str, tuple[int, ...]] = {"serious_bug_rate": (FATAL, ERROR), "warning_bug_rate": (WARNING,)}

Counts = Mapping[str, float | None]


def _ratio(part: str, whole: str) -> Callable[[Counts], float | None]:
    def measure(counts: Counts) -> float | None:
        above, below = counts.get(part), counts.get(whole)
        return None if above is None or below is None else _share(above, below)

    return measure


def _of(field: str) -> Callable[[Counts], float | None]:
    return lambda counts: counts.get(field)


_OF_COUNTS: dict[str, Callable[[Counts], float | None]] = {
    "ends_in_line": lambda counts: None if "ends_in_line" not in counts else bool(counts["ends_in_line"]),
    "n_unbalanced_brackets": _of("n_unbalanced_brackets"),
    "naming_break_fraction": _ratio("n_breaking", "n_names"),
    "non_word_fraction": _ratio("n_non_words", "n_judged"),
    "single_letter_fraction": _ratio("n_single_letters", "n_names"),
    "n_duplicate_functions": _of("n_duplicate_functions"),
    "duplicate_function_line_fraction": _ratio("duplicate_function_lines", "function_lines"),
    "n_duplicate_classes": _of("n_duplicate_classes"),
    "duplicate_class_line_fraction": _ratio("duplicate_class_lines", "class_lines"),
    "code_comment_fraction": _ratio("code_comment_lines", "n_lines"),
    "n_modules": _of("n_modules"),
    "n_top_modules": _of("n_top_modules"),
    "n_wildcard_imports": _of("n_wildcard_imports"),
    "external_call_fraction": _ratio("n_external_calls", "n_calls"),
    "fan_out": _of("n_different_external_calls"),
    "n_types": _of("n_types"),
    "max_class_types": _of("max_class_types"),
    "max_function_types": _of("max_function_types"),
    "mean_maintainability": _of("mean"),
    "min_maintainability": _of("lowest"),
}


def _rate(n: int, report: Report) -> float:
    """Per 1,000 tokens outside comments: lines would make it a matter of formatting."""
    return 1_000 * _share(n, report.tokens.n_operators + report.tokens.n_operands)


def signals_of(
    reports: Sequence[Report | str],
    bugs: Sequence[Sequence[tuple] | None] | None = None,
    counts: Sequence[Counts | None] | None = None,
) -> dict[str, pa.Array]:
    """A nullable column for each signal; a row that is a reason instead of a report is null throughout.

    `bugs` are rows of bugs.Bug and `counts` those of token_measures.counts_of, by file; None where nobody looked.
    """
    found: dict[str, list[Any]] = {
        name: [None if isinstance(report, str) else measure(report) for report in reports]
        for name, measure in _MEASURES.items()
    }
    rows = bugs or [None] * len(reports)
    for name, severities in _BUGS.items():
        found[name] = [_count_bugs(one, severities) for one in rows]
    for name, severities in _BUG_RATES.items():
        found[name] = [
            None if one is None or isinstance(report, str) else _rate(_count_bugs(one, severities) or 0, report)
            for one, report in zip(rows, reports, strict=True)
        ]
    for name, measure in _OF_COUNTS.items():
        found[name] = [None if one is None else measure(one) for one in counts or [None] * len(reports)]
    return {name: pa.array(found[name], kind) for name, kind in arrow_types(SYNTAX_SIGNALS).items()}


def _count_bugs(rows: Sequence[tuple] | None, severities: tuple[int, ...]) -> int | None:
    return None if rows is None else sum(row[1] in severities for row in rows)
