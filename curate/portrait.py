"""OUT/portrait.parquet: how many files and bytes each value of each dimension has, read and kept, and cross tables.

Made from ledger rows, batch by batch: what is held grows with the number of different values, not of files. Drift
between two runs is the Jensen-Shannon divergence of their shares, dimension by dimension.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analyzers.licences.expression import licence_class
from analyzers.portrait.dimensions import DIMENSIONS, SEPARATOR
from curate.errors import WrongUse
from curate.shards import Run

NAME = "portrait.parquet"
READS = ("tags", "language", "licence", "size_bytes")
COUNTS = ("files", "bytes", "kept_files", "kept_bytes")
CROSSED = (
    ("module_kind", "framework"), ("module_kind", "quality"), ("module_kind", "complexity"), ("domain", "module_kind"),
    ("domain", "framework"), ("licence_class", "domain"), ("quality", "size"), ("quality", "comment_density"),
)  # fmt: skip
"""Pairs of dimensions that have a cross table over all languages; each dimension has one with the languages."""

_KEYS = ("dimension", "value", "across", "across_value", "language")
PORTRAIT = pa.schema([(name, pa.string()) for name in _KEYS] + [(name, pa.int64()) for name in COUNTS])
"""A row of portrait.parquet. `value` null: not measured, or it does not apply. Rows of one dimension have a language
and no `across`; rows of a cross table have `across` and no language. Of a dimension with several values a file, each
of them counts."""

_MANY = frozenset(dimension.name for dimension in DIMENSIONS if dimension.many)
_NAMES = tuple(dimension.name for dimension in DIMENSIONS)
Key = tuple[str | None, ...]


class Portrait:
    """Counts under way."""

    def __init__(self) -> None:
        self.counts: dict[Key, list[int]] = defaultdict(lambda: [0, 0, 0, 0])

    def add(self, batch: pa.RecordBatch, *, read: bool, kept: Iterable[bool]) -> None:
        """Count rows with the columns READS: as read where `read` says so, as kept where `kept` says so of each."""
        columns = (batch.column(name).to_pylist() for name in READS)
        for tags, language, licence, size, is_kept in zip(*columns, kept, strict=True):
            told: dict[str, str | None] = dict(tags or ())
            told |= {"language": language, "licence": licence, "licence_class": _class_of(licence)}
            amount = (read, read * (size or 0), is_kept, is_kept * (size or 0))
            for name in _NAMES:
                for value in _values(name, told):
                    self.count((name, value, None, None, language), amount)
            for one, other in CROSSED:
                if told.get(one) is not None and told.get(other) is not None:
                    self.count((one, told[one], other, told[other], None), amount)

    def count(self, key: Key, amount: Iterable[int]) -> None:
        """Add files, bytes, kept files and kept bytes to a row."""
        held = self.counts[key]
        for place, number in enumerate(amount):
            held[place] += number

    def table(self) -> pa.Table:
        """Rows of PORTRAIT in a fixed order."""
        keys = sorted(self.counts, key=lambda key: [("" if part is None else part, part is None) for part in key])
        columns: list[list[Any]] = [[key[place] for key in keys] for place in range(len(_KEYS))]
        columns += [[self.counts[key][place] for key in keys] for place in range(len(COUNTS))]
        return pa.Table.from_arrays(
            [pa.array(column, field.type) for column, field in zip(columns, PORTRAIT, strict=True)], schema=PORTRAIT
        )


def _values(name: str, told: dict[str, str | None]) -> list[str | None]:
    value = told.get(name)
    return list(value.split(SEPARATOR)) if value is not None and name in _MANY else [value]


_CLASSES: dict[str | None, str] = {}


def _class_of(licence: str | None) -> str:
    if licence not in _CLASSES:
        _CLASSES[licence] = licence_class(licence)
    return _CLASSES[licence]


def partial(batches: Iterator[pa.RecordBatch], *, read: bool) -> Iterator[pa.RecordBatch]:
    """The counts of a task's rows, which are kept ones unless `read`."""
    portrait = Portrait()
    for batch in batches:
        portrait.add(batch, read=read, kept=[not read] * batch.num_rows)
    yield from portrait.table().combine_chunks().to_batches()


def summed(parts: pa.Table) -> pa.Table:
    """One table from the counts of several tasks."""
    portrait = Portrait()
    for row in zip(*(parts.column(name).to_pylist() for name in PORTRAIT.names), strict=True):
        portrait.count(row[: len(_KEYS)], row[len(_KEYS) :])
    return portrait.table()


def of_run(run: Run) -> pa.Table:
    """The portrait of a finished run, from its ledger."""
    portrait = Portrait()
    for batch in run.ledger.to_batches(columns=[*READS, "drop_stage"], batch_size=8_192):
        portrait.add(batch, read=True, kept=pc.is_null(batch.column("drop_stage")).to_pylist())
    return portrait.table()


def write(table: pa.Table, path: Path) -> dict[str, Any]:
    """Write portrait.parquet; gives its written, rows, bytes and sha256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd", store_schema=False)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"written": str(path), "rows": table.num_rows, "bytes": path.stat().st_size, "sha256": digest}


def shares(table: pa.Table, dimension: str, column: str = "kept_files") -> dict[str, float]:
    """The share of each value among files that have one, the most frequent first. WrongUse for no dimension."""
    if dimension not in _NAMES:
        raise WrongUse(f"{dimension!r} is no dimension: `codemill profile --list` lists them")
    rows = table.filter(
        (pc.field("dimension") == dimension) & pc.field("across").is_null() & pc.field("value").is_valid()
    )
    counts: dict[str, int] = defaultdict(int)
    for value, count in zip(rows.column("value").to_pylist(), rows.column(column).to_pylist(), strict=True):
        counts[value] += count
    whole = sum(counts.values())
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return {value: count / whole for value, count in ordered if count} if whole else {}


class Drift(NamedTuple):
    """How far a dimension moved: Jensen-Shannon divergence in bits, 0..1, and the values whose share changed most, as
    (value, share before, share after)."""

    dimension: str
    divergence: float
    moved: list[tuple[str, float, float]]


def drift(before: pa.Table, after: pa.Table, column: str = "kept_files", most: int = 3) -> list[Drift]:
    """The drift of every dimension that both have, the largest first."""
    found = []
    for name in _NAMES:
        one, other = shares(before, name, column), shares(after, name, column)
        if one and other:
            values = sorted({*one, *other})
            moved = sorted(values, key=lambda value: (-abs(one.get(value, 0) - other.get(value, 0)), value))
            pairs = [(value, one.get(value, 0.0), other.get(value, 0.0)) for value in moved[:most]]
            found.append(Drift(name, divergence(one, other), pairs))
    return sorted(found, key=lambda row: (-row.divergence, row.dimension))


def divergence(one: dict[str, float], other: dict[str, float]) -> float:
    """Jensen-Shannon divergence of two distributions in bits: 0 for equal ones, 1 for ones that share no value."""
    found = 0.0
    for value in sorted({*one, *other}):
        p, q = one.get(value, 0.0), other.get(value, 0.0)
        middle = (p + q) / 2
        found += (p * math.log2(p / middle) if p else 0.0) + (q * math.log2(q / middle) if q else 0.0)
    return max(0.0, found / 2)


def crossed(table: pa.Table, dimension: str, across: str, column: str = "kept_files") -> dict[str, dict[str, int]]:
    """A cross table as value -> value across -> count. WrongUse for a pair that has none."""
    if (dimension, across) not in CROSSED:
        pairs = ", ".join(f"{one} x {other}" for one, other in CROSSED)
        raise WrongUse(f"{dimension!r} and {across!r} are not crossed: there are {pairs}")
    rows = table.filter((pc.field("dimension") == dimension) & (pc.field("across") == across))
    found: dict[str, dict[str, int]] = {}
    for row in rows.select(["value", "across_value", column]).to_pylist():
        found.setdefault(row["value"], {})[row["across_value"]] = row[column]
    return found
