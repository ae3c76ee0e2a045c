"""What a file says twice: copies of functions and classes; and code in comments, against what a reader counted."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest
from streams import HOSTILE, read

from analyzers.syntax import redundancy
from analyzers.syntax.code_comments import LANGUAGES, code_lines, lines_of_code
from analyzers.syntax.kinds import kind_table
from analyzers.syntax.languages import spec_of
from analyzers.syntax.redundancy import Redundancy

LABELLED = Path(__file__).parent / "fixtures_comments.tsv"
BODY = """
    total = start + 1
    for item in items:
        if item.size > total and item.name:
            total += item.size * 2
    return total, len(items)
"""
OTHER = """
    while start:
        start = start.next(items, key=1)
        yield [start, start.name, {"a": start}, (start, items)]
    raise ValueError(start, items) from None
"""


def measured(language: str, text: str) -> Redundancy:
    source = text.encode()
    stream, report, table = read(language, source)
    found = redundancy.measure(stream, report, source, table)
    assert found is not None
    return found


def test_copies_with_other_names_and_literals() -> None:
    renamed = BODY.replace("total", "sum_").replace("item", "one").replace("1", "77")
    found = measured("Python", f"def f(start, items):{BODY}\ndef g(b, c):{OTHER}\ndef h(b, c):{renamed}")
    assert (found.n_duplicate_functions, found.duplicate_function_lines, found.function_lines) == (1, 6, 17)


def test_comments_make_no_difference_but_operators_do() -> None:
    commented = BODY.replace("return", "# why\n    return")
    assert measured("Python", f"def f(a, b):{BODY}\ndef g(a, b):{commented}").n_duplicate_functions == 1
    assert measured("Python", f"def f(a, b):{BODY}\ndef g(a, b):{BODY.replace('+=', '-=')}").n_duplicate_functions == 0


def test_short_functions_are_no_copies() -> None:
    assert measured("Python", "def f(a):\n    return a\ndef g(a):\n    return a\n").n_duplicate_functions == 0


def test_what_stands_inside_a_copy_is_not_counted_again() -> None:
    inner = "        ".join(BODY.splitlines(keepends=True))
    outer = f"(start, items):\n        def inner(start, items):{inner}        return inner\n"
    found = measured("Python", f"def f{outer}\ndef g{outer}")
    assert found.n_duplicate_functions == 1
    assert found.duplicate_function_lines * 2 == found.function_lines


def test_classes() -> None:
    method = "int f(int a) { if (a > 1) { return g(a) + h(a, 2); } return a * 3 - b[a]; }"
    found = measured("Java", f"class A {{ {method} }}\nclass B {{\n {method}\n}}\nclass C {{ int x; }}\n")
    assert (found.n_duplicate_classes, found.duplicate_class_lines, found.class_lines) == (1, 3, 5)


def labelled() -> dict[str, list[tuple[int, bytes]]]:
    found: dict[str, list[tuple[int, bytes]]] = defaultdict(list)
    for line in LABELLED.read_text().split("\n")[1:-1]:
        language, n_lines, text = line.split("\t")
        parts = [part.replace("\\n", "\n").replace("\\t", "\t") for part in text.split("\\\\")]
        found[language].append((int(n_lines), "\\".join(parts).encode()))
    return found


def test_code_in_comments_against_a_reader() -> None:
    both = too_many = missed = n_comments = 0
    for language, comments in labelled().items():
        spec = spec_of(language)
        assert spec is not None
        n_comments += len(comments)
        for wanted, comment in comments:
            found = lines_of_code(comment, language, kind_table(spec))
            both += min(wanted, found)
            too_many += max(0, found - wanted)
            missed += max(0, wanted - found)
    assert n_comments >= 200
    assert both / (both + too_many) >= 0.95
    assert both / (both + missed) >= 0.7


@pytest.mark.parametrize(
    ("language", "text", "n_code", "n_lines"),
    [
        ("Python", "x = 1\n# y = f(x)\n# if y.z:\n#     y.w(1)\n", 3, 3),
        ("Python", "x = 1  # y = f(x)\n", 0, 1),
        ("Python", "# For example:\n# y = f(x)\n", 0, 2),
        ("Python", "# Like this:\n# y = f(x)\n", 0, 2),
        ("C", "int a;\n/* b = f(a);\n   return b; */\n", 2, 2),
        ("C", "/* See f() for what; this is (mostly) right. */\nint a;\n", 0, 1),
        ("Java", "class A {\n  /** b = f(a); */\n  // c.d();\n}\n", 1, 2),
        ("Go", "package a\n\n// F is used as:\n//\n//\tx := F(1)\nfunc F() {}\n", 0, 3),
        ("Ruby", "# y = f(x)\n", None, 1),
    ],
)
def test_code_in_comments(language: str, text: str, n_code: int | None, n_lines: int) -> None:
    found = measured(language, text)
    assert (found.code_comment_lines, found.comment_lines) == (n_code, n_lines)


def test_where_code_is_looked_for_has_grammars() -> None:
    assert all(spec_of(language) is not None for language in LANGUAGES)


def test_a_language_without_functions_has_none() -> None:
    stream, report, table = read("JSON", b'{"a": 1}')
    assert redundancy.measure(stream, report, b'{"a": 1}', table) is None


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("language", ["Python", "JavaScript", "C"])
def test_hostile_files_pass(language: str, what: str) -> None:
    source = HOSTILE[what]
    stream, report, table = read(language, source)
    found = redundancy.measure(stream, report, source, table)
    assert found is not None
    assert 0 <= found.duplicate_function_lines <= found.function_lines
    assert 0 <= (found.code_comment_lines or 0) <= found.comment_lines


def test_the_budget_ends_the_reading() -> None:
    source = b"x = 1\n\n" + b"# y = f(x)\n\n" * 3_000
    _, report, table = read("Python", source)
    n_code, n_lines = code_lines(report, source, table)
    assert n_code is not None
    assert 0 < n_code < n_lines == 3_000
