"""The walk for facts: everything in the tree that a relation is made of, unsorted, by an explicit stack."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from tree_sitter import Node

from analyzers.syntax import kinds
from analyzers.syntax.facts.languages import FACT_SPECS
from analyzers.syntax.facts.spec import NOTHING, FactSpec
from analyzers.syntax.grammars import kinds_of
from analyzers.syntax.kinds import N_IDS, KindTable, ids_of, kind_table
from analyzers.syntax.spec import Spec
from analyzers.syntax.sweep import is_default

(_NONE, NAME, TYPE, MEMBER, _LAST_LEAF, ARGUMENTS, ONE_ARGUMENT, TOKENS, BOOLEAN, BRANCH,
 DEFINITION) = range(11)  # fmt: skip
IDENTIFIER_KINDS = {NAME: "name", TYPE: "type", MEMBER: "member"}
_BRANCHES = {
    kinds.IF: "if", kinds.ELIF: "elif", kinds.TERNARY: "ternary", kinds.LOOP: "loop", kinds.CASE: "case",
    kinds.CATCH: "catch", kinds.SWITCH: "switch",
}  # fmt: skip


@dataclass(frozen=True, eq=False, kw_only=True)
class FactTable:
    """What the walk for facts looks up by kind id."""

    kinds: KindTable
    spec: FactSpec
    parts: bytes  # what each kind is to the walk, N_IDS of them
    below: bytes  # whether its children are looked at
    calls: frozenset[int]
    binaries: frozenset[int]
    heritage: frozenset[int]
    argument: bytes  # whether a kind is an argument where it stands in a list of them
    branches: dict[int, str]  # how a kind of branch is called


@dataclass(slots=True, eq=False)
class Found:
    """What the walk brings home, in no order. Places are bytes."""

    calls: list[tuple[int, Node]]  # where a call begins, and its arguments
    branches: list[tuple[int, str]]
    definitions: list[Node]  # functions, classes, containers
    identifiers: dict[int, dict[bytes, int]]  # how often each name, by its kind


@cache
def fact_table(spec: Spec) -> FactTable:
    """The table of a language, made of both its specifications."""
    table = kind_table(spec)
    facts = FACT_SPECS.get(spec.language, NOTHING)
    parts = bytearray(N_IDS)
    below = bytearray(N_IDS)
    argument = bytearray(N_IDS)
    branches: dict[int, str] = {}
    for kind, (name, named) in enumerate(kinds_of(table.grammar)):
        part = table.parts[kind]
        below[kind] = named and part not in (kinds.COMMENT, kinds.IMPORT)
        argument[kind] = named and part != kinds.COMMENT
        if part in _BRANCHES:
            parts[kind] = BRANCH
            branches[kind] = "comprehension" if part == kinds.ELIF and not name.startswith("el") else _BRANCHES[part]
        elif part >= kinds.CONTAINER:
            parts[kind] = DEFINITION
    below[kinds.ERROR_ID] = argument[kinds.ERROR_ID] = 1
    leaves = {NAME: facts.names, TYPE: facts.types, MEMBER: facts.members}
    others = {ARGUMENTS: facts.arguments, ONE_ARGUMENT: facts.one_argument, TOKENS: facts.tokens}
    for part, names in [*leaves.items(), *others.items()]:
        for kind in ids_of(table.grammar, names):
            parts[kind] = part
            below[kind] = part not in leaves
    for kind in (*table.booleans, *table.operators):
        parts[kind] = BOOLEAN
    return FactTable(
        kinds=table,
        spec=facts,
        parts=bytes(parts),
        below=bytes(below),
        calls=ids_of(table.grammar, facts.calls),
        binaries=ids_of(table.grammar, spec.binaries),
        heritage=ids_of(table.grammar, facts.heritage),
        argument=bytes(argument),
        branches=branches,
    )


def collect(root: Node, source: bytes, table: FactTable) -> Found:
    """All that facts are made of below the root."""
    parts, below, calls, binaries = table.parts, table.below, table.calls, table.binaries
    names: dict[int, dict[bytes, int]] = {kind: {} for kind in IDENTIFIER_KINDS}
    found = Found([], [], [], names)
    counted: Node | None = None
    stack = [root]
    pop, push = stack.pop, stack.append
    while stack:
        node = pop()
        for child in node.children:
            kind = child.kind_id
            if below[kind]:
                push(child)
            part = parts[kind]
            if not part:
                continue
            if part < _LAST_LEAF:
                name = source[child.start_byte : child.end_byte]
                counts = names[part]
                counts[name] = counts.get(name, 0) + 1
            elif part < BOOLEAN:
                if node.kind_id in calls:
                    found.calls.append((node.start_byte, child))
            elif part == BOOLEAN:
                # One a node, as the sweep counts them: Rust's chain of `let` is one node with several.
                if node is not counted and node.kind_id in binaries and _is_boolean(child, source, table.kinds):
                    counted = node
                    found.branches.append((child.start_byte, "boolean"))
            elif part == BRANCH:
                found.branches.append((child.start_byte, _branch(child, kind, source, table)))
            else:
                found.definitions.append(child)
    return found


def _is_boolean(token: Node, source: bytes, table: KindTable) -> bool:
    if token.kind_id in table.booleans:
        return True
    return source[token.start_byte : token.end_byte] in table.spec.boolean_texts


def _branch(node: Node, kind: int, source: bytes, table: FactTable) -> str:
    name = table.branches[kind]
    if name == "case" and is_default(source, node, table.kinds.spec.default_cases):
        return "default"
    return name
