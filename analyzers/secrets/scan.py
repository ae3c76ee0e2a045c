"""Secrets and personal data in a column of files: one pass of a multi-pattern engine, exact checks where it points.

Hyperscan runs all anchors as one automaton, in time linear in the bytes. Python sees only what it reports, and every
pattern there is bounded. A finding is a kind and two offsets: values are never returned, logged or put in an error.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import hyperscan
import pyarrow as pa

from analyzers.buffers import Text, offsets_and_bytes
from analyzers.secrets.assigned import ASSIGNED
from analyzers.secrets.keys import KEYS
from analyzers.secrets.personal import PERSONAL
from analyzers.secrets.rule import Rule, beginning

RULES: tuple[Rule, ...] = (*KEYS, *ASSIGNED, *PERSONAL)
"""In order of precedence: where findings overlap, they become one, of the first rule's kind."""

PLACEHOLDER_OF = {rule.kind: rule.placeholder for rule in RULES}

NUMBER_OF = {rule.kind: number for number, rule in reversed(list(enumerate(RULES)))}

_OURS = re.compile(rf"(?:{'|'.join(sorted(set(PLACEHOLDER_OF.values())))})(?:_[0-9]+)?".encode())
"""A placeholder, which is no finding."""

FINDINGS = pa.schema([("row", pa.int64()), ("kind", pa.string()), ("start", pa.int64()), ("end", pa.int64())])

Span = tuple[str, int, int]
"""(kind, start, end): byte offsets in the file."""


@cache
def _engine() -> Any:
    """The anchors of all rules, compiled. A process builds it once, in a tenth of a second."""
    engine = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    engine.compile(
        expressions=[rule.anchor.encode() for rule in RULES],
        ids=list(range(len(RULES))),
        elements=len(RULES),
        flags=[hyperscan.HS_FLAG_SOM_LEFTMOST] * len(RULES),
    )
    return engine


def _candidates(row: bytes) -> list[tuple[int, int]]:
    """(rule, start) of every place that an anchor names, each once, in order."""
    places: set[tuple[int, int]] = set()

    def note(rule: int, start: int, _end: int, _flags: int, _context: object) -> None:
        places.add((rule, start))

    _engine().scan(row, match_event_handler=note)
    return sorted(places)


def spans(row: bytes) -> list[Span]:
    """Findings in one file, by place; none overlaps another."""
    found: list[tuple[int, int, int]] = []
    for number, place in _candidates(row):
        rule = RULES[number]
        if rule.lead:
            place = beginning(row, place, rule.lead)
        match = rule.pattern.match(row, place) if place >= 0 else None
        if match is None:
            continue
        start, end = match.span("v" if "v" in rule.pattern.groupindex else 0)
        if not _OURS.fullmatch(row, start, end) and all(check(row, start, end) for check in rule.checks):
            found.append((start, end, number))
    return joined(found) if found else []


def joined(found: list[tuple[int, int, int]]) -> list[Span]:
    """Overlapping (start, end, rule) as one that covers them all, so that no part of a value stays."""
    whole: list[tuple[int, int, int]] = []
    for start, end, number in sorted(found):
        if whole and start < whole[-1][1]:
            first, last, earlier = whole[-1]
            whole[-1] = (first, max(last, end), min(earlier, number))
        else:
            whole.append((start, end, number))
    return [(RULES[number].kind, start, end) for start, end, number in whole]


def scan(content: Text) -> pa.Table:
    """Findings in a large_string or large_binary column: (row, kind, start, end), by row and place.

    Start and end are byte offsets within the row; findings of a row do not overlap. A null row has none.
    """
    offsets, data = offsets_and_bytes(content)
    rows: list[int] = []
    kinds: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for row in range(len(content)):
        for kind, start, end in spans(data[offsets[row] : offsets[row + 1]].tobytes()):
            rows.append(row)
            kinds.append(kind)
            starts.append(start)
            ends.append(end)
    return pa.table([rows, kinds, starts, ends], schema=FINDINGS)
