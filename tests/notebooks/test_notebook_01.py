"""The notebook that profiles a run, executed on the small run: counts, files behind bars, and other thresholds."""

from __future__ import annotations

from collections.abc import Callable

import nbformat
import pytest

import curate


@pytest.mark.spark
def test_a_run_is_profiled_from_its_ledger(
    execute: Callable[[str], nbformat.NotebookNode], small_run: curate.Run
) -> None:
    done = execute("01_profile_a_run")
    outputs = [output for cell in done.cells for output in cell.get("outputs", ())]
    assert not [output for output in outputs if output.output_type == "error"]
    assert sum("image/png" in output.data for output in outputs if "data" in output) == 3
    printed = "".join(output.text for output in outputs if output.output_type == "stream")
    read, kept = small_run.summary["read"]["files"], small_run.summary["kept"]["files"]
    assert f"read {read} files" in printed
    assert f"kept {kept} files" in printed
    shown = "\n".join(output.data.get("text/markdown", "") for output in outputs if "data" in output)
    assert "**exact.exact_duplicate**: 6 files" in shown
    lost = next(line.split() for line in printed.splitlines() if line.startswith("lost "))
    assert int(lost[1]) > 0
