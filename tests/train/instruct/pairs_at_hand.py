"""Pairs and documents for tests, as they come from a run."""

from __future__ import annotations

from typing import Any


def pair(i: int, **changes: Any) -> dict[str, Any]:
    code = f"def f{i}(a):\n    b = a + {i}\n    c = b * {i}\n    if c > {i}:\n        return b\n    return c"
    return {
        "pair_id": f"p{i}",
        "file_id": f"file {i}",
        "language": "Python",
        "kind": "function",
        "name": f"f{i}",
        "signature": f"def f{i}(a):",
        "comment": f"Adds {i} to what it is given, and gives the sum back.",
        "comment_language": "English",
        "doc_style": "docstring",
        "code": code,
        "code_with_comment": code.replace("\n", f'\n    """{i}"""\n', 1),
        "repo": "r",
        "path": "f.py",
        "licence": "MIT",
        "drop_reason": None,
        **changes,
    }


SLUG = """def slugify(text, allow_unicode=False):
    words = re.findall(r"\\w+", text.lower())
    if not allow_unicode:
        words = [word.encode("ascii", "ignore").decode() for word in words]
    return "-".join(word for word in words if word)"""
SLUG_DOCUMENTED = SLUG.replace(
    "\n", '\n    """Words of a text in small letters, joined by hyphens.\n\n    :param text: any text\n    """\n', 1
)
GO = """type Gauge struct {
	mu    sync.Mutex
	value float64
	limit float64
	seen  map[string]int
}"""
JAVA = """public static int clamp(int value, int low, int high) {
    if (low > high) {
        throw new IllegalArgumentException("low is over high");
    }
    return Math.max(low, Math.min(high, value));
}"""
CHINESE = """def total(prices, rate=0.0):
    subtotal = 0
    for price in prices:
        if price < 0:
            raise ValueError(price)
        subtotal += price
    return subtotal * (1 + rate)"""

PRICES = "计算含税总价，价格为负时报错，税率默认为零，返回值为浮点数，单位与输入的价格相同，不做四舍五入处理。"

REAL = [
    pair(
        1, name="slugify", signature="def slugify(text, allow_unicode=False):", code=SLUG, path="web/text.py",
        code_with_comment=SLUG_DOCUMENTED,
        comment="Words of a text in small letters, joined by hyphens.\n\n:param text: any text",
    ),
    pair(
        2, name="Gauge", kind="class", language="Go", signature="type Gauge struct", code=GO, path="gauge.go",
        code_with_comment=f"// Gauge is a number that goes up and down, up to a limit.\n{GO}",
        comment="Gauge is a number that goes up and down, up to a limit.",
    ),
    pair(
        3, name="clamp", kind="method", language="Java", code=JAVA, path="Numbers.java",
        signature="public static int clamp(int value, int low, int high)",
        code_with_comment="/**\n * Brings a {@code value} into a range.\n * @since 3\n * @return value, low or high\n"
        f" */\n{JAVA}",
        comment="Brings a {@code value} into a range.\n@since 3\n@return value, low or high",
    ),
    pair(
        4, name="total", signature="def total(prices, rate=0.0):", code=CHINESE, comment_language="Chinese",
        path="shop.py", code_with_comment=CHINESE.replace("\n", f'\n    """{PRICES}"""\n', 1), comment=PRICES,
    ),
]  # fmt: skip
CLAMP_PYTHON = pair(
    5, name="clamp", language="Python", path="numbers.py", signature="def clamp(value, low, high):",
    code="def clamp(value, low, high):\n    if low > high:\n        raise ValueError('low is over high')\n"
    "    return max(low, min(high, value))",
)  # fmt: skip
TESTS = '''"""Tests of text."""
import re
import unittest

import pytest

from web import text
from web.text import slugify

LIMIT = 3


class SlugTest(unittest.TestCase):
    def setUp(self):
        self.word = "A b"

    def test_slugify(self):
        self.assertEqual(slugify("A  b!"), "a-b")

    def test_slugify_of_set_up(self):
        self.assertEqual(slugify(self.word), "a-b")

    # a comment stays out
    def test_slugify_unicode(self):
        assert text.slugify("é", allow_unicode=True) == "é"


@pytest.mark.parametrize("given, wanted", [("", ""), ("x", "x")])
def test_slugify_short(given, wanted):
    assert slugify(given) == wanted


def test_slugify_limit():
    assert len(slugify("abc")) == LIMIT


def test_slugify_with(tmp_path):
    assert slugify(tmp_path.name)


def test_other():
    assert slugify("a") == "a"
'''


def document(path: str, content: str, repo: str | None = "r") -> dict[str, Any]:
    return {"file_id": f"id of {path}", "repo": repo, "path": path, "content": content}
