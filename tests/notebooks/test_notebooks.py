"""Notebooks define nothing, come without outputs, and run on a fresh run from top to bottom."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def cells(path: Path, kind: str) -> list[nbformat.NotebookNode]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_reads_results_and_defines_nothing(path: Path) -> None:
    nbformat.validate(nbformat.read(path, as_version=4))
    for cell in cells(path, "code"):
        assert (cell.outputs, cell.execution_count) == ([], None)
        nodes = list(ast.walk(ast.parse(cell.source)))
        assert not [node for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    assert cells(path, "markdown")[0].source.startswith("# ")
    assert any("CODEMILL_RUN" in cell.source for cell in cells(path, "code"))


@pytest.mark.spark
def test_duplicates_are_told_with_pairs_and_plots(execute: Callable[[str], nbformat.NotebookNode]) -> None:
    done = execute("03_duplicates")
    outputs = [output for cell in done.cells for output in cell.get("outputs", ())]
    shown = "\n".join(output.data.get("text/markdown", "") for output in outputs if "data" in output)
    assert "| exact | 36 | 6 |" in shown
    assert "~~~~~~diff" in shown
    assert "CHANGED = " in shown
    assert sum("image/png" in output.data for output in outputs if "data" in output) == 2
