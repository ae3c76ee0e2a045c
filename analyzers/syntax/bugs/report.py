"""What a rule says of a file: one plain row a finding."""

from __future__ import annotations

from typing import NamedTuple

WARNING, ERROR, FATAL = 1, 2, 3
"""Severities, in CodeFuse-13B's three levels. FATAL: the code cannot do what it says, it fails or never
ends whenever it runs; ERROR: it does something else than it says; WARNING: it does nothing, or hides what goes
wrong."""

SEVERITIES = {WARNING: "Warning", ERROR: "Error", FATAL: "Fatal"}


class Bug(NamedTuple):
    """One finding. Offsets are bytes, half-open; lines count from 1."""

    rule: str
    severity: int
    start: int
    end: int
    line: int
