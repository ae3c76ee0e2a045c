"""Commits of made repositories: what is taken, what is left out and why, and that nothing of a file is lost."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pygit2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygit2.enums import FileMode
from typer.testing import CliRunner

from curate.cli_history import commits as commits_command
from curate.errors import RunFailed, WrongUse
from curate.history.commit_rules import CommitRules, without_trailers
from curate.history.commits import _lines, commits_of, n_commits
from curate.history.people import is_program
from curate.history.write_commits import repositories_below, write_commits
from train.renderers.commits import parsed, sides

ALL = CommitRules(short_rate=1, small_rate=1, large_rate=1, data_rate=1)
_PERSON = pygit2.Signature("Ann Example", "ann@example.org", 1_600_000_000, 0)

Files = dict[str, "bytes | tuple[bytes, FileMode]"]


def written(repository: pygit2.Repository, files: Files) -> pygit2.Oid:
    index = pygit2.Index()
    for path, held in files.items():
        data, mode = held if isinstance(held, tuple) else (held, FileMode.BLOB)
        index.add(pygit2.IndexEntry(path, repository.create_blob(data), mode))
    return index.write_tree(repository)


def history(folder: Path, *steps: tuple[str, Files], author: pygit2.Signature = _PERSON) -> pygit2.Repository:
    """A bare repository with a commit for each message and its files."""
    repository = pygit2.init_repository(folder, bare=True, initial_head="main")
    for message, files in steps:
        parents = [] if repository.head_is_unborn else [repository.head.target]
        repository.create_commit("refs/heads/main", author, author, message, written(repository, files), parents)
    return repository


def taken(repository: pygit2.Repository, rules: CommitRules = ALL) -> tuple[list[str], Counter[str]]:
    counts: Counter[str] = Counter()
    return [one.text for one in commits_of(repository, repository.head.target, rules, counts)], counts


def test_a_commit_is_its_message_and_all_lines_of_its_files(tmp_path: Path) -> None:
    old, new = b"a\nb\nc", b"a\nB\nc\nd\n"
    repository = history(
        tmp_path / "r",
        (
            "Begin with a file\n\nWhy it is there.\ndiff --git a/x b/x\n\nSigned-off-by: Ann <ann@example.org>\n",
            {"x.py": old},
        ),
        ("Change what it says", {"x.py": new}),
    )
    texts, counts = taken(repository)
    assert counts == {"taken": 2}
    last, first = map(parsed, texts)
    assert last is not None
    assert first is not None
    assert first.message == "Begin with a file\n\nWhy it is there.\ndiff --git a/x b/x"
    assert (first.changes[0].old_path, first.changes[0].new_path) == (None, "x.py")
    assert sides(first.changes[0].lines, None) == ("", old.decode())
    assert sides(last.changes[0].lines, None) == (old.decode(), new.decode())
    assert "Ann" not in "".join(texts)
    assert texts[0].startswith(
        f"commit {repository.head.target}\n\n    Change what it says\n\ndiff --git a/x.py b/x.py\n"
    )


lines = st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=3), max_size=8)


@given(before=lines, after=lines, ends=st.sampled_from(["", "\n"]))
def test_every_text_is_read_again_as_it_was(before: list[str], after: list[str], ends: str) -> None:
    old, new = "\n".join(before), "\n".join(after) + ends
    body = "".join(_lines(old, new))
    text = f"commit abcd\n\n    Why\n\ndiff --git a/f b/f\n--- a/f\n+++ b/f\n{body}"
    found = parsed(text)
    assert found is not None
    assert sides(found.changes[0].lines, None) == (old, new)


def test_renames_and_removals_are_told(tmp_path: Path) -> None:
    body = b"".join(b"line %d\n" % number for number in range(30))
    repository = history(
        tmp_path / "r",
        ("Two files come in", {"a.py": body, "b.py": b"gone soon\n"}),
        ("Move one and drop the other", {"lib/a.py": body.replace(b"line 3\n", b"line three\n")}),
    )
    texts, _ = taken(repository)
    found = parsed(texts[0])
    assert found is not None
    assert [(one.old_path, one.new_path) for one in found.changes] == [("b.py", None), ("a.py", "lib/a.py")]


@pytest.mark.parametrize(
    ("why", "message", "files"),
    [
        ("no_message", "\n\n", {"a.py": b"1\n"}),
        ("empty_message", "update", {"a.py": b"1\n"}),
        ("empty_message", "Update README", {"a.py": b"1\n"}),
        ("automatic_message", "Merge branch 'x' into y", {"a.py": b"1\n"}),
        ("automatic_message", "Bump v1.2.3 everywhere", {"a.py": b"1\n"}),
        ("no_words", "0123456789abcdef0123456789abcdef01234567 and", {"a.py": b"1\n"}),
        ("too_many_files", "Sweep through all files", {f"{number}.py": b"1\n" for number in range(20)}),
        ("too_many_files", "Sweep through nine files", {f"{number}.py": b"1\n" for number in range(9)}),
        ("too_large", "Add a long file here", {"a.py": b"x = 1\n" * 20_000}),
        ("binary", "Add a picture of it", {"a.bin": b"\x89PNG\r\n\0\0\0"}),
        ("generated_or_vendored", "Bring in a package", {"node_modules/a/index.js": b"1\n"}),
        ("link_or_submodule", "Add a link to it", {"a": (b"b", FileMode.LINK)}),
    ],
)
def test_what_teaches_nothing_is_left_out(tmp_path: Path, why: str, message: str, files: Files) -> None:
    texts, counts = taken(history(tmp_path / "r", (message, files)))
    assert (texts, counts) == ([], {why: 1})


def test_merges_and_programs_are_left_out(tmp_path: Path) -> None:
    repository = history(tmp_path / "r", ("A first commit of a file", {"a.py": b"1\n"}))
    head = repository.head.target
    tree = repository[head].peel(pygit2.Tree).id
    side = repository.create_commit(None, _PERSON, _PERSON, "On the side of it", tree, [head])
    repository.create_commit("refs/heads/main", _PERSON, _PERSON, "Both of them here", tree, [head, side])
    assert taken(repository)[1] == {"merge": 1, "no_change": 1, "taken": 1}
    robot = pygit2.Signature("dependabot[bot]", "x@example.org", 0, 0)
    assert taken(history(tmp_path / "s", ("Bump it up a little", {"a.py": b"1\n"}), author=robot))[1] == {"program": 1}
    assert not is_program("Ann Talbot")


def test_rates_are_chances_of_a_seed(tmp_path: Path) -> None:
    steps: list[tuple[str, Files]] = [
        (f"Set the number to {number}", {"a.json": b"%d\n" % number}) for number in range(200)
    ]
    repository = history(tmp_path / "r", *steps)
    texts, counts = taken(repository, CommitRules(data_rate=0.5, small_rate=1))
    assert counts["data_files"] == pytest.approx(100, abs=25)
    assert texts == taken(repository, CommitRules(data_rate=0.5, small_rate=1))[0]
    assert texts != taken(repository, CommitRules(data_rate=0.5, small_rate=1, seed=1))[0]


def test_a_damaged_history_is_counted(tmp_path: Path) -> None:
    repository = history(
        tmp_path / "r", ("A first commit of a file", {"a.py": b"1\n"}), ("A second one of it", {"a.py": b"2\n"})
    )
    blob = str(repository[repository.head.target].peel(pygit2.Tree)["a.py"].id)
    Path(repository.path, "objects", blob[:2], blob[2:]).unlink()
    assert taken(pygit2.Repository(repository.path))[1] == {"unreadable": 1, "taken": 1}


def test_trailers_go() -> None:
    assert (
        without_trailers("Fix it\r\n\r\nBody: stays\n\nReviewed-by: A <a@b.c>\nChange-Id: I1\n")
        == "Fix it\n\nBody: stays"
    )


def test_a_data_set_of_several_repositories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curate.history.write_commits.PACK_COMMITS", 3)
    for name in ("one", "two"):
        steps: list[tuple[str, Files]] = [
            (
                f"Step {number} of {name} is here",
                {"LICENSE": b"SPDX-License-Identifier: MIT\n", "a.py": b"%d\n" % number},
            )
            for number in range(4)
        ]
        history(tmp_path / "mirror" / f"{name}.git", *steps)
    (tmp_path / "mirror" / "broken.git" / "objects").mkdir(parents=True)
    (tmp_path / "mirror" / "broken.git" / "refs").mkdir()
    (tmp_path / "mirror" / "broken.git" / "HEAD").write_text("ref: refs/heads/main\n")
    out = tmp_path / "out"
    counts = write_commits([tmp_path / "mirror"], out, ALL)
    assert counts == {"taken": 8, "repositories": 3, "broken_repositories": 1}
    told = json.loads((out / "commits.json").read_text())
    assert told["counts"]["taken"] == 8
    rows = [row for name in told["files"] for row in pq.read_table(out / name).to_pylist()]
    assert Counter(row["repo_name"] for row in rows) == {"one": 4, "two": 4}
    assert {row["license"] for row in rows} == {"MIT"}
    assert {(row["language"], row["path"].partition("/")[0]) for row in rows} == {("Diff", "commits")}
    with pytest.raises(WrongUse, match="--fresh"):
        write_commits([tmp_path / "mirror"], out, ALL)


def test_an_interrupted_data_set_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curate.history.write_commits.PACK_COMMITS", 2)
    history(tmp_path / "r", *((f"Step {number} is made here", {"a.py": b"%d\n" % number}) for number in range(6)))
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    counts = write_commits([tmp_path / "r"], whole, ALL)

    def stop(text: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_commits([tmp_path / "r"], broken, ALL, say=stop)
    assert [path.name for path in broken.iterdir()] == ["00000.parquet"]
    before = (broken / "00000.parquet").stat().st_mtime_ns
    assert write_commits([tmp_path / "r"], broken, ALL) == counts
    assert (broken / "00000.parquet").stat().st_mtime_ns == before
    for path in whole.iterdir():
        assert path.read_bytes() == (broken / path.name).read_bytes()
    write_commits([tmp_path / "r"], broken, CommitRules(small_rate=0.2, seed=3, short_rate=1), fresh=True)
    assert (broken / "00000.parquet").stat().st_mtime_ns != before, "other rules are another data set"


def test_shares_are_all_repositories_once(tmp_path: Path) -> None:
    for number in range(6):
        history(tmp_path / "mirror" / f"{number}", ("A first commit of a file", {"a.py": b"%d\n" % number}))
    inputs = [tmp_path / "mirror"]
    found = [write_commits(inputs, tmp_path / f"out{share}", ALL, part=(share, 2)) for share in (0, 1)]
    assert [counts["taken"] for counts in found] == [3, 3]
    names = [
        name
        for share in (0, 1)
        for name in pq.read_table(tmp_path / f"out{share}/00000.parquet")["repo_name"].to_pylist()
    ]
    assert sorted(names) == [str(number) for number in range(6)]


def test_wrong_inputs_are_told(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="is no folder"):
        repositories_below([tmp_path / "none"])
    with pytest.raises(WrongUse, match="there is no git repository"):
        repositories_below([tmp_path])
    repository = history(tmp_path / "r", ("update", {"a.py": b"1\n"}))
    assert n_commits(repository, repository.head.target) == 1
    with pytest.raises(RunFailed, match="no commit was taken"):
        write_commits([tmp_path / "r"], tmp_path / "out", ALL)
    assert repositories_below([f"{tmp_path / 'r'}@main"]) == [(str(tmp_path / "r"), "main")]


def test_the_command(tmp_path: Path) -> None:
    import typer

    app = typer.Typer()
    app.command()(commits_command)
    history(tmp_path / "r", ("A first commit of a file", {"a.py": b"1\n2\n3\n"}), ("merge", {"a.py": b""}))
    words = [str(tmp_path / "r"), "--out", str(tmp_path / "out"), "--set", "short_rate=1"]
    ended = CliRunner().invoke(app, words, catch_exceptions=False)
    assert ended.exit_code == 0
    assert ended.stdout.startswith("taken 1: ")
    for wrong in (["--part", "3/2"], ["--set", "max_files=no"], ["--set", "nothing=1"], ["--set", "x"]):
        with pytest.raises(WrongUse, match=r"--part|--set"):
            CliRunner().invoke(app, [*words, *wrong], catch_exceptions=False)
