"""The six dimensions function by function: raw numbers of one file, for who wants to know which function it is.

For a look at single files: it parses, and looks for bugs and at every token again. Signals of whole files come cheaper,
by task.examine.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analyzers.syntax.bugs import bugs_of
from analyzers.syntax.bugs.report import ERROR, FATAL, WARNING, Bug
from analyzers.syntax.declarations import NAME, declared
from analyzers.syntax.identifier_words import THRESHOLD, scores
from analyzers.syntax.kinds import kind_table
from analyzers.syntax.languages import spec_of
from analyzers.syntax.limits import Limits
from analyzers.syntax.maintainability import index
from analyzers.syntax.measure import report_on
from analyzers.syntax.parse import parse
from analyzers.syntax.redundancy import copies_of
from analyzers.syntax.report import Definition, Report
from analyzers.syntax.token_stream import IDENTIFIER, Stream, hash_of, token_stream


class FunctionNumbers(NamedTuple):
    """One function or method, with all that stands in it; complexity alone leaves out the functions inside."""

    name: str | None
    start_line: int
    end_line: int  # inclusive
    error_bytes: int  # correctness
    n_fatal_bugs: int | None  # None in a language without rules
    n_error_bugs: int | None
    n_warning_bugs: int | None
    n_lines: int  # readability
    n_parameters: int | None
    nesting: int
    is_documented: bool
    is_copy: bool  # redundancy: of one before
    n_names: int  # naming: different ones that it declares
    n_non_words: int
    n_single_letters: int  # outside heads of loops
    cyclomatic: int  # complexity
    cognitive: int
    maintainability: float
    n_external_calls: int  # coupling: different names called that the file does not define
    n_types: int  # different names in PascalCase


def functions_of(language: str, source: bytes, limits: Limits | None = None) -> list[FunctionNumbers] | str:
    """The functions of a file by their beginning, or the reason (limits.Refusal) why there is no tree. Empty too where
    the language's functions are not measured."""
    spec = spec_of(language)
    if spec is None:
        return "no_grammar"
    table = kind_table(spec)
    tree = parse(table.grammar, source, limits or Limits())
    if isinstance(tree, str):
        return tree
    report = report_on(tree, source, table)
    if not report.definitions:
        return []
    stream = token_stream(report, source, table)
    bugs = bugs_of(tree, source, language) if spec.tier == "A" else None
    copies = copies_of(stream, report.definitions)
    marks = declared(stream, language, report.definitions)
    return [
        _numbers(one, place, report, stream, bugs, copies[place], marks)
        for place, one in enumerate(report.definitions)
        if one.kind != "class"
    ]


def plain_functions_of(language: str, source: bytes, limits: Limits) -> list[tuple] | str:
    """The same as plain tuples: what a child answers (parser.Parser)."""
    found = functions_of(language, source, limits)
    return found if isinstance(found, str) else [tuple(one) for one in found]


def _numbers(
    one: Definition, place: int, report: Report, stream: Stream, bugs: tuple[Bug, ...] | None, is_copy: bool,
    marks: np.ndarray,
) -> FunctionNumbers:  # fmt: skip
    tokens = slice(stream.first[place], stream.last[place])
    own = stream.name_hashes[place]
    names = _texts(stream, tokens, marks[tokens] > 0) | ({stream.names[place]} - {b""})
    loose = _texts(stream, tokens, marks[tokens] == NAME)
    words = scores(sorted(names))
    called, types = _leaned_on(stream, tokens, own)
    n_lines = one.end_line - one.start_line + 1
    hashes = stream.hashes[tokens]
    volume = len(hashes) * float(np.log2(max(1, len(np.unique(hashes)))))
    return FunctionNumbers(
        name=one.name,
        start_line=one.start_line,
        end_line=one.end_line,
        error_bytes=sum(max(0, min(end, one.end) - max(start, one.start)) for start, end in report.errors),
        n_fatal_bugs=_count(bugs, one, FATAL),
        n_error_bugs=_count(bugs, one, ERROR),
        n_warning_bugs=_count(bugs, one, WARNING),
        n_lines=n_lines,
        n_parameters=one.n_parameters,
        nesting=one.nesting,
        is_documented=one.doc_start >= 0,
        is_copy=is_copy,
        n_names=len(names),
        n_non_words=int((words < THRESHOLD).sum()),  # NaN, which cannot be told, is not below
        n_single_letters=sum(len(name) == 1 and name.isalpha() for name in loose),
        cyclomatic=one.cyclomatic,
        cognitive=one.cognitive,
        maintainability=index(volume, one.cyclomatic, n_lines),
        n_external_calls=called,
        n_types=types,
    )


def _texts(stream: Stream, tokens: slice, chosen: np.ndarray) -> set[bytes]:
    spans = zip(stream.starts[tokens][chosen].tolist(), stream.ends[tokens][chosen].tolist(), strict=True)
    return {stream.data[start:end].tobytes() for start, end in spans}


def _count(bugs: tuple[Bug, ...] | None, one: Definition, severity: int) -> int | None:
    if bugs is None:
        return None
    return sum(bug.severity == severity and one.start <= bug.start < one.end for bug in bugs)


def _leaned_on(stream: Stream, tokens: slice, own: np.uint64) -> tuple[int, int]:
    """Different names called that no definition of the file bears, and different names that look like types."""
    is_name, hashes = stream.kinds[tokens] == IDENTIFIER, stream.hashes[tokens]
    calls = np.append(is_name[:-1] & (hashes[1:] == hash_of(b"(")), False) if len(hashes) else is_name
    external = np.setdiff1d(hashes[calls], stream.name_hashes)
    types = [name for name in _texts(stream, tokens, is_name & (hashes != own)) if _is_pascal(name)]
    return len(external), len(types)


def _is_pascal(name: bytes) -> bool:
    return name[:1].isupper() and b"_" not in name and any(chr(byte).islower() for byte in name[1:] if byte < 128)
