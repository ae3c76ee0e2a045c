"""Self-instruct against a real server that refuses, breaks off, holds back and sees the client killed."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from stub_endpoint import Stub, asks_for_tasks
from typer.testing import CliRunner

from curate.errors import RunFailed, WrongUse
from train.cli import app
from train.evaluate.execution_filter import keep_passing
from train.evaluate.generators.endpoint import Endpoint, Manners
from train.evaluate.generators.protocol import Sampling
from train.self_instruct.asking import Asker
from train.self_instruct.config import SelfInstructConfig
from train.self_instruct.novelty import Pool
from train.self_instruct.rounds import self_instruct
from train.self_instruct.seeds import read_seeds

CONFIG = SelfInstructConfig(wanted=24, round_prompts=4, tests=False)
DEEDS = ("handles stacks at dawn", "drops every other queue", "looks into trees without a lamp", "asks heaps for peace")


@pytest.fixture
def stub() -> Iterator[Stub]:
    with Stub() as own:
        threading.Thread(target=own.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield own
        own.shutdown()


def chat(number: int, question: str, task: str = "generation", language: str = "Python") -> dict[str, Any]:
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": "as you wish"}]
    return {"id": str(number), "task": task, "messages": messages, "meta": {"language": language}}


def seeds_file(folder: Path, rows: list[dict[str, Any]] | None = None) -> Path:
    path = folder / "seeds.jsonl"
    rows = rows or [chat(i, f"Write a function `f{i}` that {deed}.") for i, deed in enumerate(DEEDS)]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def made(
    stub: Stub, seeds: Path, out: Path, config: SelfInstructConfig = CONFIG, temperature: float = 0.7, **manners: Any
) -> dict[str, int]:
    told: dict[str, Any] = {"concurrency": 3, "attempts": 3, **manners}
    endpoint = Endpoint(stub.url, "mine", manners=Manners(**told), sleep=lambda seconds: None, clock=lambda: 0.0)
    sampling = Sampling(temperature=temperature, seed=config.seed)
    log = out.with_name(f"{out.name}.answers.jsonl")
    asker = Asker(generator=endpoint, model="mine", log=log, sampling=sampling, concurrency=told["concurrency"])
    return self_instruct(read_seeds([seeds], config.max_seeds, config.seed), out, asker, config, workers=1)


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_what_is_kept_is_new_passes_its_tests_and_has_its_seeds_task(stub: Stub, tmp_path: Path) -> None:
    counts = made(stub, seeds_file(tmp_path), tmp_path / "more.jsonl", replace(CONFIG, tests=True))
    found = rows_of(tmp_path / "more.jsonl")
    assert len(found) == counts["kept"] == counts["kept_generation"] == 24
    assert {(row["task"], row["meta"]["language"], row["meta"]["model"]) for row in found} == {
        ("generation", "Python", "mine")
    }
    assert len({row["id"] for row in found}) == 24
    pool = Pool([row["messages"][0]["content"] for row in rows_of(seeds_file(tmp_path))], 0.7)
    assert all(pool.add(row["messages"][0]["content"]) for row in found)
    assert all("[1:]" not in row["messages"][1]["content"] for row in found)
    assert all(len(row["meta"]["tests"]) == 2 for row in found), "an assertion that calls nothing tests nothing"
    assert counts["tasks_similar"] > 0
    assert counts["answers_tests_failed"] > 0
    assert counts["asked"] == len(stub.asked) == len(rows_of(tmp_path / "more.jsonl.answers.jsonl"))
    told = keep_passing(tmp_path / "more.jsonl", tmp_path / "passed.jsonl", workers=1)
    assert told == {"kept": 24, "passed": 24}


def trouble(number: int, body: dict[str, Any]) -> tuple[int, dict[str, str], bytes] | None:
    """Every other request fails, each in its own way; asked again it is answered."""
    ways: tuple[tuple[int, dict[str, str], bytes], ...] = (
        (429, {"Retry-After": "1"}, b"slowly"), (500, {}, b"down"), (200, {}, b'{"choices": [{"mess'),
        (503, {"Retry-After": "soon"}, b""), (200, {"Content-Length": "999"}, b"{cut"),
    )  # fmt: skip
    return ways[number // 2 % len(ways)] if number % 2 == 0 else None


def test_trouble_with_the_server_changes_no_byte_of_the_outcome(stub: Stub, tmp_path: Path) -> None:
    seeds = seeds_file(tmp_path)
    calm = made(stub, seeds, tmp_path / "calm.jsonl")
    n_calm = len(stub.asked)
    stub.asked.clear()
    stub.fails = trouble
    assert made(stub, seeds, tmp_path / "rough.jsonl", concurrency=1) == calm
    assert (tmp_path / "rough.jsonl").read_bytes() == (tmp_path / "calm.jsonl").read_bytes()
    assert len(stub.asked) == 2 * n_calm


def bodies(stub: Stub) -> Counter[str]:
    return Counter(json.dumps(body, sort_keys=True) for body in stub.asked)


@pytest.mark.parametrize("killed_at", [2, 9])
def test_a_run_that_was_killed_asks_nothing_twice_that_was_answered(stub: Stub, tmp_path: Path, killed_at: int) -> None:
    """The server holds back all answers from the `killed_at`-th on; then the client is killed where it waits."""
    seeds = seeds_file(tmp_path)
    words = [sys.executable, "-c", "from train.cli import app; app()", "self-instruct", str(seeds), "--from", stub.url,
             "--model", "mine", "--wanted", "24", "--concurrency", "3", "--workers", "1"]  # fmt: skip
    full, goes_on = threading.Semaphore(0), threading.Event()

    def hold(number: int, body: dict[str, Any]) -> None:
        if number >= killed_at:
            full.release()
            assert goes_on.wait(60)

    stub.fails = hold
    log = tmp_path / "cut.jsonl.answers.jsonl"
    with subprocess.Popen([*words, "--out", str(tmp_path / "cut.jsonl")], stderr=subprocess.DEVNULL) as run:
        for _ in range(3):
            assert full.acquire(timeout=60)
        run.kill()
    goes_on.set()
    before = rows_of(log)
    assert len(before) == killed_at
    assert len(stub.asked) == killed_at + 3
    log.write_bytes(log.read_bytes() + b'{"task_id": "half a li')
    stub.fails = lambda number, body: None
    told = CliRunner().invoke(app, [*words[3:], "--out", str(tmp_path / "cut.jsonl"), "--json"], catch_exceptions=False)
    counts = json.loads(told.stdout.splitlines()[-1])
    assert (counts["known"], counts["kept"]) == (killed_at, 24)
    assert len(stub.asked) == counts["asked"] + killed_at + 3
    assert rows_of(log)[:killed_at] == before
    asked = bodies(stub)
    assert sum(asked.values()) - len(asked) == 3, "only what was under way is asked again"
    stub.asked.clear()
    CliRunner().invoke(app, [*words[3:], "--out", str(tmp_path / "whole.jsonl")], catch_exceptions=False)
    assert (tmp_path / "cut.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    assert bodies(stub).keys() == asked.keys()


def test_no_more_calls_than_allowed_are_under_way_and_the_slowest_keeps_none_waiting(
    stub: Stub, tmp_path: Path
) -> None:
    lock, under_way, most, first_waits = threading.Lock(), 0, 0, threading.Event()

    def watch(number: int, body: dict[str, Any]) -> None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        if number == 0:
            assert first_waits.wait(60)
        if number == 3:
            first_waits.set()
        with lock:
            under_way -= 1

    stub.fails = watch
    made(stub, seeds_file(tmp_path), tmp_path / "more.jsonl", concurrency=2)
    assert 1 <= most <= 2


def test_a_broken_server_ends_the_run_and_what_was_under_way_is_kept(stub: Stub, tmp_path: Path) -> None:
    seeds, out = seeds_file(tmp_path), tmp_path / "more.jsonl"
    failed, slow = threading.Event(), threading.Lock()

    def down(number: int, body: dict[str, Any]) -> tuple[int, dict[str, str], bytes] | None:
        with slow:
            broken = stub.asked[0] == body
        if not broken:
            assert failed.wait(60), "answered only when the other has failed for good"
            return None
        if sum(one == body for one in stub.asked) == 3:
            failed.set()
        return 500, {}, b"down"

    stub.fails = down
    with pytest.raises(RunFailed, match=r"failed 3 times .* at last with status 500: down.* say the same again"):
        made(stub, seeds, out, concurrency=2)
    assert not out.exists()
    answered = [one for one in stub.asked if one != stub.asked[0]]
    assert answered
    assert len(rows_of(tmp_path / "more.jsonl.answers.jsonl")) == len(answered)
    stub.fails = lambda number, body: None
    assert made(stub, seeds, out)["kept"] == 24


def test_a_refused_request_costs_itself_and_a_server_that_refuses_all_ends_the_run(stub: Stub, tmp_path: Path) -> None:
    def picky(number: int, body: dict[str, Any]) -> tuple[int, dict[str, str], bytes] | None:
        return (400, {}, b"filtered") if number % 3 == 1 else None

    stub.fails = picky
    many = replace(CONFIG, wanted=80, round_prompts=20)
    counts = made(stub, seeds_file(tmp_path), tmp_path / "more.jsonl", many, concurrency=1)
    assert counts["kept"] == 80
    assert min(counts["prompts_refused"], counts["answers_refused"]) > 5, "as many in one round as end a run in a row"
    stub.asked.clear()
    stub.fails = lambda number, body: (401, {}, b"no key")
    with pytest.raises(RunFailed, match=r"4 requests were refused one after the other: .*status 401: no key"):
        made(stub, seeds_file(tmp_path), tmp_path / "other.jsonl")
    assert len(stub.asked) == 4


def test_other_prompts_take_no_answer_from_the_log(stub: Stub, tmp_path: Path) -> None:
    seeds, out = seeds_file(tmp_path), tmp_path / "more.jsonl"
    made(stub, seeds, out)
    first = out.read_bytes()
    counts = made(stub, seeds, out, replace(CONFIG, seed=1))
    assert (counts["known"], out.read_bytes() != first) == (0, True)
    counts = made(stub, seeds, out)
    assert (counts["asked"], out.read_bytes()) == (0, first)
    assert made(stub, seeds, tmp_path / "more.jsonl", temperature=0.8)["known"] == 0
    more = made(stub, seeds, out, replace(CONFIG, wanted=40))
    assert more["kept"] == 40
    assert more["known"] > 10, "the rounds before the last are the same"


def test_a_model_that_repeats_itself_ends_it_short_and_one_that_makes_nothing_fails(stub: Stub, tmp_path: Path) -> None:
    own: Callable[[dict[str, Any]], str] = stub.says
    stub.says = lambda body: (
        "<task>\nSort a list of rivers by length.\n</task>\n<task>\nunclosed" if asks_for_tasks(body) else own(body)
    )
    counts = made(stub, seeds_file(tmp_path), tmp_path / "more.jsonl")
    assert (counts["kept"], counts["rounds"], counts["wanted"]) == (1, 4, 24)
    stub.says = lambda body: "I will not."
    with pytest.raises(RunFailed, match=r"nothing was kept \(.*prompts_without_tasks 12.*look at .*answers.jsonl"):
        made(stub, seeds_file(tmp_path), tmp_path / "none.jsonl")
    assert not (tmp_path / "none.jsonl").exists()


def test_prompts_show_seeds_of_one_kind_and_later_what_was_made(stub: Stub, tmp_path: Path) -> None:
    rows = [chat(i, f"Write a function `f{i}` that {deed}.") for i, deed in enumerate(DEEDS)]
    rows += [chat(9, "下面的Java方法有什么作用？\n\n```java\nint f() { return 1; }\n```", "explanation", "Java")]
    made(stub, seeds_file(tmp_path, rows), tmp_path / "more.jsonl", replace(CONFIG, wanted=60))
    prompts = [body["messages"][1]["content"] for body in stub.asked if asks_for_tasks(body)]
    java = [prompt for prompt in prompts if "`explanation`" in prompt]
    assert 0 < len(java) < len(prompts)
    assert all("in Chinese. All code is Java" in prompt and "`f0`" not in prompt for prompt in java)
    python = [prompt for prompt in prompts if "`generation`" in prompt]
    assert all("in English. All code is Python" in prompt and "Java" not in prompt for prompt in python)
    shown = [prompt.count("<task>\n") for prompt in python]
    assert set(shown[:2]) == {4}
    assert shown[-1] == 6, "two of those that were made stand beside the seeds"


def test_seeds_are_of_any_shape_drawn_by_the_seed_and_no_benchmark(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"instruction": "Sort it.", "input": "3 1 2", "output": "1 2 3"},
        {"conversations": [{"from": "human", "value": "Why?"}, {"from": "gpt", "value": "So."}], "language": "Go"},
        {
            "data_name": "chat",
            "chat_rounds": [
                {"role": "system", "content": "Be brief."}, {"role": "human", "content": "为什么"},
                {"role": "bot", "content": "a"},
            ],
        },
        {"messages": [{"role": "assistant", "content": "Hello."}]},
    ]  # fmt: skip
    found = read_seeds([seeds_file(tmp_path, rows)], 10, 0)
    assert [(*seed.kind, seed.question) for seed in found] == [
        ("seeds", "Unknown", "English", "Sort it.\n\n3 1 2"),
        ("seeds", "Go", "English", "Why?"),
        ("chat", "Unknown", "Chinese", "Be brief.\n\n为什么"),
    ]
    drawn = {tuple(one.question for one in read_seeds([seeds_file(tmp_path, rows)], 2, seed)) for seed in range(20)}
    assert len(drawn) == 3
    benchmark = [
        {"task_id": f"HumanEval/{i}", "prompt": "x", "canonical_solution": "y", "test": "z", "messages": []}
        for i in range(3)
    ]
    with pytest.raises(WrongUse, match="is an evaluation file"):
        read_seeds([seeds_file(tmp_path, benchmark)], 10, 0)
    with pytest.raises(RunFailed, match="no chat asks anything"):
        read_seeds([seeds_file(tmp_path, rows[3:])], 10, 0)
