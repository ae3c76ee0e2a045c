"""Listing, as a Spark job: folders handed to tasks, units packed by bytes, and a hash of all that was found."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import xxhash

from curate.inputs import UNIT, Root, Start, pack, starts, walk

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_START = pa.schema([("location", pa.binary()), ("uri", pa.string()), ("is_folder", pa.bool_()), ("named", pa.bool_())])

PACK = pa.schema(
    [
        ("bytes", pa.int64()),
        ("n_units", pa.int64()),
        ("n_files", pa.int64()),  # units that must each give one row
        ("n_rows", pa.int64()),  # of Parquet, that must each give one row
        ("hash", pa.int64()),  # exclusive or over the units' places, sizes and times
        ("n_jsonl_files", pa.int64()),  # JSONL met in folders, read as plain files: worth a word to the user
        ("units", pa.list_(UNIT)),
    ]
)


def packs(spark: SparkSession, roots: Sequence[Root], out: str, pack_bytes: int, cores: int) -> DataFrame:
    """A row of PACK for every pack of units, lazily; what is already known goes through the same tasks."""
    from pyspark.sql.pandas.types import from_arrow_schema

    folders, units = starts(roots, at_least=8 * cores)
    skip = os.fsencode(os.path.realpath(out))
    rows = [vars(folder) for folder in folders]
    known = list(_packed(iter(units), pack_bytes))

    def list_below(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        below = (Start(**row) for batch in batches for row in batch.to_pylist())
        found = (unit for start in below for unit in walk(start, skip=skip))
        for row in _packed(found, pack_bytes):
            yield pa.RecordBatch.from_pylist([row], schema=PACK)

    frame = None
    if rows:
        table = pa.Table.from_pylist(rows, schema=_START)
        n_tasks = min(len(rows), 4 * cores)
        schema = from_arrow_schema(PACK)
        frame = spark.createDataFrame(table).repartition(n_tasks).mapInArrow(list_below, schema)
    if known or frame is None:
        there = spark.createDataFrame(pa.Table.from_pylist(known, schema=PACK))
        frame = there if frame is None else frame.unionByName(there)
    return frame


def totals(frame: DataFrame) -> dict[str, Any]:
    """What was found, for the manifest and for checking that nothing is lost."""
    from pyspark.sql import functions as F

    sums = [
        F.coalesce(F.sum(name), F.lit(0)).alias(name)
        for name in ("bytes", "n_units", "n_files", "n_rows", "n_jsonl_files")
    ]
    row = frame.agg(*sums, F.coalesce(F.bit_xor("hash"), F.lit(0)).alias("hash"), F.count("*").alias("n_packs")).first()
    found = row.asDict() if row else {}
    return found | {"hash": f"{found['hash'] & (2**64 - 1):016x}"}


def _packed(units: Iterable[dict], pack_bytes: int) -> Iterator[dict]:
    for row in pack(iter(units), pack_bytes):
        held = row["units"]
        digest = 0
        for unit in held:
            place = f"{unit['kind']}\0{unit['uri']}\0{unit['start']}\0{unit['size']}\0{unit['stamp']}"
            digest ^= xxhash.xxh3_64_intdigest(place.encode())
        yield {
            "bytes": sum(unit["size"] for unit in held),
            "n_units": len(held),
            "n_files": sum(unit["kind"] in ("file", "refused") for unit in held),
            "n_rows": sum(unit["end"] - unit["start"] for unit in held if unit["kind"] == "parquet"),
            "hash": digest - (1 << 64) if digest >> 63 else digest,
            "n_jsonl_files": sum(unit["kind"] == "file" and ".jsonl" in unit["uri"] for unit in held),
            "units": held,
        }
