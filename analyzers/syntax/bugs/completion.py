"""Whether control can leave a statement at its end, as far as a tree can tell. Three answers: yes, no, not known."""

from __future__ import annotations

from tree_sitter import Node

from analyzers.syntax.bugs.conditions import truth
from analyzers.syntax.bugs.source_file import SourceFile, first_child

_MOST_STATEMENTS = 200


def completes(statement: Node, file: SourceFile) -> bool:
    """Whether control surely may come out at the end. False where it may not, or nothing is known.

    Not known: calls and macros (they may never come back), switches, try, and what has a label.
    """
    kinds = file.kinds
    waiting = [statement]
    for _ in range(_MOST_STATEMENTS):
        if not waiting:
            return False
        node = waiting.pop()
        kind = node.kind_id
        if kind in kinds["blocks"]:
            inner = file.plan.comments
            last = next((child for child in reversed(node.named_children) if child.kind_id not in inner), None)
            if last is None:
                return True
            waiting.append(last)
        elif kind in kinds["ifs"]:
            others = node.children_by_field_name("alternative")
            if not others or others[-1].kind_id in kinds["elifs"]:
                condition = file.bare(node.child_by_field_name("condition"))
                if condition is not None and truth(condition, file) is None and _is_plain(condition, file):
                    return True
                continue
            waiting += [one for one in (node.child_by_field_name("consequence"), *others) if one is not None]
        elif kind in kinds["elifs"] or kind in kinds["else_clauses"]:
            body = node.child_by_field_name("consequence") or node.child_by_field_name("body")
            body = body or next((one for one in node.named_children if one.kind_id not in file.plan.comments), None)
            waiting += [one for one in (body,) if one is not None]
        elif kind in kinds["whiles"]:
            condition = file.bare(node.child_by_field_name("condition"))
            if condition is not None and truth(condition, file) is None and _is_plain(condition, file):
                return True
        elif kind in kinds["fors"]:
            if node.child_by_field_name("condition") is not None:
                return True
        elif kind in kinds["foreachs"] or kind in kinds["declarations"] or _assigns(node, file):
            return True
    return False


def _is_plain(condition: Node, file: SourceFile) -> bool:
    """Whether a condition is no upper-case name, which may be a macro for true."""
    return not file.text(condition).isupper()


def _assigns(node: Node, file: SourceFile) -> bool:
    kinds = file.kinds
    if node.kind_id in kinds["expression_statements"]:
        inner = first_child(node)
        if inner is None:
            return False
        node = inner
    kind = node.kind_id
    return kind in kinds["assignments"] or kind in kinds["augmented"] or kind in kinds["updates"]
