"""What Logica makes of a text of rules, looked at and changed: dictionaries within dictionaries, walked by a stack.

A call is `{"predicate_name": ..., "record": {"field_value": [...]}}`, wherever it stands; a rule has a head, which is
one too, and may have a body.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from curate.dialects import FUNCTIONS

MOST_BRACKETS = 30
MOST_OPERATORS = 40
MOST_CHOICES = 6


def too_much(text: str) -> Iterator[tuple[int, str]]:
    """Where a rule outgrows a bound, and which: Logica takes time with powers of these."""
    counts: Counter[str] = Counter()
    depth = 0
    for found in re.finditer(r'"[^"\n]*"|\|\||\+\+|&&|[;(\[{)\]}|+*/%^~!-]', text):
        token = found[0]
        if token == ";":
            counts, depth = Counter(), 0
        elif token in "([{":
            depth += 1
        elif token in ")]}":
            depth -= 1
        elif not token.startswith('"'):
            counts["|" if token == "|" else "operator"] += 1
        bounds = (
            (depth, MOST_BRACKETS, "levels of brackets"),
            (counts["|"], MOST_CHOICES, "choices by |"),
            (counts["operator"], MOST_OPERATORS, "operators"),
        )
        for count, bound, what in bounds:
            if count > bound:
                yield found.start(), f"{bound} {what}"


def calls(node: Any) -> Iterator[dict[str, Any]]:
    """Every call in a rule, its head aside."""
    stack = [node]
    while stack:
        one = stack.pop()
        if isinstance(one, dict):
            if "predicate_name" in one and "record" in one and one is not node.get("head"):
                yield one
            stack += one.values()
        elif isinstance(one, list):
            stack += one


def called(node: Any) -> set[str]:
    """Names of predicates in a part of a rule."""
    names, stack = set[str](), [node]
    while stack:
        one = stack.pop()
        if isinstance(one, dict):
            if isinstance(one.get("predicate_name"), str):
                names.add(one["predicate_name"])
            stack += one.values()
        elif isinstance(one, list):
            stack += one
    return names


def with_conditions(rule: dict[str, Any]) -> dict[str, Any]:
    """The rule with functions that stand as conditions told as such: Logica takes them for tables."""
    stack: list[Any] = [rule]
    while stack:
        one = stack.pop()
        if isinstance(one, dict):
            call = one.get("predicate")
            if isinstance(call, dict) and call.get("predicate_name") in FUNCTIONS:
                value = {"expression": {"call": call}}
                one["predicate"] = {
                    "predicate_name": "Constraint",
                    "record": {"field_value": [{"field": 0, "value": value}]},
                }
            stack += one.values()
        elif isinstance(one, list):
            stack += one
    return rule


def rename(node: Any, old: str, new: str) -> None:
    """Calls one predicate by another name, everywhere in a part of a rule."""
    stack = [node]
    while stack:
        one = stack.pop()
        if isinstance(one, dict):
            if one.get("predicate_name") == old:
                one["predicate_name"] = new
            stack += one.values()
        elif isinstance(one, list):
            stack += one


def auxiliary(predicate: str) -> str:
    """The predicate that Logica puts between the rules of an aggregation and its result."""
    return f"{predicate}_MultBodyAggAux"


def subject(rule: dict[str, Any]) -> str:
    """What an annotation is about."""
    fields = rule["head"]["record"]["field_value"]
    return str(literal(fields[0]["value"])) if fields else ""


def literal(value: dict[str, Any]) -> Any:
    """A literal's value, None for anything else."""
    literal = value.get("expression", {}).get("literal", {})
    if "the_predicate" in literal:
        return literal["the_predicate"]["predicate_name"]
    if "the_string" in literal:
        return literal["the_string"]["the_string"]
    if "the_number" in literal:
        number = str(literal["the_number"]["number"])
        return int(number) if number.isdigit() else number
    return None


def column(field: Any) -> str:
    """A field as a column: those without a name are numbered."""
    return f"col{field}" if isinstance(field, int) else str(field)
