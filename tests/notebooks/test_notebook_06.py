"""Notebook 06 learns by reinforcement: verdicts of the jail, two plots, and prompts of a run's functions."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from nbclient import NotebookClient

from curate.schema import PAIR

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "06_reinforcement.ipynb"
CODE = '''def shout(word: str) -> str:
    """Makes a word loud."""
    return word.upper() + "!"
'''


def test_a_model_is_reinforced_and_prompts_are_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"pair_id": "p", "language": "Python", "kind": "function", "name": "shout", "comment": "Makes a word loud."}
    row = dict.fromkeys(PAIR.names) | told | {"code": CODE, "code_with_comment": CODE, "signature": CODE[:29]}
    (tmp_path / "run" / "pairs").mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist([row], schema=PAIR), tmp_path / "run" / "pairs" / "0.parquet")
    manifest = {"files": [{"path": "pairs/0.parquet", "rows": 1}]}
    (tmp_path / "run" / "manifest.json").write_text(json.dumps(manifest))
    settings = {"RUN": str(tmp_path / "run"), "STEPS": "2", "OUT": str(tmp_path / "out")}
    for name, value in settings.items():
        monkeypatch.setenv(f"CODEMILL_{name}", value)
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    resources = {"metadata": {"path": str(NOTEBOOK.parent)}}
    done = NotebookClient(notebook, timeout=240, kernel_name="python3", resources=resources).execute()
    outputs = [output for cell in done.cells for output in cell.get("outputs", ())]
    said = "".join(output.text for output in outputs if output.get("name") == "stdout")
    shown = "\n".join(output.data.get("text/markdown", "") for output in outputs if "data" in output)
    assert [line.split()[-1] for line in said.splitlines()[:3]] == ["passed", "failed", "error"]
    assert "pass@1 on held-out prompts" in said
    assert "{'kept': 1}" in said
    assert "assert shout('abc') == 'ABC!'" in shown
    assert sum("image/png" in output.data for output in outputs if "data" in output) == 2
    assert len((tmp_path / "out" / "rl" / "trace.jsonl").read_text().splitlines()) == 3
