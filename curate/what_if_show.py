"""What another recipe would change, as a person reads it."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from curate.what_if_answer import CHANGES, WhatIf

MOST_ROWS = 12  # of one kind of change
MOST_LANGUAGES = 3  # named at a rule


def show(answer: WhatIf, console: Console) -> None:
    """Print what was kept and would be, a table of rules for every kind of change, and what is not known."""
    before, after = answer.before, answer.after
    console.print(f"kept {_amount(before)}, would be [bold]{_amount(after)}[/]{_open(answer)}", highlight=False)
    for change in CHANGES:
        rows = [row for row in answer.rows if row["change"] == change]
        if rows:
            console.print()
            console.print(_table(change, rows))
    if not answer.rows:
        console.print("nothing changes")
    for note in answer.notes:
        console.print(f"[yellow]note:[/] {escape(note)}", highlight=False)


def _open(answer: WhatIf) -> str:
    known = [answer.totals[name]["files"] for name in ("in doubt", "unmeasured")]
    return f", and {sum(known):,} files are not known" if sum(known) else ""


def _table(change: str, rows: list[dict[str, Any]]) -> Table:
    by_rule: dict[str, Counter[str]] = defaultdict(Counter)
    languages: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        name = f"{row['stage']}.{row['reason']}" if row["reason"] else row["stage"]
        by_rule[name].update(files=row["files"], bytes=row["bytes"])
        languages[name][row["language"]] += row["files"]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(change, min_width=30)
    for name in ("files", "MB"):
        table.add_column(name, justify="right")
    table.add_column("mostly")
    ordered = sorted(by_rule.items(), key=lambda item: (-item[1]["files"], item[0]))
    for name, amount in ordered[:MOST_ROWS]:
        mostly = sorted(languages[name].items(), key=lambda item: (-item[1], item[0]))[:MOST_LANGUAGES]
        told = ", ".join(f"{language} {n_files:,}" for language, n_files in mostly)
        table.add_row(escape(name), f"{amount['files']:,}", f"{amount['bytes'] / 1e6:,.2f}", escape(told))
    if rest := ordered[MOST_ROWS:]:
        n_files, n_bytes = (sum(amount[unit] for _, amount in rest) for unit in ("files", "bytes"))
        table.add_row(f"{len(rest)} other rules", f"{n_files:,}", f"{n_bytes / 1e6:,.2f}", "")
    return table


def _amount(amount: dict[str, int]) -> str:
    return f"{amount['files']:,} files ({amount['bytes'] / 1e6:,.2f} MB)"
