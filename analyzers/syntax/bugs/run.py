"""One walk over a tree and one sweep over what it brings home: every rule sees the nodes of its roles, in source order,
with what encloses them on a stack."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tree_sitter import Node, Tree

from analyzers.syntax.bugs.dialect import Dialect
from analyzers.syntax.bugs.plan import OTHER, plan_of
from analyzers.syntax.bugs.report import Bug
from analyzers.syntax.bugs.rule import Rule
from analyzers.syntax.bugs.source_file import Frame, SourceFile
from analyzers.syntax.bugs.tables import BELOW, COMMENT, TAKEN, needs_of, tables_of

_NO_END = 1 << 62


def bugs_of(tree: Tree, source: bytes, language: str) -> tuple[Bug, ...]:
    """Everything that the rules of a language find in a tree that was parsed with its grammar, sorted by place.

    source: the bytes that were parsed. Empty for a language without rules. What stands in or around code that the
    parser did not understand is not reported, nor anything in a header of C++ that goes by C.
    """
    plan = plan_of(language)
    if plan is None or _is_foreign(plan.dialect, source):
        return ()
    return tuple(sorted(set(_bugs(SourceFile(tree.root_node, source, plan))), key=_place))


def _is_foreign(dialect: Dialect, source: bytes) -> bool:
    """Whether a file is of another language that goes by the same names. Patterns begin with letters, which is fast."""
    return any(re.search(pattern, source) for pattern in dialect.foreign)


def _place(bug: Bug) -> tuple[int, int, str]:
    return bug.start, bug.end, bug.rule


def _walk(root: Node, ways: bytes, taken: list[Node], comments: list[tuple[int, int]]) -> None:
    """Appends the nodes wanted, outer before inner, and the comments' bytes."""
    if ways[root.kind_id] & TAKEN:
        taken.append(root)
    stack = [root]
    pop, push, take = stack.pop, stack.append, taken.append
    while stack:
        for child in pop().children:
            way = ways[child.kind_id]
            if way:
                if way & BELOW:
                    push(child)
                if way & TAKEN:
                    take(child)
                if way & COMMENT:
                    comments.append((child.start_byte, child.end_byte))


def _start(node: Node) -> int:
    return node.start_byte


def _bugs(file: SourceFile) -> list[Bug]:
    plan = file.plan
    tables = tables_of(plan, tuple([any(map(file.source.__contains__, needs)) for needs in needs_of(plan.language)]))
    _walk(file.root, tables.ways, file.taken, file.comments)
    file.taken.sort(key=_start)
    rules, by_operator, by_sort, frames = tables.rules, tables.by_operator, tables.by_sort, plan.frames
    bugs: list[Bug] = []
    top_end = _NO_END
    for node in file.taken:
        start = node.start_byte
        while start >= top_end:
            assert file.frame is not None
            file.frame = file.frame.outer
            top_end = _NO_END if file.frame is None else file.frame.end
        kind = node.kind_id
        if kind in rules:
            _check(rules[kind], node, file, bugs)
        if kind in by_operator:
            operator = file.operator(node)
            if operator in by_operator[kind]:
                _check(by_operator[kind][operator], node, file, bugs)
        if kind in by_sort:
            for sort in file.sorted_statements(node):
                if sort in by_sort[kind]:
                    _check(by_sort[kind][sort], node, file, bugs)
        part = frames[kind]
        if part != OTHER:
            end = node.end_byte
            if end > start:
                file.frame, top_end = Frame(node, part, end, file.frame), end
    return bugs


def _check(rules: Sequence[Rule], node: Node, file: SourceFile, bugs: list[Bug]) -> None:
    """Adds what rules find at a node, unless the parser did not understand something in it."""
    for rule in rules:
        found = rule.check(node, file)
        if found and not node.has_error:
            bugs += [
                Bug(rule.name, rule.severity, one.start_byte, one.end_byte, one.start_point[0] + 1) for one in found
            ]
