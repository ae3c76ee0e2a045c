"""Reading again: what became of a file since the run, and how it differs from the one it duplicates."""

from __future__ import annotations

from pathlib import Path

import made_run
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st
from made_run import row

from curate import again
from curate.shards import Run
from curate.sources.place import bytes_of, text_of

FIRST = "".join(f"line {number}\n" for number in range(200))
SECOND = FIRST.replace("line 7\n", "line seven\n")


def of(path: str, text: str, **columns: object) -> dict:
    content_id = xxhash.xxh3_128_hexdigest(text.encode())
    return row(path, content_id=content_id, drop_reason=None, redactions=None, segments_removed=None) | columns


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run over a folder with two files that are nearly the same."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.py").write_text(FIRST)
    (tmp_path / "in" / "b.py").write_text(SECOND)
    roots = [{"label": "in", "location": str(tmp_path / "in"), "is_folder": True}]
    (tmp_path / "out").mkdir()
    return made_run.make(tmp_path / "out", [row("a.py")], inputs={"roots": roots})


def test_what_became_of_a_file(run: Run, tmp_path: Path) -> None:
    place = tmp_path / "in" / "a.py"
    assert again.state(run, of("a.py", FIRST)) == f"{place} (unchanged)"
    assert again.state(run, of("a.py", FIRST) | {"content_id": None}) == f"{place} (it is there)"
    place.write_text("another\n")
    assert again.state(run, of("a.py", FIRST)) == f"{place} (changed since the run)"
    place.unlink()
    assert again.state(run, of("a.py", FIRST)) == f"{place} (its text is not there)"
    elsewhere = of("a.py", FIRST) | {"source": {"uri": "other/a.py", "member": None, "row": None, "revision": None}}
    assert again.state(run, elsewhere) is None


def test_how_a_file_differs_from_its_like(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = again.difference(run, of("b.py", SECOND), run, of("a.py", FIRST))
    assert lines == ["--- a.py", "+++ b.py", "@@ -7,3 +7,3 @@", " line 6", "-line 7", "+line seven", " line 8"]
    monkeypatch.setattr(again, "MOST_LINES", 3)
    assert again.difference(run, of("b.py", SECOND), run, of("a.py", FIRST))[3:] == ["... and 4 lines more"]
    assert again.difference(run, of("a.py", FIRST), run, of("a.py", FIRST)) == []
    assert again.difference(run, of("gone.py", FIRST), run, of("a.py", FIRST)) == []


@given(st.binary(max_size=12) | st.text("ab\\xéé/5c", max_size=8).map(str.encode))
def test_a_name_comes_back_from_its_text(name: bytes) -> None:
    assert bytes_of(text_of(name)) == name
