"""Sets of expressions, compiled once and read again."""

from __future__ import annotations

from pathlib import Path

import hyperscan
import pytest

from analyzers import automaton as room
from analyzers.automaton import automaton

EXPRESSIONS = [rb"ab+c", rb"^x\d", rb"\bword\b"]
TEXT = b"abbc x1\nx2 words word"


def found(engine: hyperscan.Database) -> list[tuple[int, int]]:
    places: list[tuple[int, int]] = []
    engine.scan(TEXT, match_event_handler=lambda number, _start, end, *_: places.append((number, end)))
    return sorted(places)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(room, "_KEPT", tmp_path / "kept")
    return tmp_path / "kept"


def test_what_was_compiled_is_read_again(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = automaton(EXPRESSIONS, flags=hyperscan.HS_FLAG_MULTILINE)
    assert found(made) == [(0, 4), (1, 10), (2, 21)]
    (path,) = kept.iterdir()
    monkeypatch.setattr(hyperscan, "Database", None)  # nothing can be compiled now
    assert found(automaton(EXPRESSIONS, flags=hyperscan.HS_FLAG_MULTILINE)) == found(made)
    assert list(kept.iterdir()) == [path]


def test_expressions_flags_and_numbers_are_told_apart(kept: Path) -> None:
    told = [
        found(automaton(EXPRESSIONS)),
        found(automaton(EXPRESSIONS, flags=hyperscan.HS_FLAG_MULTILINE)),
        found(automaton(EXPRESSIONS, numbers=[7, 5, 3])),
        found(automaton(EXPRESSIONS[:1])),
    ]
    assert told == [[(0, 4), (2, 21)], [(0, 4), (1, 10), (2, 21)], [(3, 21), (7, 4)], [(0, 4)]]
    assert len(list(kept.iterdir())) == 4


@pytest.mark.parametrize("damaged", [b"", b"no automaton", None])
def test_what_cannot_be_read_is_made_anew(damaged: bytes | None, kept: Path) -> None:
    """An empty file, another's, and one of which a byte has changed."""
    made = found(automaton(EXPRESSIONS))
    (path,) = kept.iterdir()
    whole = path.read_bytes()
    middle = len(whole) // 2
    changed = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    path.write_bytes(changed if damaged is None else damaged)
    assert found(automaton(EXPRESSIONS)) == made
    assert path.read_bytes() == whole


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(room, "_KEPT", tmp_path / "file" / "kept")
    assert found(automaton(EXPRESSIONS)) == [(0, 4), (2, 21)]


def test_what_is_no_expression_is_an_error(kept: Path) -> None:
    with pytest.raises(hyperscan.error):
        automaton([rb"(?<=a)b"])
    assert not kept.exists()
