"""What a file says, as parts: a notebook cell by cell or as a script, others as they are or filled in the middle."""

from __future__ import annotations

from train.chance import chance
from train.renderers.document import RenderConfig, Row
from train.renderers.fim import maybe_filled
from train.renderers.notebooks import LANGUAGE as NOTEBOOK
from train.renderers.notebooks import notebook_parts
from train.renderers.scripts import script_of


def body_of(row: Row, config: RenderConfig, head: str = "") -> list[str]:
    """The parts of a file behind its head, which is text too. What is no notebook though it is called one is a plain
    file."""
    seed, content_id, code = config.seed, row["content_id"], row["content"]
    if row["language"] == NOTEBOOK:
        if chance(seed, "script", content_id) < config.scripts_rate:
            code = script_of(code) or code
        elif cells := notebook_parts(code):
            return [head, *cells]
    return maybe_filled(code, config.fim_rate, seed, content_id, head)
