"""Notebooks 02 and 04 on runs whose ledgers are made by hand: what was read, and what the second keeps otherwise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from nbclient import NotebookClient

from curate.schema import LEDGER

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def made(folder: Path, rows: list[dict[str, Any]]) -> Path:
    """A finished run with these rows of the ledger, whose counts are those of the rows."""
    (folder / "ledger").mkdir(parents=True)
    full = [dict.fromkeys(LEDGER.names) | {"size_bytes": 1000} | row for row in rows]
    pq.write_table(pa.Table.from_pylist(full, schema=LEDGER), folder / "ledger" / "0.parquet")
    kept = [row for row in full if row["drop_stage"] is None]
    counts = {name: {"files": len(some), "bytes": 1000 * len(some)} for name, some in (("read", full), ("kept", kept))}
    reasons = [{"stage": "exact", "reason": "duplicate", "files": len(full) - len(kept)}]
    told = {"counts": {**counts, "reasons": reasons}, "files": [{"path": "ledger/0.parquet", "rows": len(full)}]}
    (folder / "manifest.json").write_text(json.dumps(told))
    return folder


def row(kind: str, quality: str, language: str = "Python", **columns: Any) -> dict[str, Any]:
    tags = [("module_kind", kind), ("quality", quality), ("domain", "web"), ("size", "1k-10k")]
    return {"language": language, "tags": tags, **columns}


@pytest.mark.parametrize(
    ("name", "said", "plots"),
    [
        ("02_profile", ["read 3 files", "| size | <1k **0.0** · 1k-10k **100.0**"], 2),
        ("04_compare", ["| exact.duplicate | 0 | 1 |", "| quality | 0.1909 | high 66.7 100.0, poor 33.3 0.0 |"], 2),
    ],
)
def test_a_profile_and_two_runs_are_shown(
    name: str, said: list[str], plots: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [row("test", "high"), row("model", "high", "Java"), row("test", "poor")]
    other = [rows[0], rows[1], rows[2] | {"drop_stage": "exact", "drop_reason": "duplicate"}]
    monkeypatch.setenv("CODEMILL_RUN", str(made(tmp_path / "one", rows)))
    monkeypatch.setenv("CODEMILL_OTHER", str(made(tmp_path / "other", other)))
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    resources = {"metadata": {"path": str(NOTEBOOKS)}}
    done = NotebookClient(notebook, timeout=240, kernel_name="python3", resources=resources).execute()
    outputs = [output for cell in done.cells for output in cell.get("outputs", ())]
    shown = "\n".join(output.data.get("text/markdown", "") for output in outputs if "data" in output)
    shown += "".join(output.text for output in outputs if output.get("name") == "stdout")
    for text in said:
        assert text in shown
    assert sum("image/png" in output.data for output in outputs if "data" in output) == plots
