"""Each task's chats of real-looking pairs are as its golden file has them.

Renewed on purpose only: python tests/train/instruct/test_instruction_golden.py
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pairs_at_hand import CLAMP_PYTHON, REAL, TESTS, document

from train.instruct.parallel import translations
from train.instruct.tasks import OF_ONE_PAIR, TASKS, InstructionConfig, Sample, samples_of
from train.instruct.tested import functions_with_tests

GOLDEN = Path(__file__).parents[1] / "golden" / "instructions"


def made(task: str) -> list[Sample]:
    """All chats of one task, of every pair it fits, by two seeds."""
    found: list[Sample] = []
    for seed in (0, 1):
        config = InstructionConfig(every_task=True, seed=seed)
        if task in OF_ONE_PAIR:
            found += [one for pair in REAL for one in samples_of(pair, config) if one["task"] == task]
        elif task == "translation":
            found += translations(lambda: [*REAL, CLAMP_PYTHON], config)
        else:
            found += functions_with_tests(lambda: REAL, lambda: [document("web/tests/test_text.py", TESTS)], config)
    return found


def lines(task: str) -> str:
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in made(task))


@pytest.mark.parametrize("task", TASKS)
def test_golden(task: str) -> None:
    assert lines(task) == (GOLDEN / f"{task}.jsonl").read_text(encoding="utf-8")


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for one in TASKS:
        (GOLDEN / f"{one}.jsonl").write_text(lines(one), encoding="utf-8")
