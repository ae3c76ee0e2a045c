"""The licence stage end to end: headers, spreading, borders, the data set's column, NOTICES, same bytes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import curate
from analyzers.licences.texts import spdx_texts
from curate.notices import NAME
from curate.recipe import parse
from curate.spreading import ancestors, place
from curate.stages.licence import Licence, keeper_class

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

MIT = spdx_texts()["MIT"].replace("<year> <copyright holders>", "2019 Ann Other")
GPL = spdx_texts()["GPL-3.0-only"]
APACHE = spdx_texts()["Apache-2.0"]
BSD = spdx_texts()["BSD-3-Clause"]

# path below the input: content, and the licence and root that it ends with (None where the file is no code)
TREE: dict[str, tuple[str, str | None, str | None]] = {
    "LICENSE": (MIT, None, None),
    "NOTICE": ("The Project\nCopyright 2021 The Project's People\n", None, None),
    "top.py": ("top = 1\n", "MIT", ""),
    "deep/er/est/far.py": ("far = 1\n", "MIT", ""),
    "own.py": ("# SPDX-License-Identifier: Apache-2.0\n# Copyright 2020 Header Corp\nown = 1\n", "Apache-2.0", ""),
    "gpl/COPYING": (GPL, None, None),
    "gpl/part.py": ("part = 1\n", "GPL-3.0-only", "gpl"),
    "gpl/free/package.json": (json.dumps({"license": "ISC"}), None, None),
    "gpl/free/inner/free.js": ("var free = 1;\n", "ISC", "gpl/free"),
    "rust/LICENSE-MIT": (MIT, None, None),
    "rust/LICENSE-APACHE": (APACHE, None, None),
    "rust/src/lib.rs": ("fn lib() {}\n", "Apache-2.0 OR MIT", "rust"),
    "odd/LICENSE": ("You may look at it on Thursdays, if it rains, and tell nobody that you did so.\n", None, None),
    "odd/odd.py": ("odd = 1\n", "LicenseRef-unknown", "odd"),
    "alone/.git/config": ("[core]\n", None, None),
    "alone/alone.py": ("alone = 1\n", None, None),
    "mine/.git/config": ("[core]\n", None, None),
    "mine/LICENSE.txt": (BSD.replace("<year> <owner>", "2018 Mine"), None, None),
    "mine/a/mine.py": ("mine = 1\n", "BSD-3-Clause", "mine"),
}  # fmt: skip
ROWS = [
    {
        "content": "one = 1\n",
        "repo_name": "o/r",
        "path": "src/one.py",
        "license": "bsd-3-clause",
    },  # its folder says more
    {"content": MIT, "repo_name": "o/r", "path": "LICENSE", "license": "bsd-3-clause"},
    {"content": "two = 1\n", "repo_name": "o/other", "path": "two.py", "license": "gpl-2.0"},  # nothing but the column
    {"content": "three = 1\n", "repo_name": None, "path": "src/three.py", "license": None},  # of no known tree
    {"content": "four = 1\n", "repo_name": "o/odd", "path": "four.py", "license": "apache-2.0"},
    {"content": TREE["odd/LICENSE"][0], "repo_name": "o/odd", "path": "LICENSE", "license": "apache-2.0"},
]
OF_ROWS = {
    "src/one.py": ("MIT", ""), "two.py": ("GPL-2.0-only", None), "src/three.py": (None, None),
    "four.py": ("Apache-2.0", ""),
}  # fmt: skip


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("licensed")
    for path, (content, _, _) in TREE.items():
        (folder / "code" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "code" / path).write_text(content)
    pq.write_table(pa.Table.from_pylist(ROWS), folder / "rows.parquet")
    return [str(folder / "code"), str(folder / "rows.parquet")]


def recipe(**licence: Any) -> curate.recipe.Recipe:
    stages = [{"read": {}}, {"decode": {}}, {"licence": licence}, {"language": {}}, {"exact": {}}, {"layout": {}}]
    return parse({"name": "licensed", "stages": stages}, where="here")


@pytest.fixture(scope="module")
def mill(inputs: list[str], spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., curate.Run]:
    from curate import engine

    def call(n_partitions: int = 4, **licence: Any) -> curate.Run:
        settings = {"spark.sql.shuffle.partitions": str(n_partitions), "spark.sql.adaptive.enabled": "false"}
        before = {name: str(spark.conf.get(name)) for name in settings}
        try:
            for name, value in settings.items():
                spark.conf.set(name, value)
            return engine.run(recipe(**licence), inputs, tmp_path_factory.mktemp("run") / "out", spark)
        finally:
            for name, value in before.items():
                spark.conf.set(name, value)

    return call


@pytest.fixture(scope="module")
def run(mill: Callable[..., curate.Run]) -> curate.Run:
    return mill()


@pytest.mark.spark
def test_the_nearest_statement_holds(run: curate.Run) -> None:
    ledger = {row["source"]["uri"]: row for row in run.ledger.to_table().to_pylist() if row["source"]["row"] is None}
    found = {path: (ledger[f"code/{path}"]["licence"], ledger[f"code/{path}"]["root"]) for path in code_files()}
    assert found == {path: TREE[path][1:] for path in code_files()}


def code_files() -> list[str]:
    return [path for path in TREE if path.endswith((".py", ".js", ".rs"))]


@pytest.mark.spark
def test_header_then_folder_then_column(run: curate.Run) -> None:
    rows = [row for row in run.ledger.to_table().to_pylist() if row["source"]["row"] is not None]
    found = {row["path"]: (row["licence"], row["root"]) for row in rows if row["path"] in OF_ROWS}
    assert found == OF_ROWS
    kept = {row["path"]: (row["licence"], row["root"]) for batch in run.documents() for row in batch.to_pylist()}
    assert kept.items() >= {(path, TREE[path][1:]) for path in code_files()}


@pytest.mark.spark
def test_notices(run: curate.Run) -> None:
    rows = pq.read_table(run.folder / NAME).to_pylist()
    entry = next(file for file in run.manifest["files"] if file["path"] == NAME)
    assert entry["rows"] == len(rows)
    assert sum(row["files"] for row in rows) == run.summary["kept"]["files"]
    by_key = {(row["origin"], row["root"], row["licence"]): row for row in rows}
    mit = by_key["code", "", "MIT"]
    assert sorted(mit["copyrights"]) == ["Copyright (c) 2019 Ann Other", "Copyright 2021 The Project's People"]
    assert [text["path"] for text in mit["texts"]] == ["LICENSE", "NOTICE"]
    assert "Copyright 2020 Header Corp" in by_key["code", "", "Apache-2.0"]["copyrights"]
    texts = [text for row in rows for text in row["texts"]]
    whole = [text["text"] for text in texts if text["text"] is not None]
    assert len(whole) == len(set(whole)) == len({text["text_id"] for text in texts})
    assert {MIT, GPL, APACHE} <= set(whole)
    assert by_key["o/r", "", "MIT"]["repo"] == "o/r"


@pytest.mark.spark
def test_kinds_that_are_not_allowed_go(mill: Callable[..., curate.Run], run: curate.Run) -> None:
    strict = mill(allow=["permissive"])
    rows = strict.ledger.to_table().to_pylist()
    reasons = {row["path"]: (row["drop_reason"], row["drop_text"]) for row in rows if row["drop_stage"] == "licence"}
    assert reasons.items() >= {
        ("gpl/part.py", ("licence_copyleft", "GPL-3.0-only")),
        ("two.py", ("licence_copyleft", "GPL-2.0-only")),
        ("alone/alone.py", ("licence_none", None)),
        ("odd/odd.py", ("licence_unknown", "LicenseRef-unknown")),
    }
    assert {"top.py", "own.py", "rust/src/lib.rs", "four.py"}.isdisjoint(reasons)
    assert all(row["licence"] for row in pq.read_table(strict.folder / NAME).to_pylist())


@pytest.mark.spark
def test_same_bytes_in_1_and_4_partitions(mill: Callable[..., curate.Run], run: curate.Run) -> None:
    assert sums(mill(n_partitions=1)) == sums(run)


def sums(run: curate.Run) -> dict[str, str]:
    return {file["path"]: file["sha256"] for file in run.manifest["files"]}


@pytest.mark.spark
def test_a_spread_licence_decides_which_copy_stays(spark: SparkSession, tmp_path: Path) -> None:
    from curate import engine

    for name, text in (("aa", GPL), ("zz", MIT)):
        (tmp_path / "code" / name).mkdir(parents=True)
        (tmp_path / "code" / name / "LICENSE").write_text(text)
        for number in range(8):  # so that no order of hashes does it by chance
            (tmp_path / "code" / name / f"same{number}.py").write_text(f"same = {number}\n")
    run = engine.run(recipe(), [str(tmp_path / "code")], tmp_path / "out", spark)
    kept = {
        row["path"] for batch in run.documents(["path"]) for row in batch.to_pylist() if row["path"].endswith(".py")
    }
    assert kept == {f"zz/same{number}.py" for number in range(8)}


def test_place() -> None:
    assert place(None, "a/b.py", "in/a/b.py", None, None) == ("in", "a")
    assert place("o/r", "b.py", "set.parquet", None, 3) == ("o/r", "")
    assert place(None, "b.py", "set.parquet", None, 3) == (None, None)
    assert place(None, "x/b.py", "in/all.zip", "x/b.py", None) == ("in/all.zip", "x")
    assert place("o/r", None, "set.parquet", None, 3) == (None, None)


def test_ancestors() -> None:
    batch = pa.RecordBatch.from_pydict({"origin": ["o", "o"], "folder": ["a/b", ""]})
    rows = [row for found in ancestors(iter([batch])) for row in found.to_pylist()]
    assert [(row["folder"], row["above"]) for row in rows] == [("a/b", "a/b"), ("a/b", "a"), ("a/b", ""), ("", "")]
    assert [row["depth"] for row in rows[:3]] == sorted((row["depth"] for row in rows[:3]), reverse=True)
    deep = pa.RecordBatch.from_pydict({"origin": ["o"], "folder": ["/".join("x" * 5_000)]})
    assert sum(found.num_rows for found in ancestors(iter([deep]))) == 64


def test_an_empty_batch_has_its_columns() -> None:
    source = pa.array([], pa.struct([("uri", pa.string()), ("member", pa.string()), ("row", pa.int64())]))
    names = ("content", "path", "repo", "source", "licence")
    arrays = [
        pa.array([], pa.large_string()),
        *(pa.array([], pa.string()) for _ in range(2)),
        source,
        pa.array([], pa.string()),
    ]
    measured = Licence().measure(pa.RecordBatch.from_arrays(arrays, names=list(names)))
    assert measured.num_rows == 0
    assert {name: measured.schema.field(name).type for name in Licence.writes} == dict(Licence.writes)


def test_keeper_classes() -> None:
    order = [keeper_class(one) for one in ("MIT", "GPL-3.0-only OR MIT", "MPL-2.0", None, "LicenseRef-x")]
    assert order == [0, 0, 1, 2, 3]
