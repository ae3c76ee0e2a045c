"""The story of one file: found in the ledger, told with its signals, its decision and the file it duplicates."""

from __future__ import annotations

from typing import Any

import pyarrow.compute as pc
from rich.console import Console

from curate.errors import WrongUse
from curate.shards import Run

MOST_FILES = 20


def find(run: Run, file: str) -> list[dict[str, Any]]:
    """Ledger rows of a file_id, a source uri, a path, or the end of a path; WrongUse for none or too many."""
    ledger, field = run.ledger, pc.field
    uri = pc.field("source", "uri")
    rows: list[dict[str, Any]] = []
    for condition in (
        (field("file_id") == file),
        ((field("path") == file) | (uri == file)),
        (pc.ends_with(field("path"), "/" + file.lstrip("/"))),
    ):
        rows = ledger.filter(condition).head(MOST_FILES + 1).to_pylist()
        if rows:
            break
    if not rows:
        raise WrongUse(
            f"no file {file!r} in the ledger of {run.folder}: name a file_id, a path below the input, or its end"
        )
    if len(rows) > MOST_FILES:
        raise WrongUse(f"more than {MOST_FILES} files end in {file!r}: write more of the path")
    return rows


def chain(run: Run, row: dict[str, Any]) -> list[dict[str, Any]]:
    """The files that a row duplicates, one after another, to the one that was kept."""
    found, seen = [], {row["file_id"]}
    while row["duplicate_of"] is not None and row["duplicate_of"] not in seen:
        seen.add(row["duplicate_of"])
        row = run.ledger.filter(pc.field("file_id") == row["duplicate_of"]).to_table().to_pylist()[0]
        found.append(row)
    return found


def show(run: Run, rows: list[dict[str, Any]], console: Console) -> None:
    """Print every row as a person reads it."""
    for row in rows:
        _show_one(run, row, console)


def _show_one(run: Run, row: dict[str, Any], console: Console) -> None:
    def tell(name: str, value: Any) -> None:
        if value is not None:
            console.print(f"  {name:<12} {value}", highlight=False, markup=False, soft_wrap=True)

    console.print(f"\n{row['source']['uri']}", style="bold", highlight=False, markup=False, soft_wrap=True)
    tell("file_id", row["file_id"])
    tell("row", row["source"]["row"])
    for name in ("repo", "root", "language", "encoding", "licence", "stars", "size_bytes", "n_lines", "quality_score"):
        tell(name, row[name])
    tell("decision", decision(row))
    for number, other in enumerate(chain(run, row), 1):
        kept = (
            "kept" if other["drop_stage"] is None else f"dropped too, by {other['drop_stage']}.{other['drop_reason']}"
        )
        tell("same as" if number == 1 else "and that as", f"{other['source']['uri']} ({other['file_id']}; {kept})")
    measured = {name: value for name, value in row["signals"].items() if value is not None}
    if measured:
        console.print("  signals", highlight=False)
        for name, value in measured.items():
            shown = f"{value:.4f}" if isinstance(value, float) else value
            console.print(f"    {name:<28} {shown}", highlight=False, markup=False)


def decision(row: dict[str, Any]) -> str:
    """One sentence: kept, or dropped by which stage and limit."""
    if row["drop_stage"] is None:
        return "kept"
    told = f"dropped by {row['drop_stage']}.{row['drop_reason']}"
    if row["drop_value"] is not None and row["drop_limit"] is not None:
        told += f": {row['drop_value']:g} against the limit {row['drop_limit']:g}"
    if row["drop_text"]:
        told += f" ({row['drop_text']})"
    if row["match"]:
        told += f", it matches {row['match']}"
    if row["similarity"] is not None:
        told += f", similarity {row['similarity']:g}"
    return told
