"""Values that are worked out and let go."""

from __future__ import annotations

from collections.abc import Sequence

from tree_sitter import Node

from analyzers.syntax.bugs.plan import GUARD
from analyzers.syntax.bugs.source_file import SourceFile

_COMPARISONS = frozenset(("==", "!=", "===", "!==", "<", ">", "<=", ">="))
_LONGEST_NAME = 24


def ignored_result(node: Node, file: SourceFile) -> Sequence[Node]:
    """`name.strip()` as a statement: a function without side effects is called for nothing.

    Why it is bad: its result is all that it gives; strings are not changed in place.
    Example: `line.strip()`. Instead: `line = line.strip()`.
    Not reported: calls inside try and with, which may be there to fail; the last expression of a block in Rust, and of
    functions that are one expression.
    """
    found = []
    for one in file.let_go(node, "calls"):
        if _is_pure(one, file):
            found.append(one)
    if not found or (file.frame is not None and file.frame.part == GUARD):
        return ()
    return [one for one in found if not _gives_its_value(one, file)]


def _is_pure(call: Node, file: SourceFile) -> bool:
    pure = file.dialect.pure_calls
    arguments = call.child_by_field_name("arguments")
    end = call.end_byte if arguments is None else arguments.start_byte
    callee = file.source[max(call.start_byte, end - _LONGEST_NAME) : end]
    if end - call.start_byte <= _LONGEST_NAME and callee in pure:
        return True
    dot = callee.rfind(b".")
    return dot >= 0 and callee[dot:] in pure and not callee[:dot].endswith(b"super")


def _gives_its_value(node: Node, file: SourceFile) -> bool:
    """Whether a statement without a semicolon is the value of its block."""
    return file.language == "Rust" and not file.source.startswith(b";", node.end_byte)


def useless_expression(node: Node, file: SourceFile) -> Sequence[Node]:
    """`x == 1` as a statement: a comparison is made and let go.

    Why it is bad: it was meant to be an assignment, or an assertion.
    Example: `count == 0;`. Instead: `count = 0;`.
    Not reported: inside try and with, where tests compare what must fail; what looks like a comparison and is a
    template in C++.
    """
    found = []
    for one in file.let_go(node, "binaries"):
        operands = file.operands(one)
        if operands is None or operands[1] not in _COMPARISONS:
            continue
        if file.language in ("C", "C++") and operands[1] not in ("==", "!="):
            continue
        if not _gives_its_value(one, file):
            found.append(one)
    if file.frame is not None and file.frame.part == GUARD:
        return ()
    return found
