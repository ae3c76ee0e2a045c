"""What tests of notebooks share: one small run, and the executor of a notebook on it."""

from __future__ import annotations

import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest
from nbclient import NotebookClient

import curate

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
MOST_SECONDS = 240  # of one cell

_FILES = 24


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory, spark: SparkSession) -> curate.Run:
    """Modules of the interpreter, copies of some and edited ones of others, by the recipe `codefuse`. Read only."""
    folder = tmp_path_factory.mktemp("notebooks")
    (folder / "code").mkdir()
    modules = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"), key=lambda path: path.name)
    sources = {path.name: path.read_text(encoding="utf-8") for path in modules if 4_000 < path.stat().st_size < 40_000}
    for number, (name, text) in enumerate(list(sources.items())[:_FILES]):
        (folder / "code" / name).write_text(text, encoding="utf-8")
        if number % 4 == 1:
            (folder / "code" / f"copy_of_{name}").write_text(text, encoding="utf-8")
        if number % 4 == 2:
            changed = text.replace("return None", "return") + f"\n\nCHANGED = {number}\n"
            (folder / "code" / f"edit_of_{name}").write_text(changed, encoding="utf-8")
    return curate.run("codefuse", folder / "code", folder / "out", spark, settings=["stages.resample.mixture={}"])


@pytest.fixture
def execute(small_run: curate.Run, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], nbformat.NotebookNode]:
    """A notebook by name, executed from top to bottom where it lies, on the small run: what CODEMILL_RUN names."""
    monkeypatch.setenv("CODEMILL_RUN", str(small_run.folder))
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")

    def run(name: str) -> nbformat.NotebookNode:
        notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
        resources = {"metadata": {"path": str(NOTEBOOKS)}}
        client = NotebookClient(notebook, timeout=MOST_SECONDS, kernel_name="python3", resources=resources)
        return client.execute()

    return run
