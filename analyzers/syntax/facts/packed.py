"""Facts of a file as one value of bytes: nobody on the way looks into them before they are written."""

from __future__ import annotations

import marshal
from collections.abc import Iterable

from analyzers.syntax.facts.extract import Rows
from analyzers.syntax.facts.relations import RELATIONS

ALL = tuple(RELATIONS)


def pack(rows: Rows, relations: Iterable[str] = ALL) -> bytes:
    """Rows of some relations as bytes."""
    return marshal.dumps({name: rows[name] for name in relations})


def unpack(packed: bytes) -> Rows:
    """Rows again, all relations there; those that were not packed are empty."""
    return {name: [] for name in ALL} | marshal.loads(packed)
