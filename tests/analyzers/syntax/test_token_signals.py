"""Signals that come of bugs and of the tokens' measures, against what a reader counts."""

from __future__ import annotations

from typing import Any

import pytest

from analyzers.signals import SYNTAX_SIGNALS
from analyzers.syntax.limits import Limits
from analyzers.syntax.maintainability import index
from analyzers.syntax.report import from_plain
from analyzers.syntax.signals import signals_of
from analyzers.syntax.task import examine

MEASURES = ("ending", "naming", "redundancy", "coupling", "maintainability")
"""All that there are."""
ROOMS = """\
import os.path
import os
from json import *
from .own import x


def area(width, q):
    return os.stat(width).st_size + helper(q)


def helper(zqxv):
    # total = area(1, 2)
    return len(zqxv)
"""
BODY = """(start, items):
    total = start + 1
    for item in items:
        if item.size > total and item.name:
            total += item.size * 2
    return total, len(items)

"""
POINTS = """\
import java.util.*;
class Point {
    private Color color;
    Point shifted(Vector by, Scale scale) { return scale.of(new Point(by)); }
}
class Other { int x; }
"""


def signals(language: str, text: str, measures: tuple[str, ...] = MEASURES, bugs: bool = True) -> dict[str, Any]:
    answer = examine((language, "", None, None), text.encode(), Limits(), {"measures": measures, "bugs": bugs})
    assert not isinstance(answer, str)
    columns = signals_of([from_plain(answer["report"])], [answer.get("bugs")], [answer.get("counts")])
    return {name: column.to_pylist()[0] for name, column in columns.items()}


def test_names_calls_and_modules() -> None:
    found = signals("Python", ROOMS)
    expected = {
        "naming_break_fraction": 0,
        "non_word_fraction": 1 / 4,  # zqxv of area, helper, width, zqxv
        "single_letter_fraction": 1 / 5,  # q of those and q
        "n_modules": 4,
        "n_top_modules": 3,  # os, json, .
        "n_wildcard_imports": 1,
        "external_call_fraction": 2 / 3,  # stat, len; helper is its own
        "fan_out": 2,
        "n_types": 0,
        "code_comment_fraction": 1 / 13,
        "ends_in_line": False,
        "n_unbalanced_brackets": 0,
        "n_duplicate_functions": 0,
        "duplicate_class_line_fraction": 0,
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected)


def test_copies() -> None:
    found = signals("Python", f"def f{BODY}def g{BODY.replace('total', 'sum_')}def h(a):\n    return a\n")
    assert found["n_duplicate_functions"] == 1
    assert found["duplicate_function_line_fraction"] == 6 / 14


def test_types() -> None:
    found = signals("Java", POINTS)
    assert found["n_types"] == 5
    assert found["max_class_types"] == 3  # Color, Vector, Scale; its own name is none
    assert found["max_function_types"] == 3  # Vector, Scale, Point
    assert (found["n_wildcard_imports"], found["n_modules"]) == (1, 1)


@pytest.mark.parametrize(
    ("text", "ends_in_line", "unbalanced"),
    [
        ("", False, 0),
        ("x = 1\n", False, 0),
        ("x = 1", True, 0),
        ("x = 1\n  \t", False, 0),
        ("x = f(1, [2", True, 2),
        ("x = 1)]}\n", False, 3),
        ("x = ')' # (\n", False, 0),
        ("# a remark", True, 0),
    ],
)
def test_the_ending(text: str, ends_in_line: bool, unbalanced: int) -> None:
    found = signals("Python", text)
    assert (found["ends_in_line"], found["n_unbalanced_brackets"]) == (ends_in_line, unbalanced)


def test_maintainability_is_that_of_the_functions() -> None:
    found = signals("Python", "def f(a):\n    return a\n\ndef g(a, b):\n    return a + b\n")
    # f: def f ( a ) : return a, six different; g: def g ( a , b ) : return a + b, nine different
    of_f, of_g = index(8 * 2.584962500721156, 1, 2), index(12 * 3.321928094887362, 1, 2)
    assert found["mean_maintainability"] == pytest.approx((of_f + index(12 * 3.321928094887362, 1, 2)) / 2, abs=1)
    assert found["min_maintainability"] == pytest.approx(of_g, abs=1)


def test_rates_are_per_thousand_tokens() -> None:
    found = signals(
        "Python", "def f(a):\n    try:\n        a()\n    except:\n        pass\n    return {'k': 1, 'k': 2}\n"
    )
    # def f ( a : try : a ( except : pass return { 'k' : 1 , 'k' : 2; closing brackets are no tokens of their own
    assert (found["n_fatal_bugs"], found["n_error_bugs"], found["n_warning_bugs"]) == (0, 1, 2)
    assert found["serious_bug_rate"] == pytest.approx(1000 / 21)
    assert found["warning_bug_rate"] == pytest.approx(2000 / 21)
    broken = signals("Python", "x = (1 +\n")
    assert broken["syntax_error_rate"] == pytest.approx(
        1000 * (broken["n_error_nodes"] + broken["n_missing_nodes"]) / 5
    )
    assert broken["n_error_nodes"] + broken["n_missing_nodes"] > 0


def test_what_was_not_asked_for_is_null() -> None:
    none = signals("Python", ROOMS, (), bugs=False)
    names = [signal.name for signal in SYNTAX_SIGNALS]
    asked = names[names.index("ends_in_line") :]
    assert [none[name] for name in (*asked, "serious_bug_rate", "n_error_bugs")] == [None] * (len(asked) + 2)
    some = signals("Python", ROOMS, ("naming",), bugs=False)
    assert (some["single_letter_fraction"], some["fan_out"]) == (1 / 5, None)
    assert [signals("JSON", "{}")[name] for name in asked] == [None] * len(asked)
    assert signals("Lua", "x = 1")["serious_bug_rate"] is None
