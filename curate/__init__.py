"""The engine. `curate.run` mills, `curate.Run` reads a finished run, `curate.what_if` decides one again; nothing is
loaded before it is asked for."""

from __future__ import annotations

from typing import Any

__all__ = ["Run", "run", "what_if"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from curate import api

        return getattr(api, name)
    raise AttributeError(f"module 'curate' has no attribute {name!r}")
