"""Tasks that join a pair with another: translations, and functions with their tests; what is no match stays out."""

from __future__ import annotations

from typing import Any

import pytest
from pairs_at_hand import CLAMP_PYTHON, REAL, TESTS, document, pair

from train.instruct.parallel import is_parallel, translations
from train.instruct.tasks import InstructionConfig
from train.instruct.tested import functions_with_tests

JAVA, CONFIG = REAL[2], InstructionConfig()
LONG = "Brings a value into the range from low to high, both of which are allowed."


@pytest.mark.parametrize(
    ("changes", "parallel"),
    [
        ({}, True),
        ({"language": "Java"}, False),
        ({"kind": "class"}, False),
        ({"code": CLAMP_PYTHON["code"] * 9}, False),
        ({"path": "other/numbers.py"}, False),
        ({"path": "other.py", "comment": LONG}, False),
        ({"repo": None, "path": "numbers.py"}, True),
    ],
)
def test_what_is_parallel(changes: dict[str, Any], parallel: bool) -> None:
    assert is_parallel(JAVA, CLAMP_PYTHON | changes) is parallel
    assert is_parallel(CLAMP_PYTHON | changes, JAVA) is parallel


def test_comments_that_say_the_same_make_a_parallel_where_the_repository_is_known() -> None:
    a, b = (
        pair(1, comment=LONG, path="a.py"),
        pair(2, comment=LONG.replace("allowed", "fine"), path="b.go", language="Go"),
    )
    assert is_parallel(a, b)
    assert not is_parallel(a | {"repo": None}, b | {"repo": None})
    assert not is_parallel(a | {"comment": "Brings it up."}, b | {"comment": "Brings it up."}), "too few words"


def test_each_pair_is_translated_once_whatever_the_order() -> None:
    go = CLAMP_PYTHON | {"pair_id": "p6", "language": "Go", "path": "numbers.go", "name": "Clamp", "code": "func " * 30}
    other = CLAMP_PYTHON | {"pair_id": "p7", "repo": "other"}
    everything = [*REAL, CLAMP_PYTHON, other, go]
    found = list(translations(lambda: everything, CONFIG))
    assert len(found) == 1
    used = {found[0]["meta"]["pair_id"], found[0]["meta"]["source_pair_id"]}
    assert used < {"p3", "p5", "p6"}
    assert found[0]["meta"]["language"] != found[0]["meta"]["source_language"]
    backwards = everything[::-1]
    assert list(translations(lambda: backwards, CONFIG)) == found
    assert list(translations(tuple, CONFIG)) == []
    asked = [one["messages"][0]["content"] for i in range(30) for one in translations(
        lambda: everything, InstructionConfig(seed=i))]  # fmt: skip
    assert any("翻译" in one or "应该" in one or "改写" in one for one in asked), "a share is asked for in Chinese"
    assert sum(one.isascii() for one in asked) > 15


def answers_for(path: str = "web/tests/test_text.py", content: str = TESTS, repo: str | None = "r") -> list[str]:
    found = functions_with_tests(lambda: REAL, lambda: [document(path, content, repo)], CONFIG)
    return [one["messages"][1]["content"] for one in found]


def test_tests_that_stand_by_themselves_are_taken_with_their_imports() -> None:
    (answer,) = answers_for()
    for name in ("test_slugify", "test_slugify_unicode", "test_slugify_short"):
        assert f"def {name}(" in answer
    for name in ("set_up", "limit", "test_slugify_with", "test_other", "import re\n"):
        assert name not in answer
    code = answer.split("\n", 1)[1].rpartition("```")[0]
    compile(code, "test", "exec")


@pytest.mark.parametrize(
    ("path", "content", "repo"),
    [
        ("web/tests/test_text.py", TESTS, "other"),
        ("web/text_of_tests.py", TESTS, "r"),
        ("web/tests/test_text.py", TESTS.replace("web", "desk"), "r"),
        ("web/tests/test_text.py", "from web.text import slugify\ndef test_slugify(:", "r"),
        ("web/tests/test_text.py", "from .text import slugify\ndef test_slugify():\n    assert slugify(1)\n", "r"),
        ("deep/down/test_text.py", "from text import slugify\ndef test_slugify():\n    assert slugify(1)\n", "r"),
        ("web/tests/test_text.py", "from web.text import slugify\ndef test_slug():\n    assert slugify(1)\n", "r"),
        (
            "web/tests/test_text.py",
            "from web.text import slugify\ndef test_slugify():\n    assert other(slugify)\n",
            "r",
        ),
    ],
)
def test_other_tests_are_left(path: str, content: str, repo: str) -> None:
    assert answers_for(path, content, repo) == []


@pytest.mark.parametrize(
    ("path", "statement", "called"),
    [
        ("web/tests/test_text.py", "from web import text", "text.slugify"),
        ("web/tests/test_text.py", "from ..text import slugify as s", "s"),
        ("web/test_text.py", "from .text import slugify", "slugify"),
        ("web/tests/test_text.py", "import text as t", "t.slugify"),
        ("web/test_text.py", "from text import slugify", "slugify"),
    ],
)
def test_imports_lead_to_the_function(path: str, statement: str, called: str) -> None:
    (answer,) = answers_for(path, f"{statement}\n\n\ndef test_slugify():\n    assert {called}('a b') == 'a-b'\n")
    assert statement in answer
