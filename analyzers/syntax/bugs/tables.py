"""Tables by kind id for the walk and the sweep, for those rules that a file may break at all."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from analyzers.syntax.bugs.plan import OTHER, Plan
from analyzers.syntax.bugs.rule import Rule
from analyzers.syntax.bugs.rules import RULES
from analyzers.syntax.grammars import kinds_of
from analyzers.syntax.kinds import ERROR_ID, N_IDS

BELOW, TAKEN, COMMENT = 1, 2, 4
"""Ways of the walk: its children are looked at; it goes to the rules; it is a comment."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Tables:
    """What the walk does with each kind of node, and which rules see it."""

    ways: bytes
    rules: dict[int, tuple[Rule, ...]]  # by kind id
    by_operator: dict[int, dict[str, tuple[Rule, ...]]]  # of operations: by kind id and operator
    by_sort: dict[int, dict[str, tuple[Rule, ...]]]  # of blocks: by kind id and what the block lets go


@cache
def rules_of(language: str) -> tuple[Rule, ...]:
    """The rules that a language has, in the table's order."""
    return tuple(rule for rule in RULES if language in rule.languages)


@cache
def needs_of(language: str) -> tuple[tuple[bytes, ...], ...]:
    """What the rules of a language need that need something at all, each once."""
    return tuple(dict.fromkeys(rule.needs for rule in rules_of(language) if rule.needs))


@cache
def _ways(plan: Plan) -> bytes:
    """What the walk does with each kind before any rule wants some."""
    ways = bytearray(N_IDS)
    for kind, (_, is_named) in enumerate(kinds_of(plan.grammar)):
        is_comment = kind in plan.comments
        below = is_named and not is_comment and kind not in plan.barren
        ways[kind] = BELOW * below + TAKEN * (plan.frames[kind] != OTHER) + COMMENT * is_comment
    ways[ERROR_ID] = BELOW
    return bytes(ways)


@cache
def tables_of(plan: Plan, met: tuple[bool, ...]) -> Tables:
    """The tables for those of a language's rules whose needs are met: one flag for each of `needs_of`."""
    is_met = {(): True, **dict(zip(needs_of(plan.language), met, strict=True))}
    rules: dict[int, list[Rule]] = {}
    by_operator: dict[int, dict[str, list[Rule]]] = {}
    by_sort: dict[int, dict[str, list[Rule]]] = {}
    operations = plan.kinds["binaries"] | plan.kinds["assignments"] | plan.kinds["augmented"]
    for rule in rules_of(plan.language):
        for kind in frozenset().union(*(plan.kinds[role] for role in rule.roles)) if is_met[rule.needs] else ():
            if rule.operators and kind in operations:
                for operator in rule.operators:
                    by_operator.setdefault(kind, {}).setdefault(operator, []).append(rule)
            elif rule.lets_go:
                for sort in rule.lets_go:
                    by_sort.setdefault(kind, {}).setdefault(sort, []).append(rule)
            else:
                rules.setdefault(kind, []).append(rule)
    ways = bytearray(_ways(plan))
    for kind in (*rules, *by_operator, *by_sort):
        ways[kind] |= TAKEN
    return Tables(
        ways=bytes(ways),
        rules={kind: tuple(found) for kind, found in rules.items()},
        by_operator={kind: _frozen(found) for kind, found in by_operator.items()},
        by_sort={kind: _frozen(found) for kind, found in by_sort.items()},
    )


def _frozen(rules: dict[str, list[Rule]]) -> dict[str, tuple[Rule, ...]]:
    return {key: tuple(found) for key, found in rules.items()}
