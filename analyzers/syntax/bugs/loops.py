"""Loops that never end, never begin, or get in each other's way."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tree_sitter import Node

from analyzers.syntax.bugs.conditions import truth
from analyzers.syntax.bugs.plan import FUNCTION, LOOP
from analyzers.syntax.bugs.source_file import SourceFile, first_child

_WORD = re.compile(rb"[A-Za-z_$][\w$]*")
_SHADOWS = re.compile(rb"for\s*(?:await\s*)?\(\s*(?:let|const)\b")
_MOST_LOOPS = 16
_MOST_BYTES = 20_000  # of a body without a call or exit
_STEP = re.compile(rb"(?P<before>\+\+|--)?\s*(?P<name>\w+)\s*(?P<after>\+\+|--|[-+]=\s*\d+)?\s*")
_BOUND = re.compile(rb"(?P<name>\w+)\s*(?P<sign><=?|>=?)[^<>=].*", re.DOTALL)
_RANGE = re.compile(rb"range\(\s*(\d+)\s*,\s*(\d+)\s*\)|\(?\s*(\d+)\s*\.\.=?\s*(\d+)\s*\)?")


def infinite_loop(node: Node, file: SourceFile) -> Sequence[Node]:
    """A loop that holds nothing that could end it.

    Why it is bad: it never ends, unless the process does.
    Example: `while i < n: total += 1`, where neither i nor n is touched.
    Not reported: empty loops, which wait on purpose; anything with a call, an exit, or a name of the condition in it.
    """
    body = node.child_by_field_name("body")
    if body is None or body.end_byte - body.start_byte > _MOST_BYTES or file.has_exit(body.start_byte, body.end_byte):
        return ()
    if not file.text(body).strip(b"{}; \t\r\n:") or body.named_child_count == 0 or _only_waits(body, file):
        return ()
    condition = file.bare(node.child_by_field_name("condition") or _condition_in_go(node, body, file))
    if condition is None:
        is_endless = _has_no_condition(node, body, file)
        return (node,) if is_endless else ()
    steps = node.child_by_field_name("update") or node.child_by_field_name("increment")
    if steps is not None or file.has_exit(condition.start_byte, condition.end_byte):
        return ()
    value = truth(condition, file)
    if value is not None:
        return (node,) if value else ()
    text = file.text(condition)
    if not re.fullmatch(rb"[\w\s<>=!&|]+", text) or re.search(rb"(?<![=!<>])=(?!=)|<<=|>>=|\blet\b", text):
        return ()
    names = set(_WORD.findall(text)) - {b"and", b"or", b"not", b"is", b"in", b"None", b"True", b"False"}
    written = set(_WORD.findall(file.source, body.start_byte, body.end_byte))
    return (node,) if names and not names & written and file.function() is not None else ()


def _condition_in_go(node: Node, body: Node, file: SourceFile) -> Node | None:
    """What stands between Go's `for` and its body, clauses aside, which have a name of their own."""
    head = first_child(node) if file.language == "Go" else None
    clauses = head is None or head == body or file.plan.tokens[head.kind_id] in ("for_clause", "range_clause")
    return None if clauses else head


def _only_waits(body: Node, file: SourceFile) -> bool:
    kinds = file.plan.comments | file.kinds["empties"]
    return all(child.kind_id in kinds for child in body.named_children)


def _has_no_condition(node: Node, body: Node, file: SourceFile) -> bool:
    """Whether a for has nothing between its semicolons, or a loop has no head at all."""
    head = file.source[node.start_byte : body.start_byte]
    return re.fullmatch(rb"(?:for\s*(?:\(\s*;\s*;\s*\))?|loop)\s*", head) is not None


def wrong_loop_direction(node: Node, file: SourceFile) -> Sequence[Node]:
    """`for (i = 0; i < n; i--)`, `range(9, 0)`: the step leads away from the bound.

    Why it is bad: the loop runs until its variable overflows, or not at all.
    Example: `for (i = 0; i < n; i--)`.
    Not reported: loops that begin at a bound less one, where unsigned numbers are meant to wrap around.
    """
    if node.kind_id in file.kinds["foreachs"]:
        return _backward_range(node, file)
    clauses = node if node.child_by_field_name("condition") is not None else first_child(node)
    if clauses is None:
        return ()
    condition = file.bare(clauses.child_by_field_name("condition"))
    update = clauses.child_by_field_name("update") or clauses.child_by_field_name("increment")
    if condition is None or update is None:
        return ()
    bound, step = _BOUND.fullmatch(file.text(condition)), _STEP.fullmatch(file.text(update))
    if bound is None or step is None or bound["name"] != step["name"] or re.search(rb"&&|\|\|", bound[0]):
        return ()
    sign = (step["before"] or step["after"] or b" ")[:1]
    away = (bound["sign"][:1], sign) in ((b"<", b"-"), (b">", b"+"))
    start = clauses.child_by_field_name("initializer") or clauses.child_by_field_name("init")
    begins_low = start is not None and re.search(rb"=\s*\d+\s*;?$", file.text(start)) is not None
    return (node,) if away and (begins_low or sign == b"+") else ()


def _backward_range(node: Node, file: SourceFile) -> Sequence[Node]:
    over = node.child_by_field_name("right") or node.child_by_field_name("value")
    if over is None or over.end_byte - over.start_byte > 40:
        return ()
    found = _RANGE.fullmatch(file.text(over))
    if found is None:
        return ()
    first, last = (int(number) for number in found.groups() if number is not None)
    return (over,) if first > last else ()


def nested_loop_variable(node: Node, file: SourceFile) -> Sequence[Node]:
    """`for i ...: for i ...:`: an inner loop takes the variable of an outer one.

    Why it is bad: the outer loop goes on with what the inner one left, or the reader believes so.
    Example: `for (i = 0; i < n; i++) for (i = 0; i < m; i++)`.
    Not reported: names that begin with _; variables of the block, by let, const and :=, which leave the outer
    one alone.
    """
    variable = loop_variable(node, file)
    if variable is None or _SHADOWS.match(file.source, node.start_byte) or _is_short(node, file):
        return ()
    name = file.text(variable)
    frame = file.frame
    for _ in range(_MOST_LOOPS):
        if frame is None or frame.part == FUNCTION:
            return ()
        if frame.part == LOOP:
            body = frame.node.child_by_field_name("body")
            inside = body is not None and body.start_byte <= node.start_byte < body.end_byte
            outer = loop_variable(frame.node, file) if inside else None
            if outer is not None and file.text(outer) == name:
                return (variable,)
        frame = frame.outer
    return ()


def _is_short(node: Node, file: SourceFile) -> bool:
    """Whether Go's loop declares its variable."""
    if file.language != "Go":
        return False
    body = node.child_by_field_name("body")
    return b":=" in file.source[node.start_byte : node.end_byte if body is None else body.start_byte]


def loop_variable(node: Node, file: SourceFile) -> Node | None:
    """The name that a loop counts or takes elements with; None for several, or none."""
    found = node.child_by_field_name("left") or node.child_by_field_name("pattern")
    if found is None and node.kind_id in file.kinds["foreachs"]:
        found = node.child_by_field_name("name") or node.child_by_field_name("declarator")
    if found is None:
        clauses = first_child(node) if file.language == "Go" else node
        if clauses is None:
            return None
        fields = ("initializer", "init", "left")
        found = next((one for one in map(clauses.child_by_field_name, fields) if one is not None), None)
        if found is not None and found.kind_id in file.kinds["updates"]:
            return None
    identifiers = file.kinds["identifiers"]
    for _ in range(6):  # declaration, declarator, list, name
        if found is None or found.kind_id in identifiers:
            break
        found = (
            found.child_by_field_name("left") or found.child_by_field_name("declarator")
            or found.child_by_field_name("name") or _only(found)
        )  # fmt: skip
    if found is None or found.kind_id not in identifiers or file.source.startswith(b"_", found.start_byte):
        return None
    return found


def _only(node: Node) -> Node | None:
    """The one child that may hold the name: the last, since types come first."""
    return node.named_child(node.named_child_count - 1) if 0 < node.named_child_count <= 2 else None
