"""The measures on a file's tokens that a recipe may ask for by name, all from one reading of the tokens.

They take .4 to 1 times as long as parsing, all with the reading; smaller files more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from analyzers.syntax import coupling, ending, maintainability, naming, redundancy
from analyzers.syntax.kinds import KindTable
from analyzers.syntax.report import Report
from analyzers.syntax.token_stream import Stream, token_stream

Counts = dict[str, float | None]
"""Fields of Ending, Naming, Redundancy, Coupling and Maintainability by name; what was not asked for is missing."""

_TAKEN: dict[str, Callable[[Stream, Report, bytes, KindTable], NamedTuple | None]] = {
    "ending": lambda stream, _report, _source, _table: ending.measure(stream),
    "naming": lambda stream, report, _source, _table: naming.measure(stream, report),
    "redundancy": redundancy.measure,
    "coupling": lambda stream, report, source, _table: coupling.measure(stream, report, source),
    "maintainability": lambda stream, report, _source, _table: maintainability.measure(stream, report),
}


def counts_of(report: Report, source: bytes, table: KindTable, names: Iterable[str]) -> Counts | None:
    """Counts of a file that was parsed with the table's grammar; None for a language of tier C."""
    if report.definitions is None:
        return None
    stream = token_stream(report, source, table)
    counts: Counts = {}
    for name in names:
        found = _TAKEN[name](stream, report, source, table)
        counts |= {} if found is None else found._asdict()
    return counts
