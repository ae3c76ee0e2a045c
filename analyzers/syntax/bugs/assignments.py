"""Assignments that change nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tree_sitter import Node

from analyzers.syntax.bugs.plan import CLASS
from analyzers.syntax.bugs.source_file import SourceFile, first_child

_NAME = re.compile(rb"[A-Za-z_]\w*")
_COMMENTS, _PYTHON_COMMENTS = re.compile(rb"//[^\n]*|/\*.*?\*/", re.DOTALL), re.compile(rb"#[^\n]*")
_MOST_BETWEEN = 400
_TWICE = re.compile(rb"([A-Za-z_][\w.>-]*)[\s\\]*=[\s\\]*\1")  # how an assignment to itself begins
_SIMPLE = ("identifiers", "constants", "numbers", "strings")
_PLACE = re.compile(rb"[A-Za-z_]\w*(?:(?:\.|->)\w+)*")


def assigned(node: Node, file: SourceFile) -> tuple[Node, Node] | None:
    """Both sides of a plain assignment of one value; None for others."""
    operands = file.operands(node)
    if operands is None or operands[1] != "=":
        return None
    return _only(operands[0], file), _only(operands[2], file)


def _only(side: Node, file: SourceFile) -> Node:
    """The one expression of a list, which Go has on both sides."""
    if file.plan.tokens[side.kind_id] == "expression_list" and side.named_child_count == 1:
        return first_child(side) or side
    return side


def self_assignment(node: Node, file: SourceFile) -> Sequence[Node]:
    """`x = x`.

    Why it is bad: it does nothing; mostly one side was meant to be a field, or another name.
    Example: `name = name` in a constructor. Instead: `this.name = name`.
    Not reported: in the body of a Python class, where it copies a name of the module, and outside functions; members in
    languages where setting one may run code.
    """
    sides = assigned(node, file) if _TWICE.match(file.source, node.start_byte, node.end_byte) else None
    if sides is None:
        return ()
    left, right = sides
    if left.end_byte - left.start_byte != right.end_byte - right.start_byte:
        return ()
    text = file.text(left)
    pattern = _PLACE if file.language in ("C", "Java", "Go", "Rust") else _NAME
    if text != file.text(right) or not pattern.fullmatch(text) or text == b"_":
        return ()
    frame = file.frame
    return () if frame is None or frame.part == CLASS else (node,)


def overwritten_assignment(node: Node, file: SourceFile) -> Sequence[Node]:
    """`x = 1; x = 2`: a name is given a value that the next statement throws away.

    Why it is bad: one of both was meant for another name.
    Example: `left = 0; left = 0`.
    Not reported: first values with calls or operators, members, and declarations with an initial value.
    """
    assignments = file.let_go(node, "assignments")
    if len(assignments) < 2:
        return ()
    source = file.source
    found = []
    before: Node | None = None
    name = b""
    for one in assignments:
        begins = _NAME.match(source, one.start_byte)
        here = b"" if begins is None else begins[0]
        if before is not None and here and here == name and _overwrites(one, before, file):
            found.append(before)
        before, name = one, here
    return found


def _overwrites(one: Node, before: Node, file: SourceFile) -> bool:
    """Whether an assignment throws away the plain value that the one before it gave to the same name."""
    first, second = assigned(before, file), assigned(one, file)
    if first is None or second is None or not any(first[1].kind_id in file.kinds[role] for role in _SIMPLE):
        return False
    name = file.text(first[0])
    if name != file.text(second[0]) or not _NAME.fullmatch(name) or not _adjoin(before, one, file):
        return False
    return re.search(rb"\b" + name + rb"\b", file.text(second[1])) is None


def _adjoin(one: Node, other: Node, file: SourceFile) -> bool:
    """Whether nothing but a semicolon, comments and blanks stands between two nodes."""
    between = file.source[one.end_byte : min(other.start_byte, one.end_byte + _MOST_BETWEEN)]
    comments = _PYTHON_COMMENTS if file.language == "Python" else _COMMENTS
    return not comments.sub(b"", between).strip(b"; \t\r\n")
