"""A specification compiled for one grammar: for every kind id its part, and whether the walk goes below it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from tree_sitter import Language

from analyzers.syntax.grammars import kinds_of, load
from analyzers.syntax.signs import Signs, signs
from analyzers.syntax.spec import Kinds, Spec

N_IDS = 65536
ERROR_ID = 65535  # tree-sitter's id of the ERROR kind, in every grammar

# Parts, one a kind. Those from SCOPED on enclose others and are kept open while the sweep is inside.
(NONE, COMMENT, STRING, IMPORT, JUMP, ELSE, CASE, ELIF, WRAPPER, NAME_GIVER,
 SCOPED, BINARY, IF, TERNARY, LOOP, SWITCH, CATCH, NEST, LAMBDA, CONTAINER, CLASS, FUNCTION) = range(22)  # fmt: skip

BELOW, TAKEN, FLAT, OPEN, BLOCK, ENTERED = 1, 2, 4, 8, 16, 32
"""Ways of the walk: its children are looked at; it goes to the sweep; it is a comment or a string; it goes to the sweep
where there is a sign in it; its first byte does not count as a sign; its children are looked at, sign
or not."""

_ONLY_OPEN = (BINARY, NAME_GIVER)  # of no matter without a boolean operator or a function inside

_PARTS = {
    "comments": COMMENT, "strings": STRING, "imports": IMPORT, "jumps": JUMP, "elses": ELSE, "cases": CASE,
    "elifs": ELIF, "wrappers": WRAPPER, "name_givers": NAME_GIVER, "binaries": BINARY, "ifs": IF,
    "ternaries": TERNARY, "loops": LOOP, "switches": SWITCH, "catches": CATCH, "nests": NEST, "lambdas": LAMBDA,
    "containers": CONTAINER, "classes": CLASS, "functions": FUNCTION,
}  # fmt: skip


@dataclass(frozen=True, eq=False, kw_only=True)
class KindTable:
    """What the walk looks up by kind id; every table has N_IDS bytes. Made by `kind_table`."""

    spec: Spec
    grammar: Language
    parts: bytes  # part of each kind
    ways: bytes  # what the walk does with each kind: BELOW, TAKEN, FLAT, added up
    booleans: frozenset[int]
    operators: frozenset[int]
    parameter_lists: frozenset[int]
    parameters: frozenset[int]
    parameter_groups: frozenset[int]
    group_names: frozenset[int]
    names: frozenset[int]
    declarators: frozenset[int]
    conversions: frozenset[int]
    docstrings: frozenset[int]
    signs: Signs | None  # None: the walk goes everywhere
    declarator_field: int | None
    name_field: int | None
    parameters_field: int | None
    parameter_field: int | None  # of a function that takes one without parentheses


class UnknownKind(LookupError):
    """A specification names a kind that its grammar has not."""


def ids_of(grammar: Language, names: Iterable[str]) -> frozenset[int]:
    """All ids of the kinds so named, in a specification's way of naming them."""
    by_name: dict[tuple[str, bool], set[int]] = {}
    for kind, key in enumerate(kinds_of(grammar)):
        by_name.setdefault(key, set()).add(kind)
    ids: set[int] = set()
    for name in names:
        found = by_name.get((name[1:], False)) if name.startswith("'") and len(name) > 1 else None
        found = found or by_name.get((name, True)) or by_name.get((name, False))
        if not found:
            raise UnknownKind(f"the grammar has no kind {name!r}: see analyzers.syntax.grammars.kinds_of")
        ids |= found
    return frozenset(ids)


@cache
def kind_table(spec: Spec, wanted: Kinds = ()) -> KindTable:
    """The table of a specification. `wanted` kinds are collected beside those with a part, for rules of their own.

    A kind inside barren ones only (a name inside an import, say) is not reached: look for it below a node that is.
    """
    grammar = load(spec.grammar)
    parts = bytearray(N_IDS)
    for field, part in _PARTS.items():
        for kind in ids_of(grammar, getattr(spec, field)):
            if parts[kind]:
                raise ValueError(f"{spec.language}: the kind {grammar.node_kind_for_id(kind)!r} plays two parts")
            parts[kind] = part
    below = bytearray(b"\1" * N_IDS)
    for kind, (_, named) in enumerate(kinds_of(grammar)):
        below[kind] = named
    for kind in ids_of(grammar, spec.barren):
        below[kind] = 0
    extra = ids_of(grammar, wanted)
    guided = bool(spec.signs) and not wanted  # what others want may stand anywhere
    blocks, entered = ids_of(grammar, spec.blocks), ids_of(grammar, spec.entered)
    ways = bytearray(N_IDS)
    for kind in range(N_IDS):
        only_open = guided and below[kind] and parts[kind] in _ONLY_OPEN
        ways[kind] = (
            BELOW * (below[kind] and not (guided and kind in entered))
            + TAKEN * (kind in extra or (parts[kind] > STRING and not only_open))
            + FLAT * (parts[kind] in (COMMENT, STRING))
            + OPEN * only_open
            + BLOCK * (kind in blocks)
            + ENTERED * (guided and kind in entered)
        )
    return KindTable(
        spec=spec,
        grammar=grammar,
        parts=bytes(parts),
        ways=bytes(ways),
        booleans=ids_of(grammar, spec.booleans),
        operators=ids_of(grammar, spec.operators),
        parameter_lists=ids_of(grammar, (name for name in spec.parameter_lists if name)),
        parameters=ids_of(grammar, spec.parameters),
        parameter_groups=ids_of(grammar, spec.parameter_groups),
        group_names=ids_of(grammar, spec.group_names),
        names=ids_of(grammar, spec.names),
        declarators=ids_of(grammar, spec.declarators),
        conversions=ids_of(grammar, spec.conversions),
        docstrings=ids_of(grammar, spec.docstrings),
        signs=signs(spec.signs, spec.hints, spec.literals) if guided else None,
        declarator_field=grammar.field_id_for_name("declarator"),
        name_field=grammar.field_id_for_name("name"),
        parameters_field=grammar.field_id_for_name("parameters"),
        parameter_field=grammar.field_id_for_name("parameter"),
    )
