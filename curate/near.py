"""Near-duplicates on Spark: what the stages simhash and minhash share.

The steps, each a table in `_work`: copies (files of the same tokens), pairs (files that meet under a key), nodes (whole
components of pairs, put into parts), proved (a part a task: what goes of it). A component that is too large for a task
has its pairs proved in blocks, and is selected on the proved ones alone, in rounds where these are many too. Within
tasks everything is done by the functions of curate.near_tasks, and the answer is that of dedup.near in memory.

Where files are few, the driver does all but the proofs in its memory (curate.near_few). Where chains of resemblance
count (`closure`), a file that was not proved to be near to what stays of its component has a reason of its own, so that
their price is counted.

With an index of earlier runs, its files that meet a file of the batch under a key take part: they stand before all of
the batch, are not compared with each other, and stay. So what goes of the batch is what would go if all were done at
once with the earlier files first, as long as no key is hot.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from curate import near_few, near_rounds
from curate.index_known import Known, file_id_of, is_known, new_node, new_place, run_of
from curate.near_pairs import Pairs, are_few, broadcast, mapped, met, parted, proved
from curate.near_tasks import LARGE, REMOVED, Search
from curate.stage import Decided, Keep, decisions

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

PART_BYTES = 32 << 20  # content of the files whose sets one task holds
SELECT_EDGES = 2_000_000  # proved pairs of large components that one task selects; more are selected in rounds


def find(
    files: DataFrame, keep: Keep, *, stage: str, search_of: Callable[[int], Search], min_similarity: float,
    known: Known | None = None,
) -> Decided:  # fmt: skip
    """Decisions about files with the columns rank, content_id, file_id, content, and those of the stage's signature and
    tokens: which of them go, as near-duplicates of which. Null tokens are those of a file too short to compare.
    `search_of` gives the search for a number of files."""
    from pyspark.sql import functions as F

    tokens = f"{stage}_tokens"
    signed = files.where(F.col(tokens).isNotNull()).withColumns(
        {"node": new_node(), "place": new_place(), "value": F.col(tokens), "signature": F.col(stage)}
    )
    there = signed.agg(F.count("*").alias("n"), F.mean("size_bytes").alias("mean_bytes")).collect()[0]
    search = search_of(there["n"])
    part_files = max(1, int(PART_BYTES / there["mean_bytes"])) if there["n"] else 1
    told = {"signature": search.signature.version, "compared": there["n"]}
    if search.within is not None:
        told["among_bands"] = True
    if known is None and are_few(there["n"], search):
        found = near_few.find(signed, search, part_files, keep)
        if found is not None:
            gone, notes = found
            few = near_few.decisions(gone, stage=stage, min_similarity=min_similarity)
            return Decided(decisions=few, notes=told | notes)
    copies = keep("copies", _copies(signed.select("node", "value"), tokens, known))
    n_copies = copies.count()
    distinct = signed.join(broadcast(copies.select("node"), n_copies), "node", "left_anti")
    others = None if known is None else partial(known.entries, stage)
    alone = known is not None and known.alone
    pairs, notes = met(
        "pairs", distinct.select("place", *search.asks), there["n"], search, keep, others=others,
        where="better < 0" if alone else "true",
    )  # fmt: skip
    gone = copies.select("node", F.col("first").alias("witness"), F.lit(1.0).alias("similarity"))
    if pairs.n_pairs:
        evidence = "content" if search.evidence == "content" else stage
        contents = distinct.select("place", "node", evidence)
        if known is not None:
            places = pairs.frame.where("better < 0").select(F.col("better").alias("place")).distinct()
            contents = contents.unionByName(keep("known", known.contents(places, evidence)))
        contents = contents.toDF("place", "node", search.evidence)
        removed = _removed(contents, pairs, notes, part_files, search, keep)
        gone = removed.unionByName(_moved(gone, removed))
    decided = {
        "drop_stage": F.lit(stage),
        "drop_reason": F.when(F.col("similarity").isNull(), "chained").otherwise("near_duplicate"),
        "drop_value": F.col("similarity"),
        "drop_limit": F.lit(min_similarity),
        "duplicate_of": file_id_of("witness"),
        "similarity": F.col("similarity"),
        "cluster": file_id_of("witness"),
    }
    if known is not None:
        gone = gone.where(~is_known("node"))  # where chains count, one may hang together with a better known file
        decided["match"] = run_of("witness", [run.id for run in known.index.runs])
        told["index"] = known.notes()
    return Decided(decisions=decisions(gone.withColumn("file_id", file_id_of("node")), decided), notes=told | notes)


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


def _removed(
    contents: DataFrame, pairs: Pairs, notes: dict[str, int], part_files: int, search: Search, keep: Keep
) -> DataFrame:
    """Rows of REMOVED. Adds to the notes how many files are in components too large for a task, and the rounds.

    Pairs of those are proved in blocks, which are parts like others. A block has so many worse files, and of the better
    ones those that they met: leaders of hot keys, which are few.
    """
    from pyspark.sql import functions as F

    parts = parted(pairs, part_files, notes, keep)
    large, n_blocks = F.col("part") == LARGE, -(-parts.n_large // part_files)
    of_part = pairs.frame.join(parts.nodes.withColumnRenamed("place", "better"), "better")
    places, n_places = parts.nodes, parts.n_files
    if n_blocks:
        block = F.lit(parts.n_parts) + F.pmod(F.xxhash64("worse"), F.lit(n_blocks))
        of_part = of_part.withColumn("part", F.when(large, block.cast("int")).otherwise(F.col("part")))
        in_blocks = of_part.where(F.col("part") >= parts.n_parts)
        ends = in_blocks.select(F.explode(F.array("better", "worse")).alias("place"), "part").distinct()
        places = keep("places", parts.nodes.where(~large).unionByName(ends))
        n_places = places.count()
    files = contents.join(broadcast(places, n_places), "place")
    n_parts = parts.n_parts + n_blocks
    settled = keep("proved", proved(files, of_part, search, n_parts=n_parts, n_whole=parts.n_parts))
    removed = settled.where("goes").drop("goes")
    if not n_blocks:
        return removed
    edges = settled.where("not goes").drop("goes")
    if edges.count() <= SELECT_EDGES:
        chosen = keep("removed-large", mapped(edges.coalesce(1), search.choose, REMOVED))
    else:
        select = near_rounds.select_closure if search.closure else near_rounds.select
        edges = edges.withColumnsRenamed({"witness": "better", "node": "worse"})
        chosen, notes["selection_rounds"] = select(edges, keep)
    return removed.unionByName(chosen)


def _moved(copies: DataFrame, removed: DataFrame) -> DataFrame:
    """A copy of a file that stays goes because of it; one of a file that goes, as that does."""
    from pyspark.sql import functions as F

    by = removed.select(F.col("node").alias("witness"), F.col("witness").alias("of"), F.col("similarity").alias("by"))
    return copies.join(by, "witness", "left").select(
        "node", F.coalesce("of", "witness").alias("witness"),
        F.when(F.col("of").isNotNull(), F.col("by")).otherwise(F.col("similarity")).alias("similarity"),
    )  # fmt: skip
