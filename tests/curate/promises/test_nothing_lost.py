"""Promise 1: every input file is in a shard or in the ledger with stage and reason, or the run fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from small_corpus import Corpus, Place

import curate
from curate import manifest
from curate.errors import RunFailed
from curate.narrow import NarrowPass

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark


def by_place(run: curate.Run) -> dict[Place, dict[str, Any]]:
    rows = run.ledger.to_table().to_pylist()
    found = {(row["source"]["uri"], row["source"]["row"]): row for row in rows}
    assert len(found) == len(rows), "a place has two rows"
    return found


def test_every_place_has_one_row(minimal: curate.Run, corpus: Corpus) -> None:
    found = by_place(minimal)
    assert found.keys() == corpus.places
    assert len({row["file_id"] for row in found.values()}) == len(found)


def test_every_drop_has_its_stage_and_reason(minimal: curate.Run, corpus: Corpus) -> None:
    found = by_place(minimal)
    told = {place: (row["drop_stage"], row["drop_reason"]) for place, row in found.items() if row["drop_stage"]}
    of_copies = set().union(*corpus.copies)
    assert {place: why for place, why in told.items() if place not in of_copies} == corpus.dropped
    for group in corpus.copies:
        gone = group & told.keys()
        assert len(gone) == len(group) - 1
        (keeper,) = group - gone
        assert {told[place] for place in gone} == {("exact", "exact_duplicate")}
        assert {found[place]["duplicate_of"] for place in gone} == {found[keeper]["file_id"]}


def test_every_kept_file_is_shipped_once_as_it_was(minimal: curate.Run, corpus: Corpus) -> None:
    rows = minimal.shards.to_table(["file_id", "source", "content"]).to_pylist()
    shipped = {(row["source"]["uri"], row["source"]["row"]): row["content"].encode() for row in rows}
    assert len(shipped) == len(rows)
    of_copies = set().union(*corpus.copies)
    assert {place: content for place, content in shipped.items() if place not in of_copies} == corpus.kept
    assert all(len(group & shipped.keys()) == 1 for group in corpus.copies)
    kept = minimal.ledger.to_table(["file_id"], filter=pc.field("drop_stage").is_null())
    assert sorted(row["file_id"] for row in rows) == kept["file_id"].to_pylist()


@pytest.mark.parametrize("which", ["minimal", "codefuse"])
def test_counts_add_up(which: str, request: pytest.FixtureRequest, corpus: Corpus) -> None:
    run = request.getfixturevalue(which)
    counts = run.summary
    for unit in ("files", "bytes"):
        assert counts["read"][unit] == counts["kept"][unit] + counts["dropped"][unit]
        assert counts["dropped"][unit] == sum(row[unit] for row in counts["reasons"])
    assert counts["read"]["files"] == len(corpus.places) == run.ledger.count_rows()
    assert counts["kept"]["files"] == run.shards.count_rows()
    for table, name in ((run.ledger, "read"), (run.shards, "kept")):
        assert counts[name]["bytes"] == pc.sum(table.to_table(columns=["size_bytes"]).column(0)).as_py()
    in_shards = (file["rows"] for file in run.manifest["files"] if file["path"].startswith("shards/"))
    assert counts["kept"]["files"] == sum(in_shards)


def losing(times: dict[str, int]) -> type:
    """A narrow pass whose reader gives what units hold so many times, by the ends of their URIs; 0 skips them."""

    class Losing:
        def __init__(self, **settings: Any):
            self.inner = NarrowPass(**settings)
            self.schema = self.inner.schema

        def __call__(self, packs: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in packs:
                held = batch.to_pylist()
                for pack in held:
                    number = [next((times[end] for end in times if u["uri"].endswith(end)), 1) for u in pack["units"]]
                    pack["units"] = [u for u, n in zip(pack["units"], number, strict=True) for _ in range(n)]
                yield from self.inner(iter([pa.RecordBatch.from_pylist(held, schema=batch.schema)]))

    return Losing


@pytest.mark.parametrize(
    "times",
    [
        pytest.param({"py/part0/file0.py": 0}, id="a file skipped"),
        pytest.param({"odd/loop": 0}, id="a link skipped"),
        pytest.param({"v1.parquet": 0}, id="rows of Parquet skipped"),
        pytest.param({"py/part0/file0.py": 2}, id="a file read twice"),
        pytest.param({"py/part0/file0.py": 0, "py/part0/file1.py": 2}, id="one skipped, another read twice"),
    ],
)
def test_a_planted_loss_fails_the_run(
    times: dict[str, int], corpus: Corpus, spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("curate.engine.NarrowPass", losing(times))
    with pytest.raises(RunFailed, match="--fresh"):
        curate.run("minimal", corpus.inputs, tmp_path / "out", spark)
    assert not (tmp_path / "out" / manifest.NAME).exists()
