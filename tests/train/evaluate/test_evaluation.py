"""Whole evaluations: the folder, the page, going on after kill -9, and the commands."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from curate.errors import RunFailed, WrongUse
from train.cli import app
from train.evaluate.completions import Completion
from train.evaluate.evaluation import Question, evaluate
from train.evaluate.generators.protocol import Key, Request, Sampling
from train.evaluate.markup import escape, tag
from train.evaluate.problems import load
from train.evaluate.published import beside

HOSTILE = "    return '<script>alert(1)</script></pre>\u202e\x00\ud800'\n"


@pytest.fixture
def benchmark(tmp_path: Path) -> Path:
    rows = [
        {"task_id": f"HumanEval/{number}", "prompt": f"def f{number}(x):\n", "entry_point": f"f{number}",
         "canonical_solution": "    return x\n", "test": "def check(candidate):\n    assert candidate(1) == 1\n"}
        for number in range(3)
    ]  # fmt: skip
    path = tmp_path / "small.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def written(path: Path, texts: dict[str, Sequence[str]]) -> Path:
    rows = [{"task_id": task, "completion": text} for task, some in texts.items() for text in some]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_folder_with_everything(benchmark: Path, tmp_path: Path) -> None:
    texts = {"HumanEval/0": ["    return x\n", HOSTILE], "HumanEval/1": ["    return 2\n", "    return x\n"]}
    question = Question(benchmarks=[benchmark], source=str(written(tmp_path / "c.jsonl", texts)))
    told = evaluate(question, tmp_path / "out", workers=1)
    (part,) = told["benchmarks"]
    assert part["scores"]["pass@1"]["score"] == 0.5
    assert (part["missing"], part["samples"], part["outcomes"]) == (1, 4, {"error": 1, "failed": 1, "passed": 2})
    assert told == json.loads((tmp_path / "out/summary.json").read_text())
    rows = lines(tmp_path / "out/small/results.jsonl")
    assert [(row["task_id"], row["sample"], row["passed"]) for row in rows][:2] == [
        ("HumanEval/0", 0, True), ("HumanEval/0", 1, False),
    ]  # fmt: skip
    page = (tmp_path / "out/page.html").read_text()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&lt;/pre&gt;\ufffd" in page
    assert "<script" not in page
    assert not re.search(r"(?:src|href)=|@import|url\(", page)
    assert "Without a judged sample: 1 problems." in page
    assert page.count("<li") == 2
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("results.jsonl")}
    again = evaluate(question, tmp_path / "out", workers=1)
    assert again == told
    assert before.keys() == {tmp_path / "out/small/results.jsonl"}
    assert (tmp_path / "out/page.html").read_text() == page


def test_another_question_needs_another_folder(benchmark: Path, tmp_path: Path) -> None:
    source = str(written(tmp_path / "c.jsonl", {"HumanEval/0": ["    return x\n"]}))
    evaluate(Question(benchmarks=[benchmark], source=source), tmp_path / "out", workers=1)
    with pytest.raises(WrongUse, match="holds an evaluation with sampling"):
        evaluate(
            Question(benchmarks=[benchmark], source=source, sampling=Sampling(max_tokens=9)),
            tmp_path / "out",
            workers=1,
        )
    written(tmp_path / "c.jsonl", {"HumanEval/0": ["    return 2\n"]})
    question = Question(benchmarks=[benchmark], source=source)
    with pytest.raises(WrongUse, match="holds an evaluation with files"):
        evaluate(question, tmp_path / "out", workers=1)
    told = evaluate(question, tmp_path / "out", workers=1, fresh=True)
    assert told["benchmarks"][0]["outcomes"] == {"failed": 1}
    with pytest.raises(WrongUse, match="is not empty and holds no evaluation"):
        evaluate(question, tmp_path, workers=1, fresh=True)
    assert benchmark.exists()


class Breaking:
    """A source that gives so many completions and then fails."""

    name = "breaking"

    def __init__(self, most: int) -> None:
        self.most, self.asked = most, 0

    def generate(
        self, requests: Sequence[Request], sampling: Sampling, done: Collection[Key] = ()
    ) -> Iterator[Completion]:
        wanted = [(one.task_id, i) for one in requests for i in range(sampling.samples) if (one.task_id, i) not in done]
        for task, sample in wanted:
            if self.asked == self.most:
                raise RunFailed("the server is gone")
            self.asked += 1
            yield Completion(task, sample, f"    return {'x' if sampling.seed_of(task, sample) % 2 else 'x + 1'}\n")


def test_an_evaluation_goes_on_where_its_source_failed(benchmark: Path, tmp_path: Path) -> None:
    sampling = Sampling(samples=2, temperature=1.0)
    question = Question(benchmarks=[benchmark], source="in memory", sampling=sampling)
    whole = evaluate(question, tmp_path / "whole", workers=1, generator=Breaking(99))
    with pytest.raises(RunFailed, match="is gone"):
        evaluate(question, tmp_path / "out", workers=1, generator=Breaking(4))
    completions = tmp_path / "out/small/completions.jsonl"
    completions.write_bytes(completions.read_bytes()[:-9])
    rest = Breaking(99)
    assert evaluate(question, tmp_path / "out", workers=1, generator=rest) == whole
    assert rest.asked == 3
    assert (tmp_path / "out/page.html").read_bytes() == (tmp_path / "whole/page.html").read_bytes()


KILLED = """
import os, signal, sys
from pathlib import Path
from train.evaluate import run
from train.evaluate.evaluation import Question, evaluate

left = int(sys.argv[4])
def append(file, row, own=run.append):
    global left
    if left == 0:
        os.write(file.fileno(), run.line(row)[:7].encode())
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    own(file, row)

run.append = append
evaluate(Question(benchmarks=[Path(sys.argv[1])], source=sys.argv[2]), Path(sys.argv[3]), workers=1)
"""


def test_kill_9_costs_what_was_under_way(benchmark: Path, tmp_path: Path) -> None:
    texts = {f"HumanEval/{number}": ["    return x\n", "    return 2\n"] for number in range(3)}
    source = str(written(tmp_path / "c.jsonl", texts))
    for left, (completions, results) in {2: (2, 0), 9: (6, 5)}.items():
        told = [sys.executable, "-c", KILLED, str(benchmark), source, str(tmp_path / "out"), str(left)]
        ended = subprocess.run(told, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[3])
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        for name, kept in (("completions", completions), ("results", results)):
            file = tmp_path / f"out/small/{name}.jsonl"
            assert (file.read_bytes().count(b"\n") if file.exists() else 0) == kept
    question = Question(benchmarks=[benchmark], source=source)
    again = evaluate(question, tmp_path / "out", workers=1)
    assert again == evaluate(question, tmp_path / "whole", workers=1)
    for name in ("page.html", "small/completions.jsonl"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_the_command(benchmark: Path, tmp_path: Path) -> None:
    source = written(tmp_path / "c.jsonl", {f"HumanEval/{number}": ["    return x\n"] for number in range(3)})
    arguments = ["eval", str(benchmark), "--from", str(source), "--out", str(tmp_path / "out"), "--workers", "1"]
    shown = CliRunner().invoke(app, arguments)
    assert shown.exit_code == 0, shown.output
    assert re.search(r"pass@1\s+100\.0%\s+43\.9% to 100\.0%", shown.stdout)
    as_json = CliRunner().invoke(app, [*arguments, "--json"])
    told = json.loads(as_json.stdout.splitlines()[-1])
    assert told["benchmarks"][0]["outcomes"] == {"passed": 3}
    assert {json.loads(line)["work"] for line in as_json.stderr.splitlines()} == {
        "small: completions",
        "small: judging",
    }
    for command in ("eval", "verify"):
        words = " ".join(CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"}).stdout.split())
        assert f"Example: codemill {command}" in words


def test_nothing_judged_is_a_failure(benchmark: Path, tmp_path: Path) -> None:
    source = written(tmp_path / "c.jsonl", {})
    with pytest.raises(RunFailed, match="no completion was there"):
        evaluate(Question(benchmarks=[benchmark], source=str(source)), tmp_path / "out", workers=1)


def test_published_scores_stand_beside_the_whole_benchmark_only(benchmark: Path) -> None:
    problems = load(benchmark)
    assert beside(problems, "completion", "pass@1") == []
    every = [problems[0].__class__(**problems[0].__dict__ | {"task_id": f"HumanEval/{n}"}) for n in range(164)]
    assert [(one.system, one.score) for one in beside(every, "completion", "pass@1")] == [
        ("CodeFuse-13B", 0.371), ("CodeFuse-CodeLlama-34B", 0.744),
    ]  # fmt: skip
    assert beside(every, "comment", "pass@1") == []


def test_markup_escapes() -> None:
    assert escape('<a "b">&\x07') == "&lt;a &quot;b&quot;&gt;&amp;\ufffd"
    assert tag("p", "<", tag("b", "x"), None, class_="a'") == '<p class="a&#x27;">&lt;<b>x</b></p>'
