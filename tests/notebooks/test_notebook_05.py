"""Notebook 05 trains a model on a fresh run: held-out files, tokens, a loss that falls, samples, two plots."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest


@pytest.mark.spark
def test_a_model_is_trained_and_looked_at(
    execute: Callable[[str], nbformat.NotebookNode], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODEMILL_OUT", str(tmp_path / "out"))
    monkeypatch.setenv("CODEMILL_STEPS", "18")
    done = execute("05_train")
    outputs = [output for cell in done.cells for output in cell.get("outputs", ())]
    shown = "\n".join(output.data.get("text/markdown", "") for output in outputs if "data" in output)
    said = "".join(output.text for output in outputs if output.get("name") == "stdout")
    assert "| Python |" in shown
    assert "of them left out since they resemble training data" in said
    assert "bits per byte" in said
    assert shown.count("~~~~~~python") == 3
    assert sum("image/png" in output.data for output in outputs if "data" in output) == 2
    rows = [json.loads(line) for line in (tmp_path / "out" / "run" / "trace.jsonl").read_text().splitlines()]
    assert len(rows) == 18
    assert rows[-1]["validation"]["loss"] < rows[2]["validation"]["loss"]
