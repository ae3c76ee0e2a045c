"""The flow graph of one function: which statement follows which, and why. For the languages of flow_spec.py.

A statement is known by its first byte; the function's first byte is the entry, its end the exit. A compound statement
is its head. Edges: next; true and false out of a condition, wherever they lead; loop back to a head; return and
exception to the exit, or by way of `finally`. Inside `try` every statement may raise; handlers are asked in turn, by
false from one to the next. A finally clause stands at its own word for the place where it is decided how to go on.
Calls are not followed, expressions are not taken apart, and what stands behind a return is there and not reached.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from tree_sitter import Node

from analyzers.syntax.facts.flow_spec import FLOW_SPECS, FlowSpec

MOST_STATEMENTS = 4_000  # of a function; a longer one has no flow: sets of definitions grow with its square
_MOST_LABELS = 64

Edge = tuple[int, int, str]


@dataclass(eq=False)
class _Finally:
    """A finally clause, and the jumps that wait for it to end."""

    place: int
    entry: int
    outside: _Around
    pending: dict[tuple[str, int, int], _Target] = field(default_factory=dict)


class _Target(NamedTuple):
    """Where a jump goes, and the finally clause that the place lies in."""

    place: int
    inside: _Finally | None


class _Around(NamedTuple):
    """What is around a statement: where jumps go."""

    leave: _Target
    again: _Target
    handler: _Target
    out: _Target
    inside: _Finally | None
    guarded: bool  # within a try
    labels: tuple | None  # (name, leave, again, the labels around)


class Flow(NamedTuple):
    """A flow graph. `heads` are what each statement reads and writes itself, without its body."""

    entry: int
    exit: int
    edges: list[Edge]
    heads: dict[int, list[Node]]
    owners: dict[int, Node]  # the statement that a place stands for


@cache
def roles(language: str) -> dict[str, str] | None:
    """The part of each kind of statement; None for a language whose flow is not followed."""
    spec = FLOW_SPECS.get(language)
    if spec is None:
        return None
    parts = (
        "blocks", "ifs", "loops", "do_loops", "switches", "tries", "scopes", "labels", "returns", "throws", "breaks",
        "continues",
    )  # fmt: skip
    return {kind: part for part in parts for kind in getattr(spec, part)}


def graph_of(function: Node, source: bytes, language: str) -> Flow | None:
    """The flow of a function; None where it has no body, is too long, or its language is not followed."""
    parts = roles(language)
    body = function.child_by_field_name("body")
    if parts is None or body is None:
        return None
    builder = _Builder(FLOW_SPECS[language], parts, source, function.start_byte, function.end_byte)
    return builder.build(body)


class _Builder:
    """Edges of one function. Statements wait on a stack with where they go on: the order does not matter, since the
    place of what follows is known before it is looked at."""

    def __init__(self, spec: FlowSpec, parts: dict[str, str], source: bytes, entry: int, end: int) -> None:
        self.spec, self.parts, self.source = spec, parts, source
        self.flow = Flow(entry, end, [], {}, {})
        self.finallys: list[_Finally] = []
        self.waiting: list[tuple[list[Node], int, str, _Around]] = []

    def build(self, body: Node) -> Flow | None:
        out = _Target(self.flow.exit, None)
        around = _Around(out, out, out, out, None, False, None)
        self.edge(self.flow.entry, self.into(body, self.flow.exit, "next", around), "next")
        while self.waiting:
            statements, follow, kind, around = self.waiting.pop()
            for place, statement in enumerate(statements):
                last = place == len(statements) - 1
                then = (follow, kind) if last else (statements[place + 1].start_byte, "next")
                self.statement(statement, *then, around)
            if len(self.flow.heads) > MOST_STATEMENTS:
                return None
        for clause in reversed(self.finallys):  # inner ones first
            for (kind, _, _), target in clause.pending.items():
                self.jump(clause.place, kind, target, clause.outside)
        self.flow.edges.sort()
        return self.flow

    def edge(self, start: int, end: int, kind: str) -> None:
        self.flow.edges.append((start, end, kind))

    def jump(self, start: int, kind: str, target: _Target, around: _Around) -> None:
        """An edge to a place, or into the finally clause that is on the way."""
        clause = around.inside
        if clause is None or clause is target.inside:
            self.edge(start, target.place, kind)
        else:
            self.edge(start, clause.entry, kind)
            clause.pending[kind, target.place, id(target.inside)] = target

    def head(self, statement: Node, nodes: list[Node], around: _Around, place: int | None = None) -> int:
        """Registers a statement by what it reads and writes itself."""
        at = statement.start_byte if place is None else place
        self.flow.heads[at] = nodes
        self.flow.owners[at] = statement
        if around.guarded:
            self.jump(at, "exception", around.handler, around)
        return at

    def statements(self, node: Node | None) -> list[Node]:
        """Statements of a block, or the one that stands in its place."""
        if node is None:
            return []
        inner = node.named_children if node.type in self.spec.blocks else [node]
        return [child for child in inner if not child.is_extra]

    def into(self, node: Node | None, follow: int, kind: str, around: _Around) -> int:
        """Puts a body on the stack and gives the place where it begins."""
        return self.run(self.statements(node), follow, kind, around)

    def run(self, statements: list[Node], follow: int, kind: str, around: _Around) -> int:
        if not statements:
            return follow
        self.waiting.append((statements, follow, kind, around))
        return statements[0].start_byte

    def statement(self, node: Node, follow: int, kind: str, around: _Around) -> None:
        part = self.parts.get(node.type)
        if part is None:
            self.edge(self.head(node, [node], around), follow, kind)
        elif part == "blocks":
            self.edge(
                self.head(node, [], around._replace(guarded=False)), self.into(node, follow, kind, around), "next"
            )
        else:
            getattr(self, f"_{part}")(node, follow, kind, around)

    def _before(self, node: Node, body: Node | None) -> list[Node]:
        end = node.end_byte if body is None else body.start_byte
        return [child for child in node.named_children if child.start_byte < end]

    def _ifs(self, node: Node, follow: int, kind: str, around: _Around) -> None:
        body = node.child_by_field_name("consequence")
        at = self.head(node, self._before(node, body), around)
        self.edge(at, self.into(body, follow, kind, around), "true")
        otherwise: Node | None = None
        for other in node.children_by_field_name("alternative"):
            if other.type not in self.spec.elifs:
                otherwise = other.child_by_field_name("body") or other
                continue
            self.edge(at, other.start_byte, "false")
            body = other.child_by_field_name("consequence")
            at = self.head(other, self._before(other, body), around)
            self.edge(at, self.into(body, follow, kind, around), "true")
        self.edge(at, self.into(otherwise, follow, kind, around), "false")

    def _loops(self, node: Node, follow: int, kind: str, around: _Around) -> None:
        body = node.child_by_field_name("body")
        at = self.head(node, self._before(node, body), around)
        target = _Target(at, around.inside)
        inner = around._replace(leave=_Target(follow, around.inside), again=target)
        self.edge(at, self.into(body, at, "loop", inner), "true")
        condition = node.child_by_field_name("condition")
        text = (
            b""
            if condition is None
            else self.source[condition.start_byte : min(condition.end_byte, condition.start_byte + 16)]
        )
        if text in self.spec.always or (condition is None and node.type in self.spec.without_condition):
            return
        other = node.child_by_field_name("alternative")
        otherwise = None if other is None else other.child_by_field_name("body")
        self.edge(at, self.into(otherwise, follow, kind, around), "false")

    def _do_loops(self, node: Node, follow: int, kind: str, around: _Around) -> None:
        condition, at = node.child_by_field_name("condition"), self.head(node, [], around._replace(guarded=False))
        asks = node.end_byte - 1 if condition is None else condition.start_byte
        inner = around._replace(leave=_Target(follow, around.inside), again=_Target(asks, around.inside))
        begin = self.into(node.child_by_field_name("body"), asks, "next", inner)
        self.edge(at, begin, "next")
        self.head(node, [] if condition is None else [condition], around, asks)
        self.edge(asks, at if begin == asks else begin, "loop")
        self.edge(asks, follow, "false")

    def _switches(self, node: Node, follow: int, kind: str, around: _Around) -> None:
        body = node.child_by_field_name("body")
        at = self.head(node, self._before(node, body), around)
        inner = around._replace(leave=_Target(follow, around.inside))
        cases = [
            child for child in (body.named_children if body else ()) if child.type in self.spec.groups + self.spec.cases
        ]
        falls, kind_of_fall = follow, kind
        entries: list[int] = []
        for case in reversed(cases):
            falling = case.type in self.spec.groups
            entry = self.run(
                self._case_body(case), falls if falling else follow, kind_of_fall if falling else kind, inner
            )
            entries.append(entry)
            falls, kind_of_fall = entry, "next"
        how = "next"
        for place, (case, entry) in enumerate(zip(cases, reversed(entries), strict=True)):
            self.edge(at, case.start_byte, how)
            at, how = self.head(case, self._case_head(case), around), "false"
            self.edge(at, entry, "true")
            takes_all = self.source.startswith(self.spec.defaults, case.start_byte)
            if takes_all and place == len(cases) - 1:
                return
        self.edge(at, follow, "false" if cases else kind)

    def _case_head(self, case: Node) -> list[Node]:
        body = case.child_by_field_name("consequence")
        return self._before(case, body) if body is not None else case.named_children[:1]

    def _case_body(self, case: Node) -> list[Node]:
        body = case.child_by_field_name("consequence")
        if body is not None:
            return self.statements(body)
        inner = [child for child in case.named_children if child.type != "switch_label" and not child.is_extra]
        return self.statements(inner[0]) if len(inner) == 1 else inner

    def _tries(self, node: Node, follow: int, kind: str, around: _Around) -> None:
        body = node.child_by_field_name("body")
        handlers = [child for child in node.named_children if child.type in self.spec.catches]
        final = next((child for child in node.named_children if child.type in self.spec.finallys), None)
        inside, after = around, (follow, kind)
        if final is not None:
            place = final.start_byte
            self.flow.heads[place], self.flow.owners[place] = [], final
            block = next((child for child in final.named_children if child.type in self.spec.blocks), None)
            clause = _Finally(place, self.into(block, place, "next", around), around)
            self.finallys.append(clause)
            self.edge(place, follow, kind)
            inside, after = around._replace(inside=clause, guarded=True), (clause.entry, "next")
        caught = inside
        if handlers:
            caught = inside._replace(handler=_Target(handlers[0].start_byte, inside.inside), guarded=True)
        at = self.head(node, self._before(node, body), caught._replace(guarded=node.type != "try_statement"))
        other = next((child for child in node.named_children if child.type == "else_clause"), None)
        otherwise = None if other is None else other.child_by_field_name("body")
        well = self.into(otherwise, *after, inside)
        self.edge(at, self.into(body, well, "next", caught), "next")
        self._handlers(handlers, after, inside)

    def _handlers(self, handlers: list[Node], after: tuple[int, str], inside: _Around) -> None:
        for place, handler in enumerate(handlers):
            block = handler.child_by_field_name("body") or next(
                (child for child in handler.named_children if child.type in self.spec.blocks), None
            )
            at = self.head(handler, self._before(handler, block), inside._replace(guarded=False))
            self.edge(at, self.into(block, *after, inside), "true")
            if place + 1 < len(handlers):
                self.edge(at, handlers[place + 1].start_byte, "false")
            elif not self.source.startswith(self.spec.catches_all or (b"\0",), handler.start_byte):
                self.jump(at, "exception", inside.handler, inside)

    def _scopes(self, node: Node, follow: int, kind: str, around: _Around) -> None:
        body = node.child_by_field_name("body")
        self.edge(self.head(node, self._before(node, body), around), self.into(body, follow, kind, around), "next")

    def _labels(self, node: Node, follow: int, kind: str, around: _Around) -> None:
        inner = [child for child in node.named_children if not child.is_extra]
        at = self.head(node, [], around._replace(guarded=False))
        if len(inner) < 2:
            self.edge(at, follow, kind)
            return
        name = self.source[inner[0].start_byte : inner[0].end_byte]
        leave, again = _Target(follow, around.inside), _Target(inner[1].start_byte, around.inside)
        within = around._replace(labels=(name, leave, again, around.labels))
        self.edge(at, self.run(inner[1:2], follow, kind, within), "next")

    def _returns(self, node: Node, follow: int, kind: str, around: _Around) -> None:
        self.jump(self.head(node, [node], around), "return", around.out, around)

    def _throws(self, node: Node, follow: int, kind: str, around: _Around) -> None:
        at = self.head(node, [node], around._replace(guarded=False))
        self.jump(at, "exception", around.handler, around)

    def _breaks(self, node: Node, follow: int, kind: str, around: _Around) -> None:
        yields = node.type not in ("break_statement",)
        at = self.head(node, [node] if yields else [], around._replace(guarded=around.guarded and yields))
        self.jump(at, "next", self._labelled(node, around, 1) or around.leave, around)

    def _continues(self, node: Node, follow: int, kind: str, around: _Around) -> None:
        at = self.head(node, [], around._replace(guarded=False))
        self.jump(at, "loop", self._labelled(node, around, 2) or around.again, around)

    def _labelled(self, node: Node, around: _Around, which: int) -> _Target | None:
        if not self.spec.labels or node.named_child_count != 1 or node.type == "yield_statement":
            return None
        child = node.named_child(0)
        name = b"" if child is None else self.source[child.start_byte : child.end_byte]
        labels = around.labels
        for _ in range(_MOST_LABELS):
            if labels is None:
                return None
            if labels[0] == name:
                return labels[which]
            labels = labels[3]
        return None
