"""An evaluation's scores as a few lines for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from train.evaluate.page import shown


def tell(summary: Mapping[str, Any], out: Path) -> str:
    """A line for each score, published ones below, and where the page is."""
    lines = []
    for told in summary["benchmarks"]:
        counts = ", ".join(f"{name} {number:,}" for name, number in told["outcomes"].items())
        lines.append(f"{told['name']} ({told['task']}): {told['problems']:,} problems, {counts}")
        for name, score in told["scores"].items():
            low, high = shown(name, score["low"]), shown(name, score["high"])
            lines.append(f"  {name:<14} {shown(name, score['score']):>7}   {low} to {high}")
        for one in told["published"]:
            lines.append(f"  {one['metric']:<14} {shown(one['metric'], one['score']):>7}   published: {one['system']}")
        if told["missing"]:
            lines.append(f"  {told['missing']:,} problems have no judged sample and are not in the score")
    return "\n".join([*lines, f"page: {out / 'page.html'}"])
