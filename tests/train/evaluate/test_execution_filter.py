"""The execution filter: what is kept, in which order, and going on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from train.evaluate.execution_filter import keep_passing, trial_of
from train.sandbox.limits import Limits


def sample(name: str, answer: str, **meta: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": "Double it."}, {"role": "assistant", "content": answer}]
    return {"id": name, "task": "code", "messages": messages, "meta": meta}


TESTS = ["assert twice(2) == 4", "assert twice(0) == 0"]
ROWS = [
    sample("good", "Sure:\n```python\ndef twice(x):\n    return 2 * x\n```\n中.", tests=TESTS, entry_point="twice"),
    sample("wrong", "```python\ndef twice(x):\n    return x\n```", tests=TESTS, entry_point="twice"),
    sample("broken", "I cannot.", tests=TESTS, entry_point="twice"),
    sample("slow", "```\ndef twice(x):\n    while True: pass\n```", tests=TESTS, entry_point="twice", time_limit_s=0.3),
    sample("talk", "Hello."),
    sample("check", "    return 2 * x", prompt="def twice(x):\n", entry_point="twice",
           tests="def check(candidate):\n    assert candidate(3) == 6\n"),
]  # fmt: skip


@pytest.fixture
def chat(tmp_path: Path) -> Path:
    path = tmp_path / "sft.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS))
    return path


def test_what_passes_is_kept_in_order_and_as_it_is(chat: Path, tmp_path: Path) -> None:
    counts = keep_passing(chat, tmp_path / "out.jsonl", workers=2)
    assert counts == {"kept": 2, "error": 1, "failed": 1, "passed": 2, "timeout": 1, "untested": 1}
    lines = chat.read_text().splitlines(keepends=True)
    assert (tmp_path / "out.jsonl").read_text() == lines[0] + lines[5]
    verdicts = (tmp_path / "out.jsonl.results.jsonl").read_text()
    assert len(verdicts.splitlines()) == 5
    with (tmp_path / "out.jsonl.results.jsonl").open("a") as file:
        file.write('{"task_id": "good", "sa')  # an interruption
    again = keep_passing(chat, tmp_path / "out.jsonl", workers=1, keep_untested=True)
    assert again == counts | {"kept": 3}
    assert (tmp_path / "out.jsonl").read_text() == lines[0] + lines[4] + lines[5]
    assert (tmp_path / "out.jsonl.results.jsonl").read_text() == verdicts


def test_a_changed_sample_is_judged_again(chat: Path, tmp_path: Path) -> None:
    keep_passing(chat, tmp_path / "out.jsonl", workers=1)
    chat.write_text(chat.read_text().replace("return 2 * x\\n```", "return 3 * x\\n```"))
    assert keep_passing(chat, tmp_path / "out.jsonl", workers=1)["failed"] == 2
    with pytest.raises(ValueError, match="is not there"):
        keep_passing(tmp_path / "none", tmp_path / "o")


def test_trials_have_the_samples_own_limits_and_language() -> None:
    trial = trial_of(sample("a", "x", tests="t", language="Go", time_limit_s=2, memory_mb=64), Limits())
    assert trial is not None
    assert (trial.language, trial.limits.cpu_s, trial.limits.memory_mb) == ("Go", 2.0, 64)
    assert (
        trial_of({"id": "a", "messages": [{"role": "user", "content": "x"}], "meta": {"tests": "t"}}, Limits()) is None
    )
    with pytest.raises(ValueError, match="sample a: no language 'Cobol'"):
        trial_of(sample("a", "x", tests="t", language="Cobol"), Limits())


def test_evaluation_data_is_refused(tmp_path: Path) -> None:
    rows = [{"task_id": f"HumanEval/{number}", "test": "x", "entry_point": "f"} for number in range(3)]
    (tmp_path / "sft.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(ValueError, match="is an evaluation file"):
        keep_passing(tmp_path / "sft.jsonl", tmp_path / "out.jsonl")
    assert not list(tmp_path.glob("out*"))
