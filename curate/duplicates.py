"""What a finished run removed as duplicates: pairs to look at side by side, and how the threshold moves the rate.

Needs pyarrow and numpy, and nothing of Spark. Numbers come from the ledger; only the texts of pairs that are looked at
are read, from the run's shards or, of what went, from its input.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curate.again import text_again
from curate.errors import WrongUse
from curate.index import earlier_runs
from curate.shards import MANIFEST, Run

STAGES = ("exact", "simhash", "minhash")
"""Stages that remove duplicates."""

_COLUMNS = ["file_id", "source", "path", "language", "size_bytes", "drop_stage", "duplicate_of", "similarity", "match"]


def pairs(run: Run, *, stages: Sequence[str] = STAGES, above: float = 0.0, below: float = 1.0) -> pa.Table:
    """Removed files and what each is like: columns stage, similarity, path, uri, kept_path, kept_uri, language,
    size_bytes, file_id, duplicate_of, match; similarity from `above` to `below`, inclusive, the lowest first.

    Files that were removed because of one of an earlier run have that run in `match`, and no kept_path.
    """
    field = pc.field
    wanted = field("drop_stage").isin(list(stages)) & field("duplicate_of").is_valid()
    gone = run.ledger.filter(wanted).to_table(columns=_COLUMNS)
    similarity = pc.fill_null(gone.column("similarity"), np.nan)
    inside = pc.and_(pc.greater_equal(similarity, above), pc.less_equal(similarity, below))
    gone = gone.filter(inside)
    kept = _rows(run, gone.filter(pc.is_null(gone.column("match"))).column("duplicate_of"))
    of = pc.index_in(gone.column("duplicate_of"), kept.column("file_id"))
    of = pc.if_else(pc.is_null(gone.column("match")), of, pa.scalar(None, pa.int32()))
    found = {
        "stage": gone.column("drop_stage"),
        "similarity": gone.column("similarity"),
        "path": gone.column("path"),
        "uri": pc.struct_field(gone.column("source"), "uri"),
        "kept_path": kept.column("path").take(of),
        "kept_uri": pc.struct_field(kept.column("source").combine_chunks(), "uri").take(of),
    }
    table = pa.table(found)
    for name in ("language", "size_bytes", "file_id", "duplicate_of", "match"):
        table = table.append_column(name, gone.column(name))
    return table.sort_by([("similarity", "ascending"), ("file_id", "ascending")])


def removal_rate(run: Run, stage: str, thresholds: Sequence[float]) -> pa.Table:
    """How many files, and which share of those compared, the stage would have removed at higher thresholds: columns
    threshold, files, share, mb. Counted from the similarities in the ledger, without a run.

    A removed file counts where the similarity to its witness reaches the threshold. That is a lower bound, and near it:
    at a higher threshold a witness may stay where it went before, and others go because of it. WrongUse for a threshold
    below the stage's own, of which the ledger knows nothing.
    """
    own = limit(run, stage)
    if min(thresholds, default=own) < own - 1e-9:
        raise WrongUse(
            f"stage {stage} of {run.folder} removed from {own} on, and its ledger knows nothing of {min(thresholds)}: "
            f"ask from {own} to 1"
        )
    gone = run.ledger.filter(pc.field("drop_stage") == stage).to_table(columns=["similarity", "size_bytes"])
    similarity = np.sort(gone.column("similarity").fill_null(np.nan).to_numpy())
    order = np.argsort(gone.column("similarity").fill_null(np.nan).to_numpy())
    n_bytes = np.concatenate([[0], np.cumsum(gone.column("size_bytes").to_numpy()[order])])
    n_compared = reached(run, stage)
    first = np.searchsorted(similarity, np.asarray(thresholds) - 1e-9)
    n_files = len(similarity) - first
    return pa.table(
        {
            "threshold": pa.array(list(thresholds), pa.float64()),
            "files": n_files,
            "share": n_files / max(n_compared, 1),
            "mb": (n_bytes[-1] - n_bytes[first]) / 1e6,
        }
    )


def limit(run: Run, stage: str) -> float:
    """The similarity from which on a stage removes; WrongUse where the recipe does not have it."""
    for one in run.manifest["recipe"]["stages"]:
        if stage in one:
            return float(one[stage].get("min_similarity", 1.0))
    raise WrongUse(f"the recipe of {run.folder} has no stage {stage!r}; it has {', '.join(stage_names(run))}")


def reached(run: Run, stage: str) -> int:
    """Files that came as far as a stage: those it dropped, those that later ones dropped, and those that were kept."""
    names = stage_names(run)
    later = set(names[names.index(stage) :])
    gone = sum(row["files"] for row in run.summary["reasons"] if row["stage"] in later)
    return int(run.summary["kept"]["files"]) + gone


def stage_names(run: Run) -> list[str]:
    """The stages of the run's recipe, in their order."""
    return [name for stage in run.manifest["recipe"]["stages"] for name in stage]


def texts(run: Run, file_ids: Sequence[str]) -> dict[str, str]:
    """Content by file_id: of kept files from the shards, of others from the input, decoded as the run did but with what
    it replaced. Files that are in neither any more are left out."""
    wanted = pa.array(list(dict.fromkeys(file_ids)), pa.string())
    found: dict[str, str] = {}
    for batch in run.shards.filter(pc.field("file_id").isin(wanted)).to_batches(columns=["file_id", "content"]):
        found |= zip(batch.column("file_id").to_pylist(), batch.column("content").to_pylist(), strict=True)
    rest = [one for one in wanted.to_pylist() if one not in found]
    if rest:
        for row in _rows(run, pa.chunked_array([pa.array(rest, pa.string())])).to_pylist():
            _, text = text_again(run, row)
            if text is not None:
                found[row["file_id"]] = text
    return found


def diff(before: str, after: str, *, before_name: str = "kept", after_name: str = "removed", context: int = 2) -> str:
    """A unified diff of two texts, lines cut at 160 characters."""
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), before_name, after_name, n=context, lineterm=""
    )
    return "\n".join(line[:160] for line in lines)


def side_by_side(run: Run, rows: pa.Table) -> list[dict[str, Any]]:
    """The rows of `pairs` with `diff` beside: from the kept text to the removed one, None where one is not there."""
    listed = rows.to_pylist()
    here = [row["duplicate_of"] for row in listed if row["match"] is None]
    there = texts(run, [*(row["file_id"] for row in listed), *here])
    found = []
    for row in listed:
        other = earlier_run(run, row["match"])
        kept = there if row["match"] is None else texts(other, [row["duplicate_of"]]) if other else {}
        before, after = kept.get(row["duplicate_of"]), there.get(row["file_id"])
        found.append({**row, "diff": None if before is None or after is None else diff(before, after)})
    return found


def earlier_run(run: Run, match: str | None) -> Run | None:
    """The run that a `match` of the ledger names, where it is one of an index and still at its place."""
    folders = earlier_runs(run)
    found = Run(folders[match]) if match in folders else None
    return found if found is not None and (found.folder / MANIFEST).is_file() else None


def _rows(run: Run, file_ids: pa.ChunkedArray) -> pa.Table:
    wanted = pc.unique(file_ids)
    columns = ["file_id", "path", "source"]
    return run.ledger.filter(pc.field("file_id").isin(wanted)).to_table(columns=columns).combine_chunks()
