"""URLs: a folder behind one gives the rows that it gives on disk, and what is not there is told in one sentence."""

from __future__ import annotations

import json
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from s3_server import serving

from curate import inputs
from curate.again import location_of, read_again
from curate.errors import WrongUse
from curate.readers import read_units


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Plain files, data sets and archives. Read only."""
    folder = tmp_path_factory.mktemp("remote") / "data"
    for number in range(12):
        path = folder / "src" / str(number % 3) / f"{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"x = {number}\n")
    lines = "".join(json.dumps({"content": f"y = {number}", "path": f"{number}.py"}) + "\n" for number in range(500))
    (folder / "rows.jsonl").write_text(lines)
    pq.write_table(pa.table({"content": [f"z = {n}" for n in range(100)]}), folder / "set.parquet", row_group_size=30)
    with tarfile.open(folder / "src.tar.gz", "w:gz") as archive:
        archive.add(folder / "src", "src")
    with zipfile.ZipFile(folder / "src.zip", "w") as zipped:
        zipped.write(folder / "src" / "0" / "0.py", "0.py")
    (folder / "big.py").write_bytes(b"x" * 70_000)
    return folder


@pytest.fixture(scope="module")
def bucket(tree: Path) -> Iterator[str]:
    """The same files on a server that speaks S3."""
    with serving(tree, "data") as (url, _):
        yield url


def rows_of(*given: str | Path) -> list[dict]:
    folders, units = inputs.starts(inputs.resolve(given), 5)
    units += [unit for folder in folders for unit in inputs.walk(folder)]
    batches = read_units(units, max_bytes=65_536, batch_bytes=1 << 20)
    return sorted((row for batch in batches for row in batch.to_pylist()), key=lambda row: row["file_id"])


def test_s3_gives_what_the_disk_gives(tree: Path, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "RANGE_BYTES", 8_000)
    on_disk = rows_of(tree)
    assert len(on_disk) == 12 + 100 + 4
    assert rows_of(f"{bucket}/data") == on_disk
    assert rows_of(f"file://{tree}") == on_disk
    for name in ("rows.jsonl", "set.parquet", "src.tar.gz", "src.zip", "*.zip", "src/*/1*.py"):
        assert rows_of(f"{bucket}/data/{name}") == rows_of(f"{tree}/{name}"), name
    assert len(rows_of(f"{bucket}/data/rows.jsonl")) == 500
    roots = [vars(root) for root in inputs.resolve([f"{bucket}/data"])]
    for row in on_disk:
        location = location_of(roots, row["source"]["uri"])
        assert location is not None
        assert read_again(location, row["source"], max_bytes=65_536) == row["raw"]


def test_what_is_not_there(tree: Path, bucket: str) -> None:
    for given, told in (
        (f"{bucket}/nowhere", "names nothing"),
        (f"{bucket}/data/*.rs", "names nothing"),
        ("s9://bucket/x", "s9://bucket/x cannot be opened: Protocol not known: s9"),
    ):
        with pytest.raises(WrongUse, match=told.replace("*", r"\*")):
            inputs.resolve([given])
