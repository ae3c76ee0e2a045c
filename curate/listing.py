"""Listing: units packed by bytes, and a hash of all that was found. Beyond the first ones it is a Spark job."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import xxhash

from curate.inputs import Root, pack, starts, walk
from curate.sources.members import kind_of
from curate.sources.unit import UNIT, Start
from curate.work import url

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DRIVER_UNITS = 100_000  # listed by the driver itself, in a second or two; folders beyond go to tasks

_START = pa.schema(
    [
        ("location", pa.binary()),
        ("uri", pa.string()),
        ("is_folder", pa.bool_()),
        ("named", pa.bool_()),
        ("is_repository", pa.bool_()),
        ("revision", pa.string()),
    ]
)

PACK = pa.schema(
    [
        ("bytes", pa.int64()),
        ("n_units", pa.int64()),
        ("n_files", pa.int64()),  # units that must each give one row
        ("n_rows", pa.int64()),  # of Parquet, that must each give one row
        ("n_entries", pa.int64()),  # of git trees, that must each give one row
        ("hash", pa.int64()),  # exclusive or over the units' places, sizes and times
        ("n_jsonl_files", pa.int64()),  # JSONL met in folders, read as plain files: worth a word to the user
        ("n_archives", pa.int64()),  # archives met in folders, read as plain files: so are these
        ("units", pa.list_(UNIT)),
    ]
)


def write(
    spark: SparkSession, roots: Sequence[Root], out: str, pack_bytes: int, cores: int, folder: Path
) -> dict[str, Any]:
    """Packs of all units into `folder` as Parquet; gives what was found, for the manifest and the count at the end."""
    from pyspark.sql.pandas.types import from_arrow_schema

    skip = os.fsencode(os.path.realpath(out))
    folders, units = starts(roots, DRIVER_UNITS, skip=skip)

    def list_below(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        below = (Start(**row) for batch in batches for row in batch.to_pylist())
        found = (unit for start in below for unit in walk(start, skip=skip))
        for row in _packed(found, pack_bytes):
            yield pa.RecordBatch.from_pylist([row], schema=PACK)

    if folders:
        table = pa.Table.from_pylist([vars(folder) for folder in folders], schema=_START)
        n_tasks = min(len(folders), 8 * cores)
        frame = spark.createDataFrame(table).repartition(n_tasks).mapInArrow(list_below, from_arrow_schema(PACK))
        frame.write.parquet(url(folder))
    folder.mkdir(parents=True, exist_ok=True)
    known = pa.Table.from_pylist(list(_packed(units, pack_bytes)), schema=PACK)
    pq.write_table(known, folder / "driver.parquet", compression="zstd", row_group_size=256)
    return _totals(folder)


def _totals(folder: Path) -> dict[str, Any]:
    sums = ("bytes", "n_units", "n_files", "n_rows", "n_entries", "n_jsonl_files", "n_archives")
    table = ds.dataset([str(file) for file in sorted(folder.glob("*.parquet"))]).to_table(columns=[*sums, "hash"])
    digest = reduce(operator.xor, table.column("hash").to_pylist(), 0)
    found = {name: pc.sum(table.column(name)).as_py() or 0 for name in sums}
    return found | {"n_packs": table.num_rows, "hash": f"{digest & (2**64 - 1):016x}"}


def _packed(units: Iterable[dict], pack_bytes: int) -> Iterator[dict]:
    for row in pack(iter(units), pack_bytes):
        held = row["units"]
        digest = 0
        for unit in held:
            place = [str(unit[name]) for name in ("kind", "uri", "start", "size", "stamp", "revision")]
            digest ^= xxhash.xxh3_64_intdigest("\0".join(place).encode())
        yield {
            "bytes": sum(unit["size"] for unit in held),
            "n_units": len(held),
            "n_files": sum(unit["kind"] in ("file", "refused") for unit in held),
            "n_rows": sum(unit["end"] - unit["start"] for unit in held if unit["kind"] == "parquet"),
            "n_entries": sum(unit["end"] - unit["start"] for unit in held if unit["kind"] == "git"),
            "hash": digest - (1 << 64) if digest >> 63 else digest,
            "n_jsonl_files": sum(unit["kind"] == "file" and ".jsonl" in unit["uri"] for unit in held),
            "n_archives": sum(unit["kind"] == "file" and kind_of(unit["uri"]) in ("tar", "zip") for unit in held),
            "units": held,
        }
