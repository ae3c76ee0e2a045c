"""Problems, completions, scores, and a run that is interrupted and goes on."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.evaluate.completions import Completion, read
from train.evaluate.problems import load
from train.evaluate.run import judge_all
from train.evaluate.score import interval, means, pass_at_k, pass_rates, passes, summarise, wilson
from train.evaluate.tasks.completion import Completing
from train.sandbox.limits import Limits
from train.sandbox.pool import Sandbox

HUMANEVAL = {
    "task_id": "Own/0", "prompt": "def add(a, b):\n    '''Sum.'''\n", "entry_point": "add",
    "canonical_solution": "    return a + b\n", "test": "def check(candidate):\n    assert candidate(2, 3) == 5\n",
}  # fmt: skip
MBPP = {
    "task_id": "Python/11", "prompt": "Write a function to sum.",
    "canonical_solution": "def sum(a,b):\r\n  return a+b\r\n",
    "test": ["assert sum(10,15) == 25", "assert sum(1,1) == 2"], "test_setup": "", "func_title": "def sum(a,b):\r",
}  # fmt: skip
CHINESE = {
    "task_id": "Python/2", "prompt": "def half(x):\n    '''一半。'''", "canonical_solution": "    return x / 2\n",
    "test": "def check(half):\n    assert half(4) == 2\n\ncheck(half)",
}  # fmt: skip


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(workers=1) as own:
        yield own


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize("row", [HUMANEVAL, MBPP, CHINESE], ids=lambda row: row["task_id"])
def test_a_canonical_solution_passes_and_an_empty_one_does_not(
    row: dict[str, Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    (problem,) = load(written(tmp_path / "p.jsonl.gz", [row]))
    assert sandbox.judge(problem.trial(problem.canonical)).outcome == "passed"
    assert sandbox.judge(problem.trial("    pass\n")).outcome != "passed"


def test_shapes(tmp_path: Path) -> None:
    first, second, third = load(written(tmp_path / "p.jsonl", [HUMANEVAL, MBPP, CHINESE]))
    assert first.tests.endswith("check(add)\n")
    assert (second.entry_point, second.stands) == ("sum", False)
    assert third.program("    return x / 2\n") == "def half(x):\n    '''一半。'''\n    return x / 2\n"
    assert {problem.language for problem in (first, second, third)} == {"Python"}
    (cpp,) = load(written(tmp_path / "x.jsonl", [{**CHINESE, "task_id": "CPP/2"}]))
    assert cpp.language == "C++"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"task_id": "a"}\n', "task a has no prompt, test"),
        ("[1]\n", "line 1: a list"),
        ("{\n", "line 1: no JSON"),
        ("\n", "has no problems"),
        (2 * (json.dumps(HUMANEVAL) + "\n"), "comes twice"),
    ],
)
def test_a_file_of_another_shape_is_named(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text(text)
    with pytest.raises(ValueError, match=told):
        load(tmp_path / "p.jsonl")


def test_completions_are_numbered_by_task(tmp_path: Path) -> None:
    made = [{"task_id": task, "completion": text} for task, text in (("a", "1"), ("b", "2"), ("a", "3"))]
    path = written(tmp_path / "c.jsonl", made)
    assert list(read(path, {"a", "b"})) == [Completion("a", 0, "1"), Completion("b", 0, "2"), Completion("a", 1, "3")]
    with pytest.raises(ValueError, match="'b' is not among"):
        list(read(path, {"a"}))
    with pytest.raises(ValueError, match="without"):
        list(read(written(tmp_path / "d.jsonl", [{"task_id": "a"}]), {"a"}))


def test_known_values_of_pass_at_k() -> None:
    assert pass_at_k(200, 20, 10) == pytest.approx(0.6602256, abs=1e-7)
    assert pass_at_k(10, 3, 5) == pytest.approx(0.9166667, abs=1e-7)
    assert pass_at_k(10, 6, 5) == 1.0
    assert pass_at_k(10, 0, 5) == 0.0
    for n, c, k in ((5, 1, 6), (5, 6, 1), (5, 1, 0), (5, -1, 1)):
        with pytest.raises(ValueError, match="is not defined"):
            pass_at_k(n, c, k)


@given(st.integers(1, 60), st.data())
def test_pass_at_k_grows_and_at_one_is_the_share(n: int, data: st.DataObject) -> None:
    c, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    assert pass_at_k(n, c, 1) == pytest.approx(c / n)
    assert 0.0 <= pass_at_k(n, c, k) <= 1.0
    if k < n:
        assert pass_at_k(n, c, k) <= pass_at_k(n, c, k + 1) + 1e-12


def test_intervals() -> None:
    counts = {str(place): (10, place % 11) for place in range(50)}
    low, high = interval(counts, 1)
    assert low < passes(counts, 1) < high
    assert interval(counts, 1) == (low, high)
    assert interval({"a": (1, 1)}, 1) == (1.0, 1.0)
    assert wilson(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)
    assert set(pass_rates(counts)) == {"pass@1", "pass@5", "pass@10"}
    assert pass_rates({"a": (1, 1), "b": (1, 0)})["pass@1"]["low"] == pytest.approx(wilson(1, 2)[0])
    with pytest.raises(ValueError, match="no problem"):
        passes({}, 1)


def test_an_interrupted_run_goes_on(sandbox: Sandbox, tmp_path: Path) -> None:
    problems = load(written(tmp_path / "p.jsonl", [HUMANEVAL, MBPP]))
    task = Completing(problems=problems, sandbox=sandbox, limits=Limits())
    texts = {"Own/0": ["    return a + b\n", "    return a\n"], "Python/11": ["def sum(a, b): return a - b"]}
    asked = [Completion(name, place, text) for name, some in texts.items() for place, text in enumerate(some)]
    whole = judge_all(task, asked, tmp_path / "whole.jsonl")
    assert [row["passed"] for row in whole.values()] == [True, False, False]
    lines = (tmp_path / "whole.jsonl").read_text().splitlines(keepends=True)
    failed = json.dumps({**json.loads(lines[2]), "outcome": "infrastructure"}) + "\n"
    (tmp_path / "out.jsonl").write_text(lines[0] + failed + lines[1][:20])
    told: list[tuple[int, int]] = []
    ticks: list[None] = []

    def start(done: int, total: int) -> Callable[[], None]:
        told.append((done, total))
        return lambda: ticks.append(None)

    again = judge_all(task, asked, tmp_path / "out.jsonl", start=start)
    assert (told, len(ticks)) == ([(1, 3)], 2)
    assert {key: row["outcome"] for key, row in again.items()} == {key: row["outcome"] for key, row in whole.items()}
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 3
    assert {path.name for path in tmp_path.iterdir()} == {"p.jsonl", "out.jsonl", "whole.jsonl"}
    counts = summarise(again.values(), problems)
    assert counts["scores"]["pass@1"]["score"] == pytest.approx(0.25)
    assert (counts["problems"], counts["missing"], counts["samples"]) == (2, 0, 3)
    assert summarise([], problems)["missing"] == 2


def test_what_the_sandbox_fails_on_is_neither_passed_nor_failed(tmp_path: Path) -> None:
    problems = load(written(tmp_path / "p.jsonl", [HUMANEVAL, MBPP]))
    rows = [
        {"task_id": "Own/0", "sample": 0, "passed": True, "outcome": "passed"},
        {"task_id": "Own/0", "sample": 1, "passed": False, "outcome": "infrastructure"},
        {"task_id": "Python/11", "sample": 0, "passed": False, "outcome": "infrastructure"},
    ]
    told = summarise(rows, problems)
    assert told["scores"]["pass@1"]["score"] == 1.0
    assert (told["missing"], told["outcomes"]) == (1, {"infrastructure": 2, "passed": 1})


def test_means_are_over_problems_and_leave_out_what_was_not_measured() -> None:
    rows = [
        {"task_id": "a", "scores": {"bleu": 10.0, "other": None}},
        {"task_id": "a", "scores": {"bleu": 30.0, "other": None}},
        {"task_id": "b", "scores": {"bleu": 60.0, "other": None}},
    ]
    told = means(rows, ("bleu", "other"))
    assert told["bleu"]["score"] == pytest.approx(40.0)
    assert (told["bleu"]["low"], told["bleu"]["high"]) == (20.0, 60.0)
    assert "other" not in told
