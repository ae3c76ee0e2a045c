"""What a rule is: a name, a severity, the roles of the nodes it looks at, and one function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tree_sitter import Node

if TYPE_CHECKING:
    from analyzers.syntax.bugs.source_file import SourceFile

Check = Callable[[Node, "SourceFile"], Sequence[Node]]
"""The nodes at fault, given one node of the rule's roles and the file around it; mostly none."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Rule:
    """One row of the table in rules.py.

    roles: fields of Dialect, whose kinds the rule is shown. needs: byte strings one of which a file must hold for the
    rule to be looked at; empty for every file. operators: of operations of two, the rule is shown those with
    one of these only; empty for all. lets_go: of blocks, the rule is shown those only that hold a statement of one of
    these sorts (plan.py), and expressions that stand alone are statements; empty for all.
    """

    name: str
    severity: int
    summary: str
    languages: tuple[str, ...]
    roles: tuple[str, ...]
    check: Check
    needs: tuple[bytes, ...] = ()
    operators: frozenset[str] = frozenset()
    lets_go: tuple[str, ...] = ()
