"""Near-duplicates where files are few: tasks prove pairs, and the driver does all else in its memory.

By the functions of the tasks, so that the answer is that of curate.near, which needs dozens of Spark's jobs for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.near_pairs import broadcast, met_in_memory, proved
from curate.near_tasks import NODES, REMOVED, Search, file_id, first_of_each, in_blocks, with_copies
from curate.schema import DECISION
from curate.stage import Keep

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_NAMED = pa.schema([("node", pa.binary()), *NODES])


def find(signed: DataFrame, search: Search, part_files: int, keep: Keep) -> tuple[pa.Table, dict[str, int]] | None:
    """Rows of REMOVED, and what was compared, of files (node, place, value, signature, and the evidence); None where
    too many of them meet for the driver to hold their pairs."""
    files, copies = first_of_each(signed.select("node", "place", "value", "signature").toArrow())
    found = met_in_memory(files, search)
    if found is None:
        return None
    pairs, notes = found
    removed = REMOVED.empty_table()
    if pairs.num_rows:
        places, of_part = in_blocks(pairs, part_files)
        of_node = keep("places", named(files, places))
        contents = signed.select("node", search.evidence).join(broadcast(of_node, places.num_rows), "node")
        n_parts = pc.max(of_part.column("part")).as_py() + 1
        rows = proved(contents, keep("parted", of_part), search, n_parts=n_parts, n_whole=0).toArrow()
        removed = pa.Table.from_batches(search.choose(iter(rows.to_batches())), REMOVED)
    return with_copies(removed, copies), notes


def named(files: pa.Table, places: pa.Table) -> pa.Table:
    """Rows (node, place, part) for files (node, place) and the parts that places are in."""
    held = files.column("place").to_numpy()
    order = np.argsort(held, kind="stable")
    wanted = places.column("place").to_numpy()
    first, last = (np.searchsorted(held[order], wanted, side) for side in ("left", "right"))
    row = np.repeat(np.arange(len(wanted)), last - first)  # two files may share a place
    within = np.arange(len(row)) - np.repeat(np.cumsum(last - first) - (last - first), last - first)
    nodes = files.column("node").take(pa.array(order[first[row] + within]))
    found = places.take(pa.array(row))
    return pa.table([nodes, found.column("place"), found.column("part")], schema=_NAMED)


def decisions(removed: pa.Table, *, stage: str, min_similarity: float) -> pa.Table:
    """Rows of DECISION for rows of REMOVED, as curate.near gives them."""
    node, witness = ([file_id(one) for one in removed.column(name).to_pylist()] for name in ("node", "witness"))
    similarity, n_rows = removed.column("similarity"), removed.num_rows
    columns = {
        "file_id": node,
        "drop_stage": [stage] * n_rows,
        "drop_reason": pc.if_else(pc.is_null(similarity), "chained", "near_duplicate"),
        "drop_value": similarity,
        "drop_limit": [min_similarity] * n_rows,
        "duplicate_of": witness,
        "similarity": similarity,
        "cluster": witness,
    }
    empty = pa.nulls(n_rows)
    return pa.table(
        {field.name: pa.chunked_array([empty.cast(field.type)]) if field.name not in columns else columns[field.name]
         for field in DECISION},
        schema=DECISION,
    )  # fmt: skip
