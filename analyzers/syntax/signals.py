"""Flat columns of a report, for rules of a recipe to name: one row of the table for each, and the batch's door.

Null where a measure does not apply: no report, a language of tier C, no function to take a mean of. Shares are
fractions in 0..1, of an empty file 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log2
from typing import Any, NamedTuple

import pyarrow as pa

from analyzers.syntax.parser import Parser
from analyzers.syntax.report import Definition, Report


class SyntaxSignal(NamedTuple):
    """One measure: its column, Arrow type, meaning, who uses it, and how a report gives it."""

    name: str
    type: str
    meaning: str
    source: str
    of: Callable[[Report], Any]


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

SYNTAX_SIGNALS: tuple[SyntaxSignal, ...] = (
    SyntaxSignal("error_bytes_fraction", "float64", "bytes under outermost syntax errors / all bytes", "CodeFuse",
                 lambda report: _share(report.error_bytes, report.n_bytes)),
    SyntaxSignal("n_error_nodes", "int32", "syntax errors", "CodeFuse", lambda report: report.n_errors),
    SyntaxSignal("n_missing_nodes", "int32", "tokens that the parser had to put in", "CodeFuse",
                 lambda report: report.n_missing),
    SyntaxSignal("n_functions", "int32", "functions and methods", "CodeFuse", _count(*_CALLABLE)),
    SyntaxSignal("n_classes", "int32", "classes, interfaces and the like", "CodeFuse", _count("class")),
    SyntaxSignal("max_function_lines", "int32", "lines of the longest function", "CodeFuse", _lines(max, _CALLABLE)),
    SyntaxSignal("mean_function_lines", "float64", "mean lines of a function", "CodeFuse", _lines(_mean, _CALLABLE)),
    SyntaxSignal("max_class_lines", "int32", "lines of the longest class", "CodeFuse", _lines(max, ("class",))),
    SyntaxSignal("max_cyclomatic", "int32", "highest cyclomatic complexity of a function", "CodeFuse",
                 _over_functions(max, "cyclomatic")),
    SyntaxSignal("mean_cyclomatic", "float64", "mean cyclomatic complexity of a function", "CodeFuse",
                 _over_functions(_mean, "cyclomatic")),
    SyntaxSignal("max_cognitive", "int32", "highest cognitive complexity of a function", "SonarSource",
                 _over_functions(max, "cognitive")),
    SyntaxSignal("max_nesting", "int32", "deepest nesting of control structures, or of data", "codemill",
                 lambda report: report.nesting),
    SyntaxSignal("max_parameters", "int32", "most parameters of a function", "CodeFuse",
                 _over_functions(max, "n_parameters")),
    SyntaxSignal("documented_function_fraction", "float64", "functions with a comment above or a docstring / all",
                 "codemill", _documented),
    SyntaxSignal("comment_bytes_fraction", "float64", "bytes of comments and docstrings / all bytes", "StarCoder",
                 lambda report: _share(sum(one.end - one.start for one in report.comments), report.n_bytes)),
    SyntaxSignal("n_imports", "int32", "imports", "CodeFuse",
                 lambda report: None if report.imports is None else len(report.imports)),
    SyntaxSignal("mean_identifier_chars", "float64", "mean length of different identifiers", "CodeFuse",
                 lambda report: _share(report.tokens.identifier_chars, report.tokens.n_different_identifiers)),
    SyntaxSignal("short_identifier_fraction", "float64", "identifiers of one character / different ones", "CodeFuse",
                 lambda report: _share(report.tokens.n_short_identifiers, report.tokens.n_different_identifiers)),
    SyntaxSignal("long_identifier_fraction", "float64", "identifiers over 40 characters / different ones", "CodeFuse",
                 lambda report: _share(report.tokens.n_long_identifiers, report.tokens.n_different_identifiers)),
    SyntaxSignal("halstead_volume", "float64", "tokens times log2 of different tokens", "Halstead 1977", _volume),
)  # fmt: skip
"""What analyzers.syntax measures, in the order of the columns."""


def signals_of(reports: Sequence[Report | str]) -> dict[str, pa.Array]:
    """A nullable column for each signal; a row that is a reason instead of a report is null throughout."""
    return {
        signal.name: pa.array(
            [None if isinstance(report, str) else signal.of(report) for report in reports],
            pa.type_for_alias(signal.type),
        )
        for signal in SYNTAX_SIGNALS
    }


def measure_syntax(content: pa.LargeStringArray, languages: Sequence[str], parser: Parser) -> dict[str, pa.Array]:
    """Signals of a batch, and `syntax_refusal`: why a file has none (analyzers.syntax.limits.Refusal), else null."""
    sources = [(content[row].as_buffer() or b"") for row in range(len(content))]
    reports = parser.reports([(language, bytes(source)) for language, source in zip(languages, sources, strict=True)])
    refusals = pa.array([report if isinstance(report, str) else None for report in reports], pa.string())
    return {**signals_of(reports), "syntax_refusal": refusals}
