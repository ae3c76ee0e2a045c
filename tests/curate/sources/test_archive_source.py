"""Archives: every member is a document or told of; nothing that an archive holds writes, runs away or stops a run."""

from __future__ import annotations

import os
import random
import zipfile
from pathlib import Path

import made_archives
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_archives import Expected

from curate import inputs
from curate.again import location_of, read_again
from curate.readers import read_units
from curate.sources import archives, members
from curate.sources.raw import RAW

MAX_BYTES = 65_536
GOOD = list(made_archives._good())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Expected]:
    """Read only."""
    return made_archives.make(tmp_path_factory.mktemp("archives"))


@pytest.fixture(autouse=True)
def _small_bombs(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an archive may hold, here: 20 MB."""
    monkeypatch.setattr(members, "MIN_BOMB_BYTES", 20 << 20)


def units_of(path: Path) -> list[dict]:
    _, units = inputs.starts(inputs.resolve([path]), 1_000)
    return units


def rows_of(units: list[dict]) -> list[dict]:
    batches = list(read_units(units, max_bytes=MAX_BYTES, batch_bytes=1 << 20))
    assert all(batch.schema == RAW for batch in batches)
    return [row for batch in batches for row in batch.to_pylist()]


def test_of_every_archive_all_is_read_or_told_of(made: list[Expected]) -> None:
    assert len(made) > 35
    for one in made:
        rows = rows_of(units_of(one.path))
        told = [(row["source"]["member"], row["drop_reason"]) for row in rows if row["drop_reason"]]
        assert {row["source"]["member"]: row["raw"] for row in rows if not row["drop_reason"]} == one.files, one.path
        assert sorted(told, key=str) == sorted(one.told, key=str), (one.path, rows)
        assert len({row["file_id"] for row in rows}) == len(rows) == len(one.files) + len(one.told)
        for row in rows:
            assert row["source"]["uri"] == one.path.name
            assert row["path"] == (row["source"]["member"] or one.path.name)
            silent = row["drop_reason"] in (None, "encrypted", "duplicate_member")
            assert silent or row["drop_text"] or row["drop_limit"] or one.path.stat().st_size == 0, row


def test_in_a_folder_archives_are_plain_files(made: list[Expected]) -> None:
    units = units_of(made[0].path.parent)
    assert {unit["kind"] for unit in units} == {"file"}
    assert len(units) == len(made)


def test_any_cut_of_a_zip_gives_every_member_once(made: list[Expected], monkeypatch: pytest.MonkeyPatch) -> None:
    for one in made:
        if one.path.suffix in (".zip", ".whl"):
            whole = rows_of(units_of(one.path))
            for n_bytes in (1, 4):
                monkeypatch.setattr(archives, "RANGE_BYTES", n_bytes)
                units = units_of(one.path)
                assert rows_of(units) == whole
            monkeypatch.undo()
            monkeypatch.setattr(members, "MIN_BOMB_BYTES", 20 << 20)
    assert len(units) > 0


def test_too_many_members(made: list[Expected], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "MOST_MEMBERS", 2)
    monkeypatch.setattr(archives, "MOST_MEMBERS", 2)
    for name in ("good.tar.gz", "good.zip"):
        one = next(one for one in made if one.path.name == name)
        row = rows_of(units_of(one.path))[-1]
        assert row["drop_reason"] == "too_many_files"
        assert row["drop_limit"] == 2 or "against the limit 2" in row["drop_text"]  # a zip is refused when it is listed


def test_read_again_finds_every_member(made: list[Expected]) -> None:
    for one in made:
        roots = [vars(root) for root in inputs.resolve([one.path])]
        for row in rows_of(units_of(one.path)):
            location = location_of(roots, row["source"]["uri"])
            assert location == os.fsencode(one.path)
            if not row["drop_reason"]:
                assert read_again(location, row["source"], max_bytes=MAX_BYTES) == row["raw"]
    gone = {"uri": "gone.zip", "member": "a.py", "row": None, "revision": None}
    assert read_again(b"/nowhere/gone.zip", gone, max_bytes=MAX_BYTES) is None


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 10**9))
def test_no_damage_makes_a_reader_raise(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    """Bytes changed, cut out and put in, in any archive: rows come, with ids of their own, and no exception."""
    rng = random.Random(seed)
    name, content, _ = rng.choice(GOOD)
    raw = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(raw))
        length = rng.choice([1, 1, 4, 30])
        raw[at : at + length] = rng.choice([rng.randbytes(length), b"", rng.randbytes(2 * length), b"\xff" * length])
        raw = raw or bytearray(b"x")
    path = tmp_path_factory.mktemp("fuzz") / name
    path.write_bytes(raw)
    rows = rows_of(units_of(path))
    assert rows
    assert len({row["file_id"] for row in rows}) == len(rows)


@pytest.mark.parametrize("suffix", [".gz", ".zst", ".bz2", ".xz"])
def test_what_lies_before_a_cut_is_read(suffix: str, tmp_path: Path) -> None:
    rng = random.Random(1)
    files = {f"{number:03}.bin": rng.randbytes(4_000) for number in range(450)}
    packed = made_archives.PACKERS[suffix](made_archives.tar_of(files.items()))
    path = tmp_path / f"cut.tar{suffix}"
    path.write_bytes(packed[: len(packed) * 2 // 3])
    *rows, last = rows_of(units_of(path))
    assert all(row["raw"] == files[row["path"]] for row in rows)
    assert len(rows) > 30
    assert (last["drop_reason"], last["source"]["member"]) == ("unreadable", None)
    assert last["drop_text"].startswith(f"after {len(rows) + 1} members: ")


def test_a_name_that_is_utf8_wins_over_an_old_code_page() -> None:
    info = zipfile.ZipInfo("x")
    info.orig_filename, info.flag_bits = "r\u00e9sum\u00e9.py", 0
    assert archives._zip_name(info) == "r\u00e9sum\u00e9.py"  # cp437, as the format says
