"""Repositories behind URLs: the rows of the same ones on a disk, from copies that leave nothing behind."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import git_repositories
import pytest
from git_repositories import Expected
from s3_server import BUCKET, serving

from curate import inputs
from curate.again import location_of, read_again
from curate.errors import RunFailed, WrongUse
from curate.readers import read_units
from curate.sources import copied, git

MAX_BYTES = 2_000_000
UNLIKE = {"alternates", "gitfile", "unborn", "sha256", "bad_config"}
"""Their objects lie elsewhere, or there are none, and no server of objects has an empty folder."""


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> list[Expected]:
    """Read only."""
    return git_repositories.make(tmp_path_factory.mktemp("git") / "mirror")


@pytest.fixture(scope="module")
def bucket(repositories: list[Expected]) -> Iterator[tuple[str, Any]]:
    """The same on a server that speaks S3, and one that names files outside of itself."""
    with serving(repositories[0].folder.parent, "mirror") as (url, client):
        for key in ("objects/../../../../escaped", "objects/info/alternates", "hooks/post-checkout", "index"):
            client.put_object(Bucket=BUCKET, Key=f"mirror/bare.git/{key}", Body=b"/etc")
        yield f"{url}/mirror", client


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where copies are made; at the end none of them is left, there or beside it."""
    folder = tmp_path / "scratch" / "a" / "b" / "c" / "d"
    folder.mkdir(parents=True)
    monkeypatch.setenv("SPARK_LOCAL_DIRS", f"{folder},{tmp_path / 'no such disk'}")
    yield folder
    assert [path for path in (tmp_path / "scratch").rglob("*") if path.is_file()] == []
    assert list(folder.iterdir()) == []


def units_of(given: str, most: int = 1 << 20) -> list[dict]:
    folders, units = inputs.starts(inputs.resolve([given]), most)
    return units + [unit for folder in folders for unit in inputs.walk(folder)]


def rows_of(given: str) -> list[dict]:
    batches = read_units(units_of(given), max_bytes=MAX_BYTES, batch_bytes=1 << 20)
    return sorted((row for batch in batches for row in batch.to_pylist()), key=lambda row: row["file_id"])


def test_each_gives_the_rows_of_the_disk(repositories: list[Expected], bucket: tuple[str, Any], scratch: Path) -> None:
    alike = [one for one in repositories if one.folder.name not in UNLIKE]
    assert len(alike) >= 17
    for one in alike:
        at = f"@{one.revision}" if one.revision else ""
        found = rows_of(f"{bucket[0]}/{one.folder.name}{at}")
        assert found == rows_of(f"{one.folder}{at}"), one.folder.name
        assert str(scratch) not in str(found)
        roots = [vars(root) for root in inputs.resolve([f"{bucket[0]}/{one.folder.name}{at}"])]
        row = found[0]
        if row["raw"] is not None:
            location = location_of(roots, row["source"]["uri"])
            assert location is not None
            assert read_again(location, row["source"], max_bytes=MAX_BYTES) == row["raw"]


def test_objects_are_not_borrowed_from_this_machine(bucket: tuple[str, Any], scratch: Path) -> None:
    (row,) = rows_of(f"{bucket[0]}/alternates")
    assert row["drop_reason"] == "no_revision"  # main names what only the lender has
    assert str(scratch) not in row["drop_text"]


def test_a_folder_of_them_is_listed_by_tasks(repositories: list[Expected], bucket: tuple[str, Any]) -> None:
    """Bare ones are found in a folder; only few are copied before tasks begin."""
    whole = rows_of(f"{bucket[0]}/*.git")
    assert whole == rows_of(f"{repositories[0].folder.parent}/*.git")
    folders, units = inputs.starts(inputs.resolve([bucket[0]]), 10)
    waiting = [folder.uri for folder in folders if folder.is_repository]
    assert "mirror/packed.git" in waiting
    assert not [unit for unit in units if unit["kind"] == "git"]
    inside = [row["source"]["uri"] for row in rows_of(bucket[0]) if row["source"]["revision"]]
    assert set(inside) == {"mirror/bare.git", "mirror/packed.git", "mirror/scp.git"}


def test_one_copy_at_a_time_while_it_is_read(bucket: tuple[str, Any], scratch: Path) -> None:
    units = units_of(f"{bucket[0]}/packed.git") + units_of(f"{bucket[0]}/bare.git")
    seen = []
    for unit in units:
        for _ in git.read_git(unit, MAX_BYTES):
            (place,) = scratch.iterdir()
            seen.append(place.name)
            assert {path.name for path in place.iterdir()} <= {"HEAD", "config", "packed-refs", "refs", "objects"}
            assert not (place / "objects" / "info" / "alternates").exists()
    assert len(set(seen)) == len(units) == 2


@pytest.mark.usefixtures("scratch")
def test_a_range_is_no_smaller_than_its_copy(
    repositories: list[Expected], bucket: tuple[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    on_disk = next(one for one in repositories if one.name == "packed")
    monkeypatch.setattr(git, "RANGE_BYTES", 500)
    assert len(units_of(str(on_disk.folder))) > 1
    (unit,) = units_of(f"{bucket[0]}/packed.git")
    assert unit["end"] == 40


def test_what_is_not_copied(bucket: tuple[str, Any], scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"{bucket[0]}/packed.git"
    (unit,) = units_of(url)
    monkeypatch.setattr(copied, "MOST_BYTES", 100)
    (row,) = rows_of(url)
    assert row["drop_reason"] == "too_large_to_copy"
    (row,) = git.read_git(unit, MAX_BYTES)  # it grew since it was listed
    assert (row["drop_reason"], row["drop_value"]) == ("unreadable", 40)
    monkeypatch.undo()
    monkeypatch.setenv("SPARK_LOCAL_DIRS", str(scratch))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1 << 20))
    with pytest.raises(RunFailed, match=r"packed\.git needs \d+ bytes for a copy: No space left .*/d;"):
        units_of(url)


def test_a_copy_that_is_not_what_was_listed(
    bucket: tuple[str, Any], scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, client = bucket
    (unit,) = units_of(f"{url}/plain")
    listed = copied._wanted

    def then_it_changes(source: bytes) -> dict[str, int]:
        found = listed(source)
        client.put_object(Bucket=BUCKET, Key="mirror/plain/.git/HEAD", Body=b"ref: refs/heads/another\n")
        return found

    monkeypatch.setattr(copied, "_wanted", then_it_changes)
    (row,) = git.read_git(unit, MAX_BYTES)
    assert (row["drop_reason"], row["drop_value"]) == ("unreadable", 3)
    assert row["drop_text"] == "it changed while it was copied: HEAD has 24 bytes, and had 21"
    client.delete_object(Bucket=BUCKET, Key="mirror/plain/.git/HEAD")
    (row,) = git.read_git(unit, MAX_BYTES)
    assert (row["drop_text"], row["drop_value"]) == ("it is no git repository any more", 3)


def test_revisions_behind_urls(bucket: tuple[str, Any]) -> None:
    with pytest.raises(WrongUse, match="is no git repository, and has no revision 'v1'"):
        inputs.resolve([f"{bucket[0]}/gitfile@v1"])
    with pytest.raises(WrongUse, match="Protocol not known: s9"):
        inputs.resolve(["s9://user@host/repo@v1"])
    (root,) = inputs.resolve([f"{bucket[0]}/history@side~1"])
    assert (root.is_repository, root.revision, root.label) == (True, "side~1", "history")
    (root,) = inputs.resolve([f"{bucket[0]}/history@"])
    assert not root.is_repository
