"""What a file says twice, or no longer says: functions and classes that are copies of another, code in comments.

A copy is structurally equal: the same tokens in the same order, all identifiers taken for one, all literals for
another, comments and line ends aside (a type-2 clone without regard to which names were changed for which: Roy and
Cordy 2007). The first of equal ones is no copy. Definitions of fewer than MIN_TOKENS are left out, since short ones
are alike by nature: getters, constructors that hand on. What stands inside a copy is not counted again.
Known gap: two functions that do different things with as many calls in the same shape are taken for copies.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analyzers.syntax.code_comments import code_lines
from analyzers.syntax.kinds import KindTable
from analyzers.syntax.report import Definition, Report
from analyzers.syntax.token_stream import IDENTIFIER, NUMBER, STRING, Stream
from analyzers.text.kernel import kernel

MIN_TOKENS = 40  # brackets that close included; about five lines
_BASE = np.uint64(0x9E3779B97F4A7C15)
_NAME, _LITERAL = np.uint64(0x51ED270B35AD3F61), np.uint64(0xC2B2AE3D27D4EB4F)


class Redundancy(NamedTuple):
    """Counts of one file. Lines of a definition are those from its first to its last."""

    n_duplicate_functions: int  # functions and methods that are copies of one before
    duplicate_function_lines: int
    function_lines: int  # of all functions, those inside others once
    n_duplicate_classes: int
    duplicate_class_lines: int
    class_lines: int
    code_comment_lines: int | None  # lines of comment that are code; None where it is not looked for
    comment_lines: int  # lines of all comments but docstrings, blank ones and drawings included
    n_lines: int  # of the file


@kernel
def _prefixes(kinds, hashes, prefix):
    """prefix[i]: the hash of the first i tokens, names and literals made alike; modulo 2 ** 64."""
    value = np.uint64(0)
    prefix[0] = value
    for i in range(len(kinds)):
        kind = kinds[i]
        token = hashes[i]
        if kind == IDENTIFIER:
            token = _NAME
        elif kind in (NUMBER, STRING):
            token = _LITERAL
        value = value * _BASE + (token ^ (token >> np.uint64(31)))
        prefix[i + 1] = value


@kernel
def _range_hashes(prefix, first, last, out):
    """The hash of tokens first[i]:last[i]."""
    for place in range(len(first)):
        power, base, left = np.uint64(1), _BASE, last[place] - first[place]
        while left:
            if left & 1:
                power *= base
            base *= base
            left >>= 1
        out[place] = prefix[last[place]] - prefix[first[place]] * power


def measure(stream: Stream, report: Report, source: bytes, table: KindTable) -> Redundancy | None:
    """Redundancy of a file; None for a language whose functions are not measured."""
    if report.definitions is None:
        return None
    definitions = report.definitions
    copies = copies_of(stream, definitions)
    functions = _counted(definitions, copies, ("function", "method"))
    classes = _counted(definitions, copies, ("class",))
    n_code, n_lines = code_lines(report, source, table)
    return Redundancy(*functions, *classes, n_code, n_lines, _n_lines(source))


def _n_lines(source: bytes) -> int:
    """How many lines bytes.splitlines would give."""
    n_ends = source.count(b"\n")
    if b"\r" in source:
        n_ends += source.count(b"\r") - source.count(b"\r\n")
    return n_ends + (bool(source) and not source.endswith((b"\n", b"\r")))


def copies_of(stream: Stream, definitions: tuple[Definition, ...]) -> list[bool]:
    """Which definitions are copies of one before."""
    if not definitions:
        return []
    prefix = np.empty(len(stream.kinds) + 1, np.uint64)
    _prefixes(stream.kinds, stream.hashes, prefix)
    found = np.empty(len(definitions), np.uint64)
    _range_hashes(prefix, stream.first, stream.last, found)
    lengths = (stream.last - stream.first).tolist()
    seen: set[tuple[bool, int, int]] = set()
    copies = []
    for one, value, n_tokens in zip(definitions, found.tolist(), lengths, strict=True):
        key = one.kind == "class", value, n_tokens
        copies.append(n_tokens >= MIN_TOKENS and key in seen)
        seen.add(key)
    return copies


def _counted(definitions: tuple[Definition, ...], copies: list[bool], kinds: tuple[str, ...]) -> tuple[int, int, int]:
    """How many copies of these kinds, their lines, and the lines of all of these kinds; lines inside others once."""
    n_copies = copy_lines = lines = 0
    last_line = last_copied = 0
    for one, is_copy in zip(definitions, copies, strict=True):
        if one.kind not in kinds:
            continue
        lines += max(0, one.end_line - max(one.start_line, last_line + 1) + 1)
        last_line = max(last_line, one.end_line)
        if is_copy and one.end_line > last_copied:
            n_copies += 1
            copy_lines += one.end_line - max(one.start_line, last_copied + 1) + 1
            last_copied = one.end_line
    return n_copies, copy_lines, lines
