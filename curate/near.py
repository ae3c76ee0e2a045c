"""Near-duplicates on Spark: what the stages simhash and minhash share.

The steps, each a table in `_work`: copies (files of the same tokens), pairs (files that meet under a key), nodes (whole
components of pairs, put into parts), removed (proved and selected, a part a task). Within tasks everything is done by
the functions of `dedup`, and the answer is that of dedup.near in memory.

Files go by names that ascend in keeper priority, so that no step has to look it up: the place (8 bytes: rank and the
first bits of content_id) where there are many rows, the node (36 bytes: rank, content_id, file_id) where it is decided.
Two files may share a place, one pair among 10^9 files or so; they are both compared with what either met.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.stage import Decided, Keep, decisions
from dedup.banding import Bands, band_keys
from dedup.buffers import offsets_and_bytes
from dedup.candidates import Bound, Compared, bucket_pairs
from dedup.selection import components, select, select_closure
from dedup.shingles import shingle_sets
from dedup.signatures import Signature
from dedup.simhash import hamming
from dedup.simhash_tables import SimHashTables, table_keys
from dedup.verify import containment, jaccard

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

NODE_BYTES = 36  # rank (4), content_id (16), file_id (16)
_PLACE_HEX = 14  # digits of content_id in a place, below one byte of rank
PART_BYTES = 32 << 20  # content of small components whose sets one task holds; a larger component has its own task
PARTITION_ENTRIES = 2_000_000  # keys that one task groups
SET_BYTES = 8 << 20  # content that is made into sets at a time; that takes eight times as much
ENTRY_ROWS = 20_000  # small rows that Spark hands over at a time
BROADCAST_NODES = 1_000_000

_COUNTS = tuple(field.name for field in fields(Compared))
ENTRIES = pa.schema([("key", pa.int64()), ("place", pa.int64()), ("simhash", pa.int64())])
"""A row for each key of a file."""
PAIRS = pa.schema(
    [("better", pa.int64()), ("worse", pa.int64()), ("near", pa.float64()), *((name, pa.int64()) for name in _COUNTS)]
)
"""A row for each pair of places; `near` is that of their SimHashes. A row without `better` has a task's counts."""
NODES = pa.schema([("place", pa.int64()), ("part", pa.int32())])
SETS = pa.schema([("part", pa.int32()), ("place", pa.int64()), ("node", pa.binary()), ("hashes", pa.large_binary())])
REMOVED = pa.schema([("node", pa.binary()), ("witness", pa.binary()), ("similarity", pa.float64())])

Batches = Iterator[pa.RecordBatch]


@dataclass(frozen=True, kw_only=True)
class Search:
    """How near-duplicates are looked for and proved. Its methods run in tasks, over Arrow batches of a partition."""

    signature: Signature
    keys: Bands | SimHashTables
    bound: Bound
    min_proof: float
    proof: Literal["jaccard", "containment"] = "jaccard"
    closure: bool = False

    @property
    def n_keys(self) -> int:
        """Keys of a file."""
        return self.keys.bands if isinstance(self.keys, Bands) else self.keys.n_tables

    def entries(self, files: Batches) -> Batches:
        """Rows of ENTRIES for batches of place and signature."""
        for batch in (rows for rows in files if rows.num_rows):
            n_rows = batch.num_rows
            signature = batch.column("signature")
            if isinstance(self.keys, Bands):
                keys = band_keys(_fixed(signature, np.uint32), self.keys)
                found = {}
            else:
                keys = table_keys(signature.to_numpy().view(np.uint64), self.keys)
                found = {"simhash": signature}
            rows = pa.array(np.tile(np.arange(n_rows), len(keys)))
            found = {name: column.take(rows) for name, column in {**found, "place": batch.column("place")}.items()}
            yield _batch({**found, "key": keys.ravel().view(np.int64)}, ENTRIES)

    def pairs(self, entries: Batches) -> Batches:
        """Rows of PAIRS for ENTRIES, of which a partition has all of a key."""
        table = pa.Table.from_batches(list(entries), schema=ENTRIES)
        places, files = np.unique(table.column("place").to_numpy(), return_inverse=True)
        keys = table.column("key").to_numpy().view(np.uint64)
        order = np.lexsort((files, keys))
        tests: dict[str, Any] = {}
        simhashes = np.zeros(len(places), np.uint64)
        if isinstance(self.keys, SimHashTables):
            simhashes[files] = table.column("simhash").to_numpy().view(np.uint64)
            tests = {"simhashes": simhashes, "most_distance": self.keys.distance}
        compared = Compared()
        for better, worse in bucket_pairs(keys[order], files[order], bound=self.bound, compared=compared, **tests):
            once = np.unique(better[better < worse] * len(places) + worse[better < worse])
            better, worse = once // len(places), once % len(places)
            found: dict[str, Any] = {"better": places[better], "worse": places[worse]}
            if tests:
                found["near"] = 1 - hamming(simhashes[better], simhashes[worse]) / 64
            yield _batch(found, PAIRS)
        counts = {name: [getattr(compared, name)] for name in _COUNTS}
        yield _batch({"worse": [uuid.uuid4().int >> 65], **counts}, PAIRS)  # an id, so that no two rows are alike

    def sets(self, files: Batches) -> Batches:
        """Rows of SETS for batches of part, place, node, content."""
        for batch in (piece for rows in files for piece in _pieces(rows, SET_BYTES)):
            content = batch.column("content").cast(pa.large_string())
            found = shingle_sets(content, self.signature.tokenizer, width=self.signature.shingle_tokens)
            buffers = [None, pa.py_buffer(found.offsets * 8), pa.py_buffer(np.ascontiguousarray(found.hashes))]
            hashes = pa.LargeBinaryArray.from_buffers(pa.large_binary(), batch.num_rows, buffers)
            names = {name: batch.column(name) for name in ("part", "place", "node")}
            yield _batch({**names, "hashes": hashes}, SETS)

    def solve(self, rows: Batches) -> Batches:
        """Rows of REMOVED for a part: a row with a node is a file, with its place and hashes; the others are pairs."""
        batches = [batch for batch in rows if batch.num_rows]
        if not batches:
            return
        table = pa.Table.from_batches(batches)
        is_file = pc.is_valid(table.column("node"))
        files, pairs = table.filter(is_file), table.filter(pc.invert(is_file))
        nodes, order = np.unique(_nodes(files.column("node")), return_index=True)
        hashes = files.column("hashes").cast(pa.large_binary()).combine_chunks().take(pa.array(order))
        offsets, data = offsets_and_bytes(hashes)
        sets = offsets // 8, data[: offsets[-1]].view(np.uint64)
        places = files.column("place").to_numpy()[order]
        better, worse, pair = _at(places, pairs.column("better").to_numpy(), pairs.column("worse").to_numpy())
        if self.proof == "jaccard":
            similarity = jaccard(*sets, better, worse, at_least=self.min_proof)
        else:
            similarity = containment(*sets, worse, better, at_least=self.min_proof)
        proved = ~np.isnan(similarity)
        if isinstance(self.keys, SimHashTables):
            similarity = pairs.column("near").to_numpy()[pair]
        choose = select_closure if self.closure else select
        chosen = choose(len(nodes), better[proved], worse[proved], similarity[proved])
        gone = np.flatnonzero(~chosen.kept)
        found = {"node": _binary(nodes[gone]), "witness": _binary(nodes[chosen.witness[gone]])}
        yield _batch({**found, "similarity": chosen.similarity[gone]}, REMOVED)


def parts(pairs: Batches, part_files: int) -> Batches:
    """Rows of NODES for all pairs: components in the order of their best files, put together up to so many files."""
    table = pa.Table.from_batches(list(pairs))
    both = np.concatenate([table.column(name).to_numpy() for name in ("better", "worse")])
    places, dense = np.unique(both, return_inverse=True)
    label = components(len(places), dense[: table.num_rows], dense[table.num_rows :])
    sizes = np.bincount(label, minlength=len(places))
    before = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])[:-1]  # files of components that come first
    # A component goes whole to where its first file falls. Parts without any would cost a task each: number anew.
    part = np.unique(before // part_files, return_inverse=True)[1]
    yield _batch({"place": places, "part": part[label].astype(np.int32)}, NODES)


def find(
    files: DataFrame, keep: Keep, *, stage: str, tokens: str, signature: str, search: Search, min_similarity: float
) -> Decided:
    """Decisions about files with the columns rank, content_id, file_id, content, and those named `tokens` and
    `signature`: which of them go, as near-duplicates of which. Null tokens are those of a file too short to compare."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    signed = files.where(F.col(tokens).isNotNull()).withColumns({"node": _node(), "place": _place()})
    first = F.min("node").over(Window.partitionBy(tokens))
    copies = keep("copies", signed.select("node", first.alias("first")).where("node <> first"))
    distinct = signed.join(copies.select("node"), "node", "left_anti")
    there = signed.agg(F.count("*").alias("n"), F.mean("size_bytes").alias("mean_bytes")).collect()[0]
    cores = files.sparkSession.sparkContext.defaultParallelism
    n_partitions = max(cores, -(-there["n"] * search.n_keys // PARTITION_ENTRIES))
    entries = _map(distinct.select("place", F.col(signature).alias("signature")), search.entries, ENTRIES)
    by_key = entries.repartition(n_partitions, "key")
    met = keep("pairs", _map(by_key, search.pairs, PAIRS).distinct(), batch_rows=ENTRY_ROWS)
    sums = [F.max(name) if name == "largest_bucket" else F.sum(name) for name in _COUNTS]
    counts = met.agg(F.count("better").alias("candidates"), *map(F.Column.alias, sums, _COUNTS)).collect()[0].asDict()
    notes = {"signature": search.signature.version, "compared": there["n"]}
    notes |= {name: int(value or 0) for name, value in counts.items() if name != "pairs"}
    notes["comparisons"] = int(counts["pairs"] or 0)
    pairs = met.where("better is not null").select("better", "worse", "near")
    gone = copies.select("node", F.col("first").alias("witness"), F.lit(1.0).alias("similarity"))
    if notes["candidates"]:
        in_parts = partial(parts, part_files=max(1, int(PART_BYTES / there["mean_bytes"])))
        nodes = keep("nodes", _map(pairs.coalesce(1), in_parts, NODES), batch_rows=ENTRY_ROWS)
        removed = keep("removed", _proved(signed.select("place", "node", "content"), pairs, nodes, search))
        moved = removed.select(
            F.col("node").alias("first"), F.col("witness").alias("of"), F.col("similarity").alias("by")
        )
        # A copy of a file that stays goes because of it; one of a file that goes, as that does.
        gone = removed.unionByName(
            gone.withColumnRenamed("witness", "first")
            .join(moved, "first", "left")
            .select(
                "node", F.coalesce("of", "first").alias("witness"), F.coalesce("by", "similarity").alias("similarity")
            )
        )
    decided = {
        "drop_stage": F.lit(stage),
        "drop_reason": F.lit("near_duplicate"),
        "drop_value": F.col("similarity"),
        "drop_limit": F.lit(min_similarity),
        "duplicate_of": _file_id("witness"),
        "similarity": F.col("similarity"),
        "cluster": _file_id("witness"),
    }
    return Decided(decisions=decisions(gone.withColumn("file_id", _file_id("node")), decided), notes=notes)


def _proved(contents: DataFrame, pairs: DataFrame, nodes: DataFrame, search: Search) -> DataFrame:
    """Rows of REMOVED: the sets and pairs of each part brought together, proved and selected."""
    from pyspark.sql import functions as F

    told = nodes.agg(F.count("*").alias("n"), F.max("part").alias("last")).collect()[0]
    known = F.broadcast(nodes) if told["n"] <= BROADCAST_NODES else nodes
    sets = _map(contents.join(known, "place"), search.sets, SETS)
    of_part = pairs.join(known.withColumnRenamed("place", "better"), "better")
    rows = sets.unionByName(of_part, allowMissingColumns=True)
    return _map(rows.repartitionById(told["last"] + 1, F.col("part")), search.solve, REMOVED)


def _map(frame: DataFrame, function: Any, schema: pa.Schema) -> DataFrame:
    from pyspark.sql.pandas.types import from_arrow_schema

    def mapped(batches):  # Spark pickles a plain function
        return function(batches)

    return frame.mapInArrow(mapped, from_arrow_schema(schema))


def _node() -> Column:
    from pyspark.sql import functions as F

    rank = F.unhex(F.lpad(F.hex("rank"), 8, "0"))
    return F.concat(rank, F.unhex("content_id"), F.unhex("file_id"))


def _place() -> Column:
    from pyspark.sql import functions as F

    above = F.shiftleft(F.least(F.col("rank"), F.lit(127)).cast("long"), 4 * _PLACE_HEX)
    return above + F.conv(F.substring("content_id", 1, _PLACE_HEX), 16, 10).cast("long")


def _file_id(node: str) -> Column:
    from pyspark.sql import functions as F

    return F.lower(F.hex(F.substring(node, NODE_BYTES - 15, 16)))


def _batch(columns: dict[str, Any], schema: pa.Schema) -> pa.RecordBatch:
    """Columns in the order of a schema, null for those not given."""
    n_rows = len(next(iter(columns.values())))
    return pa.RecordBatch.from_arrays(
        [
            pa.array(columns[field.name], field.type) if field.name in columns else pa.nulls(n_rows, field.type)
            for field in schema
        ],
        schema=schema,
    )


def _at(places: np.ndarray, better: np.ndarray, worse: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of files for pairs of places (ascending, where they may repeat), and which pair each one comes from."""
    first_better, first_worse = np.searchsorted(places, better), np.searchsorted(places, worse)
    n_worse = np.searchsorted(places, worse, "right") - first_worse
    times = (np.searchsorted(places, better, "right") - first_better) * n_worse
    if (times == 0).any():
        raise ValueError(f"{int((times == 0).sum())} pairs of files have no shingles: this is a defect")
    pair = np.repeat(np.arange(len(times)), times)
    number = np.arange(len(pair)) - np.repeat(np.cumsum(times) - times, times)
    return first_better[pair] + number // n_worse[pair], first_worse[pair] + number % n_worse[pair], pair


def _pieces(batch: pa.RecordBatch, most_bytes: int) -> Batches:
    """The batch in parts of at most so much content, or one row."""
    sizes = pc.fill_null(pc.binary_length(batch.column("content")), 0).to_numpy().astype(np.int64)
    ends = np.cumsum(sizes)
    start = 0
    while start < batch.num_rows:
        before = ends[start] - sizes[start]
        end = max(start + 1, int(np.searchsorted(ends, before + most_bytes, "right")))
        yield batch.slice(start, end - start)
        start = end


def _fixed(column: pa.Array | pa.ChunkedArray, kind: type) -> np.ndarray:
    """Binary values of one length as rows of numbers; there must be a row."""
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    offsets, data = offsets_and_bytes(column.cast(pa.large_binary()))
    return data[offsets[0] : offsets[-1]].view(kind).reshape(len(column), -1)


def _nodes(column: pa.ChunkedArray) -> np.ndarray:
    """Nodes as NumPy's bytes, which sort as the nodes do: all have the same length."""
    if len(column) == 0:
        return np.zeros(0, f"S{NODE_BYTES}")
    return np.ascontiguousarray(_fixed(column, np.uint8)).view(f"S{NODE_BYTES}").ravel()


def _binary(nodes: np.ndarray) -> pa.Array:
    ends = pa.py_buffer(np.arange(len(nodes) + 1, dtype=np.int32) * NODE_BYTES)
    return pa.BinaryArray.from_buffers(pa.binary(), len(nodes), [None, ends, pa.py_buffer(np.ascontiguousarray(nodes))])
