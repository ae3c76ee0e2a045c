from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from facts_project import FILES, make_facts, write_project

import curate
from analyzers.syntax.facts.packed import ALL, unpack
from analyzers.syntax.facts.relations import RELATIONS
from analyzers.syntax.limits import Limits
from analyzers.syntax.task import examine
from curate import cli_facts, nested, recipe
from curate.errors import RunFailed, WrongUse
from curate.fact_files import NAME
from curate.facts import FactBase, write_facts
from curate.stage import check_contracts
from curate.stages.datalog import Datalog
from curate.stages.syntax import Syntax

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DROP = 'Drop(file_id:, reason: "many") :- Class(id: c, file_id:), Function(parent: c, name: "m19");\n' \
       "Drop(file_id:, reason: null) :- Import(file_id:, module: \"react\");\n"  # fmt: skip


def test_a_bucket_is_the_same_however_rows_arrive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nested, "GROUP_ROWS", 7)
    base = make_facts(tmp_path / "whole")
    packed = [
        examine(("Python", f"{place:032x}", None, f"f{place}"), text.encode(), Limits(), {"facts": ALL})["facts"]
        for place, text in enumerate(FILES.values())
    ]
    told = []
    for name, size in (("one", 1), ("all", 99)):
        rows = [{"file_id": f"{place}", "facts": value, "_file": place // 4} for place, value in enumerate(packed)]
        parts = [pa.RecordBatch.from_pylist(rows[at : at + size]) for at in range(0, len(rows), size)]
        writer = nested.BucketWriter(folder=str(tmp_path / name), opener=nested.Facts())
        written = [row for part in writer(iter(parts)) for row in part.to_pylist()]
        told.append([(row["table"], row["number"], row["rows"], row["sha256"]) for row in written])
    assert told[0] == told[1]
    assert {number for _, number, *_ in told[0]} == {0, 1}
    for relation in RELATIONS:
        n_rows = sum(len(unpack(one)[relation]) for one in packed)
        assert sum(n for name, _, n, _ in told[0] if name == relation) == n_rows
    assert base.table("function").count_rows() == base.contents["relations"]["function"]["rows"] > 7


def test_facts_are_read_by_their_list_alone(tmp_path: Path) -> None:
    base = make_facts(tmp_path)
    assert FactBase(base.folder).folder == base.folder
    (base.folder / "file" / "stray.parquet").write_bytes(b"not listed")
    assert base.table("file").count_rows() == len(FILES)
    with pytest.raises(WrongUse, match="no relation 'files'; there are file, function"):
        base.table("files")
    (base.folder / NAME).write_text("{")
    with pytest.raises(WrongUse, match="cannot be read"):
        FactBase(tmp_path)
    with pytest.raises(WrongUse, match="holds no facts"):
        FactBase(tmp_path / "nothing")


def test_datalog_reads_its_rules_when_the_recipe_is_read(tmp_path: Path) -> None:
    file = tmp_path / "drop.l"
    file.write_text(DROP, encoding="utf-8")
    stage = Datalog(rules=str(file))
    assert stage.text == DROP
    file.write_text(DROP.replace("m19", "m18"), encoding="utf-8")
    assert Datalog(rules=str(file)) != stage, "other rules are another recipe"
    assert Datalog(**stage.model_dump()) == stage, "what was read stays with the recipe"
    raw = {"stages": ["read", "decode", "language", {"datalog": {"rules": str(file)}}, "layout"]}
    with pytest.raises(WrongUse, match="decides by 'facts', which neither it nor an earlier stage writes"):
        recipe.parse(raw, where="here")
    raw["stages"].insert(3, {"syntax": {"facts": ["import", "class", "function"]}})
    check_contracts(recipe.parse(raw, where="here").stages)
    for text, told in (
        ("Drop(file_id:) :- File(file_id:);", "has file_id and needs file_id and reason"),
        ("Dropped(file_id:, reason:) :- File(file_id:, path: reason);", "no predicate 'Drop'; it defines Dropped"),
        ("Drop(file_id:, reason:) :- Files(file_id:, path: reason);", "line 1: nothing is called Files"),
    ):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(WrongUse, match=told):
            recipe.parse(raw, where="here")


def test_the_command_shows_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = make_facts(tmp_path)
    cli_facts.query("total_lines", facts=base.folder)
    assert capsys.readouterr().out.splitlines()[:3] == [
        "language\tfiles\tlines\tcode_lines\tcomment_lines",
        "C\t1\t5\t4\t1",
        "Java\t1\t22\t22\t0",
    ]
    cli_facts.query("complexity", facts=base.folder, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"path": "web/app.js", "name": "pick", "line": 8, "complexity": 11}
    cli_facts.query("list")
    assert "god_classes      Classes that do too much" in capsys.readouterr().out
    with pytest.raises(WrongUse, match="--engine 'sqlite'"):
        cli_facts.query("complexity", facts=base.folder, engine="sqlite")
    with pytest.raises(WrongUse, match="--facts is missing"):
        cli_facts.query("complexity")


def listed(base: FactBase) -> dict[str, list[tuple[int, str]]]:
    return {
        name: [(file["rows"], file["sha256"]) for file in base.contents["relations"][name]["files"]]
        for name in RELATIONS
    }


@pytest.mark.spark
def test_spark_writes_what_was_extracted_here(tmp_path: Path, spark: SparkSession) -> None:
    project = write_project(tmp_path / "project")
    (project / "notes.xyz").write_text("no language")
    (project / "data.bin").write_bytes(b"\0\1\2")
    base = write_facts([project], tmp_path / "out", spark)
    assert listed(base) == listed(make_facts(tmp_path / "here"))
    assert base.contents["files"] == {
        "with": len(FILES),
        "without": {"decode.binary": 1, "language.unknown_language": 1},
    }
    assert not (tmp_path / "out" / "_work").exists()
    stamp = (base.folder / NAME).stat().st_mtime_ns
    assert write_facts([project], tmp_path / "out", spark).contents == base.contents
    assert (base.folder / NAME).stat().st_mtime_ns == stamp, "a finished extraction is not done again"
    with pytest.raises(WrongUse, match="facts of another input or setting"):
        write_facts([project], tmp_path / "out", spark, stage=Syntax(facts=("file",)))
    many = write_facts([project], tmp_path / "out", spark, bucket_bytes=1_000, fresh=True)
    assert len(many.files("file")) > 1
    for name in RELATIONS:
        order = [(column, "ascending") for column in RELATIONS[name].names]
        assert many.table(name).to_table().sort_by(order) == FactBase(tmp_path / "here").table(name).to_table().sort_by(
            order
        )
    ids = many.table("file").to_table()["file_id"].to_pylist()
    assert ids == sorted(ids), "buckets are ranges of file_id"


@pytest.mark.spark
def test_nothing_with_facts_is_an_error(tmp_path: Path, spark: SparkSession) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(RunFailed, match="nothing was read"):
        write_facts([tmp_path / "in"], tmp_path / "out", spark)
    (tmp_path / "in" / "a.bin").write_bytes(b"\0\1")
    with pytest.raises(RunFailed, match=r"no file of 1 had facts: 1 decode\.binary"):
        write_facts([tmp_path / "in"], tmp_path / "out", spark)


@pytest.mark.spark
def test_a_rule_drops_files_of_a_run(tmp_path: Path, spark: SparkSession) -> None:
    (tmp_path / "drop.l").write_text(DROP, encoding="utf-8")
    stages = [
        "read",
        "decode",
        "language",
        {"syntax": {"facts": ["class", "function", "import", "file"]}},
        {"datalog": {"rules": str(tmp_path / "drop.l")}},
        "exact",
        "layout",
    ]
    made = recipe.parse({"stages": stages}, where="here")
    run = curate.run(made, write_project(tmp_path / "project"), tmp_path / "out", spark)
    dropped = {
        row["path"]: (row["drop_stage"], row["drop_reason"])
        for row in run.ledger.to_table().to_pylist()
        if row["drop_stage"]
    }
    assert dropped == {"core/God.java": ("datalog", "many"), "web/app.js": ("datalog", "unnamed")}
    assert run.shards.count_rows() == len(FILES) - 2
    base = FactBase(run.folder)
    assert {row["path"] for row in base.table("file").to_table().to_pylist()} == set(FILES) - set(dropped)
    assert base.table("call").count_rows() == 0, "not asked for"
