"""Secrets and personal data in a column of files: one pass of a multi-pattern engine, exact checks where it points.

Hyperscan runs all anchors as one automaton, in time linear in the bytes. Python sees only what it reports, and every
pattern there is bounded. A finding is a kind and two offsets: values are never returned, logged or put in an error.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from typing import Any

import hyperscan
import pyarrow as pa

from analyzers.automaton import automaton
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

NOTHING: frozenset[str] = frozenset()

Span = tuple[str, int, int]
"""(kind, start, end): byte offsets in the file."""


MAX_CANDIDATES = 10_000
"""Places in one file that are looked at. Beyond them lie long lists of addresses, and files made to be slow: 1 MB of
`password=` would take four seconds."""


class TooManyCandidates(ValueError):
    """A file has more places that could hold a secret than are looked at: what is in it is not known."""

    def __init__(self) -> None:
        super().__init__(f"the file has more than {MAX_CANDIDATES} places that could hold a secret: drop it")


@cache
def _engine(keep: frozenset[str]) -> Any:
    """The anchors of all rules but those of kinds to keep, compiled."""
    if unknown := keep - PLACEHOLDER_OF.keys():
        raise ValueError(f"no such kinds of secrets: {sorted(unknown)}; there are {sorted(PLACEHOLDER_OF)}")
    numbers = [number for number, rule in enumerate(RULES) if rule.kind not in keep]
    anchors = [RULES[number].anchor.encode() for number in numbers]
    return automaton(anchors, flags=hyperscan.HS_FLAG_SOM_LEFTMOST, numbers=numbers)


def _candidates(row: bytes | memoryview, keep: frozenset[str] = NOTHING) -> list[tuple[int, int]]:
    """(rule, start) of every place that an anchor names, each once, in order; TooManyCandidates beyond the bound."""
    places: set[tuple[int, int]] = set()

    def note(rule: int, start: int, _end: int, _flags: int, _context: object) -> bool:
        places.add((rule, start))
        return len(places) > MAX_CANDIDATES  # true ends the scan

    try:
        _engine(keep).scan(row, match_event_handler=note)
    except hyperscan.ScanTerminated:
        raise TooManyCandidates from None
    return sorted(places) if places else []


def spans(row: bytes, keep: frozenset[str] = NOTHING) -> list[Span]:
    """Findings in one file but those of kinds to keep, by place; none overlaps another. Or TooManyCandidates."""
    return _judged(row, _candidates(row, keep))


def _judged(row: bytes, candidates: list[tuple[int, int]]) -> list[Span]:
    """Those candidates that their rule's pattern and checks confirm."""
    found: list[tuple[int, int, int]] = []
    for number, place in candidates:
        rule = RULES[number]
        if rule.lead:
            place = beginning(row, place, rule.lead)
        match = rule.pattern.match(row, place + rule.skip) if place >= 0 else None
        if match is None and rule.skip and place == 0:  # at the file's start there is nothing to skip
            match = rule.pattern.match(row)
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


def scan(content: Text, keep: frozenset[str] = NOTHING) -> tuple[pa.Table, list[int]]:
    """Findings in a large_string or large_binary column, (row, kind, start, end) by row and place; and the rows with
    too many candidates to be known.

    Start and end are byte offsets within the row; findings of a row do not overlap. A null row has none.
    """
    offsets, data = offsets_and_bytes(content)
    view = data.data
    found: list[tuple[int, str, int, int]] = []
    too_many: list[int] = []
    for row, (start, end) in enumerate(pairwise(offsets.tolist())):
        try:
            if candidates := _candidates(view[start:end], keep):  # most files have none, and are not copied
                found += [(row, *span) for span in _judged(view[start:end].tobytes(), candidates)]
        except TooManyCandidates:
            too_many.append(row)
    columns = zip(*found, strict=True) if found else ((), (), (), ())
    arrays = [pa.array(column, field.type) for column, field in zip(columns, FINDINGS, strict=True)]
    return pa.table(arrays, schema=FINDINGS), too_many
