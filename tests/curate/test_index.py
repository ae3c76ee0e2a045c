"""An index of earlier runs: its tables are read by key as brute force would, and what it cannot serve is told."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate import index_known, index_sign
from curate.errors import WrongUse
from curate.index import ENTRIES, FORMAT, NAME, Index, IndexedRun, run_id, settings_for
from curate.index_build import dedup_stages
from curate.index_known import Fetch, Lookup
from curate.index_sign import BucketWriter, Signer
from curate.recipe import load, parse
from curate.shards import Run
from curate.stages.exact import Exact
from curate.stages.minhash import MinHash
from curate.stages.simhash import SimHash

STAGES = ("exact", "simhash", "minhash")
RECIPE: dict[str, Any] = {
    "name": "near",
    "stages": [{name: {}} for name in ("read", "decode", "language", "text", *STAGES, "layout")],
}


def entries(rows: list[tuple[int, int]]) -> pa.RecordBatch:
    """Rows of ENTRIES with their bucket of three, in the writer's order."""
    ordered = sorted((key % 3, key, place) for key, place in rows)
    columns = {"bucket": [row[0] for row in ordered], "key": [row[1] for row in ordered]}
    table = pa.table(columns | {"place": [row[2] for row in ordered], "simhash": [0] * len(ordered)})
    batches = table.cast(pa.schema([("bucket", pa.int32()), *ENTRIES])).combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)


KEYS = st.integers(-(2**63), 2**63 - 1) | st.integers(-4, 4)


@settings(max_examples=40)
@given(st.lists(st.tuples(KEYS, st.integers(-9, -1)), max_size=40), st.lists(KEYS, max_size=20), st.integers(1, 9))
def test_rows_are_found_by_their_key(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, int]], asked: list[int], piece: int
) -> None:
    """Whatever the row groups, and however few keys are looked for at a time; none for keys that nobody has."""
    folder = tmp_path_factory.mktemp("buckets")
    asked += [key for key, _ in rows[::3]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index_sign, "GROUP_ROWS", 4)
        patch.setattr(index_known, "PIECE_KEYS", piece)
        files = [row for batch in BucketWriter(folder=str(folder), schema=ENTRIES)(iter([entries(rows)]))
                 for row in batch.to_pylist()]  # fmt: skip
        assert sum(file["rows"] for file in files) == len(rows)
        buckets = {file["bucket"]: (file["written"],) for file in files}
        ordered = sorted((key % 3, key) for key in asked)
        batches = [pa.RecordBatch.from_pydict({"bucket": [row[0]], "key": [row[1]]}) for row in ordered]
        found = [
            (row["key"], row["place"])
            for batch in Lookup(table="minhash", buckets=buckets)(iter(batches))
            for row in batch.to_pylist()
        ]
    assert set(found) == {row for row in rows if row[0] in asked}
    if piece > len(asked):
        assert sorted(found) == sorted(row for row in rows if row[0] in asked)


def test_the_same_rows_give_the_same_bytes_however_they_arrive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_sign, "GROUP_ROWS", 7)
    rows = entries([(key, -key) for key in range(1, 60)])
    whole = BucketWriter(folder=str(tmp_path), schema=ENTRIES)(iter([rows]))
    parts = BucketWriter(folder=str(tmp_path), schema=ENTRIES)(iter([rows.slice(n, 5) for n in range(0, 60, 5)]))
    files = [[row for batch in found for row in batch.to_pylist()] for found in (whole, parts)]
    assert [row["sha256"] for row in files[0]] == [row["sha256"] for row in files[1]]
    groups = pq.read_metadata(files[0][2]["written"])
    assert [groups.row_group(group).num_rows for group in range(groups.num_row_groups)] == [7, 7, 6]


def documents(folder: Path, contents: list[str]) -> Run:
    """A run's folder with one shard, of row groups of three."""
    rows = [
        {"file_id": f"{n:032x}", "content_id": f"{n:032x}", "language": "Python", "licence": None, "stars": n,
         "path": f"f{n}.py", "size_bytes": len(text), "content": text}
        for n, text in enumerate(contents)
    ]  # fmt: skip
    schema = pa.schema([(name, pa.int32()) if name == "stars" else (name, pa.int64()) if name == "size_bytes" else
                        (name, pa.string()) for name in rows[0]])  # fmt: skip
    (folder / "shards").mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), folder / "shards" / "0.parquet", row_group_size=3)
    files = [{"path": "shards/0.parquet", "sha256": f"{len(contents)}", "rows": len(rows)}]
    recipe = parse(RECIPE, where="test").as_dict()
    told = {"files": files, "recipe": recipe, "counts": {"kept": {"files": len(rows)}}, "stages": {}}
    (folder / "manifest.json").write_text(json.dumps(told))
    return Run(folder)


def test_files_are_signed_as_the_stages_sign_them_and_fetched_from_where_they_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_sign, "_ROWS", 4)
    chance = random.Random(2)
    contents = [" ".join(f"w{chance.getrandbits(20)}" for _ in range(30)) for _ in range(10)] + ["short"]
    run = documents(tmp_path / "run", contents)
    stages = (Exact(), SimHash(), MinHash())
    signer = Signer(stages=stages, run="r", folder=str(run.folder))
    rows = [row for batch in signer(iter([pa.RecordBatch.from_pydict({"shard": ["shards/0.parquet"]})]))
            for row in batch.to_pylist()]  # fmt: skip
    batch = pa.RecordBatch.from_pydict({"content": pa.array(contents, pa.large_string()), "language": ["Python"] * 11})
    for stage in stages:
        measured = stage.measure(batch)
        for name in stage.writes:
            assert [row[name] for row in rows] == measured.column(name).to_pylist()
    assert rows[-1]["minhash_tokens"] is None
    assert [row["row"] for row in rows] == list(range(11))
    assert {row["content"] for row in rows} == {None}
    wanted = [row | {"place": -row["row"] - 1, "node": b"n%d" % row["row"]} for row in rows if row["row"] in (1, 2, 7)]
    names = ("run", "shard", "row", "file_id", "place", "node")
    asked = pa.RecordBatch.from_pylist([{name: row[name] for name in names} for row in wanted])
    fetch = Fetch(folders={"r": str(run.folder)})
    found = [row for batch in fetch(iter([asked.slice(0, 1), asked.slice(1)])) for row in batch.to_pylist()]
    assert found == [{"place": -n - 1, "node": b"n%d" % n, "content": contents[n]} for n in (1, 2, 7)]
    other = asked.set_column(3, "file_id", pa.array(["x"] * 3))
    with pytest.raises(ValueError, match="not the shard that was indexed"):
        list(fetch(iter([other])))
    assert list(fetch(iter([]))) == []


def listed(folder: Path, **contents: Any) -> Path:
    """A folder with an index's list and nothing else."""
    folder.mkdir()
    stages = {
        stage.name: {"version": stage.version(), "settings": stage.model_dump(exclude={"index", "index_sha256"})}
        for stage in (Exact(), MinHash(seed=0))  # a recipe's seed is that of its stages
    }
    told = {"format": FORMAT, "buckets": 1, "cut_for": 100, "stages": stages, "runs": [], "files": []}
    (folder / NAME).write_text(json.dumps(told | contents))
    return folder


def test_what_an_index_cannot_serve_is_told(tmp_path: Path) -> None:
    place = listed(tmp_path / "index")
    assert MinHash(seed=0, index=str(place)).index_sha256 == Index(place).sha256
    for stage, told in (
        ({"minhash": {"bands": 25, "rows": 10}}, "has signatures .*/42x6 and stage minhash makes .*/25x10"),
        ({"exact": {"ignore": ["whitespace"]}}, "has signatures md5 and stage exact makes md5/whitespace"),
        ({"simhash": {}}, "serves exact, minhash and not simhash"),
        ({"exact": {"index_sha256": "0"}}, "it changed"),
    ):
        ((name, fields),) = stage.items()
        recipe = RECIPE | {"stages": [{one: {}} for one in ("read", "decode", "language", "text")]}
        recipe["stages"] += [{name: fields | {"index": str(place)}}, {"layout": {}}]
        with pytest.raises(WrongUse, match=told):
            parse(recipe, where="test")
    for folder, told in ((tmp_path, "holds no index"), (listed(tmp_path / "old", format=0), "format 0 and 1 is read")):
        with pytest.raises(WrongUse, match=told):
            Index(folder)
    stage = MinHash(seed=0, index=str(place))
    listed(tmp_path / "grown", runs=[])
    (place / NAME).write_text((tmp_path / "grown" / NAME).read_text() + "\n")
    with pytest.raises(WrongUse, match="changed since the run began"):
        stage.opened()


def test_settings_of_the_command(tmp_path: Path) -> None:
    place = listed(tmp_path / "a=b")
    recipe = load("codefuse")
    assert settings_for(recipe, place) == [f'stages.{name}.index="{place}"' for name in ("exact", "simhash")]
    assert load("minimal", settings_for(load("minimal"), place)).stage("exact").index == str(place)
    none = RECIPE | {"stages": [{name: {}} for name in ("read", "decode", "language", "layout")]}
    with pytest.raises(WrongUse, match="has none of the stages"):
        settings_for(parse(none, where="test"), place)


def test_a_run_that_is_gone_is_told_before_anything_runs(tmp_path: Path) -> None:
    """Unless signatures are enough."""
    run = documents(tmp_path / "run", ["a b c d e f"])
    here = {"id": run_id(run), "folder": str(run.folder), "files": 1}
    place = str(listed(tmp_path / "index", runs=[here]))
    assert MinHash(seed=0, index=place).index == place
    shutil.rmtree(run.folder)
    with pytest.raises(ValueError, match=r"is not at .* any more.*proof: estimate"):
        MinHash(seed=0, index=place)
    assert MinHash(seed=0, index=place, proof="estimate").index == place
    assert Exact(index=place).index == place


def test_a_run_that_moved_or_has_other_signatures_is_told(tmp_path: Path) -> None:
    run = documents(tmp_path / "run", ["a b c d e f"])
    here = IndexedRun(id=run_id(run), folder=str(run.folder), files=1)
    assert here.open().folder == run.folder
    with pytest.raises(WrongUse, match=r"is not at .* any more"):
        IndexedRun(id=here.id, folder=str(tmp_path / "gone"), files=1).open()
    with pytest.raises(WrongUse, match=r"is not at .* any more"):
        IndexedRun(id="0" * 16, folder=str(run.folder), files=1).open()
    place = listed(tmp_path / "index")
    assert [stage.name for stage in dedup_stages(run, Index(place))] == ["exact", "minhash"]
    assert [stage.name for stage in dedup_stages(run, None)] == list(STAGES)
    told = run.manifest
    told["recipe"]["stages"] = [{"minhash": MinHash(bands=25, rows=10).model_dump()}]
    (run.folder / "manifest.json").write_text(json.dumps(told))
    with pytest.raises(WrongUse, match="25x10"):
        dedup_stages(Run(run.folder), Index(place))
