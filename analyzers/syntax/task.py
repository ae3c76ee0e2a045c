"""What the child does with a file: `report` by default, `examine` where more is wanted of the one tree."""

from __future__ import annotations

import marshal
from collections.abc import Callable
from functools import cache
from typing import Any

from analyzers.syntax.kinds import kind_table
from analyzers.syntax.languages import spec_of
from analyzers.syntax.limits import Limits
from analyzers.syntax.measure import analyze, report_on
from analyzers.syntax.parse import parse
from analyzers.syntax.report import to_plain

Request = tuple[str, str, str | None, str | None]
"""language, file_id, repo, path: what facts say of a file besides its content."""


def report(language: str, source: bytes, limits: Limits) -> tuple | str:
    """The report in plain values, or the reason why there is none."""
    made = analyze(language, source, limits)
    return made if isinstance(made, str) else to_plain(made)


def examine(request: Request, source: bytes, limits: Limits, wanted: dict[str, Any]) -> dict[str, Any] | str:
    """All that is wanted of a file, from one tree, or the reason why there is none. The report is always there.

    wanted: `measures` (names; they make `counts`, token_measures.Counts), `bugs` (True: rows of bugs.Bug), `segments`
    (True), `pairs` (the fields of PairRules) and `facts` (names of relations); of the last three the rows come packed
    by `marshal`, as nobody looks at them before they are written. What cannot be measured of a language is None.
    """
    language = request[0]
    spec = spec_of(language)
    if spec is None:
        return "no_grammar"
    table = kind_table(spec)
    tree = parse(table.grammar, source, limits)
    if isinstance(tree, str):
        return tree
    made = report_on(tree, source, table)
    found: dict[str, Any] = {"report": to_plain(made)}
    if wanted.get("measures"):
        found["counts"] = _counts()(made, source, table, wanted["measures"])
    if wanted.get("bugs"):
        found["bugs"] = tuple(map(tuple, _bugs()(tree, source, language))) if spec.tier == "A" else None
    if wanted.get("segments") or wanted.get("pairs") is not None:
        found |= _pieces()(tree, made, source, table, wanted)
    if wanted.get("facts"):
        found["facts"] = _facts()(tree, made, source, request, wanted["facts"])
    return found


# What is not wanted is not loaded: a child starts in half a second, and the rules are as large as the rest.
@cache
def _bugs() -> Callable:
    from analyzers.syntax.bugs import bugs_of

    return bugs_of


@cache
def _counts() -> Callable:
    from analyzers.syntax.token_measures import counts_of

    return counts_of


@cache
def _facts() -> Callable:
    from analyzers.syntax.facts.extract import facts_of
    from analyzers.syntax.facts.packed import pack

    def facts(tree, made, source, request, relations) -> bytes:
        flow = not {"cfg", "def_use"}.isdisjoint(relations)  # which take half of the time
        return pack(facts_of(tree, made, source, *request, flow=flow), relations)

    return facts


@cache
def _pieces() -> Callable:
    from analyzers.syntax.outline import outline
    from analyzers.syntax.pairs import pairs_of
    from analyzers.syntax.pairs_rules import PairRules
    from analyzers.syntax.segments import segments_of

    def pieces(tree, made, source, table, wanted) -> dict[str, bytes]:
        members = outline(tree.root_node, made, source, table)
        segments = segments_of(made, source, members)
        found = {}
        if wanted.get("segments"):
            found["segments"] = marshal.dumps(tuple(map(tuple, segments)))
        if wanted.get("pairs") is not None:
            rules = PairRules(**wanted["pairs"])
            found["pairs"] = marshal.dumps(tuple(map(tuple, pairs_of(made, source, members, segments, rules))))
        return found

    return pieces
