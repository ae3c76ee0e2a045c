"""The plan of labelled files: what its rows may say, and which of them decides."""

from __future__ import annotations

import io
import sys
import tarfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import languages_gather
from languages_gather import NO_EXTENSION, Row, is_held_back, label, labelled_files, plan

from analyzers.languages import AMBIGUOUS, BY_NAME

PLAN = [row for rows in plan().values() for row in rows]


def row(extension: str, path: str, language: str) -> Row:
    return Row(client="src", package="ring", version="", extension=extension, path=path, language=language)


ROWS = [
    row(".h", "*/lua/*", ""),
    row(".h", "*/objc/*", "Objective-C"),
    row(".h", "*", "C"),
    row(NO_EXTENSION, "*", "Shell"),
]


def test_a_row_names_an_ambiguous_extension_and_one_of_its_claimants() -> None:
    for one in PLAN:
        assert one.client in {"apt", "npm", "pip", "src"}
        assert bool(one.version) == (one.client in {"npm", "pip"}), f"{one.package}: pinned where versions are kept"
        assert one.language in {"", *AMBIGUOUS.get(one.extension, (*BY_NAME, "Unknown"))}
        assert one.extension in {*AMBIGUOUS, NO_EXTENSION}


def test_no_row_is_there_twice() -> None:
    assert len(set(PLAN)) == len(PLAN)


def test_both_halves_are_there() -> None:
    halves = [is_held_back(package) for package in {one.package for one in PLAN}]
    assert 0.4 < sum(halves) / len(halves) < 0.6


@pytest.mark.parametrize(
    ("path", "language"),
    [("a/lua/x.h", None), ("a/objc/x.h", "Objective-C"), ("a/x.h", "C"), ("a/X.H", None), ("a/x", "Shell")],
)
def test_the_first_row_that_fits_decides(path: str, language: str | None) -> None:
    assert label(ROWS, path) == language


def archive(folder: Path, names: list[str]) -> Path:
    path = folder / "ring.orig.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = len(name)
            tar.addfile(member, io.BytesIO(name.encode()))
    return path


def test_no_package_speaks_for_a_language(tmp_path: Path) -> None:
    names = [f"ring/{number}.h" for number in range(3 * languages_gather.MAX_FILES)]
    files = list(labelled_files(ROWS, [archive(tmp_path, [*names, "ring/objc/a.h"])]))
    assert len([one for one in files if one[2] == "C"]) == languages_gather.MAX_FILES
    assert [one[0] for one in files if one[2] == "Objective-C"] == ["ring/objc/a.h"]
    again = list(labelled_files(ROWS, [archive(tmp_path, [*reversed(names), "ring/objc/a.h"])]))
    assert sorted(again) == sorted(files), "the order in the archive makes no difference"


def test_equal_contents_count_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = archive(tmp_path, ["ring/a.h", "ring/b.h"])
    monkeypatch.setattr(languages_gather, "plan", lambda: {"one": ROWS, "two": [*ROWS, row(".pl", "*", "Perl")]})
    monkeypatch.setattr(languages_gather, "_archives", lambda *_: [made])
    table = pq.read_table(languages_gather.gather(tmp_path))
    assert sorted(table["path"].to_pylist()) == ["ring/a.h", "ring/b.h"]
