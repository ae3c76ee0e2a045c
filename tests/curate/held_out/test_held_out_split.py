"""Held-out repositories: chosen by name alone, gone from every arm, unlike all that is trained on, told of in tags."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import arms_by_hand
import numpy as np
import pyarrow as pa
import pytest
from arms_by_hand import arms, code
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import RunFailed, WrongUse
from curate.held_out.repositories import Choice, choose, keys_of
from curate.held_out.resembling import Resembling
from curate.held_out.split import SplitConfig, named, quality_band, remove, split
from curate.shards import Run
from dedup.near import NearMinHash
from dedup.shingles import shingle_sets
from dedup.verify import jaccard

QUARTER = SplitConfig(choice=Choice(share=0.25))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    return arms(tmp_path_factory.mktemp("arms"))


@pytest.fixture(scope="module")
def done(made: dict[str, Run], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    out = tmp_path_factory.mktemp("split")
    return out, split(made, out, QUARTER)


def rows_of(folder: Path) -> list[dict]:
    return [row for batch in Run(folder).documents() for row in batch.to_pylist()]


def test_no_arm_has_a_file_of_a_held_out_repository(done: tuple[Path, dict]) -> None:
    out, counts = done
    held = {dict(row["tags"])["repository"] for row in rows_of(out / "held_out")}
    assert len(held) == counts["held_out_repositories"] == 3
    for name in ("raw", "clean"):
        trained = {f"in/{row['path'].split('/')[0]}" for row in rows_of(out / "train" / name)}
        assert len(trained) == 9
        assert not held & trained


def test_what_lies_in_training_too_is_not_held_out(done: tuple[Path, dict], made: dict[str, Run]) -> None:
    out, counts = done
    paths = [row["path"] for row in rows_of(out / "held_out")]
    assert not [path for path in paths if "vendored" in path]
    assert (counts["read"], counts["resembling_training"], counts["kept"]) == (27, 3, 24)
    assert len(paths) == 24


def test_held_out_files_are_those_of_the_input_whatever_any_arm_says(
    done: tuple[Path, dict], made: dict[str, Run]
) -> None:
    out, _ = done
    folder = Path(made["raw"].manifest["inputs"]["roots"][0]["location"])
    rows = rows_of(out / "held_out")
    assert all(row["content"] == (folder / row["path"]).read_text(encoding="utf-8") for row in rows)
    assert sum("junk" in row["path"] for row in rows) == 6


def test_tags_tell_what_each_arm_decided(done: tuple[Path, dict]) -> None:
    by_kind = {row["path"].split("/")[1][:4]: dict(row["tags"]) for row in rows_of(done[0] / "held_out")}
    assert by_kind["junk"]["kept by"] == "raw"
    assert by_kind["junk"]["clean says"] == "text.data_size"
    assert by_kind["main"]["kept by"] == "raw and clean"
    assert (by_kind["main"]["quality"], by_kind["junk"]["quality"]) == ("80 to 100", "not measured")
    assert by_kind["junk"]["size"] == "1 to 10 kB"


def test_the_order_of_the_arms_changes_nothing_that_is_held_out(
    made: dict[str, Run], done: tuple[Path, dict], tmp_path: Path
) -> None:
    split(dict(reversed(made.items())), tmp_path, QUARTER)
    ids = [[row["file_id"] for row in rows_of(folder / "held_out")] for folder in (tmp_path, done[0])]
    assert ids[0] == ids[1]


def test_a_larger_share_holds_out_what_a_smaller_one_does(made: dict[str, Run]) -> None:
    small, large = (
        set(choose(made["raw"], Choice(share=share)).files["repository"].to_pylist()) for share in (0.1, 0.5)
    )
    assert small < large
    assert len(large) == 6
    other = set(choose(made["raw"], Choice(share=0.5, seed=1)).files["repository"].to_pylist())
    assert other != large


def test_arms_are_sampled_by_content_and_alike(made: dict[str, Run], tmp_path: Path) -> None:
    split(made, tmp_path, dataclasses.replace(QUARTER, train_bytes=30_000))
    raw, clean = ({row["file_id"] for row in rows_of(tmp_path / "train" / name)} for name in ("raw", "clean"))
    assert 10 < len(raw) < 72
    whole = {row["file_id"] for row in rows_of(made["clean"].folder)}
    assert raw & whole <= clean  # the rate of the smaller arm is higher, and the hash is the same


def test_said_again_it_is_there_and_said_otherwise_refused(made: dict[str, Run], done: tuple[Path, dict]) -> None:
    out, counts = done
    before = (out / "held_out" / "manifest.json").stat().st_mtime_ns
    assert split(made, out, QUARTER) == counts
    assert (out / "held_out" / "manifest.json").stat().st_mtime_ns == before
    with pytest.raises(WrongUse, match="split otherwise"):
        split(made, out, dataclasses.replace(QUARTER, min_similarity=0.5))


def test_runs_of_different_inputs_are_refused(made: dict[str, Run], tmp_path: Path) -> None:
    told = made["clean"].manifest | {"inputs": made["clean"].manifest["inputs"] | {"hash": "another"}}
    (tmp_path / "manifest.json").write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(WrongUse, match="different inputs"):
        split(made | {"clean": Run(tmp_path)}, tmp_path / "out", QUARTER)


def test_nothing_left_to_hold_out_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arms_by_hand, "code", lambda seed: code(0))
    made = arms(tmp_path, n_repositories=4, n_files=2)
    with pytest.raises(RunFailed, match="all 3 held-out files resemble"):
        split(made, tmp_path / "out", QUARTER)
    assert not (tmp_path / "out" / "held_out" / "manifest.json").exists()
    remove(tmp_path / "out")
    assert not (tmp_path / "out" / "train").exists()


def test_runs_are_named_by_their_folders_or_as_one_likes() -> None:
    assert {name: str(run.folder) for name, run in named(["out/a", "b=out/x"]).items()} == {"a": "out/a", "b": "out/x"}
    with pytest.raises(WrongUse, match="two runs are called 'a'"):
        named(["out/a", "other/a"])


@pytest.mark.parametrize(
    ("repo", "uri", "row", "folders", "key"),
    [
        ("team/name", "in/x/y.py", None, 1, "team/name"),
        (None, "in/x/y/z.py", None, 1, "in/x"),
        (None, "in/x/y/z.py", None, 2, "in/x/y"),
        (None, "in/z.py", None, 2, "in/z.py"),
        (None, "z.py", None, 1, "z.py"),
        (None, "set.parquet", 7, 1, "row id"),
    ],
)
def test_what_stands_for_a_repository(repo: str | None, uri: str, row: int | None, folders: int, key: str) -> None:
    source = {"uri": uri, "member": None, "row": row, "revision": None}
    assert keys_of(pa.Table.from_pylist([{"repo": repo, "source": source, "file_id": "id"}]), folders) == [key]


def test_bands_of_quality() -> None:
    assert [quality_band(score) for score in (0, 19.9, 20, 99, 100)] == ["00 to 20"] * 2 + ["20 to 40"] + [
        "80 to 100"
    ] * 2


def texts(seeds: list[int]) -> pa.LargeStringArray:
    """A quarter of the functions of each file are the next seed's, so that neighbours resemble each other."""
    return pa.array(
        [code(seed, 6) + code(seed + 1, 2) if seed % 2 else code(seed, 8) for seed in seeds], pa.large_string()
    )


@given(st.lists(st.integers(0, 6), max_size=6), st.lists(st.integers(0, 6), max_size=6), st.integers(1, 4))
def test_a_file_is_found_as_often_as_its_measured_similarity_says(
    held: list[int], stream: list[int], size: int
) -> None:
    spec = NearMinHash(min_similarity=0.6)
    one, other = texts(held), texts(stream)
    found = Resembling(one, [f"held {i}" for i in range(len(one))], spec)
    for first in range(0, len(other), size):
        part = other[first : first + size]
        found.add(part, [f"stream {i}" for i in range(len(part))])
    sets = shingle_sets(pa.concat_arrays([one, other]))
    for i in range(len(one)):
        pairs = np.full(len(other), i), len(one) + np.arange(len(other))
        measured = [value for value in jaccard(*sets, *pairs) if value >= 0.6] if len(other) else []
        assert found.similarity[i] == pytest.approx(max(measured, default=0.0))


def test_among_many_the_one_that_is_like_it_is_found() -> None:
    held = pa.array([code(seed, 8) for seed in range(1000, 1200)], pa.large_string())
    found = Resembling(held, [f"held {i}" for i in range(len(held))], NearMinHash(min_similarity=0.7))
    found.add(pa.array([code(5), code(1077) + "\n\nLAST = 1\n"], pa.large_string()), ["one", "other"])
    assert np.flatnonzero(found.found).tolist() == [77]


def test_files_of_lowest_hash_are_taken_up_to_so_many_bytes(made: dict[str, Run]) -> None:
    whole, part = (
        choose(made["raw"], Choice(share=0.5, most_bytes=size)).files["file_id"].to_pylist() for size in (10**7, 12_000)
    )
    assert part == whole[: len(part)]
    sizes = {row["file_id"]: row["size_bytes"] for row in made["raw"].ledger.to_table().to_pylist()}
    assert sum(sizes[one] for one in part) <= 12_000 < sum(sizes[one] for one in whole[: len(part) + 1])
