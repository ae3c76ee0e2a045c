"""Promise 5: one bad file never stops a job. It has a row of its own that says why; its neighbours do not suffer."""

from __future__ import annotations

import gzip
import json
import math
import os
import random
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import small_corpus
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st
from reading import MAX_BYTES, file_units, rows_of

from curate import inputs
from curate.narrow import mill, work_schema
from curate.readers import read_units
from curate.recipe import load
from curate.sources import datasets
from curate.sources.raw import RAW, document
from curate.sources.unit import Start
from curate.stage import Stage, check_contracts


class Picky(Stage):
    """A made-up stage that some files break, each in its own way."""

    name = "picky"
    writes: ClassVar[dict[str, pa.DataType]] = {"n_rows": pa.int64()}

    def measure(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        for raw in batch.column("raw").to_pylist():
            if b"raise" in raw:
                raise RuntimeError(f"cannot bear {raw.decode()}")
            if b"divide" in raw:
                raise ZeroDivisionError
        if pc.any(pc.equal(batch.column("raw"), b"lose")).as_py():
            batch = batch.slice(1)
        return batch.append_column("n_rows", pa.repeat(pa.scalar(1, pa.int64()), batch.num_rows))


@given(st.lists(st.sampled_from([b"good", b"raise 1", b"raise 2", b"divide", b"lose"]), min_size=1, max_size=40))
def test_a_stage_that_raises_costs_the_file_at_fault_only(contents: list[bytes]) -> None:
    raw = pa.RecordBatch.from_pylist(
        [document({"uri": f"in/{number}.py"}, raw=content) for number, content in enumerate(contents)],
        schema=RAW,
    )
    # content_id is what the decoder would have written
    raw = raw.append_column("content_id", pa.array([str(number) for number in range(len(contents))]))
    done = mill(raw, "file", [Picky()], work_schema({})).to_pylist()
    assert sorted(row["path"] for row in done) == sorted(f"{number}.py" for number in range(len(contents)))
    for row in done:
        content = contents[int(row["path"].removesuffix(".py"))]
        if content == b"good":
            assert (row["drop_stage"], row["drop_reason"], row["drop_text"]) == (None, None, None)
        else:
            assert (row["drop_stage"], row["drop_reason"], row["content"]) == ("picky", "analysis_error", None)
            told = {b"d": "ZeroDivisionError", b"l": "ValueError: stage 'picky' gave 0 rows for 1"}
            assert row["drop_text"].startswith(told.get(content[:1], f"RuntimeError: cannot bear {content.decode()}"))


HOSTILE = {
    "deep.py": b"(" * 100_000 + b")" * 100_000,
    "deep.json": b"[" * 100_000,
    "line.js": b"x" * 1_000_000,
    "zeros.py": b"\0" * 100_000,
    "broken.py": bytes(range(128, 256)) * 1_000,
    "quotes.js": b"'" * 1_000_000,
    "flood.sh": b"`\n" * 200_000,
    "wide.py": b"\xff\xfe\x00\xd8" * 1_000,
    "mark.py": b"\xfe\xff",
    "bomb.html": b"<div>" * 50_000,
}


@pytest.mark.parametrize("recipe", ["minimal", "codefuse", "starcoder", "opencoder"])
def test_hostile_files_in_one_partition(recipe: str, tmp_path: Path) -> None:
    """Every file has its row, and the good ones among them fare as they do alone."""
    rng = random.Random(0)
    good = {f"good{number}.py": small_corpus.source(rng).encode() for number in range(3)}
    for name, content in (HOSTILE | good).items():
        (tmp_path / name).write_bytes(content)
    alone = _milled(recipe, [tmp_path / name for name in sorted(good)])
    done = _milled(recipe, [tmp_path / name for name in sorted(HOSTILE | good)])
    assert done.keys() == HOSTILE.keys() | good.keys()
    assert all((row["content"] is None) == (row["drop_reason"] is not None) for row in done.values())
    assert alone == {name: done[name] for name in good}
    assert done["zeros.py"]["drop_reason"] == "binary"


def _milled(recipe: str, paths: list[Path]) -> dict[str, dict]:
    """Work rows of files, all in one batch, by path."""
    stages = load(recipe).stages
    fused = [stage for stage in stages if type(stage).measure is not Stage.measure]
    (raw,) = read_units(file_units(*paths), max_bytes=MAX_BYTES, batch_bytes=1 << 30)
    return {row["path"]: row for row in mill(raw, "file", fused, work_schema(check_contracts(stages))).to_pylist()}


def test_a_file_gone_since_it_was_listed(tmp_path: Path) -> None:
    for name in ("a.py", "b.py", "c.py", "d.jsonl", "e.parquet"):
        (tmp_path / name).write_bytes(b'{"content": "x"}\n')
    units = file_units(*(tmp_path / name for name in ("a.py", "b.py", "c.py", "d.jsonl")))
    for name in ("b.py", "d.jsonl"):
        (tmp_path / name).unlink()
    (batch,) = read_units(units, max_bytes=MAX_BYTES, batch_bytes=1 << 20)
    assert batch.column("drop_reason").to_pylist() == [None, "unreadable", None, "unreadable"]
    assert set(batch.column("drop_text").drop_null().to_pylist()) == {"No such file or directory"}


def test_a_folder_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "open.py").write_bytes(b"x")
    scandir = os.scandir

    def refuse(folder: bytes) -> Any:
        if folder.endswith(b"closed"):
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr("curate.inputs.os.scandir", refuse)
    start = Start(location=os.fsencode(tmp_path), uri="in", is_folder=True, named=True)
    found = {unit["uri"]: (unit["kind"], unit["refused"], unit["told"]) for unit in inputs.walk(start)}
    assert found == {"in/open.py": ("file", None, None), "in/closed": ("refused", "unreadable", "Permission denied")}


def test_a_file_that_grew_since_it_was_listed(tmp_path: Path) -> None:
    path = tmp_path / "log.py"
    path.write_bytes(b"x")
    (unit,) = file_units(path)
    path.write_bytes(b"x" * 1_001)
    (batch,) = read_units([unit], max_bytes=1_000, batch_bytes=1 << 20)
    assert batch.column("drop_reason").to_pylist() == ["too_large_to_read"]


def test_no_two_names_have_one_place(tmp_path: Path) -> None:
    """A byte that is no UTF-8 is written as four characters, which may be a name as well."""
    for name in (b"\xff.py", rb"\xff.py", rb"\x5cxff.py"):
        (tmp_path / os.fsdecode(name)).write_bytes(b"x")
    start = Start(location=os.fsencode(tmp_path), uri="in", is_folder=True, named=True)
    assert len({unit["uri"] for unit in inputs.walk(start)}) == 3


LINES = [json.dumps({"content": f"line {number}", "path": f"{number}.py"}).encode() + b"\n" for number in range(20_000)]


@pytest.mark.parametrize("suffix", ["gz", "zst"])
@pytest.mark.parametrize("harm", ["cut", "bytes", "rest"])
def test_a_broken_compressed_file_says_so(suffix: str, harm: str, tmp_path: Path) -> None:
    """The fault has a row; what comes before a cut or a foreign rest is read."""
    data = b"".join(LINES)
    packed = gzip.compress(data) if suffix == "gz" else zstandard.ZstdCompressor(write_checksum=True).compress(data)
    at = len(packed) * 2 // 3
    broken = {"cut": packed[:at], "bytes": packed[:at] + b"\xff" * 64 + packed[at + 64 :], "rest": packed + b"rest"}
    path = tmp_path / f"rows.jsonl.{suffix}"
    path.write_bytes(broken[harm])
    rows = rows_of(path)
    assert rows[-1]["drop_reason"] == "unreadable"
    assert rows[-1]["drop_text"]
    if harm != "bytes":  # of damaged bytes the checksum at the end tells, behind lines that may look good
        assert [row["raw"] for row in rows[:-1]] == [f"line {number}".encode() for number in range(len(rows) - 1)]
        assert len(rows) > (18_000 if harm == "rest" else 1_000)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=[])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
TAKEN = (*datasets.CONTENT, *datasets.PATH, *datasets.REPO, *datasets.LICENCE, *datasets.STARS, *datasets.LANGUAGE)


@example([{"stars": math.inf}, {"stars": 10**30}, {"stars": -(10**30)}, {"stars": "9" * 5_000}, {"stars": math.nan}])
@example([{"license": ["\ud800", 3, None]}, {"path": "\ud800"}, {"content": {"a": "\ud800"}}, {"repo": ["\0"]}])
@given(st.lists(st.one_of(st.binary(max_size=40), st.dictionaries(st.sampled_from(TAKEN), JSON_VALUES)), max_size=8))
def test_no_line_of_jsonl_stops_the_reader(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes | dict]) -> None:
    """Each line that is not blank gives one row, whatever stands in it."""
    raw = [line.replace(b"\n", b"") if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    path = tmp_path_factory.mktemp("fuzz") / "rows.jsonl"
    path.write_bytes(b"\n".join(raw))
    rows = rows_of(path)
    assert len(rows) == (sum(bool(line.strip()) for line in raw) or path.stat().st_size == 0)  # an empty file has a row
    assert len({row["file_id"] for row in rows}) == len(rows)
    assert all((row["raw"] is None) == (row["drop_reason"] is not None) for row in rows)


@given(st.lists(st.integers(0, 60), max_size=30), st.integers(1, 80))
def test_ranges_of_a_file_give_each_line_once(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], range_bytes: int
) -> None:
    lines = [json.dumps({"content": "x" * length}).encode() if length else b"" for length in lengths]
    path = tmp_path_factory.mktemp("ranges") / "rows.jsonl"
    path.write_bytes(b"\n".join(lines) + b"\n")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("curate.inputs.RANGE_BYTES", range_bytes)
        rows = rows_of(path)
    assert [row["raw"] for row in rows] == [b"x" * length for length in lengths if length]


def test_broken_parquet_has_a_row_for_its_fault(tmp_path: Path) -> None:
    """A page damaged in the middle: the footer reads, the rows do not."""
    corpus = small_corpus.make(tmp_path)
    data = bytearray((corpus.folder / "rows" / "v1.parquet").read_bytes())
    data[40:400] = b"\xff" * 360
    path = tmp_path / "damaged.parquet"
    path.write_bytes(data)
    rows = rows_of(path)
    assert "unreadable" in [row["drop_reason"] for row in rows]
    assert len({row["file_id"] for row in rows}) == len(rows)
