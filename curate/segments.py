"""Segments that similar files share, on Spark: which files are compared, and what goes from each.

The steps, each a table in `_work`: pairs (files that meet under a key of a signature), nodes (whole components of
pairs, put into parts), shared (what goes, a part a task). A component too large for a task is decided in rounds: in
each, the files whose better neighbours are decided. Within tasks everything is done by curate.segments_tasks, and the
answer is that of dedup.segments.deduplicate in memory. Ids and offsets move, never content.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from curate.errors import RunFailed
from curate.index_known import new_node, new_place
from curate.near_pairs import Pairs, are_few, mapped, met, parted, together
from curate.near_tasks import LARGE, Search
from curate.segments_tasks import CHANGED, DECIDED, Comparison
from curate.stage import Keep

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

PART_BYTES = 8 << 20  # of packed segments that one task holds, at some ten times as much in memory
MOST_ROUNDS = 200


def find(
    files: DataFrame, keep: Keep, *, searches: Sequence[tuple[str, str, Search]], comparison: Comparison
) -> tuple[DataFrame | None, dict[str, Any]]:  # fmt: skip
    """Rows of CHANGED for files with rank, content_id, file_id, size_bytes, segments and the columns of `searches`:
    a signature, what is null for files too short to compare by it, and how they are looked for. And what the manifest
    should tell. None where no file met another."""
    from pyspark.sql import functions as F

    there = files.where("segments is not null").withColumns({"node": new_node(), "place": new_place()})
    told = there.agg(F.count("*").alias("n"), F.mean(F.length("segments")).alias("mean_bytes")).collect()[0]
    notes: dict[str, Any] = {"compared": told["n"]}
    found = []
    for signature, tokens, search in searches:
        signed = there.where(F.col(tokens).isNotNull()).select("place", F.col(signature).alias("signature"))
        here = signed.toArrow() if are_few(told["n"], search) else None
        pairs, notes[f"by_{signature}"] = met(f"pairs-{signature}", signed, told["n"], search, keep, here=here)
        found.append(pairs)
    if not any(pairs.n_pairs for pairs in found):
        return None, notes
    pairs = together(found, keep)
    notes["pairs"] = pairs.n_pairs
    part_files = max(1, int(PART_BYTES / max(1, told["mean_bytes"])))
    rows = there.select("place", "node", "size_bytes", "segments")
    return _shared(rows, pairs, part_files, comparison, notes, keep), notes


def _shared(
    files: DataFrame, pairs: Pairs, part_files: int, comparison: Comparison, notes: dict[str, Any], keep: Keep
) -> DataFrame:
    from pyspark.sql import functions as F

    parts = parted(pairs, part_files, notes, keep)
    notes["files_paired"] = parts.n_files
    nodes, large = parts.nodes, F.col("part") == LARGE
    placed = files.join(nodes, "place")
    of_part = pairs.frame.select("better", "worse").join(nodes.withColumnRenamed("place", "better"), "better")
    found = []
    if parts.n_parts:
        rows = placed.where(~large).unionByName(of_part.where(~large), allowMissingColumns=True)
        solved = mapped(rows.repartitionById(parts.n_parts, F.col("part")), comparison.solve, CHANGED)
        found.append(keep("shared", solved))
    if parts.n_large:
        inside, ends = placed.where(large).drop("part"), of_part.where(large).drop("part")
        chosen, notes["rounds"] = in_rounds(inside, ends, comparison, keep)
        found.append(chosen)
    return found[0].unionByName(found[1]) if len(found) > 1 else found[0]


def in_rounds(files: DataFrame, pairs: DataFrame, comparison: Comparison, keep: Keep) -> tuple[DataFrame, int]:
    """Rows of CHANGED for files (place, node, size_bytes, segments) and pairs of their places, and how many rounds.

    A task holds one file at a time, with what its better neighbours still have.
    """
    from pyspark.sql import functions as F

    names = files.select("place", "node")
    ends = keep("ends", pairs.join(names.toDF("better", "of"), "better").join(names.toDF("worse", "node"), "worse")
                .select("node", "of").where("of < node").distinct())  # fmt: skip
    waiting, done, number = files.select("node"), None, 0
    while waiting.head(1):
        number += 1
        if number > MOST_ROUNDS:
            raise RunFailed(
                f"after {MOST_ROUNDS} rounds segments of some files are undecided: similar files form a chain of that "
                f"length; raise stages.segments.min_similarity"
            )
        blocked = ends.join(waiting.withColumnRenamed("node", "of"), "of").select("node").distinct()
        ready = keep(f"ready-{number}", waiting.join(blocked, "node", "left_anti"))
        rows = files.join(ready, "node").drop("place")
        if done is not None:
            left = done.select(F.col("node").alias("of"), "left")
            rows = rows.unionByName(ends.join(ready, "node").join(left, "of"), allowMissingColumns=True)
        else:
            rows = rows.withColumns({"of": F.lit(None).cast("binary"), "left": F.lit(None).cast("array<string>")})
        ordered = rows.repartition("node").sortWithinPartitions("node", F.col("of").asc_nulls_first())
        chosen = keep(f"chosen-{number}", mapped(ordered, comparison.choose, DECIDED))
        done = chosen if done is None else done.unionByName(chosen)
        waiting = keep(f"waiting-{number}", waiting.join(ready, "node", "left_anti"))
    assert done is not None
    return done.where(F.size("removals") > 0).select(*CHANGED.names), number
