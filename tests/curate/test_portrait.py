"""portrait.parquet from ledger rows, drift between two runs, the stage in a run, and the command."""

from __future__ import annotations

from pathlib import Path

import made_run
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import curate
from curate.cli import app
from curate.errors import WrongUse
from curate.portrait import COUNTS, PORTRAIT, Portrait, divergence, drift, of_run, shares, summed
from curate.portrait_recipe import recipe
from curate.recipe import parse


def tagged(path: str, kind: str, libraries: str | None = None, **columns: object) -> dict:
    tags = [("module_kind", kind), ("domain", "web")] + ([("libraries", libraries)] if libraries else [])
    return made_run.row(path, tags=tags, **columns)


ROWS = [
    tagged("a.py", "test", "NumPy; pytest", licence="MIT"),
    tagged("b.py", "test"),
    tagged("c.py", "model", drop_stage="exact", drop_reason="duplicate"),
    made_run.row("d.py", drop_stage="decode", drop_reason="binary"),
]


def row_of(table: pa.Table, **keys: str | None) -> dict:
    wanted = {"across": None, "across_value": None, "language": "Python"} | keys
    rows = [row for row in table.to_pylist() if all(row[name] == value for name, value in wanted.items())]
    assert len(rows) == 1
    return rows[0]


def test_values_are_counted_read_and_kept(tmp_path: Path) -> None:
    table = of_run(made_run.make(tmp_path, ROWS))
    assert table.schema == PORTRAIT
    test = row_of(table, dimension="module_kind", value="test")
    assert [test[name] for name in COUNTS] == [2, 2000, 2, 2000]
    model = row_of(table, dimension="module_kind", value="model")
    assert [model[name] for name in COUNTS] == [1, 1000, 0, 0]
    assert row_of(table, dimension="module_kind", value=None)["files"] == 1
    assert row_of(table, dimension="libraries", value="NumPy")["files"] == 1
    assert row_of(table, dimension="licence_class", value="permissive")["kept_files"] == 1
    crossed = row_of(table, dimension="domain", value="web", across="module_kind", across_value="test", language=None)
    assert crossed["files"] == 2


def test_counts_of_parts_sum_to_the_whole(tmp_path: Path) -> None:
    run = made_run.make(tmp_path, ROWS)
    parts = []
    for batch in run.ledger.to_batches(batch_size=1):
        part = Portrait()
        part.add(batch, read=True, kept=[batch.column("drop_stage")[0].as_py() is None])
        parts.append(part.table())
    assert summed(pa.concat_tables(parts)).equals(of_run(run))


def test_shares_leave_out_what_was_not_measured(tmp_path: Path) -> None:
    table = of_run(made_run.make(tmp_path, ROWS))
    assert shares(table, "module_kind", "files") == {"test": pytest.approx(2 / 3), "model": pytest.approx(1 / 3)}
    assert shares(table, "quality") == {}
    with pytest.raises(WrongUse, match="'colour' is no dimension"):
        shares(table, "colour")


def test_drift_names_what_moved(tmp_path: Path) -> None:
    one = [tagged("a.py", "test"), tagged("b.py", "model"), tagged("c.py", "view"), tagged("d.py", "view")]
    other = [tagged("a.py", "test"), tagged("b.py", "test"), tagged("c.py", "test"), tagged("d.py", "view")]
    before, after = of_run(made_run.make(tmp_path / "a", one)), of_run(made_run.make(tmp_path / "b", other))
    first = drift(before, after)[0]
    assert (first.dimension, first.moved[0]) == ("module_kind", ("test", 0.25, 0.75))
    assert first.divergence == pytest.approx(0.25, abs=1e-4)
    assert all(row.divergence == 0 for row in drift(before, before))


@given(st.lists(st.integers(0, 9), min_size=3, max_size=3), st.lists(st.integers(0, 9), min_size=3, max_size=3))
def test_divergence_is_symmetric_and_within_bounds(one: list[int], other: list[int]) -> None:
    if sum(one) and sum(other):
        p = {str(i): n / sum(one) for i, n in enumerate(one)}
        q = {str(i): n / sum(other) for i, n in enumerate(other)}
        assert divergence(p, q) == pytest.approx(divergence(q, p))
        assert 0 <= divergence(p, q) <= 1 + 1e-12
        assert divergence(p, p) == 0


def test_the_command_reads_runs_and_lists_dimensions(tmp_path: Path) -> None:
    made_run.make(tmp_path / "a", ROWS)
    made_run.make(tmp_path / "b", ROWS[:1])
    run = CliRunner().invoke
    listed = run(app, ["profile", "--list"])
    assert "module_kind" in listed.output
    told = run(app, ["profile", str(tmp_path / "a"), "--out", str(tmp_path / "p")])
    assert told.exit_code == 0
    assert "test 66.7%" in told.output
    assert pq.read_table(tmp_path / "p" / "portrait.parquet").num_rows > 40
    moved = run(app, ["profile", str(tmp_path / "b"), "--against", str(tmp_path / "a"), "--json"])
    assert '"dimension": "licence"' in moved.output


def test_a_profile_drops_nothing_and_leaves_content_out() -> None:
    names = [stage.name for stage in recipe().stages]
    assert names[-2:] == ["portrait", "layout"]
    names_of = ["read", "decode", "language", "portrait", "simhash"]
    stages = [{name: {"content": False} if name == "portrait" else {}} for name in names_of]
    with pytest.raises(WrongUse, match="reads content"):
        parse({"name": "x", "description": "", "stages": stages}, where="x")


@pytest.mark.spark
def test_a_run_delivers_what_its_ledger_says(tmp_path: Path, spark) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "test_a.py").write_text('"""Tests."""\nimport pytest\n\n\ndef test_a():\n    assert 1\n')
    (tmp_path / "in" / "b.py").write_text("import django\n\n\ndef f(x):\n    return x\n")
    (tmp_path / "in" / "c.bin").write_bytes(b"\0\1\2" * 100)
    run = curate.run(recipe(), tmp_path / "in", tmp_path / "out", spark)
    delivered = pq.read_table(tmp_path / "out" / "portrait.parquet")
    assert delivered.equals(of_run(run))
    rows = {row["path"]: row for row in run.ledger.to_table().to_pylist()}
    assert dict(rows["b.py"]["tags"])["framework"] == "Django"
    assert dict(rows["test_a.py"]["tags"])["module_kind"] == "test"
    assert rows["c.bin"]["tags"] is None
    assert len(dict(rows["b.py"]["tags"])) >= 40
    assert next(run.documents(["content"])).column("content").null_count == 2
