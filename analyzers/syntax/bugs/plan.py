"""A dialect compiled for its grammar: which kind ids play which role, and which open a frame."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache

from tree_sitter import Language

from analyzers.syntax.bugs.dialect import Dialect
from analyzers.syntax.bugs.dialects import DIALECTS
from analyzers.syntax.grammars import kinds_of, load
from analyzers.syntax.kinds import ERROR_ID, N_IDS, ids_of
from analyzers.syntax.languages import spec_of

_SORTS = ("jumps", "binaries", "assignments", "creations", "calls", "functions")  # the later one wins
OTHER, FUNCTION, CLASS, LOOP, FINALLY, GUARD = range(6)
_FRAMES = {"functions": FUNCTION, "lambdas": FUNCTION, "classes": CLASS, "whiles": LOOP, "fors": LOOP,
           "foreachs": LOOP, "finallys": FINALLY, "guards": GUARD}  # fmt: skip


@dataclass(frozen=True, eq=False, kw_only=True)
class Plan:
    """What one language's rules need of its grammar. Made by `plan_of`."""

    language: str
    dialect: Dialect
    grammar: Language
    kinds: dict[str, frozenset[int]]  # by role
    tokens: dict[int, str]  # kind ids of operators and keywords, and how they are spelled
    sorts: dict[int, str]  # what a rule may look for in a block: the role of each kind of statement
    frames: bytes  # what kind of frame each kind of node opens
    barren: frozenset[int]  # kinds that hold nothing for any rule
    comments: frozenset[int]
    builtins: tuple[bytes, ...]  # the dialect's, for bytes.startswith


@cache
def plan_of(language: str) -> Plan | None:
    """The plan of a language by Linguist's name; None where it has no rules."""
    dialect, spec = DIALECTS.get(language), spec_of(language)
    if dialect is None or spec is None:
        return None
    grammar = load(spec.grammar)
    roles = [one.name for one in fields(dialect) if one.type == "Kinds"]
    kinds = {role: ids_of(grammar, getattr(dialect, role)) for role in roles}
    frames = bytearray(N_IDS)
    for role, frame in _FRAMES.items():
        for kind in kinds[role]:
            frames[kind] = frame
    return Plan(
        language=language,
        dialect=dialect,
        grammar=grammar,
        kinds=kinds,
        tokens={ERROR_ID: "ERROR", **{kind: name for kind, (name, _) in enumerate(kinds_of(grammar))}},
        sorts={kind: role for role in _SORTS for kind in kinds[role]},
        frames=bytes(frames),
        barren=ids_of(grammar, spec.barren),
        comments=ids_of(grammar, spec.comments),
        builtins=tuple(sorted(dialect.builtins)),
    )
