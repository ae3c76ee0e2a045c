"""The engine. `curate.run` mills, `curate.Run` reads a finished run; nothing is loaded before it is asked for."""

from __future__ import annotations

from typing import Any

__all__ = ["Run", "run"]


def __getattr__(name: str) -> Any:
    if name == "Run":
        from curate.shards import Run

        return Run
    if name == "run":
        from curate.api import run

        return run
    raise AttributeError(f"module 'curate' has no attribute {name!r}")
