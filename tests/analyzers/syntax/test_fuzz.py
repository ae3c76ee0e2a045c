"""A small run of the fuzzing benchmark over the fixtures: every file is answered for, and a seed tells the files."""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import pytest

from analyzers.syntax.languages import MODULES
from benchmarks import fuzz
from benchmarks.mutated_files import MAX_BYTES, WAYS, Way, mutated

SOURCE = b"def f(a, b):\n    if a:  # why\n        return 'b'\n    return [a, b]\n"
OTHER = b"class A:\n    x = 1\n"


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> fuzz.Pool:
    """The fixtures alone."""
    monkeypatch.setattr(fuzz, "DATA", tmp_path)
    return fuzz.Pool([tmp_path], ["Python", "Java", "Go", "JSON"])


def test_every_file_is_answered_for_and_memory_is_told(pool: fuzz.Pool, tmp_path: Path) -> None:
    given = argparse.Namespace(files=80, whole=20, seed=0, keep=tmp_path / "kept")
    tally = fuzz.run(pool, given)
    assert (tally.n_files, tally.n_lost) == (100, 0)
    assert sum(tally.outcomes.values()) == 100
    assert tally.outcomes["measured"] >= 80
    assert not tally.outcomes["failed"]
    ((n_files, child, parent, n_started),) = tally.memory
    assert (n_files, n_started) == (100, 1)
    assert child > 10 < parent


def test_an_answer_that_is_no_reason_is_a_lost_file(pool: fuzz.Pool) -> None:
    jobs = [fuzz.job(number, pool, 0, is_whole=True) for number in range(3)]
    tally = fuzz.Tally(None)
    tally.add(jobs, ["too_large", "nonsense"])
    assert tally.n_lost == 2
    assert tally.outcomes == {"too_large": 1, "nonsense": 1}


def test_jobs_are_a_function_of_seed_and_number(pool: fuzz.Pool) -> None:
    jobs = [fuzz.job(number, pool, 1, is_whole=False) for number in range(40)]
    assert jobs == [fuzz.job(number, pool, 1, is_whole=False) for number in range(40)]
    assert jobs != [fuzz.job(number, pool, 2, is_whole=False) for number in range(40)]
    assert {one.language for one in jobs} == {"Python", "Java", "Go", "JSON"}
    assert all(one.ways for one in jobs)
    whole = fuzz.job(0, pool, 1, is_whole=True)
    assert (whole.source, whole.ways) == ((fuzz.FIXTURES / "python.txt").read_bytes(), ())


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_way_changes_files_and_bears_an_empty_one(way: Way) -> None:
    made = [way(SOURCE, OTHER, random.Random(seed)) for seed in range(20)]
    assert sum(one != SOURCE for one in made) > 5
    assert isinstance(way(b"", b"", random.Random(0)), bytes)


def test_mutated_files_are_bounded() -> None:
    made = [mutated(SOURCE * 3_000, OTHER, random.Random(seed))[0] for seed in range(30)]
    assert max(map(len, made)) == MAX_BYTES


def test_all_languages_have_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "DATA", tmp_path)
    assert min(fuzz.Pool([], list(MODULES)).sizes().values()) == 1


def test_updates_in_updates_cost_no_more_than_they_are_many() -> None:
    source = b"class A { void f(int a) { " + b"--" * 200 + b"a; } }"
    answer = fuzz.examine(("Java", "0", None, None), source, fuzz.Limits(), fuzz.EVERYTHING)
    assert isinstance(answer, dict)
