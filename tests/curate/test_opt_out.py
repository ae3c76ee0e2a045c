"""Opt-out lists: their formats and normal forms, what they match, and that what is like an opted-out file goes too."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import WrongUse
from curate.opted_out import OptedOut, content_hashes, digest_of, load, normalise, owner_of
from curate.recipe import parse
from curate.stages.decode import content_ids
from curate.stages.opt_out import OptOut

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def put(folder: Path, name: str, *lines: str) -> str:
    (folder / name).write_text("\n".join(lines) + "\n")
    return str(folder / name)


def read(*lists: tuple[Any, str]) -> OptedOut:
    return load(lists, digest_of(lists))


def test_formats_say_the_same(tmp_path: Path) -> None:
    text = put(
        tmp_path, "a.txt", "# repositories", "", "Some/Repo  # asked by mail", "https://github.com/other/one.git"
    )
    rows = put(tmp_path, "a.jsonl", json.dumps({"repo": "some/repo", "when": 1}), json.dumps("other/one"))
    pq.write_table(pa.table({"when": [1, 2, 3], "repo": ["some/repo", "other/one", None]}), tmp_path / "a.parquet")
    for path in (text, rows, str(tmp_path / "a.parquet")):
        listed = read(("repo", path))
        assert listed.known("repo", ["SOME/repo", None, "other/one", "other/two"]) == [
            "some/repo",
            None,
            "other/one",
            None,
        ]
        assert listed.known("owner", ["some/repo"]) == [None]


@pytest.mark.parametrize(
    ("kind", "line", "told"),
    [
        ("content", "abc", "no md5"),
        ("repo", "lonely", "no repository"),
        ("owner", "owner/name", "no owner"),
    ],
)
def test_wrong_entries_are_told(tmp_path: Path, kind: Any, line: str, told: str) -> None:
    with pytest.raises(WrongUse, match=told):
        read((kind, put(tmp_path, "a.txt", line)))


def test_wrong_lists_are_told(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="cannot be read"):
        read(("repo", str(tmp_path / "none.txt")))
    with pytest.raises(WrongUse, match="no JSON"):
        read(("repo", put(tmp_path, "a.jsonl", "{")))
    with pytest.raises(WrongUse, match="no column 'repo'"):
        read(("repo", put(tmp_path, "b.jsonl", '{"a": "x/y", "b": 1}')))
    (tmp_path / "c.parquet").write_bytes(b"PAR1 not")
    with pytest.raises(WrongUse, match="cannot be read"):
        read(("repo", str(tmp_path / "c.parquet")))


@pytest.mark.parametrize(
    ("glob", "matches", "leaves"),
    [
        ("secret.py", ["secret.py"], ["a/secret.py", "secret.pyc"]),  # no glob: a path
        ("*.key", ["a/b/x.key", "x.key"], ["x.keys", "x.key/y"]),
        ("docs/**", ["docs/a/b.md"], ["a/docs/b.md", "docs"]),
        ("o/r/src/*.py", ["src/x.py"], ["src/y/x.py", "x.py"]),  # behind the repository's name
        ("**/gen/[ab]?.c", ["gen/a1.c", "x/gen/b2.c"], ["gen/c1.c", "gen/a.c"]),
        ("v[!0-9].txt", ["va.txt"], ["v1.txt"]),
    ],
)
def test_globs(tmp_path: Path, glob: str, matches: list[str], leaves: list[str]) -> None:
    stage = OptOut(paths=(put(tmp_path, "paths.txt", glob),))
    measured = stage.measure(batch([(path, "o/r", "x") for path in (*matches, *leaves)]))
    expected = [f"path {glob}"] * len(matches) + [None] * len(leaves)
    assert measured.column("opted_out_match").to_pylist() == expected


def batch(files: list[tuple[str, str | None, str]], encoding: str = "UTF-8") -> pa.RecordBatch:
    content = pa.array([text for _, _, text in files], pa.large_string())
    return pa.RecordBatch.from_pydict(
        {
            "path": pa.array([path for path, _, _ in files], pa.string()),
            "repo": pa.array([repo for _, repo, _ in files], pa.string()),
            "encoding": pa.array([encoding] * len(files), pa.string()),
            "content": content,
            "content_id": content_ids(content),
        }
    )


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-8-SIG", "UTF-16LE", "GB18030", "ISO-8859-1"])
@pytest.mark.parametrize("kind", ["sha256", "sha1", "blob", "md5"])
def test_hashes_are_of_the_bytes_as_found(tmp_path: Path, encoding: str, kind: str) -> None:
    from analyzers.decode import decode_one

    text = "größe = 1  # ein Maß\n" * 4 if encoding != "GB18030" else "# 統計 数据 处理 程序 文件 内容\nx = 1\n" * 4
    marks = {"UTF-8-SIG": b"\xef\xbb\xbf", "UTF-16LE": b"\xff\xfe"}
    raw = marks.get(encoding, b"") + text.encode(encoding.removesuffix("-SIG"))
    decoded, found, _ = decode_one(raw)
    assert decoded is not None
    assert found is not None
    stage = OptOut(contents=(put(tmp_path, "hashes.txt", content_hashes(raw)[kind].upper()),), near=None)
    measured = stage.measure(batch([("a.py", None, decoded), ("b.py", None, decoded + " ")], found))
    assert measured.column("opted_out").to_pylist() == ["opted_out_content", None]


def test_git_and_content_ids(tmp_path: Path) -> None:
    assert content_hashes(b"hello\n")["blob"] == "ce013625030ba8dba906f756967f9e9ca394464a"  # git hash-object
    text = "x = 1\n"
    ids = content_ids(pa.array([text], pa.large_string())).to_pylist()
    stage = OptOut(contents=(put(tmp_path, "ids.txt", *ids),))
    assert stage.measure(batch([("a.py", None, text)])).column("opted_out").to_pylist() == ["opted_out_content"]


def test_the_first_kind_names_the_reason(tmp_path: Path) -> None:
    stage = OptOut(
        repos=(put(tmp_path, "r.txt", "o/r"),),
        owners=(put(tmp_path, "o.txt", "O", "p"),),
        paths=(put(tmp_path, "p.txt", "a.py"),),
    )
    measured = stage.measure(
        batch([("a.py", "o/r", "x"), ("a.py", "o/s", "x"), ("a.py", None, "x"), ("b.py", "q/o", "x")])
    )
    reasons = ["opted_out_repo", "opted_out_owner", "opted_out_path", None]
    assert measured.column("opted_out").to_pylist() == reasons
    assert measured.column("opted_out_match").to_pylist() == ["repo o/r", "owner o", "path a.py", None]


def test_where_nothing_can_be_like_it_a_file_goes_at_once(tmp_path: Path) -> None:
    stage = OptOut(repos=(put(tmp_path, "r.txt", "o/r"),), near=None)
    measured = stage.measure(batch([("a.py", "o/r", "x"), ("b.py", "o/s", "x")]))
    assert measured.column("drop_reason").to_pylist() == ["opted_out_repo", None]
    assert measured.column("match").to_pylist() == ["repo o/r", None]
    assert "drop_reason" not in OptOut(repos=stage.repos).measure(batch([("a.py", "o/r", "x")])).schema.names


def test_the_lists_are_a_part_of_the_recipe(tmp_path: Path) -> None:
    path = put(tmp_path, "r.txt", "o/r")
    first = OptOut(repos=(path,))
    put(tmp_path, "r.txt", "o/r", "o/s")
    assert OptOut(repos=(path,)).lists_sha256 != first.lists_sha256
    with pytest.raises(ValueError, match="they changed"):
        OptOut(repos=(path,), lists_sha256=first.lists_sha256)
    with pytest.raises(WrongUse, match="changed since the run began"):
        first.listed()


@given(st.lists(st.text("abAB/-.:#", min_size=1, max_size=6), max_size=12), st.lists(st.text("abAB/-.:#", max_size=6)))
def test_lookups_are_those_of_a_set(entries: list[str], asked: list[str]) -> None:
    from curate.opted_out import _hashes

    listed = OptedOut(places=np.unique(_hashes("path", [normalise("path", one) for one in entries])), globs=())
    known = {normalise("path", one) for one in entries}
    assert [one is not None for one in listed.known("path", asked)] == [
        normalise("path", one) in known for one in asked
    ]


def test_owner_of() -> None:
    assert [owner_of(one) for one in ("a/b", "https://github.com/a/b", "b", None)] == ["a", "a", None, None]


WORDS = (
    "count",
    "total",
    "merge",
    "window",
    "index",
    "parser",
    "buffer",
    "token",
    "ledger",
    "shard",
    "query",
    "vector",
)


def code(seed: int, n_changed: int = 0) -> str:
    """160 statements that no other seed gives; of them the last so many are others."""
    rng, other = random.Random(seed), random.Random(-seed - 1)
    lines = [f"{rng.choice(WORDS)}_{rng.randrange(10**6)} = {rng.randrange(10**6)}\n" for _ in range(160)]
    changed = [f"{other.choice(WORDS)}_{other.randrange(10**6)} = {other.randrange(10**6)}\n" for _ in range(n_changed)]
    return "".join(lines[: 160 - n_changed] + changed)


@pytest.mark.spark
def test_what_is_like_an_opted_out_file_goes(spark: SparkSession, tmp_path: Path) -> None:
    from curate import engine

    rows = {
        "gone/a": code(1), "gone/like_a": code(1, 8),  # both opted out, like each other
        "free/copy": code(1) + "\n\n", "free/near_a": code(1, 12), "free/near_like": code(1, 16),
        "free/far": code(1, 100),
        "gone/b": code(2), "free/b": code(2, 10), "free/own": code(3), "free/own_copy": code(3, 1),
        "free/short": "x = 1\n", "gone/short": "y = 1\n",
    }  # fmt: skip
    table = [
        {"content": text, "path": f"{name}.py", "repo_name": name.split("/")[0] + "/r"} for name, text in rows.items()
    ]
    pq.write_table(pa.Table.from_pylist(table), tmp_path / "rows.parquet")
    opted = {"owners": [put(tmp_path, "owners.txt", "gone")]}

    def mill(n_partitions: int) -> Any:
        stages = [{"read": {}}, {"decode": {}}, {"opt_out": opted}, {"language": {}}, {"layout": {}}]
        recipe = parse({"name": "opted", "stages": stages}, where="here")
        spark.conf.set("spark.sql.shuffle.partitions", n_partitions)
        return engine.run(recipe, [str(tmp_path / "rows.parquet")], tmp_path / f"out{n_partitions}", spark)

    before = spark.conf.get("spark.sql.shuffle.partitions")
    try:
        run, again = mill(1), mill(4)
    finally:
        spark.conf.set("spark.sql.shuffle.partitions", before)
    assert [file["sha256"] for file in run.manifest["files"]] == [file["sha256"] for file in again.manifest["files"]]
    found = {row["path"].removesuffix(".py"): row for row in run.ledger.to_table().to_pylist()}
    assert {name: row["drop_reason"] for name, row in found.items() if row["drop_reason"]} == {
        **dict.fromkeys(["gone/a", "gone/like_a", "gone/b", "gone/short"], "opted_out_owner"),
        **dict.fromkeys(["free/copy", "free/near_a", "free/near_like", "free/b"], "near_opted_out"),
    }
    ids = {row["file_id"]: name for name, row in found.items()}
    for row in found.values():
        if row["drop_reason"] == "near_opted_out":
            assert (row["match"], row["drop_stage"]) == ("owner gone", "opt_out")
            assert ids[row["duplicate_of"]].startswith("gone/")
            assert row["similarity"] == row["drop_value"] >= row["drop_limit"] == 0.7
    assert found["free/copy"]["similarity"] == 1.0
    assert ids[found["free/near_like"]["duplicate_of"]] == "gone/like_a"
    notes = run.manifest["stages"]["opt_out"]
    assert (notes["entries"], notes["opted_out_compared"], notes["dropped"]) == (1, 3, 8)
