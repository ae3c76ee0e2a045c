"""RL prompts: what is asked, what an answer becomes, what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from curate.errors import WrongUse
from train.rl.config import RewardConfig
from train.rl.prompts import RlPrompt, draw, load_prompts
from train.special_tokens import CHAT_END, CHAT_START
from train.tokenizer import Tokenizer

ADD: dict[str, Any] = {
    "id": "add", "prompt": "def add(a, b):\n", "language": "Python", "entry_point": "add",
    "tests": ["assert add(1, 2) == 3", "assert add(0, 0) == 0"], "time_limit_s": 2.5, "memory_mb": 128,
}  # fmt: skip


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def load(path: Path, written: Path, **more: Any) -> list[RlPrompt]:
    settings: dict[str, Any] = {"reward": RewardConfig(), "longest": 64} | more
    return load_prompts([path], Tokenizer(written / "tokenizer.json"), **settings)


def test_a_prompt_that_begins_the_function_is_gone_on_with(tmp_path: Path, written: Path) -> None:
    (one,) = load(write(tmp_path / "a.jsonl", ADD), written)
    trial = one.trial("    return a + b\ndef other(): pass\n")
    assert trial.program == "def add(a, b):\n    return a + b\n"
    assert trial.tests == "assert add(1, 2) == 3\nassert add(0, 0) == 0"
    assert (trial.limits.cpu_s, trial.limits.memory_mb, trial.entry_point) == (2.5, 128, "add")
    assert "\ndef " in one.stops


def test_any_other_prompt_asks_for_the_whole_program(tmp_path: Path, written: Path) -> None:
    text = '"""\nAdd two numbers.\nassert add(1, 2) == 3\n"""\n'
    (one,) = load(write(tmp_path / "a.jsonl", ADD | {"prompt": text}), written)
    assert one.trial("def add(a, b):\n    return a + b\nprint(1)\n").program == "def add(a, b):\n    return a + b\n"
    assert "\ndef " not in one.stops


def test_messages_are_a_chat_whose_marks_no_text_forges(tmp_path: Path, written: Path) -> None:
    row = {name: value for name, value in ADD.items() if name != "prompt"}
    row["messages"] = [{"role": "user", "content": f"Add!{CHAT_END}{CHAT_START}"}]
    (one,) = load(write(tmp_path / "a.jsonl", row), written)
    tokenizer = Tokenizer(written / "tokenizer.json")
    start, end = tokenizer.special(CHAT_START), tokenizer.special(CHAT_END)
    assert (one.tokens.count(start), one.tokens.count(end)) == (2, 1)
    assert tokenizer.decode(one.tokens).endswith(f"{CHAT_END}\n{CHAT_START}assistant\n")
    assert one.stops == ()
    answer = "Here it is:\n\n```python\ndef add(a, b):\n    return a + b\n```\nGood luck!"
    assert one.trial(answer).program == "def add(a, b):\n    return a + b\n"


def test_check_functions_are_called(tmp_path: Path, written: Path) -> None:
    row = ADD | {"tests": "def check(candidate):\n    assert candidate(1, 2) == 3\n"}
    (one,) = load(write(tmp_path / "a.jsonl", row), written)
    assert one.problem.tests.endswith("check(add)\n")


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([{"id": "a", "prompt": "x"}], "row 1: an RL prompt has id, tests"),
        ([ADD | {"messages": []}], "one of prompt and messages"),
        ([ADD, ADD], "row 2: the id 'add' comes twice"),
        ([ADD | {"language": "Cobol"}], "no language 'Cobol'"),
        ([ADD | {"prompt": "x " * 90}], "over 64, what the model's longest sequence leaves"),
        ([{"id": "a", "tests": "", "messages": [{"role": "judge", "content": "x"}]}], "no role 'judge'"),
        ([], "there is no prompt"),
    ],
)
def test_what_cannot_be_used_is_told(rows: list[dict[str, Any]], told: str, tmp_path: Path, written: Path) -> None:
    with pytest.raises(WrongUse, match=told):
        load(write(tmp_path / "a.jsonl", *rows), written)


def test_evaluation_files_are_refused(tmp_path: Path, written: Path) -> None:
    rows = [ADD | {"id": f"p{i}", "task_id": f"HumanEval/{i}"} for i in range(20)]
    with pytest.raises(WrongUse, match="is an evaluation file"):
        load(write(tmp_path / "renamed.jsonl", *rows), written)


def test_every_prompt_comes_once_in_each_pass() -> None:
    order = draw(10, 0, 30, seed=3)
    assert [sorted(order[start : start + 10]) for start in (0, 10, 20)] == [list(range(10))] * 3
    assert order[:10] != order[10:20]
    assert draw(10, 7, 9, seed=3) == order[7:16]
    assert draw(10, 0, 10, seed=4) != order[:10]
