"""Which files meet under a key of their signatures, and in which parts they are looked at: what near-duplicates and
segments have in common on Spark. Ids and keys move, never content."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from curate import near_rounds
from curate.near_tasks import COUNTS, ENTRIES, LARGE, NODES, PAIRS, Search, parts
from curate.stage import Keep

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

PARTITION_ENTRIES = 2_000_000  # keys that one task groups
LABEL_PAIRS = 20_000_000  # pairs whose components one task labels, at some 50 bytes each; more are labelled in rounds
ENTRY_ROWS = 20_000  # small rows that Spark hands over at a time
BROADCAST_NODES = 1_000_000


def met(
    name: str, signed: DataFrame, n_files: int, search: Search, keep: Keep, *,
    others: Callable[[DataFrame], DataFrame] | None = None, where: str = "true",
) -> tuple[DataFrame, dict[str, int]]:  # fmt: skip
    """Pairs of places (better, worse, near) that meet under a key, each once, and what was compared for them.

    signed: rows (place, signature). `others` gives more entries for the files' own; of the pairs those of `where` stay.
    """
    from pyspark.sql import functions as F

    cores = signed.sparkSession.sparkContext.defaultParallelism
    n_partitions = max(cores, -(-n_files * search.n_keys // PARTITION_ENTRIES))
    entries = mapped(signed, search.entries, ENTRIES)
    if others is not None:
        entries = entries.unionByName(others(entries))
    by_key = entries.repartition(n_partitions, "key").sortWithinPartitions("key", "place")
    pairs = mapped(by_key, search.pairs, PAIRS).where(f"better is null or ({where})")
    found = keep(name, pairs.distinct(), batch_rows=ENTRY_ROWS)
    sums = [(F.max if count == "largest_bucket" else F.sum)(count).alias(count) for count in COUNTS]
    told = found.agg(F.count("better").alias("candidates"), *sums).collect()[0].asDict()
    counts = {count: int(value or 0) for count, value in told.items()}
    counts["comparisons"] = counts.pop("pairs")
    return found.where("better is not null").select("better", "worse", "near"), counts


@dataclass(frozen=True, kw_only=True)
class Parted:
    """Rows of NODES: files in parts of whole components, those of components too large for a task in the part LARGE."""

    nodes: DataFrame
    n_files: int
    n_large: int
    n_parts: int


def parted(pairs: DataFrame, n_pairs: int, part_files: int, notes: dict[str, Any], keep: Keep) -> Parted:
    """The parts, of about so many files, that pairs fall into. Adds to the notes how many files are in large
    components, and the rounds where components are labelled in rounds."""
    from pyspark.sql import functions as F

    if n_pairs <= LABEL_PAIRS:
        in_parts = partial(parts, part_files=part_files)
        labelled = mapped(pairs.select("better", "worse").coalesce(1), in_parts, NODES)
        nodes = keep("nodes", labelled, batch_rows=ENTRY_ROWS)
    else:
        labels, notes["label_rounds"] = near_rounds.label(pairs, keep)
        nodes = keep("nodes", _in_parts(labels, part_files))
    n_large = F.count_if(F.col("part") == LARGE)
    told = nodes.agg(F.count("*").alias("n"), F.max("part").alias("last"), n_large.alias("n_large")).collect()[0]
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
