"""The stage syntax on batches, as the fused pass calls it: signals, limits, and files that a parser dies over."""

from __future__ import annotations

import marshal
import random
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pyarrow as pa
import pytest

import curate
from analyzers.signals import SYNTAX_SIGNALS
from analyzers.syntax.limits import Limits
from analyzers.syntax.pairs import Pair
from analyzers.syntax.segments import Segment
from curate.recipe import load
from curate.stages.syntax import Syntax, _parser

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

GOOD = "def f(a, b):\n    return a if b else 0\n"
BROKEN = "def f(a, b:\n  retrun ) = (\n" * 5


def batch(*files: tuple[str, str]) -> pa.RecordBatch:
    names = [f"{number:032x}" for number in range(len(files))]
    columns = {
        "language": [language for language, _ in files],
        "content": pa.array([content for _, content in files], pa.large_string()),
        "file_id": names,
        "repo": pa.nulls(len(files), pa.string()),
        "path": [f"src/{name}" for name in names],
    }
    return pa.RecordBatch.from_pydict(columns)


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
    assert _parser(limits, stage._wanted()).n_started == 1


def test_a_worker_that_ends_leaves_no_child_behind() -> None:
    script = (
        "import pyarrow as pa, psutil; from curate.stages.syntax import Syntax\n"
        "rows = pa.record_batch({'language': ['Go'], 'content': pa.array(['package a'], pa.large_string()),\n"
        "                        'file_id': ['1'], 'repo': ['a'], 'path': ['b']})\n"
        "Syntax().measure(rows); print(*[child.pid for child in psutil.Process().children()])"
    )
    ended = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True)
    assert ended.stderr == ""
    assert ended.stdout.split()
    assert not any(psutil.pid_exists(int(pid)) for pid in ended.stdout.split())


DOCUMENTED = '''def area(width, height):
    """Square metres of a room of this width and height."""
    size = width * height
    print(size)
    return size
'''


def test_bugs_are_counted_where_there_are_rules_for_a_language() -> None:
    buggy = "def f(a):\n    return {'a': a, 'a': 2}\n"
    python, lua, text = told(Syntax(bugs=True), ("Python", buggy), ("Lua", "x = 1"), ("Text", "x"))
    assert (python["n_fatal_bugs"], python["n_error_bugs"], python["n_warning_bugs"]) == (0, 1, 0)
    assert (lua["n_error_bugs"], text["n_error_bugs"]) == (None, None)
    (without,) = told(Syntax(), ("Python", buggy))
    assert without["n_error_bugs"] is None


def test_pairs_segments_and_facts_come_packed_where_they_are_asked_for() -> None:
    (bare,) = told(Syntax(), ("Python", DOCUMENTED))
    assert (bare["pairs"], bare["segments"], bare["facts"]) == (None, None, None)
    stage = Syntax(pairs={"min_code_lines": 2}, segments=True, facts=["call", "file"])
    python, text = told(stage, ("Python", DOCUMENTED), ("Text", "x"))
    assert (text["pairs"], text["segments"], text["facts"]) == (None, None, None)
    (pair,) = (Pair(*row) for row in marshal.loads(python["pairs"]))
    assert (pair.name, pair.comment) == ("area", "Square metres of a room of this width and height.")
    assert [Segment(*row).node for row in marshal.loads(python["segments"])] == ["function", "doc"]
    facts = marshal.loads(python["facts"])
    assert set(facts) == {"file", "call"}
    assert facts["file"][0][:3] == (f"{0:032x}", None, f"src/{0:032x}")


def test_a_relation_that_is_none_is_told_of() -> None:
    with pytest.raises(ValueError, match="'calls' is no relation of facts; there are file, function"):
        Syntax(facts=["calls"])


@pytest.mark.spark
def test_a_run_gives_pairs_and_names_files_that_the_clock_ended(tmp_path: Path, spark: SparkSession) -> None:
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "a.py").write_text(DOCUMENTED)
    (folder / "b.py").write_text(DOCUMENTED.replace("area", "space"))
    (folder / "broken.py").write_text(DOCUMENTED + BROKEN)
    chance = random.Random(1)  # prose is what parsers are slowest with
    prose = (" ".join(f"{chance.randrange(16**5):x}," for _ in range(9)) + " (\n" for _ in range(60_000))
    (folder / "slow.py").write_text("".join(prose))
    recipe = tmp_path / "recipe.yaml"
    rules = "{signal: error_bytes_fraction, max: 0.05}"
    limits = "{max_bytes: 9000000, base_calls: 1000000000, base_seconds: 2, seconds_per_megabyte: 0}"
    syntax = f"{{pairs: {{}}, limits: {limits}, rules: {{syntax_errors: {rules}}}}}"
    stages = f"[{{read: {{}}}}, {{decode: {{}}}}, {{language: {{}}}}, {{syntax: {syntax}}}, {{layout: {{}}}}]"
    recipe.write_text(f"name: pairs\ndescription: pairs\nstages: {stages}\n")
    run = curate.run(recipe, folder, tmp_path / "out", spark)
    kept = {row["file_id"]: row["path"] for row in run.shards.to_table().to_pylist()}
    rows = run.pairs.to_table().to_pylist()
    assert sorted(kept.values()) == ["a.py", "b.py"]
    assert [row["file_id"] for row in rows] == sorted(kept)
    assert {row["name"]: row["path"] for row in rows} == {"area": "a.py", "space": "b.py"}
    assert {(row["language"], row["kind"], row["drop_reason"]) for row in rows} == {("Python", "function", None)}
    assert [path.name for path in run.files("pairs/")] == ["00000.parquet"]
    assert run.manifest["ended_by_clock"] == {"files": 1, "uris": ["code/slow.py"]}
    assert any("ended by the clock in 1 files" in told for told in run.manifest["warnings"])
