"""The members of a file: definitions and blocks that stand side by side, and which of them can be taken out.

One walk over the scopes of a tree (segments_scopes.py), which never enters a function: a member is found with the few
nodes around it, so that the walk costs about a tenth of the one that measures. Definitions inside functions are no
members: taken out alone, they would break the function around them.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple

from tree_sitter import Node

from analyzers.syntax.comments import are_one
from analyzers.syntax.kinds import CLASS, FUNCTION, NAME_GIVER, WRAPPER, KindTable
from analyzers.syntax.report import DOCSTRING, TRAILING, Report
from analyzers.syntax.segments_scopes import (
    ALONG,
    ENDING,
    FIXED,
    LEADING,
    NOTE,
    SCOPE,
    SOLE,
    THROUGH,
    TOKEN,
    ScopeTable,
    scope_table,
)

_BLANKS = b" \t\r\n\f\v"
_MOST_DEPTH = 16  # of classes in classes: each level is read again for its text
_PASSED, _WRAPPING, _HOLDING = (NOTE, TOKEN), (ALONG, SOLE), (SCOPE, THROUGH)
_SKIPPED_FIELDS = ("name", "condition")  # of a scope that holds more than members: #if, module


class Member(NamedTuple):
    """A definition, or a run of other statements of the file (a block)."""

    definition: int  # place among the report's, -1 for a block
    start: int  # with decorators, `export` and the like; comments above aside
    end: int
    removable: bool
    doc_start: int  # of its documentation, as in the report, or above what leads it; -1 for none
    doc_end: int


class Outline(NamedTuple):
    """What a tree says beyond its report. Holds nodes: it must not leave the function that parsed."""

    root: Node
    table: KindTable
    members: list[Member]  # by start, outer before inner
    nodes: dict[int, Node]  # the definitions' own nodes, by their place; those inside functions are missing
    kept: frozenset[int]  # starts of docstrings without which their body would be none


class _Scope(NamedTuple):
    node: Node
    is_file: bool  # statements in it make blocks
    depth: int


def outline(root: Node, report: Report, source: bytes, table: KindTable) -> Outline:
    """The members of a file that was parsed with the table's grammar. Empty where the language has no scopes."""
    scopes = scope_table(table)
    if scopes is None or report.definitions is None:
        return Outline(root, table, [], {}, frozenset())
    walk = _Walk(report, source, table, scopes)
    stack = [_Scope(root, True, 0)]
    while stack:
        stack += walk.members_of(stack.pop())
    for one in report.definitions:
        if one.doc_start > one.start and not _may_go(source, one.doc_end, one.end):
            walk.kept.add(one.doc_start)
    walk.members.sort(key=lambda member: (member.start, -member.end))
    return Outline(root, table, walk.members, walk.nodes, frozenset(walk.kept))


class _Walk:
    """What is found so far, and how one scope adds to it."""

    def __init__(self, report: Report, source: bytes, table: KindTable, scopes: ScopeTable) -> None:
        definitions = report.definitions or ()
        self.places = {(one.start, one.end): place for place, one in reversed(list(enumerate(definitions)))}
        self.ends = {one.end for one in definitions}
        self.docstrings = {one.start for one in report.comments if one.form == DOCSTRING}
        self.report, self.source, self.table, self.scopes = report, source, table, scopes
        self.members: list[Member] = []
        self.nodes: dict[int, Node] = {}
        self.kept: set[int] = set()

    def members_of(self, scope: _Scope) -> list[_Scope]:
        """Adds the members of a scope, and gives the scopes inside it."""
        roles, found = self.scopes.roles, self.members
        inner: list[_Scope] = []
        begins = _after_fields(scope.node)
        n_found, n_others, docstring = len(found), 0, -1
        lead = -1  # where attributes before a member begin
        block: list[int] = []  # start, end and whether it is sound, of the open block
        last = False  # a definition has just ended
        for child in scope.node.children:
            kind = child.kind_id
            role = roles[kind]
            start, end = child.start_byte, child.end_byte
            if role in _PASSED or start < begins or start == end:
                last = last and role == NOTE
                continue
            if role == ENDING:
                if last:
                    found[-1] = found[-1]._replace(end=end)
                elif block:
                    block[1] = end
                last = False
                continue
            node: Node | None = child
            if role in _WRAPPING:
                may_hold = role == ALONG and self.scopes.has_through
                node = self._unwrapped(child) if may_hold or end in self.ends or end - 1 in self.ends else None
            last = False
            if node is not None and roles[node.kind_id] == LEADING:
                lead = start if lead < 0 else lead
                block = self._close(block)
                continue
            first, lead = (lead if lead >= 0 else start), -1
            if node is not None and roles[node.kind_id] in _HOLDING:
                inner += self._inside(node, scope)
                block = self._close(block)
                n_others += 1
            elif (place := self._place(node)) >= 0:
                assert node is not None
                block, last = self._close(block), True
                found.append(Member(place, first, end, not child.has_error, *self._doc(place, first)))
                self.nodes[place] = node
                if self.table.parts[node.kind_id] == CLASS and scope.depth < _MOST_DEPTH:
                    inner += [
                        _Scope(one, False, scope.depth + 1) for one in node.children if roles[one.kind_id] == SCOPE
                    ]
            elif role == FIXED or not scope.is_file:
                block = self._close(block)
                n_others += start not in self.docstrings
                docstring = start if start in self.docstrings else docstring
            elif start not in self.docstrings:
                block = [block[0] if block else first, end, (not block or block[2]) and not child.has_error]
        self._close(block)
        if scope.node.kind_id in self.scopes.solid and not n_others:
            if docstring >= 0:
                self.kept.add(docstring)
            elif len(found) > n_found:
                found[n_found] = found[n_found]._replace(removable=False)
        return inner

    def _close(self, block: list[int]) -> list[int]:
        """Makes a member of the statements so far."""
        if block:
            self.members.append(Member(-1, block[0], block[1], bool(block[2]), -1, -1))
        return []

    def _doc(self, place: int, start: int) -> tuple[int, int]:
        """The documentation of a definition; where something leads it, the comment above that is looked for too."""
        assert self.report.definitions is not None
        one = self.report.definitions[place]
        if one.doc_start >= 0 or start == one.start:
            return one.doc_start, one.doc_end
        above = comments_above(self.report, start, self.source)
        return (-1, -1) if above is None else above

    def _inside(self, node: Node, scope: _Scope) -> list[_Scope]:
        roles, file_like = self.scopes.roles, self.scopes.file_like
        held = [node] if roles[node.kind_id] == SCOPE else node.children
        return [
            _Scope(one, scope.is_file and one.kind_id in file_like, scope.depth)
            for one in held
            if roles[one.kind_id] == SCOPE
        ]

    def _unwrapped(self, node: Node | None) -> Node | None:
        """What a wrapper stands around: its last named child that is no comment, and so on; None for several things."""
        roles = self.scopes.roles
        while node is not None and roles[node.kind_id] in _WRAPPING:
            held = [child for child in node.named_children if roles[child.kind_id] != NOTE]
            if not held or (roles[node.kind_id] == SOLE and len(held) > 1):
                return None
            node = held[-1]
        return node

    def _place(self, node: Node | None) -> int:
        """The definition that a node is, -1 for none; one without a body is none."""
        if node is None or self.table.parts[node.kind_id] not in (CLASS, FUNCTION):
            return -1
        place = self.places.get((node.start_byte, node.end_byte), -1)
        return place if place >= 0 and body_of(node, self.scopes) is not None else -1


def _after_fields(node: Node) -> int:
    """Where the head of a scope ends: the condition of #if, the name of a module; its start where it has none."""
    fields = (node.child_by_field_name(name) for name in _SKIPPED_FIELDS)
    return max([field.end_byte for field in fields if field is not None], default=node.start_byte)


def node_at(outline: Outline, start: int, end: int) -> tuple[Node | None, int, int]:
    """For a definition that the walk has not met: its node, and the extent of what stands around it alone."""
    parts, scopes = outline.table.parts, scope_table(outline.table)
    node = outline.root.descendant_for_byte_range(start, end)
    while node is not None and parts[node.kind_id] not in (CLASS, FUNCTION):
        node = node.parent
        if node is None or node.start_byte != start or node.end_byte != end:
            return None, start, end
    if node is None or scopes is None:
        return None, start, end
    outer = node
    while (around := outer.parent) is not None:
        kind = around.kind_id
        if scopes.roles[kind] not in _WRAPPING and parts[kind] not in (NAME_GIVER, WRAPPER):
            break
        outer = around
    return node, outer.start_byte, outer.end_byte


def comments_above(report: Report, start: int, source: bytes) -> tuple[int, int] | None:
    """The extent of the comment that ends on the line above, or of lines of comment that are one; None for none."""
    comments = report.comments
    first = last = bisect_left(comments, (start,)) - 1
    if last < 0 or comments[last].role == TRAILING or comments[last].form == DOCSTRING:
        return None
    if source[comments[last].end : start].strip() or source.count(b"\n", comments[last].end - 1, start) > 1:
        return None
    while first > 0 and are_one(comments[first - 1], comments[first], source):
        first -= 1
    return comments[first].start, comments[last].end


def _may_go(source: bytes, start: int, end: int) -> bool:
    """Whether code follows a docstring, on a line of its own."""
    rest = source[start:end].lstrip(_BLANKS)
    return not rest.startswith(b";") and has_code(rest)


def has_code(text: bytes) -> bool:
    """Whether anything but comments and blanks follows a docstring."""
    rest = text.lstrip(_BLANKS + b";")
    while rest.startswith(b"#"):
        rest = rest.partition(b"\n")[2].lstrip(_BLANKS)
    return bool(rest)


def body_of(node: Node, scopes: ScopeTable) -> Node | None:
    """The body of a definition, None for a declaration without one."""
    body = node.child_by_field_name("body")
    if body is not None or not scopes.bodies:
        return body
    children = node.named_children
    below = children[-1].named_children if children else []  # Go's fields stand below struct
    return next((child for child in (*below[-1:], *children) if child.kind_id in scopes.bodies), None)
