"""Which names a statement reads and writes, by an explicit stack over its own expressions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from tree_sitter import Node

from analyzers.syntax.facts.flow import Flow
from analyzers.syntax.facts.flow_spec import FLOW_SPECS, FlowSpec
from analyzers.syntax.grammars import kinds_of, load
from analyzers.syntax.kinds import N_IDS, ids_of
from analyzers.syntax.languages import spec_of

_SKIP, _IDENTIFIER, _PLAIN, _SPECIAL = range(4)
_MOST_HIDDEN = 256  # names that lambdas and comprehensions around hide

Hidden = frozenset[bytes]
Waiting = tuple[Node, bool, bool, Hidden]  # a node, whether it is written, whether at once, what is hidden


class Access(NamedTuple):
    """A name that is written at a place."""

    name: bytes
    place: int
    at_once: bool = False  # for what follows in the same statement


@dataclass(frozen=True, eq=False, kw_only=True)
class _Table:
    """A FlowSpec's expressions by kind id and field id."""

    spec: FlowSpec
    ways: bytes
    targets: dict[int, tuple[int, ...]]
    not_read: dict[int, tuple[int, ...]]
    hides: dict[int, tuple[str, ...]]
    both: frozenset[int]
    at_once: frozenset[int]
    reads: frozenset[int]


@cache
def _table(language: str) -> _Table:
    spec, syntax = FLOW_SPECS[language], spec_of(language)
    assert syntax is not None  # a test holds that every language with a flow has a grammar
    grammar = load(syntax.grammar)

    def fields(by_kind: dict[str, tuple[str, ...]]) -> dict[int, tuple[int, ...]]:
        found = {kind: tuple(grammar.field_id_for_name(name) or 0 for name in names) for kind, names in by_kind.items()}
        return {one: found[kind] for kind in by_kind for one in ids_of(grammar, (kind,))}

    ways = bytearray(_PLAIN * named for _, named in kinds_of(grammar)).ljust(N_IDS, b"\0")
    closed = (*spec.closed, *syntax.comments)
    special = (*spec.targets, *spec.reads, *spec.not_read, *spec.definitions, *spec.hides, *spec.patterns, *spec.outer,
               *spec.imports)  # fmt: skip
    for names, way in ((closed, _SKIP), (special, _SPECIAL), (("identifier",), _IDENTIFIER)):
        for kind in ids_of(grammar, names):
            ways[kind] = way
    return _Table(
        spec=spec,
        ways=bytes(ways),
        targets=fields(spec.targets),
        not_read=fields(spec.not_read),
        hides={one: names for kind, names in spec.hides.items() for one in ids_of(grammar, (kind,))},
        both=ids_of(grammar, spec.both),
        at_once=ids_of(grammar, spec.at_once),
        reads=ids_of(grammar, spec.reads),
    )


class Accesses(NamedTuple):
    """What each statement of a function writes and reads; a read is a name and a place."""

    written: dict[int, list[Access]]
    read: dict[int, list[tuple[bytes, int]]]


def accesses(graph: Flow, source: bytes, language: str) -> Accesses:
    """What each statement of a flow graph writes and reads. Names of other functions (global) are not written."""
    table = _table(language)
    found = Accesses({}, {})
    foreign: set[bytes] = set()
    for place, nodes in graph.heads.items():
        scan = _Scan(source, table)
        scan.run(nodes, graph.owners[place])
        found.written[place], found.read[place] = scan.written, scan.read
        foreign |= scan.foreign
    if foreign:
        for place, written in found.written.items():
            found.written[place] = [one for one in written if one.name not in foreign]
    return found


class _Scan:
    """Names in one statement."""

    def __init__(self, source: bytes, table: _Table) -> None:
        self.source, self.table = source, table
        self.written: list[Access] = []
        self.read: list[tuple[bytes, int]] = []
        self.foreign: set[bytes] = set()

    def run(self, nodes: list[Node], owner: Node) -> None:
        """Looks into the nodes of a head; those that are targets of their statement are written."""
        table, ways = self.table, self.table.ways
        targets: list[Node] = []
        if nodes and nodes[0] != owner:
            fields = table.targets.get(owner.kind_id, ())
            targets = [found for field in fields if (found := owner.child_by_field_id(field)) is not None]
        seen: set[int] = set()
        stack: list[Waiting] = [(node, node in targets, False, frozenset()) for node in nodes]
        while stack:
            node, is_target, at_once, hidden = stack.pop()
            way = ways[node.kind_id]
            if way == _IDENTIFIER:
                self._name(node, is_target, at_once, hidden)
            elif way == _SPECIAL:
                if node.kind_id in table.both:  # each is written and read: one in the other's target doubles the work
                    if node.id in seen:
                        continue
                    seen.add(node.id)
                stack += self._special(node, is_target, at_once, hidden)
            elif way:
                for child in node.children:
                    way = ways[child.kind_id]
                    if way == _IDENTIFIER:
                        self._name(child, is_target, at_once, hidden)
                    elif way:
                        stack.append((child, is_target, at_once, hidden))

    def _name(self, node: Node, is_target: bool, at_once: bool, hidden: Hidden) -> None:
        name, place = self.source[node.start_byte : node.end_byte], node.start_byte
        if is_target:
            self.written.append(Access(name, place, at_once))
        elif name not in hidden:
            self.read.append((name, place))

    def _special(self, node: Node, is_target: bool, at_once: bool, hidden: Hidden) -> Iterable[Waiting]:
        spec, kind = self.table.spec, node.type
        if kind in spec.definitions:
            named = node.child_by_field_name("name")
            return () if named is None else ((named, True, False, hidden),)
        if kind in spec.outer:
            self.foreign |= {self.source[child.start_byte : child.end_byte] for child in node.named_children}
            return ()
        if kind in spec.imports:
            return self._import(node, hidden)
        if kind in spec.patterns:
            return self._pattern(node, hidden)
        return self._expression(node, is_target, at_once, hidden)

    def _expression(self, node: Node, is_target: bool, at_once: bool, hidden: Hidden) -> Iterable[Waiting]:
        table, kind = self.table, node.kind_id
        skipped = [
            found for field in table.not_read.get(kind, ()) if (found := node.child_by_field_id(field)) is not None
        ]
        fields = table.targets.get(kind, ())
        targets = [found for field in fields if field and (found := node.child_by_field_id(field)) is not None]
        if 0 in fields:
            targets = node.named_children
        if kind in table.hides:
            hidden, bound = self._hidden(node, table.hides[kind], hidden)
            skipped += bound
        is_target = is_target and kind not in table.reads
        reads_too = kind in table.both and not _is_plain_assignment(node)
        for child in node.named_children:
            if child in skipped:
                continue
            if child in targets:
                yield child, True, at_once or kind in table.at_once, hidden
                if reads_too:
                    yield child, False, False, hidden
            else:
                yield child, is_target, at_once, hidden

    def _hidden(self, node: Node, binders: tuple[str, ...], hidden: Hidden) -> tuple[Hidden, list[Node]]:
        """Names that a lambda or comprehension has for itself, and the children that only bind them."""
        names, bound = set[bytes](), list[Node]()
        for child in node.named_children:
            if child.type in binders:
                left = child.child_by_field_name("left")
                names |= self._names_below(left) if left is not None else set()
        for field in binders:
            found = node.child_by_field_name(field)
            if found is not None:
                names |= self._names_below(found)
                bound.append(found)
        return (hidden | names if len(hidden) < _MOST_HIDDEN else hidden), bound

    def _names_below(self, node: Node) -> set[bytes]:
        names, stack = set[bytes](), [node]
        while stack and len(names) < _MOST_HIDDEN:
            one = stack.pop()
            if self.table.ways[one.kind_id] == _IDENTIFIER:
                names.add(self.source[one.start_byte : one.end_byte])
            stack += one.named_children
        return names

    def _pattern(self, node: Node, hidden: Hidden) -> Iterable[Waiting]:
        """A case's pattern: single names are bound, dotted ones and classes are read."""
        for child in node.named_children:
            if child.type == "dotted_name":
                single = child.named_child_count == 1
                yield child.named_children[0], single, single, hidden
            elif child.type == "class_pattern":
                first = child.named_children[:1]
                if first and first[0].named_child_count:
                    yield first[0].named_children[0], False, False, hidden
                for inner in child.named_children[1:]:
                    yield inner, True, True, hidden
            elif child.type == "keyword_pattern":
                for inner in child.named_children[1:]:
                    yield inner, True, True, hidden
            else:
                yield child, True, True, hidden

    def _import(self, node: Node, hidden: Hidden) -> Iterable[Waiting]:
        for child in node.children_by_field_name("name"):
            named = child.child_by_field_name("alias") or (
                child.named_child(0) if child.type == "dotted_name" else None
            )
            if named is not None:
                yield named, True, False, hidden


def _is_plain_assignment(node: Node) -> bool:
    operator = node.child_by_field_name("operator")
    return node.type == "assignment_expression" and (operator is None or operator.type == "=")
