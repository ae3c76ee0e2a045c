"""The one walk over a tree: nodes that play a part, in source order.

Nodes wait on a stack, so that a tree of any depth passes; of each only its kind id is read, and kinds below which
nothing is wanted are not entered (`Spec.barren`), nor nodes without a sign of something (`Spec.signs`): that is most of
them. A comment may stand anywhere, so those inside such nodes are found afterwards: every comment mark in the source
that no comment or string has accounted for is looked up in the tree. Going level by level in comprehensions, or asking
for named children only, was slower: nodes close to each other in the tree are close in memory.
"""

from __future__ import annotations

import re
from array import array
from functools import cache
from typing import NamedTuple

from tree_sitter import Node

from analyzers.syntax.kinds import BELOW, BLOCK, COMMENT, ENTERED, ERROR_ID, FLAT, OPEN, TAKEN, KindTable
from analyzers.syntax.signs import Ahead, look_ahead

_TRIPLES = (b'"""', b"'''")


class Visit(NamedTuple):
    """What the walk brings home: `taken` sorted by start, outer before inner; comments and strings by start."""

    taken: list[Node]
    comments: list[Node]
    strings: list[tuple[int, int]]  # bytes, half-open


class Errors(NamedTuple):
    """Where the parser did not understand."""

    n_errors: int  # ERROR nodes, inner ones included
    n_missing: int  # tokens that the parser put in
    spans: list[tuple[int, int]]  # of outermost ERROR nodes, bytes, half-open


def visit(root: Node, source: bytes, table: KindTable) -> Visit:
    """All nodes of the tree that the table wants."""
    taken: list[Node] = [root] if table.ways[root.kind_id] & TAKEN else []
    flat: list[Node] = []
    if table.signs is None:
        _go_everywhere(root, table.ways, taken, flat)
    else:
        _follow_signs(root, source, table.ways, look_ahead(source, table.signs), taken, flat)
    taken.sort(key=_start)
    met, strings = dict[int, Node](), set[tuple[int, int]]()  # one may be met both by a search and on the way
    for node in flat:
        if table.parts[node.kind_id] == COMMENT:
            met[node.id] = node
        else:
            strings.add((node.start_byte, node.end_byte))
    comments, ordered = list(met.values()), sorted(strings)
    comments += _comments_in_barren_nodes(root, source, table, comments, ordered)
    comments.sort(key=_start)
    return Visit(taken, comments, ordered)


def _go_everywhere(root: Node, ways: bytes, taken: list[Node], flat: list[Node]) -> None:
    stack = [root]
    pop, push = stack.pop, stack.append
    while stack:
        for child in pop().children:
            way = ways[child.kind_id]
            if way:
                if way & BELOW:
                    push(child)
                if way & TAKEN:
                    taken.append(child)
                elif way & FLAT:
                    flat.append(child)


def _follow_signs(root: Node, source: bytes, ways: bytes, ahead: Ahead, taken: list[Node], flat: list[Node]) -> None:
    next_sign, next_hint = ahead
    has_hints = bool(next_hint)
    stack = [root]
    pop, push, take = stack.pop, stack.append, taken.append
    while stack:
        for child in pop().children:
            way = ways[child.kind_id]
            if not way:
                continue
            if way & TAKEN:
                take(child)
            elif way & FLAT:
                flat.append(child)
            if way & BELOW:
                start, end = child.start_byte, child.end_byte
                if next_sign[start + 1 if way & BLOCK else start] < end:
                    push(child)
                    if way & OPEN:
                        take(child)
                elif has_hints and next_hint[start] < end:
                    holders = _strings_of(child, start, end, source, ways, next_hint, flat)
                    if holders:
                        _follow_hints(holders, ways, ahead, taken, flat)
            elif way & ENTERED:
                push(child)


def _strings_of(
    node: Node, start: int, end: int, source: bytes, ways: bytes, hints: array[int], flat: list[Node]
) -> list[Node]:
    """Adds strings and comments of a node without signs to `flat`, and gives the nodes that may hold more of them.

    None of these is inside another: in `a / b / c` the inner one is found first, and whoever entered each would enter
    the inner ones twice, at every level.
    """
    holders: list[Node] = []
    at = hints[start]
    while at < end:
        size = 4 if source.startswith(_TRIPLES, at) else 2  # the mark and a byte of what it opens
        found = node.descendant_for_byte_range(at, min(at + size, end))
        if found is None:
            break
        if ways[found.kind_id] & FLAT:
            flat.append(found)
        elif found.child_count:
            begin = found.start_byte
            while holders and holders[-1].start_byte >= begin:
                holders.pop()
            holders.append(found)
        at = hints[max(found.end_byte, at + 1)]
    return holders


def _follow_hints(stack: list[Node], ways: bytes, ahead: Ahead, taken: list[Node], flat: list[Node]) -> None:
    """What is below the nodes on the stack, each node once: searching again at every level would be quadratic."""
    next_sign, next_hint = ahead
    while stack:
        for child in stack.pop().children:
            way = ways[child.kind_id]
            if way & TAKEN:
                taken.append(child)
            elif way & FLAT:
                flat.append(child)
            if way & BELOW:
                start, end = child.start_byte, child.end_byte
                has_sign = next_sign[start + 1 if way & BLOCK else start] < end
                if has_sign or next_hint[start] < end:
                    stack.append(child)
                if has_sign and way & OPEN:
                    taken.append(child)
            elif way & ENTERED:
                stack.append(child)


def _start(node: Node) -> int:
    return node.start_byte


def _comments_in_barren_nodes(
    root: Node, source: bytes, table: KindTable, comments: list[Node], strings: list[tuple[int, int]]
) -> list[Node]:
    marks = table.spec.marks
    if not marks:
        return []
    known = sorted([*((node.start_byte, node.end_byte) for node in comments), *strings])
    found = []
    over = 0  # everything before is accounted for
    place, n_known = 0, len(known)  # of the first that begins behind the mark
    for mark in _mark_pattern(marks).finditer(source):
        at = mark.start()
        if at < over:
            continue
        while place < n_known and known[place][0] <= at:
            place += 1
        if place and at < known[place - 1][1]:
            over = known[place - 1][1]
            continue
        node = root.descendant_for_byte_range(at, at + 1)
        if node is not None and not node.is_named and node.parent is not None:
            node = node.parent  # Rust's // is a token inside its comment
        if node is None:
            continue
        if table.parts[node.kind_id] == COMMENT:
            found.append(node)
            over = node.end_byte
        elif node.child_count == 0:
            over = node.end_byte
    return found


@cache
def _mark_pattern(marks: tuple[bytes, ...]) -> re.Pattern[bytes]:
    return re.compile(b"|".join(map(re.escape, marks)))


def errors(root: Node) -> Errors:
    """ERROR and missing nodes. Only subtrees that contain one are entered."""
    if not root.has_error:
        return Errors(0, 0, [])
    n_errors = n_missing = 0
    spans = []
    level, inside = [root], list[Node]()  # nodes in no ERROR node, and nodes in one
    while level or inside:
        broken = [node for node in level if node.kind_id == ERROR_ID]
        n_errors += len(broken) + sum(node.kind_id == ERROR_ID for node in inside)
        n_missing += sum(node.is_missing for node in level) + sum(node.is_missing for node in inside)
        spans += [(node.start_byte, node.end_byte) for node in broken]
        whole = [node for node in level if node.kind_id != ERROR_ID]
        inside = [child for node in (*broken, *inside) for child in node.children if _is_broken(child)]
        level = [child for node in whole for child in node.children if _is_broken(child)]
    return Errors(n_errors, n_missing, sorted(spans))


def _is_broken(node: Node) -> bool:
    return node.has_error or node.kind_id == ERROR_ID  # an ERROR node within another may say that it has none
