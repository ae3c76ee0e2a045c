"""What a run tells of a round: its row in the trace, points in TensorBoard, and a line of the console."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from train.console import Column
from train.metrics import Metrics
from train.rl.config import RlConfig

_COLUMNS = (  # with pass@1 and pass@5 as many as 80 characters hold
    Column("passed", "passed", "{:.1%}".format),
    Column("entropy", "entropy", "{:.3f}".format),
    Column("tokens", "tokens", "{:.0f}".format),
    Column("cut", "cut_off", "{:.0%}".format),
    Column("filtered", "filtered", "{:.0%}".format),
    *(Column(f"{name} s", f"{name}_s", "{:.1f}".format) for name in ("rollout", "reward", "update")),
)


def columns(config: RlConfig) -> tuple[Column, ...]:
    """The console's columns; pass@k of held-out prompts last, where some are looked at."""
    ks = config.held_out.ks if config.held_out else ()
    return (*_COLUMNS, *(Column(f"pass@{k}", f"pass@{k}", "{:.1%}".format) for k in ks))


def told(row: dict[str, Any], config: RlConfig, metrics: Metrics, health: Mapping[str, float] | None = None) -> None:
    """Tell a row to the trace, TensorBoard and the console; the card's figures to TensorBoard, as they are no part of
    what a run computes."""
    metrics.step(row)
    metrics.points(row["step"], _points(row) | dict(health or {}))
    if row["step"] % config.log_every == 0 or row["step"] == config.steps or "held_out" in row:
        metrics.progress(_shown(row))


def _points(row: dict[str, Any]) -> dict[str, float | None]:
    """Numbers by their names, those of inner mappings as seconds/rollout or held_out/pass@1."""
    points: dict[str, float | None] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            inner = {key: one["score"] if isinstance(one, dict) else one for key, one in value.items()}
            points |= {f"{name}/{key}": one for key, one in inner.items()}
        elif isinstance(value, int | float) or value is None:
            points[name] = value
    return points


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """A row as the console's columns name its figures."""
    names = ("step", *(column.field for column in _COLUMNS))
    shown = {name: row[name] for name in names if name in row}
    if "length" in row:
        shown["tokens"] = row["length"]["mean"]
    shown |= {f"{name}_s": seconds for name, seconds in row.get("seconds", {}).items()}
    return shown | {name: one["score"] for name, one in row.get("held_out", {}).items() if isinstance(one, dict)}
