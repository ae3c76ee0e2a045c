"""Near-duplicates, what is done in rounds of joins where no task may hold a whole component.

Every round is counted, and the answers are those of dedup.selection: `components`, `select` and `select_closure`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from curate.errors import RunFailed
from curate.stage import Keep

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

MOST_ROUNDS = 200  # what ends with a hash needs some log^2 of the files; a chain in the order of ids needs its length


def label(pairs: DataFrame, keep: Keep) -> tuple[DataFrame, int]:
    """Rows (node, label): each node of the pairs (better, worse), and the best of its component; and the rounds.

    Large-star and small-star in turn (Kiveris et al. 2014, Connected Components in MapReduce and Beyond), until every
    node hangs on its component's best.
    """
    from pyspark.sql import functions as F

    stars = pairs.select(F.col("worse").alias("node"), F.col("better").alias("label")).distinct()
    before = None
    for number in range(1, MOST_ROUNDS + 1):
        stars = keep(f"stars-{number}", _small_star(_large_star(stars)))
        now = stars.agg(F.count("*"), F.bit_xor(F.xxhash64("node", "label"))).collect()
        if now == before:
            return stars.unionByName(stars.select(F.col("label").alias("node"), "label").distinct()), number
        before = now
    raise RunFailed(_too_many("components are not labelled"))


def _large_star(stars: DataFrame) -> DataFrame:
    """Each node's worse neighbours hang on its best neighbour, or on itself."""
    from pyspark.sql import functions as F

    both = stars.unionByName(stars.select(F.col("label").alias("node"), F.col("node").alias("label")))
    known = both.select("node", "label", F.least("node", _best_of("node")).alias("best"))
    worse = known.where(F.col("label") > F.col("node"))
    return worse.select(F.col("label").alias("node"), F.col("best").alias("label"))


def _small_star(stars: DataFrame) -> DataFrame:
    """Each node and its better neighbours hang on the best of them."""
    from pyspark.sql import functions as F

    known = stars.select("node", "label", _best_of("node").alias("best"))
    hung = known.select(F.explode(F.array("node", "label")).alias("node"), F.col("best").alias("label"))
    return hung.where(F.col("node") != F.col("label")).distinct()


def _best_of(node: str) -> Column:
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    return F.min("label").over(Window.partitionBy(node))


def select(edges: DataFrame, keep: Keep) -> tuple[DataFrame, int]:
    """Rows (node, witness, similarity) of what goes of edges (better, worse, similarity), as `select`; the rounds."""
    from pyspark.sql import functions as F

    waiting, gone, rounds = edges.select("better", "worse"), None, 0
    while waiting.head(1):
        rounds += 1
        if rounds > MOST_ROUNDS:
            raise RunFailed(_too_many("some files are neither kept nor removed"))
        worse = waiting.select(F.col("worse").alias("better")).distinct()
        # What no better file waits for stays, and what is near to that goes.
        now = keep(f"gone-{rounds}", waiting.join(worse, "better", "left_anti").select("worse").distinct())
        gone = now if gone is None else gone.unionByName(now)
        left = waiting.join(now, "worse", "left_anti")
        waiting = keep(f"waiting-{rounds}", left.join(now.withColumnRenamed("worse", "better"), "better", "left_anti"))
    if gone is None:
        return edges.select(F.col("worse").alias("node"), F.col("better").alias("witness"), "similarity"), 0
    proofs = edges.join(gone.withColumnRenamed("worse", "better"), "better", "left_anti")
    best = F.min(F.struct((-F.col("similarity")).alias("far"), F.col("better").alias("witness"))).alias("best")
    found = proofs.groupBy(F.col("worse").alias("node")).agg(best)
    return found.select("node", "best.witness", (-F.col("best.far")).alias("similarity")), rounds


def select_closure(edges: DataFrame, keep: Keep) -> tuple[DataFrame, int]:
    """The same as dedup.selection.select_closure: all but the best of a component go."""
    from pyspark.sql import functions as F

    labels, rounds = label(edges, keep)
    hung = labels.where(F.col("node") != F.col("label")).withColumnRenamed("label", "witness")
    direct = edges.select(F.col("better").alias("witness"), F.col("worse").alias("node"), "similarity")
    return hung.join(direct, ["node", "witness"], "left").select("node", "witness", "similarity"), rounds


def _too_many(what: str) -> str:
    return (
        f"after {MOST_ROUNDS} rounds {what}: near-duplicates form a chain of that length; "
        f"raise the threshold, or put exact dedup before this stage"
    )
