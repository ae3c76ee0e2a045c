"""Which files meet under a key of their signatures, and in which parts they are looked at: what near-duplicates and
segments have in common on Spark. Ids and keys move, never content.

Where files are few, their ids and signatures come to the driver, which finds pairs and parts in its memory: a job of
Spark takes some tenths of a second however little it does, and tables of keys, pairs and parts take a dozen of them.
The functions are those of the tasks, and so is the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate import near_rounds
from curate.near_tasks import COUNTS, ENTRIES, LARGE, NODES, PAIRS, PROVED, Search, parts
from curate.stage import Keep

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

PARTITION_ENTRIES = 2_000_000  # keys that one task groups
LABEL_PAIRS = 20_000_000  # pairs whose components one task labels, at some 50 bytes each; more are labelled in rounds
ENTRY_ROWS = 20_000  # small rows that Spark hands over at a time
BROADCAST_NODES = 1_000_000
FEW_ENTRIES = 12_000_000  # keys of all files that the driver groups, at some 20 bytes each
FEW_BYTES = 256 << 20  # of all files' signatures, of which it has three copies at a time
FEW_PAIRS = 3_000_000  # pairs that it takes for them, at some 100 bytes each, before it leaves them to tasks

ENDS = pa.schema([PAIRS.field(name) for name in ("better", "worse", "near")])


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Rows of ENDS: pairs of places, each once, and how many."""

    frame: DataFrame
    n_pairs: int
    table: pa.Table | None = None
    """The same in the driver's memory, where they are few."""


def are_few(n_files: int, search: Search) -> bool:
    """Whether the driver may hold the signatures and keys of so many files; content it never does."""
    if "content" in search.asks:
        return False
    minhash = search.signature.minhash
    n_bytes = 8 if minhash is None else 4 * minhash.permutations
    return n_files * search.n_keys <= FEW_ENTRIES and n_files * n_bytes <= FEW_BYTES


def met(
    name: str, signed: DataFrame, n_files: int, search: Search, keep: Keep, *, here: pa.Table | None = None,
    others: Callable[[DataFrame], DataFrame] | None = None, where: str = "true",
) -> tuple[Pairs, dict[str, int]]:  # fmt: skip
    """Pairs of places (better, worse, near) that meet under a key, each once, and what was compared for them.

    signed: rows of place and what the search asks for. `here` are the same in memory, where files are few. `others`
    gives more entries for the files' own; of the pairs those of `where` stay.
    """
    from pyspark.sql import functions as F

    in_memory = None if here is None else met_in_memory(here, search)
    if in_memory is not None:
        pairs, counts = in_memory
        return _here(keep(name, pairs), pairs), counts
    cores = signed.sparkSession.sparkContext.defaultParallelism
    n_partitions = max(cores, -(-n_files * search.n_keys // PARTITION_ENTRIES))
    entries = mapped(signed, search.entries, ENTRIES)
    if others is not None:
        entries = entries.unionByName(others(entries))
    by_key = entries.repartition(n_partitions, "key").sortWithinPartitions("key", "place")
    rows = mapped(by_key, search.pairs, PAIRS).where(f"better is null or ({where})")
    found = keep(name, rows.distinct(), batch_rows=ENTRY_ROWS)
    sums = [(F.max if count == "largest_bucket" else F.sum)(count).alias(count) for count in COUNTS]
    told = found.agg(F.count("better").alias("candidates"), *sums).collect()[0].asDict()
    counts = _named({count: int(value or 0) for count, value in told.items()})
    return Pairs(frame=found.where("better is not null").select(*ENDS.names), n_pairs=counts["candidates"]), counts


def met_in_memory(signed: pa.Table, search: Search) -> tuple[pa.Table, dict[str, int]] | None:
    """The same for rows (place, signature) without Spark; None where the pairs are not few after all."""
    held, n_held, told = [ENDS.empty_table()], 0, pa.table({})
    for batch in search.pairs_of_all(signed):
        rows = pa.Table.from_batches([batch])
        is_pair = pc.is_valid(rows.column("better"))
        held.append(rows.filter(is_pair).select(ENDS.names))
        n_held, told = n_held + held[-1].num_rows, rows.filter(pc.invert(is_pair))
        if n_held > FEW_PAIRS:  # near copies of one file meet under all keys
            held = [_once(pa.concat_tables(held))]
            n_held = held[0].num_rows
            if n_held > FEW_PAIRS:
                return None
    sums = {count: told.column(count)[0].as_py() for count in COUNTS}  # the last batch has them
    pairs = _once(pa.concat_tables(held))
    return pairs, _named({"candidates": pairs.num_rows, **{count: value or 0 for count, value in sums.items()}})


def together(found: Sequence[Pairs], keep: Keep) -> Pairs:
    """Pairs of several searches, each once; `near` is null."""
    if len(found) == 1:
        return found[0]
    tables = [one.table.select(ENDS.names[:2]) for one in found if one.table is not None]
    if len(tables) == len(found):
        ends = _once(pa.concat_tables(tables))
        ends = ends.append_column(ENDS.field("near"), pa.nulls(ends.num_rows, pa.float64()))
        return _here(keep("met", ends), ends)
    frame = found[0].frame.select(*ENDS.names[:2])
    for one in found[1:]:
        frame = frame.unionByName(one.frame.select(*ENDS.names[:2]))
    pairs = keep("met", frame.distinct().selectExpr("better", "worse", "cast(null as double) near"))
    return Pairs(frame=pairs, n_pairs=pairs.count())


def _named(counts: dict[str, int]) -> dict[str, int]:
    counts["comparisons"] = counts.pop("pairs")
    return counts


def _here(frame: DataFrame, pairs: pa.Table) -> Pairs:
    return Pairs(frame=frame, n_pairs=pairs.num_rows, table=pairs)


def _once(rows: pa.Table) -> pa.Table:
    """Rows in order, those that are alike once."""
    return rows.group_by(rows.column_names).aggregate([]).sort_by([(name, "ascending") for name in rows.column_names])


def _table(batches: Any, schema: pa.Schema) -> pa.Table:
    return pa.Table.from_batches(list(batches), schema)


@dataclass(frozen=True, kw_only=True)
class Parted:
    """Rows of NODES: files in parts of whole components, those of components too large for a task in the part LARGE."""

    nodes: DataFrame
    n_files: int
    n_large: int
    n_parts: int


def parted(pairs: Pairs, part_files: int, notes: dict[str, Any], keep: Keep) -> Parted:
    """The parts, of about so many files, that pairs fall into. Adds to the notes how many files are in large
    components, and the rounds where components are labelled in rounds."""
    from pyspark.sql import functions as F

    in_parts = partial(parts, part_files=part_files)
    if pairs.table is not None:
        placed = _table(in_parts(iter(pairs.table.to_batches())), NODES)
        part = placed.column("part").to_numpy()
        notes["files_in_large_components"] = n_large = int(np.sum(part == LARGE))
        nodes = broadcast(keep("nodes", placed), len(part))
        return Parted(nodes=nodes, n_files=len(part), n_large=n_large, n_parts=int(part.max()) + 1)
    if pairs.n_pairs <= LABEL_PAIRS:
        labelled = mapped(pairs.frame.select("better", "worse").coalesce(1), in_parts, NODES)
        nodes = keep("nodes", labelled, batch_rows=ENTRY_ROWS)
    else:
        labels, notes["label_rounds"] = near_rounds.label(pairs.frame, keep)
        nodes = keep("nodes", _in_parts(labels, part_files))
    in_large = F.count_if(F.col("part") == LARGE)
    told = nodes.agg(F.count("*").alias("n"), F.max("part").alias("last"), in_large.alias("n_large")).collect()[0]
    notes["files_in_large_components"] = told["n_large"]
    return Parted(
        nodes=broadcast(nodes, told["n"]), n_files=told["n"], n_large=told["n_large"], n_parts=told["last"] + 1
    )


def _in_parts(labels: DataFrame, part_files: int) -> DataFrame:
    """Rows of NODES for rows (node, label)."""
    from pyspark.sql import functions as F

    sizes = labels.groupBy("label").agg(F.count("*").alias("size"))
    n_parts = max(1, labels.count() // part_files)
    part = F.when(F.col("size") > part_files, LARGE).otherwise(F.pmod(F.xxhash64("label"), F.lit(n_parts)))
    return labels.join(sizes, "label").select(F.col("node").alias("place"), part.cast("int").alias("part"))


def proved(files: DataFrame, pairs: DataFrame, search: Search, *, n_parts: int, n_whole: int) -> DataFrame:
    """Rows of PROVED for files (part, place, node, and the evidence) and pairs with their part: a part a task. Content
    goes to where it is compared, as it is smaller than its sets."""
    from pyspark.sql import functions as F

    rows = files.select("part", "place", "node", search.evidence).unionByName(pairs, allowMissingColumns=True)
    by_part = rows.repartitionById(n_parts, F.col("part"))
    return mapped(by_part, partial(search.prove, n_whole=n_whole), PROVED)


def broadcast(small: DataFrame, n_rows: int) -> DataFrame:
    """A table of ids, sent to every task where it is small."""
    from pyspark.sql import functions as F

    return F.broadcast(small) if n_rows <= BROADCAST_NODES else small


def mapped(frame: DataFrame, function: Any, schema: pa.Schema) -> DataFrame:
    """A function of Arrow batches over a frame's partitions."""
    from pyspark.sql.pandas.types import from_arrow_schema

    def each(batches):  # Spark pickles a plain function
        return function(batches)

    return frame.mapInArrow(each, from_arrow_schema(schema))
