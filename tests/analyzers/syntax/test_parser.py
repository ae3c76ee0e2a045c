"""The parent's side: whatever a child does costs one file."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from syntax_fixtures import fixture, tier_of

from analyzers.syntax import Parser, Report, analyze
from analyzers.syntax.languages import MODULES
from analyzers.syntax.limits import Limits
from analyzers.syntax.parser import ChildFailed

SOON = Limits(base_seconds=0.3, seconds_per_megabyte=0.0)


@pytest.fixture(autouse=True)
def _hostile_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


@pytest.fixture
def obedient() -> Iterator[Parser]:
    with Parser(("hostile", "obey"), limits=SOON) as parser:
        yield parser


def said(parser: Parser, *sources: bytes) -> list[object]:
    answers = parser.answers([("C", source) for source in sources])
    return [answer if isinstance(answer, str) else answer[1] for answer in answers]


def test_reports_are_those_of_the_same_process() -> None:
    files = [(language, fixture(language)) for language in MODULES if tier_of(language) != "C"]
    with Parser() as parser:
        reports = parser.reports([*files, ("Text", b"words"), ("C", b"\0")])
        assert parser.n_started == 1
    assert reports == [*(analyze(*file) for file in files), "no_grammar", "has_nul"]
    assert all(isinstance(report, Report) for report in reports[:-2])


def test_a_crash_costs_one_file(obedient: Parser) -> None:
    assert said(obedient, b"a", b"crash", b"b", b"c") == [b"a", "crashed", b"b", b"c"]
    assert obedient.n_started == 3  # the file is tried twice
    assert said(obedient, b"d") == [b"d"]
    assert obedient.n_started == 3


def test_five_crashes_and_hangs_in_one_batch(obedient: Parser) -> None:
    bad = [b"crash", b"hang", b"crash", b"raise", b"crash", b"hang"]
    told = said(obedient, *(source for one in bad for source in (b"good", one, b"fine")))
    assert told[0::3] == [b"good"] * 6
    assert told[1::3] == ["crashed", "hung", "crashed", "failed", "crashed", "hung"]
    assert told[2::3] == [b"fine"] * 6


def test_what_crashes_once_is_not_at_fault(obedient: Parser, tmp_path: Path) -> None:
    once = b"once " + str(tmp_path / "mark").encode()
    assert said(obedient, b"a", once, b"b") == [b"a", once, b"b"]


def test_a_child_that_sleeps_is_ended_by_the_clock() -> None:
    with Parser(("hostile", "obey"), limits=SOON, patience=2) as parser:
        assert said(parser, b"a", b"sleep", b"b") == [b"a", "hung", b"b"]


def test_what_a_file_prints_does_not_get_into_the_answers(obedient: Parser) -> None:
    assert said(obedient, b"print", b"a") == [b"print", b"a"]


def test_memory_has_a_bound() -> None:
    with Parser(("hostile", "obey"), max_memory_bytes=2 << 30) as parser:
        assert said(parser, b"grow", b"a") == ["failed", b"a"]
        assert parser.n_started == 1


def test_more_than_a_pipe_holds_goes_both_ways(obedient: Parser) -> None:
    sources = [bytes([97 + number % 26]) * 3_000_000 for number in range(12)]
    assert said(obedient, *sources) == sources


def test_limits_requests_and_arguments_reach_the_child() -> None:
    bounds = Limits(max_bytes=7, base_calls=9)
    with Parser(("hostile", "limits"), ("one", {"more": [1, None]}), limits=bounds) as parser:
        assert parser.answers([(("C", None, 3), b"")]) == [(7, 9, ("C", None, 3), "one", {"more": [1, None]})]


def test_a_child_that_does_not_start_says_why() -> None:
    with Parser(("no_such_module", "obey")) as parser, pytest.raises(ChildFailed, match="no_such_module"):
        parser.answers([("C", b"")])


def test_an_empty_batch_starts_nothing(obedient: Parser) -> None:
    assert obedient.answers([]) == []
    assert obedient.n_started == 0


def test_the_end_of_the_parent_is_the_end_of_the_child() -> None:
    """Even while it hangs."""
    program = (
        "import sys; from analyzers.syntax import Parser; from analyzers.syntax.limits import Limits\n"
        "parser = Parser(('hostile', 'obey'), limits=Limits(base_seconds=1.0))\n"
        "(_, _, number), = parser.answers([('C', b'a')])\n"
        "print(number, flush=True)\n"
        "parser.answers([('C', b'hang')])\n"
    )
    folder = Path(__file__).parent
    environment = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{folder.parents[2]}"}
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, env=environment)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert psutil.wait_procs([child], timeout=60)[1] == []


def test_memory_stays_flat() -> None:
    files = [(language, fixture(language)) for language in MODULES if tier_of(language) != "C"] * 20
    with Parser() as parser:
        sizes = []
        for _ in range(6):
            parser.reports(files)
            assert parser._child is not None
            sizes.append(psutil.Process(parser._child.pid).memory_info().rss)
        assert parser.n_started == 1
    assert max(sizes[2:]) - min(sizes[2:]) < 12e6


def test_real_scanners_that_hang_or_crash_cost_one_file_each() -> None:
    files = [("YAML", b"- " * 300 + b"a"), ("Python", b"x = 1"), ("Shell", b"`" * 3_000), ("C", b"int x;")]
    with Parser(limits=Limits(base_seconds=1.0)) as parser:
        reports = parser.reports(files)
    assert isinstance(reports[1], Report)
    assert isinstance(reports[3], Report)
