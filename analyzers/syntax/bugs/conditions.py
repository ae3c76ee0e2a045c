"""Conditions that decide nothing, and branches that make no difference."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tree_sitter import Node

from analyzers.syntax.bugs.source_file import SourceFile, first_child

_NUMBER = re.compile(rb"(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d*)?)[uUlLfF]*")
_EFFECT = re.compile(rb"[\w)\]]\s*\(|\+\+|--|[^=!<>]=[^=>]|<-|\b(?:await|yield|let)\b|[\w)]!")
_AND_OR = ("and", "or", "&&", "||")
_MOST_BRANCHES = 10_000


def truth(node: Node, file: SourceFile) -> bool | None:
    """Whether a literal is true in a condition; None for what is no literal, or one that a condition cannot be."""
    kind = node.kind_id
    if kind in file.kinds["always"]:
        return node.named_child_count > 0
    if kind not in file.kinds["constants"]:
        return None
    text = file.text(node)
    if text in (b"true", b"True"):
        return True
    if text in (b"false", b"False", b"None", b"null", b"NULL", b"undefined"):
        return False
    if kind in file.kinds["strings"]:
        return None if b"{" in text else len(text) > 2  # a format is no literal
    number = _NUMBER.fullmatch(text)
    return None if number is None else any(digit in b"123456789abcdefABCDEF" for digit in text.lower().lstrip(b"0x"))


def constant_condition(node: Node, file: SourceFile) -> Sequence[Node]:
    """`if (true)`, `while False`, `x == "a" or "b"`: a literal decides.

    Why it is bad: one branch never runs; with `or` it is mostly a comparison that was meant for both.
    Example: `if level == 1 or 2:`. Instead: `if level in (1, 2):`.
    Not reported: loops that go on for ever, `do ... while (0)`, names of constants, and a literal 0 or 1 alone, by
    which code is switched off and on.
    """
    condition = file.bare(node.child_by_field_name("condition"))
    if condition is None:
        return _python_ternary(node, file)
    value = truth(condition, file)
    if value is not None:
        is_loop = node.kind_id in file.kinds["whiles"]
        is_switch = file.text(condition) in (b"0", b"1")
        return () if is_switch or (is_loop and value) else (condition,)
    if condition.kind_id in file.kinds["binaries"]:
        operands = file.operands(condition)
        if operands is not None and operands[1] in _AND_OR:
            sides = (file.bare(operands[0]), file.bare(operands[2]))
            return () if all(side is None or truth(side, file) is None for side in sides) else (condition,)
    return ()


def _python_ternary(node: Node, file: SourceFile) -> Sequence[Node]:
    if node.kind_id not in file.kinds["ternaries"] or node.named_child_count != 3:
        return ()
    condition = node.named_child(1)
    return () if condition is None or truth(condition, file) is None else (condition,)


def assignment_in_condition(node: Node, file: SourceFile) -> Sequence[Node]:
    """`if (x = y)`: a condition that assigns a name or a literal.

    Why it is bad: it is mostly a comparison that lost a sign, and it changes what it should look at.
    Example: `if (state = DONE)`. Instead: `if (state == DONE)`.
    Not reported: an assignment in parentheses of its own, or of what a call gives, as loops over a reader do.
    """
    condition = node.child_by_field_name("condition")
    if condition is not None and condition.kind_id in file.kinds["parens"]:
        condition = first_child(condition)
    if condition is None or condition.kind_id not in file.kinds["assignments"]:
        return ()
    operands = file.operands(condition)
    if operands is None or operands[1] != "=":
        return ()
    right = operands[2].kind_id
    plain = ("identifiers", "constants", "strings", "numbers")
    return (condition,) if any(right in file.kinds[role] for role in plain) else ()


def _branches(node: Node, file: SourceFile) -> list[Node]:
    """An if and the else-ifs of its chain; nothing for one that belongs to the chain of another."""
    if node.start_byte in file.in_chain:
        return []
    chain = [node]
    if file.kinds["elifs"]:
        elifs = file.kinds["elifs"]
        return chain + [one for one in node.children_by_field_name("alternative") if one.kind_id in elifs]
    while len(chain) < _MOST_BRANCHES:
        other = otherwise(chain[-1], file)
        if other is None or other.kind_id not in file.kinds["ifs"]:
            break
        file.in_chain.add(other.start_byte)
        chain.append(other)
    return chain


def otherwise(node: Node, file: SourceFile) -> Node | None:
    """What an if does otherwise: a block, a statement, or the next if of a chain."""
    other = node.child_by_field_name("alternative")
    if other is not None and other.kind_id in file.kinds["else_clauses"]:
        body = other.child_by_field_name("body")
        return body or next((one for one in other.named_children if one.kind_id not in file.plan.comments), None)
    return other


def repeated_condition(node: Node, file: SourceFile) -> Sequence[Node]:
    """`if a ... else if a`: a chain asks the same twice.

    Why it is bad: the second branch never runs, and mostly another condition was meant.
    Example: `if x > 1: ... elif x > 1: ...`.
    Not reported: conditions with calls, assignments or declarations, which may answer differently.
    """
    chain = _branches(node, file)
    if len(chain) < 2:
        return ()
    seen: set[bytes] = set()
    found = []
    for one in chain:
        condition = file.bare(one.child_by_field_name("condition"))
        if condition is None or one.child_by_field_name("initializer") is not None:
            continue
        text = file.text(condition)
        if text in seen and not _EFFECT.search(text):
            found.append(condition)
        seen.add(text)
    return found


def identical_branches(node: Node, file: SourceFile) -> Sequence[Node]:
    """`if a: f() else: f()`, `a ? b : b`: both ways do the same.

    Why it is bad: either the condition or one branch is wrong.
    Example: `width = wide ? size : size`.
    Not reported: empty branches, and chains of more than two ways.
    """
    if node.kind_id in file.kinds["ternaries"]:
        yes, no = node.child_by_field_name("consequence"), node.child_by_field_name("alternative")
        if yes is None and node.named_child_count == 3:  # Python's
            yes, no = first_child(node), node.named_child(2)
    else:
        if node.start_byte in file.in_chain or len(node.children_by_field_name("alternative")) > 1:
            return ()
        yes, no = node.child_by_field_name("consequence"), otherwise(node, file)
        if no is not None and no.kind_id in file.kinds["ifs"]:
            return ()
    if yes is None or no is None or yes.end_byte - yes.start_byte != no.end_byte - no.start_byte:
        return ()
    text = file.text(yes)
    return (node,) if text == file.text(no) and text.strip(b"{}() \t\r\n;") not in (b"", b"pass") else ()


def stray_semicolon(node: Node, file: SourceFile) -> Sequence[Node]:
    """`if (x);`: the semicolon is the whole branch.

    Why it is bad: what follows runs whatever the condition says.
    Example: `if (n < 0); return -1;`.
    Not reported: where an else follows.
    """
    body = node.child_by_field_name("consequence")
    if body is None or node.child_by_field_name("alternative") is not None:
        return ()
    return (body,) if file.text(body) == b";" else ()
