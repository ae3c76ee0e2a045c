"""Near-duplicates on Spark: what the stages simhash and minhash share.

The steps, each a table in `_work`: copies (files of the same tokens), pairs (files that meet under a key), nodes (whole
components of pairs, put into parts), removed (proved and selected, a part a task). A component that is too large for a
task has its pairs proved in blocks, and is selected on the proved ones alone, in rounds where these are many too.
Within tasks everything is done by the functions of curate.near_tasks, and the answer is that of dedup.near in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from curate import near_rounds
from curate.near_tasks import COUNTS, EDGES, ENTRIES, LARGE, NODE_BYTES, NODES, PAIRS, REMOVED, SETS, Search, parts
from curate.stage import Decided, Keep, decisions

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

PART_BYTES = 32 << 20  # content of the files whose sets one task holds
PARTITION_ENTRIES = 2_000_000  # keys that one task groups
LABEL_PAIRS = 20_000_000  # pairs whose components one task labels, at some 50 bytes each; more are labelled in rounds
SELECT_EDGES = 2_000_000  # proved pairs of large components that one task selects; more are selected in rounds
ENTRY_ROWS = 20_000  # small rows that Spark hands over at a time
BROADCAST_NODES = 1_000_000

_PLACE_HEX = 14  # digits of content_id in a place, below one byte of rank


def find(
    files: DataFrame, keep: Keep, *, stage: str, tokens: str, signature: str, search_of: Callable[[int], Search],
    min_similarity: float,
) -> Decided:  # fmt: skip
    """Decisions about files with the columns rank, content_id, file_id, content, and those named `tokens` and
    `signature`: which of them go, as near-duplicates of which. Null tokens are those of a file too short to compare.
    `search_of` gives the search for a number of files."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    signed = files.where(F.col(tokens).isNotNull()).withColumns({"node": _node(), "place": _place()})
    there = signed.agg(F.count("*").alias("n"), F.mean("size_bytes").alias("mean_bytes")).collect()[0]
    search = search_of(there["n"])
    first = F.min("node").over(Window.partitionBy(tokens))
    copies = keep("copies", signed.select("node", first.alias("first")).where("node <> first"))
    distinct = signed.join(_known(copies.select("node"), copies.count()), "node", "left_anti")
    met, notes = _met(distinct.select("place", F.col(signature).alias("signature")), there["n"], search, keep)
    gone = copies.select("node", F.col("first").alias("witness"), F.lit(1.0).alias("similarity"))
    if notes["candidates"]:
        contents = distinct.select("place", "node", F.col({"signature": signature}.get(search.evidence, "content")))
        contents = contents.toDF("place", "node", search.evidence)
        part_files = max(1, int(PART_BYTES / there["mean_bytes"]))
        removed = _removed(contents, met, notes, part_files, search, keep)
        gone = removed.unionByName(_moved(gone, removed))
    decided = {
        "drop_stage": F.lit(stage),
        "drop_reason": F.lit("near_duplicate"),
        "drop_value": F.col("similarity"),
        "drop_limit": F.lit(min_similarity),
        "duplicate_of": _file_id("witness"),
        "similarity": F.col("similarity"),
        "cluster": _file_id("witness"),
    }
    told = {"signature": search.signature.version, "compared": there["n"], **notes}
    return Decided(decisions=decisions(gone.withColumn("file_id", _file_id("node")), decided), notes=told)


def _met(signed: DataFrame, n_files: int, search: Search, keep: Keep) -> tuple[DataFrame, dict[str, int]]:
    """Pairs of places that meet under a key, each once, and what was compared for them."""
    from pyspark.sql import functions as F

    cores = signed.sparkSession.sparkContext.defaultParallelism
    n_partitions = max(cores, -(-n_files * search.n_keys // PARTITION_ENTRIES))
    entries = _map(signed, search.entries, ENTRIES)
    by_key = entries.repartition(n_partitions, "key").sortWithinPartitions("key", "place")
    met = keep("pairs", _map(by_key, search.pairs, PAIRS).distinct(), batch_rows=ENTRY_ROWS)
    sums = [(F.max if name == "largest_bucket" else F.sum)(name).alias(name) for name in COUNTS]
    told = met.agg(F.count("better").alias("candidates"), *sums).collect()[0].asDict()
    counts = {name: int(value or 0) for name, value in told.items()}
    counts["comparisons"] = counts.pop("pairs")
    return met.where("better is not null").select("better", "worse", "near"), counts


def _removed(
    contents: DataFrame, pairs: DataFrame, notes: dict[str, int], part_files: int, search: Search, keep: Keep
) -> DataFrame:
    """Rows of REMOVED. Adds to the notes how many files are in components too large for a task, and the rounds."""
    from pyspark.sql import functions as F

    if notes["candidates"] <= LABEL_PAIRS:
        in_parts = partial(parts, part_files=part_files)
        nodes = keep("nodes", _map(pairs.select("better", "worse").coalesce(1), in_parts, NODES), batch_rows=ENTRY_ROWS)
    else:
        labels, notes["label_rounds"] = near_rounds.label(pairs, keep)
        nodes = keep("nodes", _in_parts(labels, part_files))
    large = F.col("part") == LARGE
    told = nodes.agg(
        F.count("*").alias("n"), F.max("part").alias("last"), F.count_if(large).alias("n_large")
    ).collect()[0]
    notes["files_in_large_components"] = told["n_large"]
    nodes = _known(nodes, told["n"])
    of_part = pairs.join(nodes.withColumnRenamed("place", "better"), "better")
    found = []
    if told["last"] > LARGE:
        rows = _sets(contents.join(nodes.where(~large), "place"), search).unionByName(
            of_part.where(~large), allowMissingColumns=True
        )
        solved = _map(rows.repartitionById(told["last"] + 1, F.col("part")), search.solve, REMOVED)
        found.append(keep("removed", solved))
    if told["n_large"]:
        edges = keep("edges", _edges(contents, of_part.where(large), told["n_large"], part_files, search))
        if edges.count() <= SELECT_EDGES:
            found.append(keep("removed-large", _map(edges.coalesce(1), search.choose, REMOVED)))
        else:
            select = near_rounds.select_closure if search.closure else near_rounds.select
            chosen, notes["selection_rounds"] = select(edges, keep)
            found.append(keep("removed-large", chosen))
    return found[0].unionByName(found[1]) if len(found) > 1 else found[0]


def _in_parts(labels: DataFrame, part_files: int) -> DataFrame:
    """Rows of NODES for rows (node, label)."""
    from pyspark.sql import functions as F

    sizes = labels.groupBy("label").agg(F.count("*").alias("size"))
    n_parts = max(1, labels.count() // part_files)
    part = F.when(F.col("size") > part_files, LARGE).otherwise(F.pmod(F.xxhash64("label"), F.lit(n_parts)))
    return labels.join(sizes, "label").select(F.col("node").alias("place"), part.cast("int").alias("part"))


def _edges(contents: DataFrame, pairs: DataFrame, n_files: int, part_files: int, search: Search) -> DataFrame:
    """Rows of EDGES for pairs. A block has so many worse files, and of the better ones those that they met: leaders
    of hot keys, which are few."""
    from pyspark.sql import functions as F

    n_blocks = -(-n_files // part_files)
    in_blocks = pairs.withColumn("part", F.pmod(F.xxhash64("worse"), F.lit(n_blocks)).cast("int"))
    ends = in_blocks.select(F.explode(F.array("better", "worse")).alias("place"), "part").distinct()
    rows = _sets(contents.join(ends, "place"), search).unionByName(in_blocks, allowMissingColumns=True)
    return _map(rows.repartitionById(n_blocks, F.col("part")), search.prove, EDGES)


def _sets(files: DataFrame, search: Search) -> DataFrame:
    return _map(files.select("part", "place", "node", search.evidence), search.sets, SETS)


def _moved(copies: DataFrame, removed: DataFrame) -> DataFrame:
    """A copy of a file that stays goes because of it; one of a file that goes, as that does."""
    from pyspark.sql import functions as F

    by = removed.select(F.col("node").alias("witness"), F.col("witness").alias("of"), F.col("similarity").alias("by"))
    return copies.join(by, "witness", "left").select(
        "node", F.coalesce("of", "witness").alias("witness"),
        F.when(F.col("of").isNotNull(), F.col("by")).otherwise(F.col("similarity")).alias("similarity"),
    )  # fmt: skip


def _known(small: DataFrame, n_rows: int) -> DataFrame:
    """Sent to every task where it is small."""
    from pyspark.sql import functions as F

    return F.broadcast(small) if n_rows <= BROADCAST_NODES else small


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
