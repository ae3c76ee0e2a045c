"""Jupyter notebooks as scripts in the percent format (Jupytext, VS Code, Spyder): cells between comments.

    # %% [markdown]
    # Sums of two numbers

    # %%
    1 + 1

Words become comments, commands of the notebook's own (`%matplotlib inline`, `!pip install`) too, outputs are left out.
"""

from __future__ import annotations

import json
import re
from typing import Any

from train.renderers.notebooks import cells_of, joined_lines

_MARKS: dict[str, frozenset[str]] = {
    "//": frozenset(
        {"c", "c#", "c++", "csharp", "dart", "f#", "go", "groovy", "java", "javascript", "kotlin", "php", "rust",
         "scala", "swift", "typescript"}
    ),
    "--": frozenset({"haskell", "lua", "sql"}),
    "%": frozenset({"matlab", "octave"}),
    ";;": frozenset({"clojure"}),
}  # fmt: skip
"""What begins a comment, in languages where it is not #."""

_COMMAND = re.compile(r"^\s*(?:%{1,2}\w|!|\?\w|\w[\w.]*\?{1,2}\s*$)")


def script_of(content: str) -> str | None:
    """The script of a notebook (nbformat 3 and 4); None where the content is none or has only empty cells."""
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        return None
    mark = _comment_mark(told)
    blocks = []
    for cell in cells_of(told):
        source = joined_lines(cell.get("source", cell.get("input", ""))).strip("\n")
        if not source.strip():
            continue
        if cell.get("cell_type") == "code":
            blocks.append(f"{mark} %%\n{_code(source, mark)}\n")
        else:
            blocks.append(f"{mark} %% [markdown]\n{_commented(source, mark)}\n")
    return "\n".join(blocks) or None


def _code(source: str, mark: str) -> str:
    """Code without what only a notebook understands; a cell in another language (`%%bash`) is a comment as a whole."""
    if source.lstrip().startswith("%%"):
        return _commented(source, mark)
    return "\n".join(f"{mark} {line}" if _COMMAND.match(line) else line for line in source.split("\n"))


def _commented(text: str, mark: str) -> str:
    return "\n".join(f"{mark} {line}".rstrip() for line in text.split("\n"))


def _comment_mark(told: Any) -> str:
    """What begins a comment in the notebook's language; Python's where it tells none."""
    metadata = told.get("metadata") if isinstance(told, dict) else None
    name = ""
    for where, key in (("language_info", "name"), ("kernelspec", "language")):
        block = metadata.get(where) if isinstance(metadata, dict) else None
        if not name and isinstance(block, dict) and isinstance(block.get(key), str):
            name = block[key].lower()
    return next((mark for mark, languages in _MARKS.items() if name in languages), "#")
