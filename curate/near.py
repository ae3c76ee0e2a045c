"""Near-duplicates on Spark: what the stages simhash and minhash share.

The steps, each a table in `_work`: copies (files of the same tokens), pairs (files that meet under a key), nodes (whole
components of pairs, put into parts), removed (proved and selected, a part a task). A component that is too large for a
task has its pairs proved in blocks, and is selected on the proved ones alone, in rounds where these are many too.
Within tasks everything is done by the functions of curate.near_tasks, and the answer is that of dedup.near in memory.

With an index of earlier runs, its files that meet a file of the batch under a key take part: they stand before all of
the batch, are not compared with each other, and stay. So what goes of the batch is what would go if all were done at
once with the earlier files first, as long as no key is hot.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from curate import near_rounds
from curate.index_known import Known, file_id_of, is_known, new_node, new_place, run_of
from curate.near_tasks import COUNTS, EDGES, ENTRIES, LARGE, NODES, PAIRS, REMOVED, SETS, Search, parts
from curate.stage import Decided, Keep, decisions

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

PART_BYTES = 32 << 20  # content of the files whose sets one task holds
PARTITION_ENTRIES = 2_000_000  # keys that one task groups
LABEL_PAIRS = 20_000_000  # pairs whose components one task labels, at some 50 bytes each; more are labelled in rounds
SELECT_EDGES = 2_000_000  # proved pairs of large components that one task selects; more are selected in rounds
ENTRY_ROWS = 20_000  # small rows that Spark hands over at a time
BROADCAST_NODES = 1_000_000


def find(
    files: DataFrame, keep: Keep, *, stage: str, search_of: Callable[[int], Search], min_similarity: float,
    known: Known | None = None,
) -> Decided:  # fmt: skip
    """Decisions about files with the columns rank, content_id, file_id, content, and those of the stage's signature and
    tokens: which of them go, as near-duplicates of which. Null tokens are those of a file too short to compare.
    `search_of` gives the search for a number of files."""
    from pyspark.sql import functions as F

    tokens = f"{stage}_tokens"
    signed = files.where(F.col(tokens).isNotNull()).withColumns({"node": new_node(), "place": new_place()})
    there = signed.agg(F.count("*").alias("n"), F.mean("size_bytes").alias("mean_bytes")).collect()[0]
    search = search_of(there["n"])
    copies = keep("copies", _copies(signed.select("node", F.col(tokens).alias("value")), tokens, known))
    distinct = signed.join(_known(copies.select("node"), copies.count()), "node", "left_anti")
    met, notes = _met(distinct.select("place", F.col(stage).alias("signature")), there["n"], stage, search, keep, known)
    gone = copies.select("node", F.col("first").alias("witness"), F.lit(1.0).alias("similarity"))
    if notes["candidates"]:
        evidence = "content" if search.evidence == "content" else stage
        contents = distinct.select("place", "node", evidence)
        if known is not None:
            places = met.where("better < 0").select(F.col("better").alias("place")).distinct()
            contents = contents.unionByName(keep("known", known.contents(places, evidence)))
        contents = contents.toDF("place", "node", search.evidence)
        part_files = max(1, int(PART_BYTES / there["mean_bytes"]))
        removed = _removed(contents, met, notes, part_files, search, keep)
        gone = removed.unionByName(_moved(gone, removed))
    decided = {
        "drop_stage": F.lit(stage),
        "drop_reason": F.lit("near_duplicate"),
        "drop_value": F.col("similarity"),
        "drop_limit": F.lit(min_similarity),
        "duplicate_of": file_id_of("witness"),
        "similarity": F.col("similarity"),
        "cluster": file_id_of("witness"),
    }
    told = {"signature": search.signature.version, "compared": there["n"], **notes}
    if known is not None:
        gone = gone.where(~is_known("node"))  # where chains count, one may hang together with a better known file
        decided["match"] = run_of("witness", [run.id for run in known.index.runs])
        told["index"] = known.notes()
    return Decided(decisions=decisions(gone.withColumn("file_id", file_id_of("node")), decided), notes=told)


def _copies(files: DataFrame, tokens: str, known: Known | None) -> DataFrame:
    """Rows (node, first): files (node, value) that are not the first under their value, and which is."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    first = F.min("node").over(Window.partitionBy("value"))
    named = files.select("node", "value", first.alias("first"))
    if known is not None:
        before = known.equal(tokens, files.select("value")).select("value", F.col("node").alias("known"))
        first = F.col("known") if known.alone else F.coalesce("known", "first")
        named = named.join(before, "value", "left").withColumn("first", first)
    return named.select("node", "first").where("node <> first")


def _met(
    signed: DataFrame, n_files: int, stage: str, search: Search, keep: Keep, known: Known | None
) -> tuple[DataFrame, dict[str, int]]:
    """Pairs of places that meet under a key, each once, and what was compared for them."""
    from pyspark.sql import functions as F

    cores = signed.sparkSession.sparkContext.defaultParallelism
    n_partitions = max(cores, -(-n_files * search.n_keys // PARTITION_ENTRIES))
    entries = _map(signed, search.entries, ENTRIES)
    if known is not None:
        entries = entries.unionByName(known.entries(stage, entries))
    by_key = entries.repartition(n_partitions, "key").sortWithinPartitions("key", "place")
    pairs = _map(by_key, search.pairs, PAIRS)
    if known is not None and known.alone:
        pairs = pairs.where("better < 0 or better is null")
    met = keep("pairs", pairs.distinct(), batch_rows=ENTRY_ROWS)
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
