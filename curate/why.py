"""The story of one file: found in the ledger, told with its signals, its decision and the file it duplicates."""

from __future__ import annotations

from typing import Any

import pyarrow.compute as pc
from rich.console import Console

from analyzers.syntax.functions import FunctionNumbers
from analyzers.syntax.parser import Parser
from analyzers.syntax.score import TABLE_ID, Loss
from curate import again
from curate.errors import WrongUse
from curate.index import earlier_runs
from curate.shards import MANIFEST, Run
from curate.stages.score import Score

MOST_FILES = 20
MOST_FUNCTIONS = 5


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
    """The files that a row duplicates, one after another, to the one that was kept; each with the folder of its `run`.
    An index leads into an earlier run, and the chain ends before one that is not at its place any more."""
    found: list[dict[str, Any]] = []
    seen = {(str(run.folder), row["file_id"])}
    while row["duplicate_of"] is not None:
        run = Run(earlier_runs(run).get(row["match"], run.folder))
        place = (str(run.folder), row["duplicate_of"])
        if place in seen or not (run.folder / MANIFEST).is_file():
            break
        seen.add(place)
        row = run.ledger.filter(pc.field("file_id") == row["duplicate_of"]).to_table().to_pylist()[0]
        found.append({**row, "run": str(run.folder)})
    return found


def show(run: Run, rows: list[dict[str, Any]], console: Console) -> None:
    """Print every row as a person reads it."""
    for row in rows:
        _show_one(run, row, console)


def _show_one(run: Run, row: dict[str, Any], console: Console) -> None:
    def tell(name: str, value: Any) -> None:
        if value is not None:
            console.print(f"  {name:<13} {value}", highlight=False, markup=False, soft_wrap=True)

    console.print(f"\n{_place(row)}", style="bold", highlight=False, markup=False, soft_wrap=True)
    tell("file_id", row["file_id"])
    for name in ("row", "revision"):
        tell(name, row["source"][name])
    tell("source", again.state(run, row))
    for name in ("repo", "root", "language", "encoding", "licence", "stars", "size_bytes", "n_lines"):
        tell(name, row[name])
    tell("quality_score", None if row["quality_score"] is None else f"{row['quality_score']:.1f}")
    tell("decision", decision(row))
    others = chain(run, row)
    for number, other in enumerate(others, 1):
        kept = (
            "kept" if other["drop_stage"] is None else f"dropped too, by {other['drop_stage']}.{other['drop_reason']}"
        )
        tell("same as" if number == 1 else "and that as", f"{_place(other)} ({other['file_id']}; {kept})")
    for line in again.difference(run, row, Run(others[0]["run"]), others[0]) if others else ():
        console.print(f"    {line}", highlight=False, markup=False, soft_wrap=True)
    if row["tags"]:
        tell("tags", ", ".join(f"{name} {value}" for name, value in row["tags"]))
    if row["segments_removed"]:
        tell("without", f"{len(row['segments_removed'])} segments that other files have")
    lost = losses(run, row)
    if lost:
        console.print("  points lost", highlight=False)
        for loss in lost:
            told = f"{loss.points:5.1f} {loss.dimension:<12} {loss.signal} {loss.value:.4g}, knee {loss.knee:.4g}"
            console.print(f"    {told}", highlight=False, markup=False)
    worst = worst_functions(run, row)
    if worst:
        console.print("  functions, the least maintainable first", highlight=False)
        for one in worst:
            console.print(f"    {_function(one)}", highlight=False, markup=False, soft_wrap=True)
    measured = {name: value for name, value in row["signals"].items() if value is not None}
    if measured:
        console.print("  signals", highlight=False)
        for name, value in measured.items():
            shown = f"{value:.4f}" if isinstance(value, float) else value
            console.print(f"    {name:<28} {shown}", highlight=False, markup=False)


def losses(run: Run, row: dict[str, Any]) -> list[Loss]:
    """Where a file lost the points that its quality_score lacks, the most first; none for a file without a score, and
    where another version with another table of knees and weights made the run."""
    stages = {
        name: fields for stage in run.manifest.get("recipe", {}).get("stages", ()) for name, fields in stage.items()
    }
    settings = stages.get(Score.name)
    if row["quality_score"] is None or settings is None or settings["table"] != TABLE_ID:
        return []
    return Score(**settings).losses(row["language"], row["signals"])


def worst_functions(run: Run, row: dict[str, Any]) -> list[FunctionNumbers]:
    """The functions of a file with a score, read again, by maintainability; at most MOST_FUNCTIONS of them. None where
    its text is no longer there."""
    text = None if row["quality_score"] is None else again.text_again(run, row)[1]
    if text is None:
        return []
    with Parser(("analyzers.syntax.functions", "plain_functions_of")) as parser:
        (answer,) = parser.answers([(row["language"], text.encode("utf-8", "replace"))])
    found = [] if isinstance(answer, str) else [FunctionNumbers(*one) for one in answer]
    return sorted(found, key=lambda one: (one.maintainability, one.start_line))[:MOST_FUNCTIONS]


def _function(one: FunctionNumbers) -> str:
    bugs = [one.n_fatal_bugs, one.n_error_bugs, one.n_warning_bugs]
    told = [
        f"maintainability {one.maintainability:.0f}, cyclomatic {one.cyclomatic}, cognitive {one.cognitive}",
        f"nesting {one.nesting}, parameters {one.n_parameters}, {one.n_non_words} of {one.n_names} names no words",
        f"calls out {one.n_external_calls}, types {one.n_types}",
        *([] if None in bugs else [f"bugs {bugs[0]} fatal, {bugs[1]} error, {bugs[2]} warning"]),
        *(["a copy of one before"] if one.is_copy else []),
    ]
    return f"{one.start_line}-{one.end_line} {one.name}: {', '.join(told)}"


def _place(row: dict[str, Any]) -> str:
    """uri, and member of an archive or repository."""
    member = row["source"]["member"]
    return row["source"]["uri"] if member is None else f"{row['source']['uri']}/{member}"


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
