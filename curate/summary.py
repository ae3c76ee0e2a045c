"""The end of a run, as a person reads it: what was read, what stayed, what went and why."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from curate.shards import Run

_PLACES = {
    "shards": "shards", "ledger": "ledger", "pairs": "pairs", "facts": "facts", "notices": "NOTICES.parquet",
    "headers": "boilerplate.parquet",
    "report": "report.html",
}  # fmt: skip
MOST_REASONS = 14
MOST_LANGUAGES = 10
MOST_KINDS = 8


def show(run: Run, console: Console) -> None:
    """Print counts, reasons, languages, mixture, warnings and where everything lies."""
    counts = run.summary
    read, kept, dropped = (counts[name] for name in ("read", "kept", "dropped"))
    stayed = f"[bold]kept {_amount(kept)}[/] ({_share(kept, read)} of bytes)"
    console.print(f"\nread {_amount(read)}, {stayed}, dropped {_amount(dropped)}")
    _reasons(counts, console)
    _languages(counts, console)
    _mixture(run, console)
    _replaced(counts, console)
    _taken_out(counts, console)
    for warning in run.manifest["warnings"]:
        console.print(f"[yellow]warning:[/] {escape(warning)}", highlight=False)
    console.print()
    for name, place in _PLACES.items():
        if (run.folder / place).exists():
            console.print(f"{name:<9} {run.folder / place}", highlight=False, markup=False, soft_wrap=True)


def _reasons(counts: dict, console: Console) -> None:
    table = _table("dropped by", "files", "MB", "mostly")
    for row in counts["reasons"][:MOST_REASONS]:
        languages = ", ".join(list(row["languages"])[:3])
        name = escape(f"{row['stage']}.{row['reason']}")  # a rule may be called anything
        table.add_row(name, f"{row['files']:,}", f"{row['bytes'] / 1e6:,.1f}", languages)
    if len(counts["reasons"]) > MOST_REASONS:
        rest = counts["reasons"][MOST_REASONS:]
        n_files, n_bytes = sum(row["files"] for row in rest), sum(row["bytes"] for row in rest)
        table.add_row(f"{len(rest)} other reasons", f"{n_files:,}", f"{n_bytes / 1e6:,.1f}", "")
    if counts["reasons"]:
        console.print(table)


def _languages(counts: dict, console: Console) -> None:
    table = _table("kept of", "files", "MB", "share", "of those read")
    kept_ones = [item for item in counts["languages"].items() if item[1]["kept"]["files"]]
    rows = sorted(kept_ones, key=lambda item: (-item[1]["kept"]["bytes"], item[0]))
    for name, amounts in rows[:MOST_LANGUAGES]:
        kept, read = amounts["kept"], amounts["read"]
        table.add_row(
            name, f"{kept['files']:,}", f"{kept['bytes'] / 1e6:,.1f}", _share(kept, counts["kept"]), _share(kept, read)
        )
    if len(rows) > MOST_LANGUAGES:
        rest = [amounts["kept"] for _, amounts in rows[MOST_LANGUAGES:]]
        together = {key: sum(one[key] for one in rest) for key in ("files", "bytes")}
        table.add_row(
            f"{len(rest)} other languages", f"{together['files']:,}", f"{together['bytes'] / 1e6:,.1f}",
            _share(together, counts["kept"]), "",
        )  # fmt: skip
    console.print(table)


def _mixture(run: Run, console: Console) -> None:
    domains = run.manifest["stages"].get("resample", {}).get("asked_and_got", {}).get("domains", [])
    if not any(row["asked_share"] is not None for row in domains):
        return
    table = _table("mixture", "asked", "got", "million tokens")
    for row in domains:
        asked = "" if row["asked_share"] is None else f"{row['asked_share']:.1%}"
        table.add_row(row["domain"], asked, f"{row['got_share']:.1%}", f"{row['tokens'] / 1e6:,.2f}")
    console.print(table)


def _replaced(counts: dict, console: Console) -> None:
    kinds = list(counts.get("replaced", {}).items())
    if kinds:
        told = [f"{kind} {count:,}" for kind, count in kinds[:MOST_KINDS]]
        if len(kinds) > MOST_KINDS:
            told.append(f"{len(kinds) - MOST_KINDS} other kinds {sum(count for _, count in kinds[MOST_KINDS:]):,}")
        console.print(f"replaced in kept files: {', '.join(told)}", highlight=False, markup=False)


def _taken_out(counts: dict, console: Console) -> None:
    told = ", ".join(f"{kind} {count:,}" for kind, count in counts.get("segments_removed", {}).items())
    if told:
        console.print(f"segments taken out of kept files: {told}", highlight=False, markup=False)


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="left" if name == "mostly" else "right")
    return table


def _amount(amount: dict) -> str:
    return f"{amount['files']:,} files ({amount['bytes'] / 1e6:,.1f} MB)"


def _share(part: dict, whole: dict) -> str:
    return f"{part['bytes'] / whole['bytes']:.1%}" if whole["bytes"] else "-"
