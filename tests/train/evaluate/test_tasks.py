"""Prompts of each task in both styles, comments and their BLEU, and generated tests put to the test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from train.evaluate.bleu import sentence_bleu
from train.evaluate.completions import Completion
from train.evaluate.problems import Problem, load
from train.evaluate.tasks.assertions import found, traced
from train.evaluate.tasks.comment import said
from train.evaluate.tasks.opening import open_task
from train.evaluate.tasks.prompting import Task
from train.evaluate.tasks.testing import WritingTests
from train.sandbox.limits import Limits
from train.sandbox.pool import Sandbox

PYTHON = {
    "task_id": "Python/5", "prompt": 'def clip(x):\n    """ Clip at ten.\n    >>> clip(11)\n    10\n    """\n',
    "declaration": "def clip(x):\n", "canonical_solution": "    if x > 10:\n        return 10\n    return x\n",
    "test": "def check(clip):\n    assert clip(11) == clip(10) == 10\n    assert clip(3) == 3\n\ncheck(clip)",
    "prompt_text": "Clip at ten.", "prompt_text_chinese": "在十处截断。",
}  # fmt: skip
GO = {
    "task_id": "Go/5", "prompt": "import (\n    \"math\"\n)\n\n// Clip at ten.\nfunc Clip(x int) int {\n",
    "canonical_solution": "    if x > 10 {\n        return 10\n    }\n    return x\n}\n",
    "test_setup": "package main\n", "test": "func TestClip(t *testing.T) {\n}\n",
}  # fmt: skip
MBPP = {
    "task_id": "Python/11", "prompt": "Write a function to sum.", "canonical_solution": "def add(a,b):\n  return a+b\n",
    "test": ["assert add(10,15) == 25", "assert add(1,1) == 2"], "func_title": "def add(a,b):",
}  # fmt: skip
CHINESE = {**PYTHON, "prompt": 'def clip(x):\n    """在十处截断。"""'}


def problems(*rows: dict[str, Any], path: Path) -> list[Problem]:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return load(path)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(workers=1) as own:
        yield own


@pytest.fixture
def ask(sandbox: Sandbox, tmp_path: Path) -> Any:
    def opened(name: str, *rows: dict[str, Any], **more: Any) -> Task:
        some = problems(*rows, path=tmp_path / "p.jsonl")
        for key in ("sources", "examples"):
            if key in more:
                more[key] = problems(*more[key], path=tmp_path / f"{key}.jsonl")
        return open_task(name, some, sandbox, limits=Limits(), **more)

    return opened


def test_completion(ask: Any) -> None:
    first, second = ask("completion", PYTHON, MBPP).requests()
    assert first.prompt == PYTHON["prompt"]
    assert "\ndef " in first.stops
    assert second.prompt == '"""\nWrite a function to sum.\nassert add(10,15) == 25\n"""\n'
    assert "\ndef " not in second.stops
    (chat,) = ask("completion", CHINESE, style="chat").requests()
    assert chat.stops == ()
    assert "补全" in chat.chat[0][1]
    assert "```python\ndef clip" in chat.chat[0][1]


def test_examples_stand_before_the_question(ask: Any) -> None:
    (base,) = ask("completion", MBPP, examples=[PYTHON]).requests()
    assert base.prompt.startswith(str(PYTHON["prompt"]) + str(PYTHON["canonical_solution"]).rstrip() + "\n\n\n")
    assert base.prompt.endswith('"""\n')
    (chat,) = ask("completion", MBPP, examples=[PYTHON], style="chat").requests()
    assert [role for role, _ in chat.chat] == ["user", "assistant", "user"]
    assert "return x\n```" in chat.chat[1][1]


def test_translation_shows_no_comment(ask: Any) -> None:
    (base,) = ask("translation", GO, sources=[PYTHON]).requests()
    assert base.prompt == (
        "code translation\nPython:\ndef clip(x):\n    if x > 10:\n        return 10\n    return x\n"
        'Go:\nimport (\n    "math"\n)\n\nfunc Clip(x int) int {\n'
    )
    with pytest.raises(ValueError, match="Go/5 has no counterpart"):
        ask("translation", GO, sources=[{**PYTHON, "task_id": "Python/6"}]).requests()
    with pytest.raises(ValueError, match="--translate-from"):
        ask("translation", GO)


def test_comments_are_scored_against_the_benchmarks_words(ask: Any) -> None:
    task = ask("comment", PYTHON)
    (base,) = task.requests()
    assert "Clip at ten" not in base.prompt
    assert base.prompt.endswith("# What the function above does:\n#")
    rows = list(task.judge([Completion("Python/5", 0, " Clip at ten."), Completion("Python/5", 1, " Nothing")]))
    assert [row["scores"]["bleu"] for row in rows] == [100.0, 0.0]
    (chinese,) = ask("comment", PYTHON, GO, words="zh", style="chat").requests()
    assert "说明" in chinese.chat[0][1]


def test_bleu_is_codexglues() -> None:
    """By hand: 4 of 5 words match, 2 of 4 pairs, 1 of 3 triples, 0 of 2 quadruples; lengths 5 and 6."""
    expected = 100 * (4 / 5 * 3 / 5 * 2 / 4 * 1 / 3) ** 0.25 * 2.718281828459045 ** (1 - 7 / 6)
    assert (
        sentence_bleu("returns the smallest list element", "Returns the smallest of list items?"[:-1] + " element") != 0
    )
    assert sentence_bleu("a b c x d", "a b c y d e") == pytest.approx(expected)
    assert sentence_bleu("The sum.", "the sum.") == pytest.approx(100.0)
    assert sentence_bleu("", "a") == sentence_bleu("b", "a") == 0.0
    assert sentence_bleu("返回和", "返回和", chinese=True) == pytest.approx(100.0)


def test_comment_marks_are_no_words() -> None:
    assert (
        said("# Clip\n# at ten.")
        == said("/**\n * Clip\n * at ten.\n */")
        == said('"""Clip at ten."""')
        == "Clip at ten."
    )


def test_assertions_are_found_in_what_models_write(tmp_path: Path) -> None:
    (one,) = problems(PYTHON, path=tmp_path / "p.jsonl")
    text = (
        "```python\ndef test():\n    assert clip(1) == 1, 'one; two'  # why\n    assert clip(\n        2\n    ) == 2\n"
        "assert other(1)\nx = 'assert clip(3)'\nassert clip(1) == 1, 'one; two'\nassert clip(4"
    )
    assert found(text, one, 9) == ["assert clip(1) == 1, 'one; two'", "assert clip(\n        2\n    ) == 2"]
    assert len(found(text, one, 1)) == 1
    (go,) = problems(GO, path=tmp_path / "g.jsonl")
    assert found("assert.Equal(1, Clip(1))\n  assert.Equal(t,\n Clip(2))\nnoassert.Equal(Clip(3))", go, 9) == [
        "assert.Equal(1, Clip(1))", "assert.Equal(t,\n Clip(2))",
    ]  # fmt: skip


def test_a_traced_program_has_its_lines_counted(tmp_path: Path) -> None:
    (one,) = problems(PYTHON, path=tmp_path / "p.jsonl")
    program, lines = traced(one) or ("", 0)
    assert lines == 3
    assert program.count("_codemill_seen(") == 4


@pytest.mark.parametrize(
    ("text", "validity", "kill_rate", "coverage"),
    [
        ("assert clip(11) == 10\nassert clip(10) == 10\nassert clip(9) == 9", 1.0, 1.0, 1.0),
        ("assert clip(3) == 3\nassert clip(3) == 4", 0.5, None, 2 / 3),
        ("assert clip(3) == 4", 0.0, 0.0, 0.0),
        ("I cannot.", 0.0, 0.0, 0.0),
    ],
)
def test_generated_tests_are_tested(
    text: str, validity: float, kill_rate: float | None, coverage: float, ask: Any
) -> None:
    task = ask("tests", PYTHON, style="chat")
    assert isinstance(task, WritingTests)
    (row,) = task.judge([Completion("Python/5", 0, text)])
    assert row["outcome"] == "scored"
    assert row["scores"]["validity"] == validity
    assert row["scores"]["line_coverage"] == pytest.approx(coverage)
    if kill_rate is None:
        assert 0 < row["scores"]["kill_rate"] < 1
    else:
        assert row["scores"]["kill_rate"] == kill_rate


def test_a_base_model_goes_on_with_the_first_assertion(ask: Any) -> None:
    task = ask("tests", PYTHON)
    assert task.requests()[0].prompt.endswith("assert clip(")
    (row,) = task.judge([Completion("Python/5", 0, "3) == 3\nassert clip(12) == 10\n")])
    assert (row["scores"]["validity"], row["scores"]["assertions"]) == (1.0, 2)


def test_unknown_names_are_told(ask: Any) -> None:
    for name, more, told in (
        ("poetry", {}, "no task"), ("completion", {"style": "loud"}, "no style"), ("comment", {"words": "la"}, "en or"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=told):
            ask(name, PYTHON, **more)
    with pytest.raises(ValueError, match="cannot be generated for Rust"):
        ask("tests", {**GO, "task_id": "Rust/1", "prompt": "fn clip(x: i32) -> i32 {\n"}).requests()
