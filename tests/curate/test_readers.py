"""Readers: every place gives one row, whatever the bytes; and any cut of a JSONL file gives every line once."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from curate.again import read_again
from curate.inputs import units_of_file
from curate.readers import read_units
from curate.sources.raw import RAW, place_id
from curate.sources.unit import Start

MAX_BYTES = 1000
SOURCE = {"uri": "", "member": None, "row": None, "revision": None}


def units(path: Path) -> list[dict]:
    return units_of_file(Start(location=os.fsencode(path), uri=f"in/{path.name}", is_folder=False, named=True))


def rows(of: list[dict], max_bytes: int = MAX_BYTES, batch_bytes: int = 1 << 20) -> list[dict]:
    batches = list(read_units(of, max_bytes=max_bytes, batch_bytes=batch_bytes))
    assert all(batch.schema == RAW and batch.num_rows for batch in batches)
    return [row for batch in batches for row in batch.to_pylist()]


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def from_json(folder: Path, *lines: str) -> list[dict]:
    return rows(units(written(folder, "set.jsonl", "\n".join(lines).encode("utf-8", "surrogatepass"))))


@pytest.mark.parametrize(
    ("size", "reason"), [(0, None), (1, None), (MAX_BYTES, None), (MAX_BYTES + 1, "too_large_to_read")]
)
def test_a_plain_file(size: int, reason: str | None, tmp_path: Path) -> None:
    raw = os.urandom(size)
    (row,) = rows(units(written(tmp_path, "a.py", raw)))
    assert row["raw"] == (None if reason else raw)
    assert (row["drop_reason"], row["size_bytes"]) == (reason, size)
    assert (row["drop_value"], row["drop_limit"]) == ((size, MAX_BYTES) if reason else (None, None))
    assert row["source"] == {"uri": "in/a.py", "member": None, "row": None, "revision": None}
    assert (row["path"], row["repo"], row["file_id"]) == ("a.py", None, place_id("in/a.py"))


def test_a_file_that_grew_went_or_was_never_to_be_read(tmp_path: Path) -> None:
    grown, gone = written(tmp_path, "grown.py", b"x"), written(tmp_path, "gone.py", b"x")
    listed = units(grown) + units(gone)
    grown.write_bytes(b"x" * (MAX_BYTES + 1))
    gone.unlink()
    refused = listed[0] | {"kind": "refused", "refused": "symlink", "told": "there", "size": 3}
    found = [(row["drop_reason"], row["drop_text"], row["size_bytes"]) for row in rows([*listed, refused])]
    assert found == [
        ("too_large_to_read", None, MAX_BYTES + 1),
        ("unreadable", "No such file or directory", 1),
        ("symlink", "there", 3),
    ]


def test_batches_are_bounded_by_bytes_and_keep_the_order(tmp_path: Path) -> None:
    listed = [unit for n in range(40) for unit in units(written(tmp_path, f"{n:02}.py", b"x" * 100))]
    batches = list(read_units(listed, max_bytes=MAX_BYTES, batch_bytes=1000))
    assert [batch.num_rows for batch in batches] == [10] * 4
    assert [row["path"] for batch in batches for row in batch.to_pylist()] == [f"{n:02}.py" for n in range(40)]


LINE = st.one_of(
    st.text(max_size=20).map(lambda text: json.dumps({"content": text}).encode()),
    st.binary(max_size=20).map(lambda raw: raw.replace(b"\n", b"")),
    st.just(b""),
    st.integers(1990, 2100).map(lambda n: json.dumps({"content": "x" * n}).encode()),  # about twice MAX_BYTES
)


@settings(deadline=None, max_examples=60)
@given(st.lists(LINE, max_size=10), st.booleans(), st.lists(st.floats(0, 1), max_size=4))
@example([b"", b"{}", b""], True, [0.5])
@example([json.dumps({"content": "x" * 2100}).encode(), b'{"content": "y"}'], False, [0.1, 0.2, 0.9])
def test_any_cut_of_a_jsonl_file_gives_every_line_once(lines: list[bytes], ends: bool, cuts: list[float]) -> None:
    text = b"\n".join(lines) + (b"\n" if ends else b"")
    assume(text)  # an empty file is told of as such and never read
    starts, at = {}, 0
    for line in text.split(b"\n"):
        if line.strip():
            starts[at] = line
        at += len(line) + 1
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), "set.jsonl", text)
        (whole,) = units(path)
        edges = [0, *sorted(int(cut * len(text)) for cut in cuts), len(text)]
        parts = [whole | {"start": a, "end": b} for a, b in itertools.pairwise(edges)]
        found = rows(parts)
        assert found == rows([whole | {"end": -1}])
        assert [row["source"]["row"] for row in found] == list(starts)
        for row in found:
            assert row["file_id"] == place_id("in/set.jsonl", row=row["source"]["row"])
            assert (row["raw"] is None) == (row["drop_reason"] is not None)
            again = read_again(os.fsencode(path), row["source"], max_bytes=MAX_BYTES)
            assert again == row["raw"]


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
@pytest.mark.parametrize("n_frames", [1, 3])
def test_jsonl_compressed_reads_as_plain_does(suffix: str, n_frames: int, tmp_path: Path) -> None:
    frames = ['{"content": "αβ"}\n', '\n{"content": "c"}\n', '{"content": "d"}']
    frames = frames if n_frames == 3 else ["".join(frames)]
    packers: dict[str, Callable[[bytes], bytes]] = {"": bytes, ".gz": gzip.compress, ".zst": zstandard.compress}
    pack = packers[suffix]
    found = rows(units(written(tmp_path, f"set.jsonl{suffix}", b"".join(pack(one.encode()) for one in frames))))
    assert [(row["raw"].decode(), row["source"]["row"]) for row in found] == [("αβ", 0), ("c", 21), ("d", 38)]


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
@pytest.mark.parametrize("damage", ["cut", "flipped", "no such format"])
def test_a_damaged_archive_is_told_of_and_stops_nothing(suffix: str, damage: str, tmp_path: Path) -> None:
    lines = b"".join(json.dumps({"content": os.urandom(40).hex()}).encode() + b"\n" for _ in range(4000))
    summed = zstandard.ZstdCompressor(write_checksum=True)  # without one some damage cannot be seen
    whole = {".gz": gzip.compress, ".zst": summed.compress}[suffix](lines)
    half = len(whole) // 2
    broken = {
        "cut": whole[:half],
        "flipped": whole[:half] + b"\xa5" * 400 + whole[half + 400 :],
        "no such format": b"?" * 99,
    }
    found = rows(units(written(tmp_path, f"set.jsonl{suffix}", broken[damage])))
    assert "unreadable" in [row["drop_reason"] for row in found]
    assert all(row["drop_text"] for row in found if row["drop_reason"] == "unreadable")


def test_what_data_sets_call_things(tmp_path: Path) -> None:
    stack = {"content": "x", "max_stars_repo_path": "a/b.c", "max_stars_repo_name": "me/it", "max_stars_count": 7}
    stack |= {"max_stars_repo_licenses": ["MIT", None, "Apache-2.0"], "lang": "C"}
    plain = {"text": "y", "path": "", "repo": None, "stars": "12", "license": "MIT", "content": None}
    empty = {"code": ""}
    one, two, three = from_json(tmp_path, *map(json.dumps, (stack, plain, empty)))
    names = ("raw", "path", "repo", "licence", "stars", "claimed_language")
    assert [one[name] for name in names] == [b"x", "a/b.c", "me/it", "Apache-2.0 AND MIT", 7, "C"]
    assert [two[name] for name in names] == [b"y", "", None, "MIT", 12, None]  # what has a path has its language by it
    assert [three[name] for name in names] == [b"", "set.jsonl", None, None, None, None]
    (prose,) = from_json(tmp_path, json.dumps({"text": "Once upon a time.", "url": "https://example.org"}))
    assert (prose["raw"], prose["claimed_language"]) == (b"Once upon a time.", "Text")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "bad_json"),
        ("[1]", "bad_json"),
        ("null", "bad_json"),
        ("\udcff", "bad_json"),
        ("[" * 100_000, "too_large_to_read"),
        ("[" * (2 * MAX_BYTES - 1), "bad_json"),
        ("{}", "no_content"),
        ('{"content": null}', "no_content"),
        ('{"content": "' + "x" * 1001 + '"}', "too_large_to_read"),
        ('{"content": "\\ud800"}', None),  # told of when it is decoded
        ('{"content": 5}', None),
        ('{"content": "x", "stars": Infinity}', None),
        ('{"content": "x", "stars": 1e999}', None),
        ('{"content": "x", "stars": NaN}', None),
        ('{"content": "x", "stars": -1e30}', None),
        ('{"content": "x", "stars": 99999999999}', None),
        ('{"content": "x", "stars": [1]}', None),
        ('{"content": "x", "licenses": ["\\ud800", 5, {"a": 1}]}', None),
        ('{"content": "x", "path": "\\ud800", "repo": {"a": 1}, "lang": 5}', None),
    ],
)
def test_one_bad_line_stops_nothing(line: str, reason: str | None, tmp_path: Path) -> None:
    found = from_json(tmp_path, line, '{"content": "good"}')
    assert [row["drop_reason"] for row in found] == [reason, None]
    assert found[1]["raw"] == b"good"
    assert 0 <= (found[0]["stars"] or 0) < 2**31


def parquet(folder: Path, columns: dict, **options) -> Path:
    path = folder / "set.parquet"
    pq.write_table(pa.table(columns), path, **options)
    return path


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 200), st.integers(1, 90), st.lists(st.integers(0, 200), max_size=4))
def test_any_cut_of_a_parquet_file_gives_every_row_once(n_rows: int, per_group: int, cuts: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = parquet(Path(folder), {"content": [str(n) for n in range(n_rows)]}, row_group_size=per_group)
        listed = units(path)
        edges = sorted({0, n_rows, *(cut for cut in cuts if cut < n_rows)})
        parts = [listed[0] | {"start": a, "end": b} for a, b in itertools.pairwise(edges)]
        for of in (listed, parts):
            found = [(int(row["raw"]), row["source"]["row"]) for row in rows(of)]
            assert found == [(n, n) for n in range(n_rows)]
        assert (
            read_again(os.fsencode(path), SOURCE | {"row": n_rows - 1}, max_bytes=MAX_BYTES) == str(n_rows - 1).encode()
        )


def test_parquet_without_content_and_parquet_that_is_none(tmp_path: Path) -> None:
    (row,) = rows(units(parquet(tmp_path, {"colour": ["red"], "size": [1]})))
    assert (row["drop_reason"], row["drop_text"]) == ("no_content_column", "it has colour, size")
    (row,) = rows(units(written(tmp_path, "b.parquet", b"PAR1 and no more")))
    assert row["drop_reason"] == "unreadable"
    path = parquet(tmp_path, {"content": [os.urandom(300).hex() for _ in range(300)]}, row_group_size=100)
    listed = units(path)
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) // 3] + b"\xa5" * 40_000 + raw[len(raw) // 3 + 40_000 :])
    assert "unreadable" in [row["drop_reason"] for row in rows(listed)]


def test_read_again(tmp_path: Path) -> None:
    path = written(tmp_path, "a.py", b"text")
    assert read_again(os.fsencode(path), SOURCE, max_bytes=MAX_BYTES) == b"text"
    path.unlink()
    assert read_again(os.fsencode(path), SOURCE, max_bytes=MAX_BYTES) is None


PLACE = st.tuples(
    st.text(), st.none() | st.text(min_size=1), st.none() | st.integers(0), st.none() | st.text(min_size=1)
)


@given(PLACE, PLACE)
@example(("a1", None, 1, None), ("a", "1", 1, None))
@example(("1:a", None, None, None), ("", "a", None, None))
def test_places_that_differ_have_ids_that_differ(one: tuple, other: tuple) -> None:
    assert (place_id(*one) == place_id(*other)) == (one == other)
    assert len(place_id(*one)) == 32
