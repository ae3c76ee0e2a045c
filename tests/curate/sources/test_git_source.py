"""Git repositories: every entry of a revision is a document or told of, whatever the repository has gone through."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

import git_repositories
import pyarrow as pa
import pygit2
import pytest
from git_repositories import COMMITTED_AT, Expected, commit, loose, source, start, write_tree
from pygit2.enums import FileMode, ObjectType

from curate import inputs
from curate.again import location_of, read_again
from curate.errors import WrongUse
from curate.narrow import NarrowPass, count_units, work_schema
from curate.readers import read_units
from curate.sources import git
from curate.sources.raw import place_id
from curate.sources.unit import UNIT
from curate.stages.read import Read

MAX_BYTES = 2_000_000


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> list[Expected]:
    """Read only."""
    return git_repositories.make(tmp_path_factory.mktemp("git") / "mirror")


def units_of(*given: str) -> list[dict]:
    folders, units = inputs.starts(inputs.resolve(given), 1_000)
    return units + [unit for folder in folders for unit in inputs.walk(folder)]


def rows_of(units: list[dict]) -> list[dict]:
    batches = read_units(units, max_bytes=MAX_BYTES, batch_bytes=1 << 20)
    return [row for batch in batches for row in batch.to_pylist()]


def named(one: Expected) -> str:
    return f"{one.folder}@{one.revision}" if one.revision else str(one.folder)


def test_of_every_repository_all_is_read_or_told_of(repositories: list[Expected]) -> None:
    assert len(repositories) >= 20
    for one in repositories:
        units = units_of(named(one))
        rows = rows_of(units)
        assert {row["path"]: row["raw"] for row in rows if row["drop_reason"] is None} == one.files, one.folder
        told = {row["source"]["member"]: row["drop_reason"] for row in rows if row["drop_reason"]}
        assert told == one.told, (one.folder, rows)
        assert len(rows) == len(one.files) + len(one.told)
        entries = sum(unit["end"] - unit["start"] for unit in units if unit["kind"] == "git")
        assert entries == len(rows) - (None in told)
        for row in rows:
            place = row["source"]
            assert place["uri"] == one.folder.name
            assert row["file_id"] == place_id(place["uri"], place["member"], None, place["revision"])
            if place["member"] is not None:
                assert row["repo"] == one.name
                assert row["committed_at"] == datetime.datetime.fromtimestamp(COMMITTED_AT, datetime.UTC)
            if row["drop_reason"]:
                assert row["drop_text"] or row["drop_value"]


def test_all_at_once_by_a_glob_is_the_same_rows(repositories: list[Expected]) -> None:
    """One pattern for a whole mirror; a tagged one is read at HEAD here."""
    mirror = repositories[0].folder.parent
    rows = rows_of(units_of(f"{mirror}/*"))
    alone = [row for one in repositories for row in rows_of(units_of(str(one.folder)))]
    assert sorted(row["file_id"] for row in rows) == sorted(row["file_id"] for row in alone)


def test_any_cut_of_a_tree_gives_every_entry_once(
    repositories: list[Expected], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = next(one for one in repositories if one.name == "packed")
    whole = rows_of(units_of(str(one.folder)))
    for n_entries, n_bytes in ((1, 1 << 20), (7, 1 << 20), (100, 50)):
        monkeypatch.setattr(git, "RANGE_ENTRIES", n_entries)
        monkeypatch.setattr(git, "RANGE_BYTES", n_bytes)
        units = units_of(str(one.folder))
        assert len(units) >= 6
        assert rows_of(units[::-1]) != whole
        assert rows_of(units) == whole


def test_what_the_driver_hands_out_is_listed_by_tasks(repositories: list[Expected]) -> None:
    roots = inputs.resolve([named(one) for one in repositories])
    whole = sorted((unit["uri"], unit["start"]) for unit in units_of(*map(named, repositories)))
    for most in (0, 1, 150, 10_000):
        folders, units = inputs.starts(roots, most)
        assert bool(folders) == (most < 10_000)
        units += [unit for folder in folders for unit in inputs.walk(folder)]
        assert sorted((unit["uri"], unit["start"]) for unit in units) == whole
        assert all(set(unit) == {field.name for field in UNIT} for unit in units)


def test_a_bare_repository_in_a_folder_is_read_and_a_working_tree_is_files(tmp_path: Path) -> None:
    commit(start(tmp_path / "mirror" / "owner", "tool.git", bare=True), {"a.py": source(1)})
    tree = start(tmp_path / "mirror", "checkout")
    commit(tree, {"a.py": source(2)})
    (tmp_path / "mirror" / "checkout" / "b.py").write_bytes(source(3))
    rows = rows_of(units_of(str(tmp_path / "mirror")))
    found = {(row["source"]["uri"], row["source"]["member"]): (row["repo"], row["drop_reason"]) for row in rows}
    assert found == {
        ("mirror/owner/tool.git", "a.py"): ("mirror/owner/tool", None),
        ("mirror/checkout/b.py", None): (None, None),
        ("mirror/checkout/.git", None): (None, "version_control"),
    }
    beside = rows_of(units_of(f"{tmp_path / 'mirror' / 'checkout'}@"))  # its files instead of its HEAD
    assert {row["path"]: row["drop_reason"] for row in beside} == {"b.py": None, ".git": "version_control"}


def test_revisions_that_an_input_may_name(tmp_path: Path) -> None:
    repository = start(tmp_path, "odd@name")
    first = commit(repository, {"a.py": source(1)})
    second = commit(repository, {"b.py": source(2)}, first)
    repository.create_tag("v@1", first, ObjectType.COMMIT, git_repositories._WHO, "one")
    tree = repository[first].tree_id
    place = str(tmp_path / "odd@name")
    for revision, path in (
        ("", "b.py"),
        ("@v@1", "a.py"),
        (f"@{first}", "a.py"),
        ("@main~1", "a.py"),
        (f"@{tree}", "a.py"),
    ):
        (row,) = rows_of(units_of(place + revision))
        assert row["path"] == path
        assert row["source"]["revision"] in {str(first), str(second), str(tree)}
        assert (row["committed_at"] is None) == (revision == f"@{tree}")
    (row,) = rows_of(units_of(f"{place}@v2"))
    assert (row["drop_reason"], row["drop_text"]) == ("no_revision", "'v2' names nothing ('v2'); there are main")
    (tmp_path / "plain").mkdir()
    with pytest.raises(WrongUse, match="plain is no git repository, and has no revision 'v1'"):
        inputs.resolve([f"{tmp_path / 'plain'}@v1"])
    with pytest.raises(WrongUse, match="both as a repository and as a folder"):
        inputs.resolve([place, f"{place}@"])


def test_a_tree_that_names_itself_over_and_over_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten levels of ten times the same folder: 10^10 files in a kilobyte."""
    repository = start(tmp_path, "bomb")
    tree = git_repositories.write_tree(repository, {"a.py": source(1)})
    for _ in range(10):
        tree = git_repositories.write_tree(repository, {str(number): tree for number in range(10)})
    commit(repository, tree)
    monkeypatch.setattr(git, "MOST_ENTRIES", 20_000)
    (unit,) = units_of(str(tmp_path / "bomb"))
    assert unit["refused"] == "too_many_files"


def test_a_repository_that_goes_away_counts_for_all_that_was_listed(tmp_path: Path) -> None:
    repository = start(tmp_path, "gone")
    commit(repository, {f"{number}.py": source(number) for number in range(5)})
    (unit,) = units_of(str(tmp_path / "gone"))
    Path(repository.path, "HEAD").unlink()
    git._on_disk.cache_clear()  # workers read, not the process that listed
    (row,) = rows_of([unit])
    assert (row["drop_reason"], row["drop_value"]) == ("unreadable", 5)
    narrow = NarrowPass(read=Read(), stages=(), schema=work_schema({}))
    (batch,) = narrow(iter([pa.RecordBatch.from_pylist([{"bytes": 0, "units": [unit]}], schema=inputs.PACKS)]))
    assert count_units(batch) == {"git": 5}


def test_read_again_finds_every_blob(repositories: list[Expected]) -> None:
    for one in repositories:
        roots = [vars(root) for root in inputs.resolve([named(one)])]
        for row in rows_of(units_of(named(one))):
            location = location_of(roots, row["source"]["uri"])
            assert location == os.fsencode(one.folder)
            if row["drop_reason"] in (None, "missing_object", "unreadable", "too_large_to_read"):
                assert read_again(location, row["source"], max_bytes=MAX_BYTES) == row["raw"]


def test_the_ids_do_not_look_alike(repositories: list[Expected]) -> None:
    rows = [row for one in repositories for row in rows_of(units_of(named(one)))]
    assert len({row["file_id"] for row in rows}) == len(rows) > 80
    assert pygit2.Oid(hex=rows[0]["source"]["revision"])


def test_a_repository_of_many_packs_does_not_take_all_descriptors(tmp_path: Path) -> None:
    """libgit2 leaves every pack open that it has read from, and a process of 1,024 files dies of 1,024 packs."""
    repository = start(tmp_path, "many.git", bare=True)
    n_packs = git.MOST_PACKS_OPEN + 100
    blobs = {f"f{number}.py": repository.create_blob(source(number)) for number in range(n_packs)}
    tree = write_tree(repository, {name: (blob, FileMode.BLOB) for name, blob in blobs.items()})
    commit(repository, tree)
    for blob in blobs.values():
        pack = pygit2.PackBuilder(repository)
        pack.add(blob)
        pack.write(str(tmp_path / "many.git" / "objects" / "pack"))
        loose(repository, blob).unlink()
    n_before = len(os.listdir("/proc/self/fd"))
    rows = rows_of(units_of(str(tmp_path / "many.git")))
    assert {row["path"]: row["raw"] for row in rows} == {f"f{n}.py": source(n) for n in range(n_packs)}
    assert len(os.listdir("/proc/self/fd")) - n_before < git.MOST_PACKS_OPEN + 50
