"""All sources in one run: what was listed, read, kept and dropped adds up, and any partition gives the same bytes."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import git_repositories
import made_archives
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from command import sums
from rich.console import Console

import curate
from curate import why

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

MANIFEST = json.dumps({"name": "x", "license": "MIT"}).encode()
RECIPE = """
stages:
- read: {max_bytes: 65536, stars: STARS}
- decode
- licence
- language: {keep_unknown: true}
- layout
"""


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str], set[tuple]]:
    """A folder, inputs in it, and each (uri, member, reason of `read`) that must be in the ledger."""
    folder = tmp_path_factory.mktemp("sources")
    (folder / "mirror").mkdir()
    (folder / "archives").mkdir()
    repositories = git_repositories.make(folder / "mirror")
    licensed = git_repositories.start(folder / "mirror", "licensed.git", bare=True)
    git_repositories.commit(licensed, {"package.json": MANIFEST, "src": {"a.js": b"let licensed = 1;\n"}})
    archives = made_archives.make(folder / "archives")
    packed = made_archives.zip_of(
        [("pkg/package.json", MANIFEST), ("pkg/a.js", b"let zipped = 1;\n"), ("b.js", b"1;\n")]
    )
    (folder / "archives" / "licensed.zip").write_bytes(packed)
    (folder / "loose").mkdir()
    (folder / "loose" / "note.ipynb").write_text(json.dumps({"cells": [], "metadata": {}, "nbformat": 4}))
    rows = {
        "content": [b"# \xc3\xe9", "# é".encode("utf-16")],
        "src_encoding": ["ISO-8859-1", "UTF-16"],
        "path": ["a.py", "b.py"],
        "repo_name": ["owner/HTTPS", "x/y"],
    }
    pq.write_table(pa.table(rows), folder / "v2.parquet")
    (folder / "stars.csv").write_text("repo_name,stars\nOwner/Https,12\ngroup/sub/scp,7\n")
    expected = {(one.folder.name, path, None) for one in repositories for path in one.files if not one.revision}
    expected |= {(one.folder.name, path, reason) for one in repositories for path, reason in one.told.items()}
    expected |= {(one.path.name, path, None) for one in archives for path in one.files}
    expected |= {(one.path.name, path, reason) for one in archives for path, reason in one.told}
    expected |= {("licensed.git", path, None) for path in ("package.json", "src/a.js")}
    git_repositories.commit(git_repositories.start(folder / "behind", "url.git", bare=True), {"a.js": b"let remote;\n"})
    expected.add(("url.git", "a.js", None))
    expected |= {("licensed.zip", path, None) for path in ("pkg/package.json", "pkg/a.js", "b.js")}
    inputs = [str(folder / name) for name in ("mirror/*", "archives/*", "loose", "v2.parquet")]
    return folder, [*inputs, f"local://{folder}/behind/url.git"], expected  # a URL of fsspec's, so that it is copied


def test_every_source_in_one_run(
    sources: tuple[Path, list[str], set[tuple]], spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, inputs, expected = sources
    (folder / "recipe.yaml").write_text(RECIPE.replace("STARS", str(folder / "stars.csv")))
    monkeypatch.setattr("curate.sources.members.MIN_BOMB_BYTES", 20 << 20)  # in this process, where zips are listed
    run = curate.run(folder / "recipe.yaml", inputs, folder / "out", spark)
    rows = run.ledger.to_table().to_pylist()
    counts = run.summary
    assert counts["read"]["files"] == len(rows) == counts["kept"]["files"] + counts["dropped"]["files"]
    found = {
        (row["source"]["uri"], row["source"]["member"], row["drop_reason"] if row["drop_stage"] == "read" else None)
        for row in rows
        if not row["source"]["uri"].startswith(("loose", "v2", "bomb.tar", "tagged"))
    }
    assert found == {one for one in expected if not one[0].startswith(("bomb.tar", "tagged"))}
    by_path = {(row["source"]["uri"], row["path"]): row for row in rows}
    assert by_path["loose/note.ipynb", "note.ipynb"]["language"] == "Jupyter Notebook"
    assert by_path["https", "a.py"]["stars"] == by_path["v2.parquet", "a.py"]["stars"] == 12
    assert by_path["loose/note.ipynb", "note.ipynb"]["stars"] is None
    for place, root in ((("licensed.git", "src/a.js"), ""), (("licensed.zip", "pkg/a.js"), "pkg")):
        assert (by_path[place]["licence"], by_path[place]["root"]) == ("MIT", root)
    assert by_path["licensed.zip", "b.js"]["licence"] is None
    assert by_path["url.git", "a.js"]["repo"] == "url"
    assert list(Path(str(spark.conf.get("spark.local.dir"))).rglob("codemill-repository-*")) == []  # no copy is left
    held = [stage["memory"].get("python_bytes", 0) for stage in run.manifest["stages"].values()]
    assert max(held) > 50_000_000  # of which stage depends on when Spark looks
    documents = run.shards.to_table(["source", "content"]).to_pylist()
    texts = {(row["source"]["uri"], row["source"]["row"]): row["content"] for row in documents}
    assert (texts["v2.parquet", 0], texts["v2.parquet", 1]) == ("# Ãé", "# é")
    _stories(run, by_path)
    monkeypatch.setattr("curate.engine.parallelism", lambda _: 7)
    settings = ("stages.read.pack_bytes=1", "stages.read.batch_bytes=100")
    other = curate.run(folder / "recipe.yaml", inputs, folder / "other", spark, settings=settings)
    assert sums(other) == sums(run)


def _stories(run: curate.Run, rows: dict[tuple[str, str], dict]) -> None:
    for place in (
        ("https", "src/b.py"),
        ("packed.git", "3.py"),
        ("url.git", "a.js"),
        ("good.tar.zst", "pkg/a.py"),
        ("good.zip", "pkg/a.py"),
    ):
        held = io.StringIO()
        why.show(run, [rows[place]], Console(file=held, width=200))
        assert "(unchanged)" in held.getvalue(), place
