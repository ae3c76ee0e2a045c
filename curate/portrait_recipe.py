"""The recipe of `codemill profile`: everything that tells of a file is measured, and no rule drops one."""

from __future__ import annotations

from typing import Any

from curate.recipe import Recipe, parse

_STAGES: tuple[dict[str, dict[str, Any]], ...] = (
    {"read": {}},
    {"decode": {}},
    {"licence": {}},
    {"language": {}},
    {"text": {}},
    {"syntax": {"refusals": [], "measures": ["ending", "naming", "redundancy", "coupling", "maintainability"]}},
    {"score": {}},
    {"portrait": {"content": False}},
    {"layout": {}},
)


def recipe() -> Recipe:
    """Shards of such a run have no content: it is there for its ledger and its portrait."""
    raw = {
        "name": "profile",
        "description": "What is there, along the dimensions of the portrait.",
        "stages": [*_STAGES],
    }
    return parse(raw, where="codemill profile")
