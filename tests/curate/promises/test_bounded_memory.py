"""Promise 6: memory is bounded by batch bytes, not by the size of the corpus, of a file or of a group."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import file_units

import curate
from curate.inputs import pack
from curate.listing import PACK
from curate.narrow import NarrowPass, work_schema
from curate.readers import BATCH_ROWS, read_units
from curate.recipe import load
from curate.stage import Stage, check_contracts

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@given(st.lists(st.integers(0, 3_000), min_size=1, max_size=60), st.integers(1, 5_000))
def test_no_batch_is_larger_than_its_bound_and_one_file(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], batch_bytes: int
) -> None:
    folder = tmp_path_factory.mktemp("sizes")
    for number, size in enumerate(sizes):
        (folder / f"{number:03}.py").write_bytes(b"x" * size)
    units = file_units(*sorted(folder.iterdir()), named=False)
    batches = list(read_units(units, max_bytes=10_000, batch_bytes=batch_bytes))
    for batch in batches:
        held = [len(raw) for raw in batch.column("raw").to_pylist()]
        assert sum(held[:-1]) < batch_bytes
    read = [len(raw) for batch in batches for raw in batch.column("raw").to_pylist()]
    assert read == sizes


def test_rows_of_nothing_are_bounded_too(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"content": ""}\n' * (2 * BATCH_ROWS + 1))
    batches = list(read_units(file_units(path), max_bytes=10_000, batch_bytes=1 << 20))
    assert [batch.num_rows for batch in batches] == [BATCH_ROWS, BATCH_ROWS, 1]


def test_the_fused_pass_keeps_to_the_bound(tmp_path: Path) -> None:
    """A pack of many files leaves the pass in batches of the bound, whatever the pack's own size."""
    batch_bytes, size = 100_000, 9_000
    for number in range(200):
        (tmp_path / f"{number}.py").write_bytes(f"x_{number} = 1\n".encode().ljust(size, b"#"))
    recipe = load("minimal", [f"stages.read.batch_bytes={batch_bytes}"])
    fused = tuple(stage for stage in recipe.stages if type(stage).measure is not Stage.measure)
    (held,) = pack(iter(file_units(*tmp_path.iterdir())), pack_bytes=1 << 30)
    row = {"bytes": 0, "n_units": 200, "n_files": 200, "n_rows": 0, "hash": 0, "n_jsonl_files": 0} | held
    packs = pa.RecordBatch.from_pylist([row], schema=PACK)
    narrow = NarrowPass(read=recipe.stage("read"), stages=fused, schema=work_schema(check_contracts(recipe.stages)))
    sizes = [sum(batch.column("size_bytes").to_pylist()) for batch in narrow(iter([packs]))]
    assert sum(sizes) == 200 * size
    assert max(sizes) < batch_bytes + size


READ_ALL = """
import resource, sys
from pathlib import Path
from curate.inputs import units_of_file
from curate.readers import read_units
from curate.sources.unit import Start
kib = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = Start(location=sys.argv[1].encode(), uri="rows", is_folder=False, named=True)
units = units_of_file(start)
before, n_rows, n_bytes = kib(), 0, 0
for batch in read_units(units, max_bytes=1_000_000, batch_bytes=4 << 20):
    n_rows += batch.num_rows
    n_bytes += sum(len(raw or b"") for raw in batch.column("raw").to_pylist())
print(n_rows, n_bytes, kib() - before)
"""


def _read_in_a_process(path: Path) -> tuple[int, int, float]:
    """Rows, bytes of content, and what reading added to the peak of memory, in MB."""
    told = subprocess.run([sys.executable, "-c", READ_ALL, path], capture_output=True, text=True, check=True).stdout
    n_rows, n_bytes, kib = map(int, told.split())
    return n_rows, n_bytes, kib / 1024


def test_a_jsonl_of_200_mb_is_read_in_little_memory(tmp_path: Path) -> None:
    line = json.dumps({"content": "x" * 99_980}).encode() + b"\n"
    with (tmp_path / "rows.jsonl").open("wb") as handle:
        for _ in range(20):
            handle.write(line * 100)
    n_rows, n_bytes, added = _read_in_a_process(tmp_path / "rows.jsonl")
    assert (n_rows, n_bytes) == (2_000, 2_000 * 99_980)
    assert added < 60


def test_a_jsonl_of_one_endless_line_is_read_in_little_memory(tmp_path: Path) -> None:
    """The ranges that begin inside the line must neither hold it nor count it again."""
    with (tmp_path / "rows.jsonl").open("wb") as handle:
        handle.write(b'{"content": "')
        handle.truncate(200_000_000)  # sparse
        handle.seek(0, os.SEEK_END)
        handle.write(b'"}\n{"content": "the next"}\n')
    n_rows, n_bytes, added = _read_in_a_process(tmp_path / "rows.jsonl")
    assert (n_rows, n_bytes) == (2, len("the next"))
    assert added < 60


@pytest.mark.spark
def test_one_huge_group_of_copies(tmp_path: Path, spark: SparkSession) -> None:
    (tmp_path / "rows.jsonl").write_bytes(b'{"content": "print(1)", "path": "a.py"}\n' * 50_000)
    run = curate.run("minimal", tmp_path / "rows.jsonl", tmp_path / "out", spark)
    assert run.summary["read"]["files"] == 50_000
    assert run.summary["kept"]["files"] == 1
