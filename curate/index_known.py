"""What an index knows of a batch, on Spark: rows of its tables by key, and the content of files in doubt.

The index is never shuffled: the keys that are asked for are brought to its buckets, and of a bucket those row groups
are read whose range has one of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from curate.index import TABLES, Index
from curate.near_tasks import NODE_BYTES, Batches
from curate.session import parallelism
from curate.spreading import mapped

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

PIECE_KEYS = 4_000_000  # keys that a task looks for at a time
_ROWS = 16_384  # of a table read at a time
_CONTENT_ROWS = 64
_NEW = 1 << 24  # above the rank in the name of a file that is not known
_RANK, _MOST_RANK = 1 << 16, 255
_KNOWN_PLACE = -(1 << 63)

CONTENTS = pa.schema([("place", pa.int64()), ("node", pa.binary()), ("content", pa.large_string())])


def new_node() -> Column:
    """The name (36 bytes) of a file of the batch, by its columns rank, content_id and file_id. Names ascend in keeper
    priority: 1, rank, 0, 0, content_id, file_id; of known files 0, rank, their run's number in two bytes, and so on."""
    from pyspark.sql import functions as F

    return _named(F.lit(_NEW))


def new_place() -> Column:
    """The short name (8 bytes, not below 0) of such a file: rank and the first bits of content_id."""
    from pyspark.sql import functions as F

    digits = 14  # of content_id, below one byte of rank
    above = F.shiftleft(F.least(F.col("rank"), F.lit(127)).cast("long"), 4 * digits)
    return above + F.conv(F.substring("content_id", 1, digits), 16, 10).cast("long")


def known_place() -> Column:
    """The same of a known file: below 0, and so before all others."""
    from pyspark.sql import functions as F

    return new_place().bitwiseOR(F.lit(_KNOWN_PLACE))


def file_id_of(node: str) -> Column:
    """The file_id of a named file."""
    from pyspark.sql import functions as F

    return F.lower(F.hex(F.substring(node, NODE_BYTES - 15, 16)))


def is_known(node: str) -> Column:
    """Whether a named file is one of an index."""
    from pyspark.sql import functions as F

    return F.substring(node, 1, 1) == F.lit(bytearray(1))


def run_of(node: str, ids: list[str]) -> Column:
    """The run of a named file, null for a file of the batch. `ids` are those of the index, in its order."""
    from pyspark.sql import functions as F

    number = F.conv(F.hex(F.substring(node, 3, 2)), 16, 10).cast("int")
    return F.when(is_known(node), F.element_at(F.array(*map(F.lit, ids)), number + 1))


def _named(above: Column) -> Column:
    from pyspark.sql import functions as F

    first = above + F.least(F.col("rank"), F.lit(_MOST_RANK)) * _RANK
    return F.concat(F.unhex(F.lpad(F.hex(first), 8, "0")), F.unhex("content_id"), F.unhex("file_id"))


@dataclass(frozen=True, kw_only=True)
class Known:
    """An index under the session of a run."""

    index: Index
    spark: SparkSession
    alone: bool = False
    """Whether files go because of it alone, and not because of others of the batch."""

    def notes(self) -> dict[str, Any]:
        """What a manifest tells of it: `codemill why` follows a file into an earlier run by it."""
        runs = {run.id: run.folder for run in self.index.runs}
        return {"folder": str(self.index.folder), "files": self.index.n_files, "runs": runs}

    def equal(self, table: str, values: DataFrame) -> DataFrame:
        """Rows (value, node) for rows (value): the best file of those that the index has under it, if any."""
        from pyspark.sql import functions as F

        asked = values.select(F.xxhash64("value").alias("key"))
        found = self._looked_up(table, asked).select("value", self._node().alias("node"))
        return found.groupBy("value").agg(F.min("node").alias("node"))

    def entries(self, table: str, keys: DataFrame) -> DataFrame:
        """Rows of curate.index.ENTRIES under the keys (key)."""
        return self._looked_up(table, keys)

    def contents(self, places: DataFrame, evidence: str) -> DataFrame:
        """Rows (place, node, content) of files by place; with their signature in place of content for "minhash".

        WrongUse where a run's shards are needed and not there.
        """
        from pyspark.sql import functions as F

        found = self._looked_up("files", places.select(F.col("place").alias("key")))
        named = found.withColumns({"place": F.col("key"), "node": self._node()})
        if evidence != "content":
            return named.select("place", "node", evidence)
        folders = {run.id: str(run.open().folder) for run in self.index.runs}
        rows = named.select("run", "shard", "row", "file_id", "place", "node")
        by_shard = rows.repartition(parallelism(self.spark), "run", "shard").sortWithinPartitions("run", "shard", "row")
        return mapped(by_shard, Fetch(folders=folders), CONTENTS)

    def _node(self) -> Column:
        from pyspark.sql import functions as F

        ids = [run.id for run in self.index.runs]
        return _named(F.array_position(F.array(*map(F.lit, ids)), F.col("run")) - 1)

    def _looked_up(self, table: str, keys: DataFrame) -> DataFrame:
        """Rows of a table whose key is among the keys (key)."""
        from pyspark.sql import functions as F

        lookup = Lookup(table=table, buckets=self.index.buckets(table))
        n_tasks = min(self.index.n_buckets, 4 * parallelism(self.spark))
        asked = keys.select("key", F.pmod("key", F.lit(self.index.n_buckets)).cast("int").alias("bucket"))
        by_bucket = asked.repartitionById(n_tasks, F.col("bucket") % n_tasks).sortWithinPartitions("bucket", "key")
        return mapped(by_bucket, lookup, TABLES[table])


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """Rows of a table for keys. Runs in tasks, over Arrow batches."""

    table: str
    buckets: dict[int, tuple[str, ...]]

    def __call__(self, asked: Batches) -> Batches:
        """For rows (key, bucket), ascending by bucket and key, the table's rows with one of these keys."""
        for bucket, keys in _pieces(asked):
            for path in self.buckets.get(bucket, ()):
                yield from _rows_with(path, keys, TABLES[self.table])


@dataclass(frozen=True, kw_only=True)
class Fetch:
    """Content by place in a shard. Runs in tasks, over Arrow batches."""

    folders: dict[str, str]

    def __call__(self, wanted: Batches) -> Batches:
        """Rows of CONTENTS for rows (run, shard, row, file_id, place, node), ascending by run, shard and row."""
        batches = list(wanted)
        table = pa.Table.from_batches(batches) if batches else pa.table({"run": [], "shard": []})
        for (run, shard), start, stop in _groups(table):
            yield from _fetched(Path(self.folders[run], shard), table.slice(start, stop - start))


def _pieces(asked: Batches) -> Iterator[tuple[int, np.ndarray]]:
    """Keys of one bucket each, ascending and without repetition, many at a time."""
    held: list[np.ndarray] = []
    of, n_held = -1, 0
    for batch in asked:
        buckets, keys = batch.column("bucket").to_numpy(), batch.column("key").to_numpy()
        edges = np.flatnonzero(np.diff(buckets, prepend=buckets[:1] - 1)) if len(buckets) else np.zeros(0, int)
        for start, stop in zip(edges, [*edges[1:], len(buckets)], strict=True):
            if held and (buckets[start] != of or n_held >= PIECE_KEYS):
                yield of, np.unique(np.concatenate(held))
                held, n_held = [], 0
            of = int(buckets[start])
            held.append(keys[start:stop])
            n_held += stop - start
    if held:
        yield of, np.unique(np.concatenate(held))


def _rows_with(path: str, keys: np.ndarray, schema: pa.Schema) -> Batches:
    """Rows of a file, ascending by key, whose key is one of these."""
    with pq.ParquetFile(path) as file:
        at = file.schema_arrow.get_field_index("key")
        for group in range(file.num_row_groups):
            range_of = file.metadata.row_group(group).column(at).statistics
            first, last = np.searchsorted(keys, range_of.min), np.searchsorted(keys, range_of.max, "right")
            if first == last:
                continue
            for batch in file.iter_batches(_ROWS, row_groups=[group]):
                there = batch.column("key").to_numpy()
                place = np.minimum(np.searchsorted(keys, there), len(keys) - 1)
                found = batch.filter(pa.array(keys[place] == there))
                if found.num_rows:
                    yield found.cast(schema)


def _groups(table: pa.Table) -> Iterator[tuple[tuple[str, str], int, int]]:
    """Rows of equal (run, shard): the pair, the first row and the one after the last."""
    pairs = list(zip(table.column("run").to_pylist(), table.column("shard").to_pylist(), strict=True))
    start = 0
    for at in range(1, len(pairs) + 1):
        if at == len(pairs) or pairs[at] != pairs[start]:
            yield pairs[start], start, at
            start = at


def _fetched(path: Path, wanted: pa.Table) -> Batches:
    """Rows of CONTENTS of one shard. ValueError where it is not the one that was indexed."""
    rows = wanted.column("row").to_numpy()
    with pq.ParquetFile(path) as file:
        starts = np.cumsum([0, *(file.metadata.row_group(group).num_rows for group in range(file.num_row_groups))])
        for group, start in enumerate(starts[:-1].tolist()):
            first, last = np.searchsorted(rows, starts[group : group + 2])
            if first == last:
                continue
            for batch in file.iter_batches(_CONTENT_ROWS, row_groups=[group], columns=["file_id", "content"]):
                first, last = np.searchsorted(rows, [start, start + batch.num_rows])
                mine = wanted.slice(first, last - first)
                taken = batch.take(pa.array(rows[first:last] - start))
                if taken.column("file_id").to_pylist() != mine.column("file_id").to_pylist():
                    raise ValueError(f"{path} is not the shard that was indexed: build the index anew")
                columns = [mine.column(name).combine_chunks() for name in ("place", "node")]
                content = taken.column("content").cast(pa.large_string())
                if len(mine):
                    yield pa.RecordBatch.from_arrays([*columns, content], schema=CONTENTS)
                start += batch.num_rows
