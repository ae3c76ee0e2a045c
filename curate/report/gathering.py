"""What the report shows of a run's ledger, gathered in one pass over it and in bounded memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import xxhash
from pydantic import ValidationError

from curate.report.clusters import Cluster, largest
from curate.report.samples import Choice, Sample, texts
from curate.report.sketches import Sketch, scale_of
from curate.rules import Rule
from curate.schema import SIGNALS
from curate.shards import Run

MOST_ROWS = 20_000_000
"""Ledger rows that are looked at, some minutes' worth; of a longer ledger whole files of it, chosen by hash."""

_BATCH_ROWS = 65_536
_BESIDE = ("size_bytes", "n_lines", "quality_score")  # measures that are columns of their own
_PLACE = (
    "file_id", "content_id", "source", "path", "language", "drop_stage", "drop_reason", "drop_value", "drop_text",
    "drop_limit", "duplicate_of", "similarity", "match",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A rule of the recipe, under the name that the ledger has for it."""

    stage: str
    reason: str
    rule: Rule


@dataclass(kw_only=True)
class Gathered:
    """Histograms, samples and clusters of a run."""

    n_rows: int = 0
    """Rows that were looked at; clusters are of all."""
    limits: list[Limit] = field(default_factory=list)
    sketches: dict[str, Sketch] = field(default_factory=dict)
    quality: dict[str, Sketch] = field(default_factory=lambda: defaultdict(lambda: Sketch("points")))
    """quality_score by language."""
    samples: list[Sample] = field(default_factory=list)
    clusters: list[Cluster] = field(default_factory=list)


def gather(run: Run) -> Gathered:
    """Everything that the ledger has for the page. Texts of samples are read again from where the files came from."""
    found = Gathered(limits=limits_of(run.manifest["recipe"]["stages"]))
    choice = Choice(found.limits, seed=int(run.manifest["recipe"].get("seed", 0)))
    for rows in _batches(_chosen(run.files("ledger/"))):
        found.n_rows += rows.num_rows
        is_kept = rows.column("drop_stage").is_null().to_numpy(zero_copy_only=False)
        _add_signals(found, rows, is_kept)
        choice.add(rows, is_kept)
    found.samples = texts(run, choice.samples())
    found.clusters = largest(run)
    return found


def limits_of(stages: list[dict[str, Any]]) -> list[Limit]:
    """The rules of a manifest's recipe, in order."""
    found = []
    for name, settings in ((name, settings) for stage in stages for name, settings in stage.items()):
        rules = (settings or {}).get("rules")
        for reason, fields in rules.items() if isinstance(rules, dict) else ():
            try:
                found.append(Limit(stage=name, reason=reason, rule=Rule(**fields)))
            except (ValidationError, TypeError):  # rules of another kind, or of a version that is not this one
                continue
    return found


def _chosen(files: list[Path]) -> list[Path]:
    """Files of a ledger up to MOST_ROWS, at least one: all where they are fewer."""
    chosen: list[Path] = []
    n_rows = 0
    for file in sorted(files, key=lambda path: xxhash.xxh3_64_intdigest(path.name.encode())):
        n_rows += pq.read_metadata(file).num_rows
        if chosen and n_rows > MOST_ROWS:
            break
        chosen.append(file)
    return chosen


def _batches(files: list[Path]) -> Iterator[pa.RecordBatch]:
    for file in files:
        dataset = ds.dataset(str(file), format="parquet")
        columns = {name: pc.field(name) for name in (*_PLACE, *_BESIDE)}
        there = dataset.schema.field("signals").type  # of an earlier version, it may have fewer
        columns |= {field.name: pc.field("signals", field.name) for field in there}
        yield from dataset.to_batches(columns=columns, batch_size=_BATCH_ROWS)


def _add_signals(found: Gathered, rows: pa.RecordBatch, is_kept: np.ndarray) -> None:
    for name in (*_BESIDE, *(name for name in SIGNALS.names if name in rows.schema.names)):
        column = rows.column(name)
        if column.null_count == len(column):
            continue
        values = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
        if name not in found.sketches:
            found.sketches[name] = Sketch(scale_of(name, is_bool=pa.types.is_boolean(column.type)))
        found.sketches[name].add(values, is_kept)
        if name == "quality_score":
            languages = rows.column("language").to_numpy(zero_copy_only=False)
            for language in sorted(set(languages[~np.isnan(values)])):
                own = languages == language
                found.quality[language].add(values[own], is_kept[own])
