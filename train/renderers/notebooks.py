"""Jupyter notebooks as StarCoder has them: text, code and output in the order of their cells.

<jupyter_start><jupyter_text>...<jupyter_code>...<jupyter_output>...<jupyter_text>...
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from train.renderers.document import JUPYTER_CODE, JUPYTER_OUTPUT, JUPYTER_START, JUPYTER_TEXT

LANGUAGE = "Jupyter Notebook"
MAX_OUTPUT_CHARACTERS = 1_000  # StarCoder


def notebook_parts(content: str) -> list[str] | None:
    """The parts of a notebook (nbformat 3 and 4); None where the content is none or has only empty cells."""
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        return None
    parts = [part for cell in cells_of(told) for part in _cell_parts(cell)]
    return [JUPYTER_START, *parts] if parts else None


def cells_of(told: Any) -> Iterator[dict[str, Any]]:
    """The cells of a notebook's JSON, whatever else is in it."""
    sheets = told.get("worksheets") if isinstance(told, dict) else None
    for holder in sheets if isinstance(sheets, list) else [told]:
        cells = holder.get("cells") if isinstance(holder, dict) else None
        yield from (cell for cell in cells or () if isinstance(cell, dict)) if isinstance(cells, list) else ()


def _cell_parts(cell: dict[str, Any]) -> Iterator[str]:
    source = joined_lines(cell.get("source", cell.get("input", "")))  # nbformat 3 calls it input
    if cell.get("cell_type") != "code":
        yield from (JUPYTER_TEXT, source) if source.strip() else ()
        return
    if source.strip():
        yield from (JUPYTER_CODE, source)
    outputs = cell.get("outputs")
    told = "".join(_output_text(one) for one in outputs if isinstance(one, dict)) if isinstance(outputs, list) else ""
    if told.strip():
        yield from (JUPYTER_OUTPUT, told[:MAX_OUTPUT_CHARACTERS])


def _output_text(output: dict[str, Any]) -> str:
    """What an output says in plain text; images and HTML are left out, tracebacks too, which are full of escapes."""
    data = output.get("data")
    held = data.get("text/plain", "") if isinstance(data, dict) else output.get("text", "")
    return joined_lines(held)


def joined_lines(lines: Any) -> str:
    """A text that may be written as a list of lines."""
    if isinstance(lines, str):
        return lines
    return "".join(line for line in lines if isinstance(line, str)) if isinstance(lines, list) else ""
