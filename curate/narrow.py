"""The fused narrow pass: packs of units in, work rows out, every stage that looks into one file at a time in between.

Runs inside Spark's Python workers, and as well without Spark: it is a function of Arrow batches.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from curate.errors import CodemillError
from curate.files import ParquetFile
from curate.packed import pack
from curate.readers import read_units
from curate.schema import EVIDENCE, LEDGER, SIGNALS, VERDICT
from curate.stage import Stage
from curate.stages.read import Read
from dedup.priority import rank

ANALYSIS_ERROR = "analysis_error"

# What the engine itself needs of every document, beyond the ledger's columns and those that stages write.
ENGINE_COLUMNS = [
    ("unit_kind", pa.string()),  # of the unit it came from, to check that every listed file has its row
    ("rank", pa.int32()),  # keeper priority, see dedup.priority
    ("repo_key", pa.int64()),  # xxh3 of the repository, or of content_id without one: decides the shard
    ("path_key", pa.int64()),  # xxh3 of the path: decides it in a repository larger than a shard
]
_OF_WIDE_STAGES = {"duplicate_of", "similarity", "cluster"}
_JUDGED = (*VERDICT, *EVIDENCE)

WORKED = pa.schema([("written", pa.string()), ("rows", pa.int64()), ("units", pa.map_(pa.string(), pa.int64()))])
"""A row for each file of work rows: where it lies, its rows, and the listed rows they stand for by kind of unit."""

_ZSTD_LEVEL = 1  # of what is read once or twice and removed
_ROW_BYTES = 2_048  # what a row holds beside its content: signals, signatures
_UNREAD = ("unreadable", "no_content_column")  # of ranges of rows or entries: one row tells of `drop_value` of them


def work_schema(extra: dict[str, pa.DataType]) -> pa.Schema:
    """Work rows: the ledger's columns and content, keys that stages write for later ones, and the engine's own."""
    kept = [field for field in LEDGER if field.name not in _OF_WIDE_STAGES]
    hidden = {"raw", "claimed_language", *SIGNALS.names}
    keys = [(name, kind) for name, kind in extra.items() if name not in hidden]
    return pa.schema([*kept, ("content", pa.large_string()), *keys, *ENGINE_COLUMNS])


def packed(schema: pa.Schema) -> pa.Schema:
    """Work rows as `_work` holds them: signals as bytes, which nothing in the JVM looks into."""
    return schema.set(schema.get_field_index("signals"), pa.field("signals", pa.large_binary()))


@dataclass(frozen=True, kw_only=True)
class NarrowPass:
    """All that a worker needs; pickled once a task."""

    read: Read
    stages: tuple[Stage, ...]
    schema: pa.Schema

    def __call__(self, packs: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Work rows for the units of packs, in batches of bounded size."""
        for batch in packs:
            for held in batch.column("units").to_pylist():
                for kind, units in _by_kind(held):
                    for raw in read_units(
                        units, max_bytes=self.read.max_bytes, batch_bytes=self.read.batch_bytes, stars=self.read.table()
                    ):
                        yield mill(raw, kind, self.stages, self.schema)


@dataclass(frozen=True, kw_only=True)
class WorkWriter:
    """The fused pass with its rows written where they are made: packs in, a row of WORKED for each task's file out."""

    narrow: NarrowPass
    folder: str

    def __call__(self, packs: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """One file for all packs, one row that tells of it; nothing for no packs."""
        file: ParquetFile | None = None
        units: Counter[str] = Counter()
        schema = packed(self.narrow.schema)
        for rows in self.narrow(packs):
            path = Path(self.folder) / f"{uuid.uuid4().hex}.parquet"
            file = file or ParquetFile(path, schema, zstd_level=_ZSTD_LEVEL, row_bytes=_ROW_BYTES)
            file.add(rows.set_column(schema.get_field_index("signals"), "signals", pack(rows.column("signals"))))
            units += count_units(rows)
        if file is not None:
            told = file.close() | {"units": list(units.items())}
            yield pa.RecordBatch.from_pylist([{name: told[name] for name in WORKED.names}], schema=WORKED)


def count_units(rows: pa.RecordBatch) -> Counter[str]:
    """Listed rows that work rows stand for, by kind of unit. A row that tells of unread rows counts for all of them."""
    columns = (rows.column(name).to_pylist() for name in ("unit_kind", "drop_reason", "drop_value"))
    counts: Counter[str] = Counter()
    for kind, reason, value in zip(*columns, strict=True):
        tells_of_many = kind in ("parquet", "git") and reason in _UNREAD and value is not None
        counts[kind] += int(value) if tells_of_many else 1
    return counts


def _by_kind(units: list[dict]) -> Iterator[tuple[str, list[dict]]]:
    kinds: dict[str, list[dict]] = {}
    for unit in units:
        kinds.setdefault(unit["kind"], []).append(unit)
    yield from kinds.items()


def mill(raw: pa.RecordBatch, kind: str, stages: Sequence[Stage], schema: pa.Schema) -> pa.RecordBatch:
    """One batch through all stages. A file that a stage drops leaves its content at once and meets no further stage."""
    live, gone = _part(raw, Read.name, schema, kind)
    parts = [gone]
    for stage in stages:
        if live.num_rows == 0:
            break
        live, gone = _part(_isolated(stage, live), stage.name, schema, kind)
        parts.append(gone)
    if live.num_rows:
        parts.append(_conform(live, schema, kind, stage=None))
    return (
        pa.Table.from_batches([part for part in parts if part.num_rows], schema=schema).combine_chunks().to_batches()[0]
    )


def _isolated(stage: Stage, batch: pa.RecordBatch) -> pa.RecordBatch:
    """What the stage makes of a batch; where it raises, the batch is halved until the file at fault stands alone.

    What a user can mend is no file's fault: a worker that cannot read a model or a list would drop all its files.
    """
    try:
        measured = stage.measure(batch)
        if measured.num_rows != batch.num_rows:
            raise ValueError(f"stage {stage.name!r} gave {measured.num_rows} rows for {batch.num_rows}")
        return measured
    except (CodemillError, ImportError):
        raise
    except Exception as error:
        if batch.num_rows > 1:
            half = batch.num_rows // 2
            halves = [_isolated(stage, batch.slice(0, half)), _isolated(stage, batch.slice(half))]
            tables = [pa.Table.from_batches([part]) for part in halves]
            joined = pa.concat_tables(tables, promote_options="default").combine_chunks()
            return joined.to_batches()[0]
        told = f"{type(error).__name__}: {error}"[:300]
        columns = {name: batch.column(name) for name in batch.schema.names}
        columns |= {"drop_reason": pa.array([ANALYSIS_ERROR]), "drop_text": pa.array([told])}
        return pa.RecordBatch.from_pydict(columns)


def _part(batch: pa.RecordBatch, stage: str, schema: pa.Schema, kind: str) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """Live rows without the verdict columns, and dropped rows as work rows without content."""
    if "drop_reason" not in batch.schema.names:
        return batch, batch.slice(0, 0)
    dropped = batch.column("drop_reason").is_valid()
    if not dropped.true_count:
        return _without(batch, _JUDGED), batch.slice(0, 0)
    gone = _without(batch.filter(dropped), ("content", "raw"))
    live = _without(batch.filter(pc.invert(dropped)), _JUDGED)
    return live, _conform(gone, schema, kind, stage=stage)


def _without(batch: pa.RecordBatch, names: Sequence[str]) -> pa.RecordBatch:
    return batch.select([name for name in batch.schema.names if name not in names])


def _conform(batch: pa.RecordBatch, schema: pa.Schema, kind: str, *, stage: str | None) -> pa.RecordBatch:
    """Work rows: signals gathered into their struct, the engine's columns computed, null for what was not measured."""
    there = {name: batch.column(name) for name in batch.schema.names}
    n_rows = batch.num_rows
    there["signals"] = pa.StructArray.from_arrays(
        [there.get(field.name, pa.nulls(n_rows, field.type)).cast(field.type) for field in SIGNALS],
        fields=list(SIGNALS),
    )
    there["unit_kind"] = pa.repeat(pa.scalar(kind), n_rows)
    if stage is not None:
        there["drop_stage"] = pa.repeat(pa.scalar(stage), n_rows)
    else:
        there |= _keys(there)
    return pa.RecordBatch.from_arrays(
        [
            there[field.name].cast(field.type) if field.name in there else pa.nulls(n_rows, field.type)
            for field in schema
        ],
        schema=schema,
    )


def _keys(columns: dict[str, pa.Array]) -> dict[str, pa.Array]:
    names = [
        repo or content for repo, content in zip(_list(columns, "repo"), _list(columns, "content_id"), strict=True)
    ]
    return {
        "rank": pa.array(rank(_list(columns, "licence"), _list(columns, "stars"))),
        "repo_key": pa.array([_positive_hash(name) for name in names], pa.int64()),
        "path_key": pa.array([_positive_hash(path) for path in _list(columns, "path")], pa.int64()),
    }


def _list(columns: dict[str, pa.Array], name: str) -> list:
    return columns[name].to_pylist()


def _positive_hash(text: str) -> int:
    return xxhash.xxh3_64_intdigest(text.encode()) >> 1  # Spark has no unsigned integers
