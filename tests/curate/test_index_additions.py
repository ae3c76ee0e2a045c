"""Additions to an index: killed, at the same time, and many of them; on Spark over small runs made by hand."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_index import documents
from test_near_steps import texts

from curate import index_build, index_compact
from curate.errors import WrongUse
from curate.index import NAME, TABLES, Index
from curate.index_build import add
from curate.index_compact import MOST_FILES, sweep, to_merge
from curate.shards import Run

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

USED = {"files", "exact", "minhash_tokens", "minhash"}


class Killed(BaseException):
    """The end of a process, as far as the disk can tell."""


def run_of(folder: Path, seed: int) -> Run:
    """One with files of its own, whose recipe has exact and minhash."""
    made = documents(folder, texts(seed, 12))
    told = made.manifest
    told["recipe"]["stages"] = [one for one in told["recipe"]["stages"] if "simhash" not in one]
    told["files"][0]["sha256"] = str(seed)
    (folder / "manifest.json").write_text(json.dumps(told))
    return Run(folder)


def rows_of(place: Path) -> dict[str, list[dict]]:
    """What an index holds, by table; as its list says, and every file of it is whole."""
    found: dict[str, list[dict]] = {}
    for file in Index(place).contents["files"]:
        table = pq.read_table(place / file["path"], partitioning=None)
        assert (table.num_rows, (place / file["path"]).stat().st_size) == (file["rows"], file["bytes"])
        found.setdefault(file["table"], []).extend(table.to_pylist())
    return {name: sorted(rows, key=repr) for name, rows in found.items()}


def files_below(place: Path) -> set[str]:
    return {path.relative_to(place).as_posix() for table in TABLES for path in (place / table).rglob("*.parquet")}


@pytest.mark.spark
def test_an_addition_that_ends_anywhere_leaves_the_index_before_or_after(
    tmp_path: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before its first file is in its place, between two, and before the list; the next one goes on."""
    first, second = run_of(tmp_path / "first", 1), run_of(tmp_path / "second", 2)
    place, whole = tmp_path / "index", tmp_path / "whole"
    for one in (first, second):
        add(one.folder, whole, spark)
    add(first.folder, place, spark)
    before, text = rows_of(place), (place / NAME).read_text()
    replace, left = Path.replace, [0]

    def counting(path: Path, target: Path) -> Path:
        if left[0] == 0:
            raise Killed
        left[0] -= 1
        return replace(path, target)

    for n_moves in (0, 2, len(USED)):
        left[0] = n_moves
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", counting)
            with pytest.raises(Killed):
                add(second.folder, place, spark)
        assert (rows_of(place), (place / NAME).read_text()) == (before, text)
        assert len(files_below(place)) == len(USED) + n_moves
    add(second.folder, place, spark)
    assert rows_of(place) == rows_of(whole)
    assert files_below(place) == {file["path"] for file in Index(place).contents["files"]} == files_below(whole)


@pytest.mark.spark
def test_a_process_that_is_killed_while_it_adds(tmp_path: Path, spark: SparkSession) -> None:
    """SIGKILL as soon as something of the addition is on the disk; its lock goes with it."""
    made, place = run_of(tmp_path / "run", 1), tmp_path / "index"
    program = "import sys; from curate.cli import main; main(sys.argv[1:])"
    arguments = ["index", "build", "--run", str(made.folder), "--index", str(place), "--master", "local[1]"]
    process = subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True, env=os.environ | {"SPARK_LOCAL_DIRS": str(tmp_path)},
    )  # fmt: skip
    while not (place / "_adding").exists() and process.poll() is None:
        time.sleep(0.01)
    with pytest.raises(WrongUse, match="another process adds to the index"):
        add(made.folder, place, spark)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(60)
    with pytest.raises(WrongUse, match="holds no index"):
        Index(place)
    add(made.folder, place, spark)
    assert set(rows_of(place)) == USED


def test_two_additions_at_once_are_refused(tmp_path: Path) -> None:
    told = r"another process adds to the index .*: say the same again when it is done"
    with (
        index_build._alone(tmp_path / "index"),
        pytest.raises(WrongUse, match=told),
        index_build._alone(tmp_path / "index"),
    ):
        pass
    with index_build._alone(tmp_path / "index"):
        pass


@pytest.mark.spark
def test_many_additions_are_merged_and_hold_the_same(
    tmp_path: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was merged away stays for readers until the next addition."""
    runs = [run_of(tmp_path / f"run{seed}", seed) for seed in range(4)]
    place, apart = tmp_path / "index", tmp_path / "apart"
    for run in runs:
        add(run.folder, apart, spark)
    monkeypatch.setattr(index_compact, "MOST_FILES", 2)
    for run in runs[:3]:
        old = set() if run is runs[0] else {file["path"] for file in Index(place).contents["files"]}
        add(run.folder, place, spark)
        assert old <= files_below(place)
    listed = Index(place).contents["files"]
    assert sorted((file["table"], "merged" in file["path"]) for file in listed) == sorted((name, True) for name in USED)
    for file in listed:
        keys = pq.read_table(place / file["path"], partitioning=None).column("key").to_pylist()
        assert keys == sorted(keys)
    add(runs[3].folder, place, spark)
    assert files_below(place) == {file["path"] for file in Index(place).contents["files"]}
    assert rows_of(place) == rows_of(apart)
    assert [run.id for run in Index(place).runs] == [run.id for run in Index(apart).runs]


@given(st.lists(st.integers(1, 10**6), max_size=40, unique=True))
def test_large_files_are_left_alone(sizes: list[int]) -> None:
    """Each has more rows than all smaller ones together; of those that are merged none has, unless they are but two."""
    files = [{"path": f"{number}", "rows": size} for number, size in enumerate(sizes)]
    merged = sorted(file["rows"] for file in to_merge(files))
    assert (merged == []) == (len(files) <= MOST_FILES)
    for left in set(sizes) - set(merged) if merged else ():
        assert left > sum(size for size in sizes if size < left)
    assert len(merged) in (0, 2) or merged[-1] <= sum(merged[:-1])


def test_files_stay_few_and_rows_are_seldom_written_again() -> None:
    """After 3,000 additions of the same size; were all merged every time, 281,000 rows would be written again."""
    files: list[dict] = []
    n_again = 0
    for number in range(3000):
        files.append({"path": f"{number}", "rows": 1})
        merged = to_merge(files)
        n_rows = sum(file["rows"] for file in merged)
        files = [file for file in files if file not in merged] + [{"path": f"m{number}", "rows": n_rows}] * bool(merged)
        n_again += n_rows
        assert len(files) <= MOST_FILES
    assert sum(file["rows"] for file in files) == 3000
    assert n_again < 3000 * 6


def test_what_no_list_names_is_swept_away(tmp_path: Path) -> None:
    kept, torn = (tmp_path / f"minhash/bucket=00000/{name}.parquet" for name in ("kept", "torn"))
    kept.parent.mkdir(parents=True)
    for path in (kept, torn, tmp_path / NAME):
        pq.write_table(pa.table({"key": [1]}), path)
    sweep(tmp_path, [{"path": "minhash/bucket=00000/kept.parquet"}])
    assert [path.exists() for path in (kept, torn, tmp_path / NAME)] == [True, False, True]
