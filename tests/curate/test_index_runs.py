"""One batch after the other, with an index between them, gives what both at once give; on Spark, from end to end."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import made_run
import pyarrow.dataset as ds
import pytest
import yaml
from command import Said
from test_index import RECIPE
from test_near_steps import texts

import curate
from curate import cli
from curate.errors import WrongUse
from curate.index import NAME, STAGES, Index, settings_for
from curate.index_build import add
from curate.index_known import Known
from curate.index_match import match
from curate.recipe import load

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def written(folder: Path, name: str, batches: dict[int, list[str]]) -> Path:
    """JSON lines of texts with their batch's stars: with more of them a file is kept before others."""
    rows = [
        {"content": text, "path": f"{stars}/{number}.py", "stars": stars}
        for stars, contents in batches.items()
        for number, text in enumerate(contents)
    ]
    place = folder / f"{name}.jsonl"
    place.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return place


def decided(run: curate.Run) -> dict[str, dict]:
    """Ledger rows by path."""
    return {row["path"]: row for row in run.ledger.to_table().to_pylist()}


def test_what_is_no_run_or_no_index_is_told_before_spark_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = str(tmp_path / "nothing")
    for arguments, told in (
        (["build", "--run", nothing, "--index", nothing], "holds no finished run"),
        (["match", nothing, "--index", nothing, "--out", nothing], "holds no finished run"),
        (["match", str(made_run.make(tmp_path, []).folder), "--index", nothing, "--out", nothing], "holds no index"),
    ):
        with pytest.raises(SystemExit) as ended:
            cli.main(["index", *arguments])
        assert ended.value.code == 2
        assert told in capsys.readouterr().err


def by_id(rows: dict[str, dict]) -> dict[str, dict]:
    return {row["file_id"]: row for row in rows.values()}


def end(row: dict, runs: list[dict[str, dict]]) -> str:
    """The text of the kept file at the end of a chain of duplicates, which may lead into the run before."""
    while row["duplicate_of"] is not None:
        if row["match"] is not None:
            runs = runs[1:]
        row = runs[0][row["duplicate_of"]]
    assert row["drop_stage"] is None
    return row["content_id"]


def outcomes(rows: list[tuple[dict, str]]) -> list[tuple[str, bool, str]]:
    """Text, whether it was kept, and the kept text that stands for it; of files of one text their place decides which
    is kept, and that is another in another input."""
    return sorted((row["content_id"], row["drop_stage"] is None, text) for row, text in rows)


@pytest.mark.spark
def test_two_batches_as_one(tmp_path: Path, spark: SparkSession, main: Callable[..., Said]) -> None:
    """The same files go, at the end because of the same kept ones."""
    content = texts(11, 120)
    content += ["x = 1", *content[:6], *(text.upper() for text in content[6:12])]  # each in the other batch
    first, second = content[::2], content[1::2]
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(yaml.safe_dump(RECIPE))
    before = curate.run(recipe, written(tmp_path, "first", {5000: first}), tmp_path / "one", spark)
    place = tmp_path / "index"
    said = main("index", "build", "--run", before.folder, "--index", place, "--json")
    added = Index(place).runs[0]
    assert (said.code, json.loads(said.out)) == (0, vars(added))
    (place / "_adding").mkdir()  # the rest of an addition that was interrupted
    with pytest.raises(WrongUse, match=f"already, as run {added.id}"):
        add(before.folder, place, spark)
    assert Index(place).n_files == before.summary["kept"]["files"]

    rows = written(tmp_path, "second", {0: second})
    after = curate.run(recipe, rows, tmp_path / "two", spark, settings=settings_for(load(recipe), place))
    both = written(tmp_path, "both", {5000: first, 0: second})
    at_once = decided(curate.run(recipe, both, tmp_path / "both", spark))
    told, of_first = decided(after), decided(before)
    there = [by_id(at_once), by_id(told), by_id(of_first)]
    one_by_one = [(row, end(row, there[1:])) for row in told.values()] + [
        (row, end(row, there[2:])) for row in of_first.values()
    ]
    together = [(row, end(row, there[:1])) for row in at_once.values()]
    assert outcomes(one_by_one) == outcomes(together)
    assert {row["match"] for row in told.values()} == {None, added.id}
    by_match = [row["drop_stage"] for row in told.values() if row["match"] == added.id]
    assert set(by_match) == set(STAGES)
    assert after.manifest["stages"]["minhash"]["index"]["runs"] == {added.id: str(before.folder)}

    found = match(after.folder, place, tmp_path / "none", spark)
    assert found.count_rows() == 0  # what matches did not stay
    listed = json.loads((place / NAME).read_text())["files"]
    assert {file["table"] for file in listed} >= {"files", *STAGES}
    assert all((place / file["path"]).stat().st_size == file["bytes"] for file in listed)
    said = main("index", "match", before.folder, "--index", place, "--out", tmp_path / "itself")
    assert (said.code, "files match; all of them in" in said.out, added.id in said.out) == (0, True, True)
    itself = ds.dataset(tmp_path / "itself", format="parquet").to_table().to_pylist()
    assert {row["path"] for row in itself} == {path for path, row in of_first.items() if row["drop_stage"] is None}
    assert {(row["stage"], row["similarity"]) for row in itself} == {("exact", 1.0)}

    known = Known(index=Index(place), spark=spark)
    places = spark.read.parquet(str(place / "files" / "*" / "*.parquet")).selectExpr("key as place", "minhash")
    by_signature = known.contents(places, "minhash").selectExpr("place", "minhash")
    assert sorted(by_signature.collect()) == sorted(places.collect())
    before.folder.rename(tmp_path / "moved")
    with pytest.raises(WrongUse, match="bring it back"):
        known.contents(places, "content")
