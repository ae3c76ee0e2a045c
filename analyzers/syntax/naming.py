"""Names that a file gives: do they keep to the language's convention, are they words, are they single letters?

Looked at are the different names of functions, classes, variables and parameters that the file declares; what it uses
from elsewhere is not its doing. Where it declares none that is seen, all its identifiers are.

What is a word is told by identifier_words.py, how names are found by declarations.py, and what a language's convention
is by conventions.py.
"""

from __future__ import annotations

from functools import cache
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from analyzers.syntax.conventions import CAMEL, CONVENTIONS, OWN, PASCAL, SCREAMING, SNAKE
from analyzers.syntax.declarations import LAMBDA_NAME, LOOP_NAME, declared
from analyzers.syntax.identifier_words import MIN_LETTERS, THRESHOLD, log_odds, score
from analyzers.syntax.report import Report
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


@inlined
def _judge_one(data, start, end, value, role, is_loose, table, seen, styles, out):
    """Counts a name that is not in `seen`: `styles` by role and style, `out` judged, non-words, single letters."""
    mask = np.uint64(len(seen) - 1)
    slot = (value ^ (value >> np.uint64(29))) & mask
    while seen[slot] != 0 and seen[slot] != value:
        slot = (slot + np.uint64(1)) & mask
    if seen[slot] == value or start == end:
        return
    seen[slot] = value
    styles[role, _style(data, start, end)] += 1
    mean, n_letters = score(data, start, end, table)
    if n_letters >= MIN_LETTERS:
        out[0] += 1
        out[1] += mean < THRESHOLD
    elif end - start == 1 and n_letters == 1 and is_loose:
        out[2] += 1


@kernel
def _judge_definitions(data, ends, hashes, are_classes, table, seen, styles, out):
    """Judges names that stand in `data` one behind the other. Classes come first, so that a constructor that is called
    as its class is no function."""
    for role in (_CLASS, _FUNCTION):
        start = 0
        for name in range(len(ends)):
            if are_classes[name] == (role == _CLASS):
                _judge_one(data, start, ends[name], hashes[name], role, True, table, seen, styles, out)
            start = ends[name]


@kernel
def _judge_variables(data, starts, ends, hashes, marks, table, seen, styles, out):
    """Judges tokens with a mark. Those outside of loops and lambdas come first: a letter that stands there counts."""
    for is_loose in (True, False):
        for name in range(len(marks)):
            mark = marks[name]
            if mark and (mark != LOOP_NAME and mark != LAMBDA_NAME) == is_loose:
                value = hashes[name]
                _judge_one(data, starts[name], ends[name], value, _VARIABLE, is_loose, table, seen, styles, out)


@kernel
def _breaking(styles, allowed):
    """How many names keep none of the styles that are allowed for their role; for OWN those that most names keep, and
    SCREAMING, which is for constants everywhere."""
    total = 0
    for role in range(len(allowed)):
        kept = allowed[role]
        if kept == OWN:
            most = -1
            for style in (SNAKE, CAMEL, PASCAL):
                n_keeping = 0
                for key in range(_N_STYLES):
                    if key & style:
                        n_keeping += styles[role, key]
                if n_keeping > most:
                    most, kept = n_keeping, style | SCREAMING
        for key in range(_N_STYLES):
            if not key & kept:
                total += styles[role, key]
    return total


def measure(stream: Stream, report: Report) -> Naming | None:
    """Naming of a file; None for a language whose functions are not measured."""
    definitions, names = report.definitions, stream.names
    if definitions is None or report.language not in CONVENTIONS:
        return None
    marks = declared(stream, report.language, definitions)
    if not marks.any() and not any(names):
        marks = (stream.kinds == IDENTIFIER).view(np.uint8)  # NAME where there is one
    n_names = len(names) + int(np.count_nonzero(marks))
    seen = np.zeros(1 << max(4, (2 * n_names).bit_length()), np.uint64)
    styles, out = np.zeros((3, _N_STYLES), np.int64), np.zeros(3, np.int64)
    counts = log_odds(), seen, styles, out
    if names:
        ends = np.array(list(accumulate(map(len, names))), np.int64)
        are_classes = np.array([one.kind == "class" for one in definitions], np.bool_)
        _judge_definitions(np.frombuffer(b"".join(names), np.uint8), ends, stream.name_hashes, are_classes, *counts)
    _judge_variables(stream.data, stream.starts, stream.ends, stream.hashes, marks, *counts)
    n_judged, n_non_words, n_single = out.tolist()
    n_breaking = _breaking(styles, _allowed(report.language))
    return Naming(int(styles.sum()), n_breaking, n_judged, n_non_words, n_single)


@cache
def _allowed(language: str) -> np.ndarray:
    """Styles that are in order, by role."""
    convention = CONVENTIONS[language]
    return np.array((convention.functions, convention.classes, convention.variables), np.int64)
