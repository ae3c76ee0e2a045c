"""Cases that are never reached, and cases that run on into the next."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from tree_sitter import Node

from analyzers.syntax.bugs.completion import completes
from analyzers.syntax.bugs.source_file import SourceFile, first_child

_CALL = re.compile(rb"[\w)\]]\s*\(")
_MARKED = re.compile(rb"(?i)fall|through|no break|drop|continue|intentional|\.label\s*=")  # the last: made by compilers
_LEAVES = re.compile(
    rb"(?i)exit|abort|panic|fatal|die|err|throw|assert|unreach|fail|bug|usage|jmp|fall|return|goto|break|abend|quit"
)


def _cases(node: Node, file: SourceFile) -> list[Node]:
    body = node.child_by_field_name("body") or node
    cases = file.kinds["cases"]
    return [child for child in body.named_children if child.kind_id in cases]


def duplicate_case(node: Node, file: SourceFile) -> Sequence[Node]:
    """Two cases of one switch for the same value.

    Why it is bad: the second never runs.
    Example: `case 1: a(); break; case 1: b();`.
    Not reported: cases with a guard, and values that are calls, which may differ.
    """
    seen: set[bytes] = set()
    found = []
    patterns = file.language in ("Rust", "Python")
    for case in _cases(node, file):
        for label in _labels(case, file):
            text = file.text(label)
            if text in seen and (patterns or not _CALL.search(text)):
                found.append(label)
            seen.add(text)
    return found


def _labels(case: Node, file: SourceFile) -> list[Node]:
    if case.child_by_field_name("guard") is not None:
        return []
    kinds = file.kinds["case_labels"]
    if kinds:
        labels = [child for child in case.named_children if child.kind_id in kinds]
        if file.language == "C#":
            return [] if b"when" in file.source[case.start_byte : case.start_byte + 300].split(b":")[0] else labels
        if file.language == "Java":
            plain = [label for label in labels if b"when" not in file.text(label)]
            return [value for label in plain for value in label.named_children]
        return labels
    found = case.children_by_field_name("value") or case.children_by_field_name("type")
    found = [one for one in found if one.is_named]
    if file.language == "Rust":
        pattern = case.child_by_field_name("pattern")
        attributed = file.source.startswith(b"#", case.start_byte)
        guarded = pattern is None or pattern.child_by_field_name("condition") is not None
        return [] if pattern is None or guarded or attributed else [pattern]
    if file.language == "Go" and found and file.plan.tokens[found[0].kind_id] == "expression_list":
        return found[0].named_children
    return found[:1] if file.language in ("C", "C++", "JavaScript", "TypeScript", "TSX") else list(found)


def missing_break(node: Node, file: SourceFile) -> Sequence[Node]:
    """A case that does something and runs on into the next, without a word that it should.

    Why it is bad: it does what the next case does too.
    Example: `case 1: x = 1; case 2: x = 2;`.
    Not reported: cases without statements; a comment between that says "fall through" or the like; last statements of
    which it is not known that they come to their end, such as calls that may exit; a case before an empty default.
    """
    cases = [case for case in _cases(node, file) if case.kind_id in file.kinds["blocks"]]  # none with an arrow
    found = []
    for case, following in pairwise(cases):
        statements = [one for one in file.statements(case) if one.kind_id not in file.kinds["case_labels"]]
        value = case.child_by_field_name("value")
        statements = [one for one in statements if value is None or one != value]
        if not statements or not _goes_on(statements[-1], file):
            continue
        last = statements[-1]
        marked = _MARKED.search(file.source, max(last.start_byte, following.start_byte - 300), following.start_byte + 1)
        line_end = file.source.find(b"\n", following.start_byte, following.start_byte + 300)
        if marked or _MARKED.search(file.source, following.start_byte, max(line_end, following.start_byte)):
            continue
        if _only_leaves(following, file):
            continue
        found.append(last)
    return found


def _goes_on(statement: Node, file: SourceFile) -> bool:
    """As completes, but a call is believed to come back unless it is called like one that does not."""
    if completes(statement, file):
        return True
    if statement.kind_id in file.kinds["blocks"]:
        inner = file.plan.comments
        last = next((child for child in reversed(statement.named_children) if child.kind_id not in inner), None)
        if last is None:
            return False
        statement = last
    if statement.kind_id not in file.kinds["expression_statements"]:
        return False
    call = first_child(statement)
    if call is None or call.kind_id not in file.kinds["calls"]:
        return False
    name = file.text(call).partition(b"(")[0]
    return not _LEAVES.search(name) and not name.isupper()


def _only_leaves(case: Node, file: SourceFile) -> bool:
    """Whether a case does nothing but break or return."""
    value = case.child_by_field_name("value")
    labels, jumps = file.kinds["case_labels"], file.kinds["jumps"]
    inner = [one for one in case.named_children if one.kind_id not in file.plan.comments | labels and one != value]
    return not inner or inner[0].kind_id in jumps
