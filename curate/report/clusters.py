"""The largest clusters of duplicates in a run's ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curate.shards import Run

MOST_CLUSTERS = 12
MOST_MEMBERS = 6  # named of a cluster
MOST_HELD = 400_000
"""Clusters that are counted at a time. Where there are more, the smallest are forgotten: they may come out too small,
which matters to none that is far larger than the rest."""

_COLUMNS = ["file_id", "path", "source", "language", "size_bytes", "drop_stage", "similarity", "cluster", "match"]


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """Files that went because of one that stayed."""

    keeper: Mapping[str, Any] | None
    """Its ledger row; None where it is one of an earlier run."""
    file_id: str
    n_files: int
    n_bytes: int
    stages: tuple[str, ...]
    least_similarity: float | None
    members: list[Mapping[str, Any]]
    """Rows of some of them, the least similar first."""


def largest(run: Run) -> list[Cluster]:
    """The clusters of most files, the largest first; none without a stage that finds duplicates."""
    counted: Counter[str] = Counter()
    gone = run.ledger.filter(pc.field("cluster").is_valid())
    for batch in gone.to_batches(columns=["cluster"]):
        for one in batch.column("cluster").value_counts().to_pylist():
            counted[one["values"]] += one["counts"]
        if len(counted) > MOST_HELD:
            counted = Counter(dict(counted.most_common(MOST_HELD // 2)))
    names = [name for name, _ in sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:MOST_CLUSTERS]]
    if not names:
        return []
    keepers = run.ledger.filter(pc.field("file_id").isin(names)).to_table(columns=_COLUMNS).to_pylist()
    by_id = {row["file_id"]: row for row in keepers}
    held = {name: _Members() for name in names}
    for batch in run.ledger.filter(pc.field("cluster").isin(names)).to_batches(columns=_COLUMNS):
        _add(held, pa.Table.from_batches([batch]))
    return [held[name].cluster(name, by_id.get(name)) for name in names]


@dataclass
class _Members:
    n_files: int = 0
    n_bytes: int = 0
    stages: set[str] = field(default_factory=set)
    least: float | None = None
    first: list[Mapping[str, Any]] = field(default_factory=list)

    def cluster(self, file_id: str, keeper: Mapping[str, Any] | None) -> Cluster:
        return Cluster(
            keeper=keeper, file_id=file_id, n_files=self.n_files, n_bytes=self.n_bytes,
            stages=tuple(sorted(self.stages)), members=self.first, least_similarity=self.least,
        )  # fmt: skip


def _add(held: dict[str, _Members], rows: pa.Table) -> None:
    sums = [("size_bytes", "sum"), ("file_id", "count"), ("similarity", "min")]
    for told in rows.group_by(["cluster", "drop_stage"]).aggregate(sums).to_pylist():
        one = held[told["cluster"]]
        one.n_files += told["file_id_count"]
        one.n_bytes += told["size_bytes_sum"] or 0
        one.stages.add(told["drop_stage"])
        known = [least for least in (one.least, told["similarity_min"]) if least is not None]
        one.least = min(known, default=None)
    rows = rows.sort_by([("similarity", "ascending"), ("file_id", "ascending")])
    for name in pc.unique(rows.column("cluster")).to_pylist():
        own = rows.filter(pc.equal(rows.column("cluster"), name)).slice(0, MOST_MEMBERS).to_pylist()
        held[name].first = sorted([*held[name].first, *own], key=_similarity)[:MOST_MEMBERS]


def _similarity(row: Mapping[str, Any]) -> tuple[float, str]:
    return (1.0 if row["similarity"] is None else row["similarity"], row["file_id"])
