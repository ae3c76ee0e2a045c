"""The stage syntax on batches, as the fused pass calls it: signals, limits, and files that a parser dies over."""

from __future__ import annotations

import subprocess
import sys

import psutil
import pyarrow as pa

from analyzers.signals import SYNTAX_SIGNALS
from analyzers.syntax.limits import Limits
from curate.recipe import load
from curate.stages.syntax import Syntax, _parser

GOOD = "def f(a, b):\n    return a if b else 0\n"
BROKEN = "def f(a, b:\n  retrun ) = (\n" * 5


def batch(*files: tuple[str, str]) -> pa.RecordBatch:
    columns = {"language": [language for language, _ in files], "content": [content for _, content in files]}
    return pa.RecordBatch.from_arrays(
        [pa.array(columns["language"]), pa.array(columns["content"], pa.large_string())], names=list(columns)
    )


def told(stage: Syntax, *files: tuple[str, str]) -> list[dict]:
    return stage.measure(batch(*files)).to_pylist()


def test_signals_are_those_of_the_file_and_null_without_a_grammar() -> None:
    python, text, empty = told(Syntax(), ("Python", GOOD), ("Text", "words"), ("Python", ""))
    assert (python["n_functions"], python["max_cyclomatic"], python["max_parameters"]) == (1, 2, 2)
    assert python["error_bytes_fraction"] == 0
    assert [text[signal.name] for signal in SYNTAX_SIGNALS] == [None] * len(SYNTAX_SIGNALS)
    assert (empty["n_functions"], empty["max_cyclomatic"]) == (0, None)
    assert [row["drop_reason"] for row in (python, text, empty)] == [None] * 3


def test_codefuse_drops_broken_files_and_says_by_how_much() -> None:
    stage = load("codefuse").stage("syntax")
    good, broken, macros = told(stage, ("Python", GOOD), ("Python", BROKEN), ("C", "FOO(x) { }\nint main() { BAR }\n"))
    assert good["drop_reason"] is None
    assert broken["drop_reason"] == "syntax_errors"
    assert broken["drop_value"] == broken["error_bytes_fraction"] > broken["drop_limit"] == 0.05
    assert macros["drop_reason"] is None


def test_a_file_that_a_parser_does_not_survive_goes_alone() -> None:
    stage = Syntax(limits=Limits(max_nodes=50))
    files = told(stage, ("Python", GOOD), ("Python", "x = 1\n" * 100), ("Python", GOOD))
    assert [(row["drop_reason"], row["drop_text"]) for row in files] == [
        (None, None), ("analysis_error", "too_many_nodes"), (None, None)
    ]  # fmt: skip
    assert [row["n_functions"] for row in files] == [1, None, 1]


def test_the_recipe_says_which_refusals_drop() -> None:
    stage = Syntax(limits=Limits(max_nodes=5), refusals=())
    (row,) = told(stage, ("Python", GOOD))
    assert (row["drop_reason"], row["n_functions"]) == (None, None)


def test_one_child_serves_all_batches() -> None:
    limits = Limits(max_bytes=999_999)
    stage = Syntax(limits=limits)
    for _ in range(3):
        told(stage, ("Python", GOOD))
    assert _parser(limits).n_started == 1


def test_a_worker_that_ends_leaves_no_child_behind() -> None:
    script = (
        "import pyarrow as pa, psutil; from curate.stages.syntax import Syntax\n"
        "rows = pa.record_batch({'language': ['Go'], 'content': pa.array(['package a'], pa.large_string())})\n"
        "Syntax().measure(rows); print(*[child.pid for child in psutil.Process().children()])"
    )
    ended = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True)
    assert ended.stderr == ""
    assert ended.stdout.split()
    assert not any(psutil.pid_exists(int(pid)) for pid in ended.stdout.split())
