"""Checks of tasks and answers, each reason by an example and by its neighbour that is good; parts of replies."""

from __future__ import annotations

import pytest

from train.evaluate.fingerprints import Fingerprints, made
from train.evaluate.problems import Problem
from train.self_instruct.checking import answer_reason, assertions_of, is_broken, is_tested, task_reason
from train.self_instruct.config import SelfInstructConfig
from train.self_instruct.prompting import Reply, reply_in, tasks_in
from train.self_instruct.seeds import Kind

CONFIG = SelfInstructConfig()
PROMPT = (
    "def halve(rivers):\n    '''Halve each of the rivers, and rotate what is left of them by one place to the right.'''"
)


@pytest.fixture(scope="module")
def known() -> Fingerprints:
    problem = Problem(task_id="Own/1", language="Python", prompt=PROMPT, canonical="", tests="", entry_point="halve")
    return made([("own", [problem])])


def fenced(code: str, name: str = "python") -> str:
    return f"Here:\n\n```{name}\n{code}\n```"


GOOD = "def f(a):\n    return a"
DEEP = "(" * 5000
CLASS = "class C:\n    pass"


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        ("Sort these, please.", "short"),
        ("Sort these numbers, please.", None),
        ("请排序列表", None),
        ("word " * 1600, None),
        ("word " * 1601, "long"),
        (f"Complete this.\n\n{PROMPT}", "benchmark"),
        ("Halve each of the rivers.", None),
    ],
)
def test_tasks(task: str, reason: str | None, known: Fingerprints) -> None:
    assert task_reason(task, CONFIG, known) == reason


@pytest.mark.parametrize(
    ("task", "language", "answer", "reason"),
    [
        ("generation", "Python", None, "malformed"),
        ("explanation", "Python", "<think>Hm.</think>\n", "empty"),
        ("explanation", "Python", "I'm sorry, but I can't help.", "declined"),
        ("explanation", "Python", "抱歉，我不能", "declined"),
        ("explanation", "Python", "It gives its argument back.", None),
        ("explanation", "Python", f"It does:\n\n```python\n{GOOD}", "cut"),
        ("generation", "Python", GOOD, "no_code"),
        ("generation", "Python", f"<think>I'm sorry```</think>\n{fenced(GOOD)}", None),
        ("generation", "Python", fenced(PROMPT + "\n    return rivers"), "benchmark"),
        ("generation", "Python", fenced("def f(a):\n  return a)"), "broken"),
        ("generation", "Python", fenced(DEEP), "broken"),
        ("generation", "Python", fenced("a = '\\d'\n\x00"), "broken"),
        ("generation", "Python", fenced("a = '\\d'"), None),
        ("explanation", "Python", fenced("a ) b"), None),
        ("translation", "Go", fenced("func f() { g(']') }", "go"), None),
        ("translation", "Go", fenced("func f() { g(] }", "go"), "broken"),
        ("translation", "Go", fenced("func f() { if a {", "go"), "broken"),
        ("translation", "Haskell", fenced("f = (", "haskell"), None),
        ("generation", "Python", f"````python\n{GOOD}\n'''```'''\n````", None),
    ],
)
def test_answers(task: str, language: str, answer: str | None, reason: str | None, known: Fingerprints) -> None:
    kind = Kind(task, language, "English")
    assert answer_reason(kind, "Do it well, please.", Reply(answer, None), known) == reason


@pytest.mark.parametrize(
    ("language", "given", "answered", "reason"),
    [
        ("Python", GOOD, 'def f(a):\n    """Gives a."""\n    # so\n    return a', None),
        ("Python", GOOD, "def f(a):\n    return a + 0", "changed_code"),
        ("Java", "int f() { return 1; }", "/** One. */\nint f() {\n  return 1; // so\n}", None),
        ("Java", "int f() { return 1; }", "/** One. */\nint f() { return 2; }", "changed_code"),
        ("Lua", "return 1", "return 2", None),
    ],
)
def test_a_comment_leaves_the_code_alone(
    language: str, given: str, answered: str, reason: str | None, known: Fingerprints
) -> None:
    kind = Kind("comment", language, "English")
    assert answer_reason(kind, fenced(given), Reply(fenced(answered), None), known) == reason


def test_tests_call_what_the_answer_defines() -> None:
    answer = f"{fenced(GOOD)}\n\n" + fenced(CLASS)
    told = "import os\nassert f(1) == 1\nassert f(2) == 2, 'two'\nassert isinstance(C(), C)\nassert 1 + 1 == 2\nf(3)"
    found = assertions_of(answer, told, CONFIG)
    assert found is not None
    assert found.entry_point == "f"
    assert found.assertions == ("assert f(1) == 1", "assert f(2) == 2, 'two'", "assert isinstance(C(), C)")
    assert assertions_of(answer, f"```python\n{told}\n```", CONFIG) == found
    assert assertions_of(answer, "assert f(1) == 1\nassert g(1) == 1", CONFIG) is None
    assert assertions_of(answer, "assert f(1", CONFIG) is None
    assert assertions_of(answer, None, CONFIG) is None


def test_what_is_tested_and_what_is_not_judged() -> None:
    assert is_tested(Kind("generation", "Python", "Chinese"), CONFIG)
    assert not is_tested(Kind("generation", "Java", "English"), CONFIG)
    assert not is_tested(Kind("explanation", "Python", "English"), CONFIG)
    assert not is_tested(Kind("generation", "Python", "English"), SelfInstructConfig(tests=False))
    assert not is_broken("(((", "COBOL")


def test_parts_of_replies() -> None:
    thought = "<think>\n<task>\nno\n</task>\n</think>\n"
    text = f"{thought}<task>\nOne:\n\n    x\n</task>\nand\n <task>\nTwo\n </task>\n<task>\ncut"
    assert tasks_in(text, 9) == ["One:\n\n    x", "Two"]
    assert tasks_in(text, 1) == ["One:\n\n    x"]
    told = "<think>so</think><answer>\nhere\n</answer>\n<tests>\nassert f()\n</tests>"
    assert reply_in(told, tested=True) == Reply("here", "assert f()")
    assert reply_in("here", tested=True) == Reply(None, None)
    assert reply_in("<think>so</think>here\n", tested=False) == Reply("<think>so</think>here", None)
