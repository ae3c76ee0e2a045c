"""Names that a file gives: do they keep to the language's convention, are they words, are they single letters?

Looked at are the different names of functions, classes, variables and parameters that the file declares; what it uses
from elsewhere is not its doing. Where it declares none that is seen, all its identifiers are.

What is a word is told by identifier_words.py, how names are found by declarations.py, and what a language's convention
is by conventions.py.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analyzers.syntax.conventions import CAMEL, CONVENTIONS, OWN, PASCAL, SCREAMING, SNAKE
from analyzers.syntax.declarations import LAMBDA_NAME, LOOP_NAME, declared
from analyzers.syntax.identifier_words import MIN_LETTERS, THRESHOLD, log_odds, score
from analyzers.syntax.report import Definition, Report
from analyzers.syntax.token_stream import IDENTIFIER, Stream
from analyzers.text.kernel import inlined, kernel

_FUNCTION, _CLASS, _VARIABLE = range(3)
_N_STYLES = 16


class Naming(NamedTuple):
    """Counts of different names; what is a definition's name is no variable's again."""

    n_names: int
    n_breaking: int  # that break the convention
    n_judged: int  # of which can be said whether they are words
    n_non_words: int
    n_single_letters: int  # letters alone, outside heads of loops and lambdas on few lines; _ is none


@inlined
def _style(data, start, end):
    """Styles that a name keeps, added up; 0 for none of them. Marks at its ends are no matter."""
    while start < end and (data[start] == 95 or data[start] == 36):
        start += 1
    while start < end and data[end - 1] == 95:
        end -= 1
    if start == end:
        return 15
    has_upper = has_lower = has_line = False
    for i in range(start, end):
        has_upper = has_upper or 65 <= data[i] <= 90
        has_lower = has_lower or 97 <= data[i] <= 122
        has_line = has_line or data[i] == 95
    first_upper = 65 <= data[start] <= 90
    if not has_upper:
        return SNAKE if has_line else SNAKE | CAMEL
    if not has_lower:
        return SCREAMING if has_line or end - start > 2 else SCREAMING | PASCAL
    if has_line:
        return 0
    return PASCAL if first_upper else CAMEL


@kernel
def _judge(data, starts, ends, hashes, roles, single, table, seen, styles, out):
    """Counts different names that are not in `seen`: `styles` by role and style, `out` judged, non-words, single
    letters."""
    mask = np.uint64(len(seen) - 1)
    for name in range(len(starts)):
        value = hashes[name]
        slot = (value ^ (value >> np.uint64(29))) & mask
        while seen[slot] != 0 and seen[slot] != value:
            slot = (slot + np.uint64(1)) & mask
        start, end = starts[name], ends[name]
        if seen[slot] == value or start == end:
            continue
        seen[slot] = value
        styles[roles[name], _style(data, start, end)] += 1
        mean, n_letters = score(data, start, end, table)
        if n_letters >= MIN_LETTERS:
            out[0] += 1
            out[1] += mean < THRESHOLD
        elif end - start == 1 and n_letters == 1 and single[name]:
            out[2] += 1


def measure(stream: Stream, report: Report) -> Naming | None:
    """Naming of a file; None for a language whose functions are not measured."""
    if report.definitions is None or report.language not in CONVENTIONS:
        return None
    marks = declared(stream, report.language, report.definitions)
    at = np.flatnonzero(marks)
    if not len(at) and not any(stream.names):
        at = np.flatnonzero(stream.kinds == IDENTIFIER)
    n_names = len(stream.names) + len(at)
    seen = np.zeros(1 << max(4, (2 * n_names).bit_length()), np.uint64)
    styles, out = np.zeros((3, _N_STYLES), np.int64), np.zeros(3, np.int64)
    _judge(*_definitions(stream, report.definitions), log_odds(), seen, styles, out)
    _judge(*_variables(stream, at, marks), log_odds(), seen, styles, out)
    n_judged, n_non_words, n_single = out.tolist()
    return Naming(int(styles.sum()), _breaking(styles, report.language), n_judged, n_non_words, n_single)


def _definitions(stream: Stream, definitions: tuple[Definition, ...]) -> tuple[np.ndarray, ...]:
    """Bytes, starts, ends, hashes, roles of the names of definitions, and that their letters count. Classes come first,
    so that a constructor that is called as its class is no function."""
    roles = np.array([_CLASS if one.kind == "class" else _FUNCTION for one in definitions], np.uint8)
    order = np.argsort(-roles.astype(np.int8), kind="stable")
    lengths = np.array([len(name) for name in stream.names], np.int32)
    ends = np.cumsum(lengths, dtype=np.int32)
    data = np.frombuffer(b"".join(stream.names), np.uint8)
    single = np.ones(len(roles), np.bool_)
    return data, (ends - lengths)[order], ends[order], stream.name_hashes[order], roles[order], single


def _variables(stream: Stream, at: np.ndarray, marks: np.ndarray) -> tuple[np.ndarray, ...]:
    """The same of the tokens that declare variables; a letter that stands outside loops too counts."""
    loose = (marks[at] != LOOP_NAME) & (marks[at] != LAMBDA_NAME)
    order = np.argsort(~loose, kind="stable")
    at, loose = at[order], loose[order]
    roles = np.full(len(at), _VARIABLE, np.uint8)
    return stream.data, stream.starts[at], stream.ends[at], stream.hashes[at], roles, loose


def _breaking(styles: np.ndarray, language: str) -> int:
    convention = CONVENTIONS[language]
    allowed = (convention.functions, convention.classes, convention.variables)
    total = 0
    for counts, styles_allowed in zip(styles.tolist(), allowed, strict=True):
        kept = styles_allowed if styles_allowed != OWN else _majority(counts)
        total += sum(count for style, count in enumerate(counts) if not style & kept)
    return total


def _majority(counts: list[int]) -> int:
    """The style that most names keep, and SCREAMING, which is for constants everywhere."""
    kept = {style: sum(count for key, count in enumerate(counts) if key & style) for style in (SNAKE, CAMEL, PASCAL)}
    return max(kept, key=lambda style: kept[style]) | SCREAMING
