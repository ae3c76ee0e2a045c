"""Python against Python: `ast` and `tokenize` on files of the standard library."""

from __future__ import annotations

import ast
import io
import sysconfig
import tokenize
from functools import cache
from pathlib import Path

import pytest

from analyzers.syntax import Report, analyze
from analyzers.syntax.report import DOCSTRING

LIBRARY = Path(sysconfig.get_path("stdlib"))
FILES = [
    path
    for folder in (".", "json", "asyncio", "unittest", "importlib")
    for path in sorted((LIBRARY / folder).glob("*.py"))
    if path.stat().st_size < 120_000
]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def parsed(text: str) -> ast.Module:
    """The tree of a file, made once for all tests."""
    return ast.parse(text)


_DECISIONS = (ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler)


def complexity(function: Function) -> int:
    """1 + decisions, inner functions and classes aside."""
    total = 1
    stack: list[ast.AST] = [*function.body]
    for default in (*function.args.defaults, *(one for one in function.args.kw_defaults if one)):
        stack.append(default)
    stack += [one.annotation for one in ast.walk(function.args) if isinstance(one, ast.arg) and one.annotation]
    stack += [function.returns] if function.returns else []
    while stack:
        node = stack.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        total += isinstance(node, _DECISIONS)
        if isinstance(node, ast.BoolOp):
            total += len(node.values) - 1
        if isinstance(node, ast.comprehension):
            total += 1 + len(node.ifs)
        if isinstance(node, ast.match_case):
            total += not (isinstance(node.pattern, ast.MatchAs) and node.pattern.name is None)
            total += node.guard is not None
        stack += ast.iter_child_nodes(node)
    return total


def n_parameters(function: Function) -> int:
    """All of them, self too."""
    given = function.args
    named = len(given.posonlyargs) + len(given.args) + len(given.kwonlyargs)
    return named + (given.vararg is not None) + (given.kwarg is not None)


def last_of_code(text: str, line: int) -> int:
    """The grammar counts comments that are indented like a body to it, also behind its last statement."""
    lines = text.split("\n")
    while lines[line - 1].lstrip()[:1] in ("#", ""):
        line -= 1
    return line


def reports() -> list[tuple[Path, str, Report]]:
    made = []
    for path in FILES:
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        report = analyze("Python", text.encode())
        assert isinstance(report, Report)
        made.append((path, text, report))
    return made


REPORTS = reports()


def test_there_is_enough_to_compare() -> None:
    assert len(REPORTS) > 200
    assert sum(len(report.definitions or ()) for _, _, report in REPORTS) > 5_000


def test_no_file_has_an_error() -> None:
    assert [path.name for path, _, report in REPORTS if report.n_errors or report.n_missing] == []


def test_functions_parameters_lines_and_complexity_are_those_of_ast() -> None:
    for path, text, report in REPORTS:
        found = sorted(
            (one.start_line, last_of_code(text, one.end_line), one.name, one.n_parameters, one.cyclomatic)
            for one in report.definitions or ()
            if one.kind != "class"
        )
        told = sorted(
            (node.lineno, node.end_lineno, node.name, n_parameters(node), complexity(node))
            for node in ast.walk(parsed(text))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        )
        assert found == told, path


def test_classes_and_methods_are_those_of_ast() -> None:
    for path, text, report in REPORTS:
        tree = parsed(text)
        classes = sorted((node.lineno, node.name) for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
        assert sorted((one.start_line, one.name) for one in report.definitions or () if one.kind == "class") == classes
        n_methods = sum(one.kind == "method" for one in report.definitions or ())
        bodies = [node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
        assert n_methods >= sum(isinstance(one, ast.FunctionDef) for body in bodies for one in body), path


def test_comments_are_exactly_those_of_tokenize() -> None:
    for path, text, report in REPORTS:
        source = text.encode()
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        told = [token.string for token in tokens if token.type == tokenize.COMMENT]
        found = [source[one.start : one.end].decode() for one in report.comments if one.form != DOCSTRING]
        assert [one.rstrip() for one in found] == [one.rstrip() for one in told], path


def test_docstrings_are_exactly_those_of_ast() -> None:
    for path, text, report in REPORTS:
        source = text.encode()
        found = [source[one.start : one.end].decode() for one in report.comments if one.form == DOCSTRING]
        documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        nodes = [node for node in ast.walk(parsed(text)) if isinstance(node, documented)]
        told = [docstring for node in nodes if (docstring := ast.get_docstring(node, clean=False)) is not None]
        assert sorted(ast.literal_eval(one) for one in found) == sorted(told), path


@pytest.mark.parametrize(
    ("source", "docstring"),
    [
        (b"def f():\n  'a' \"b\"\n", "ab"),
        (b"def f():\n  b'a'\n", None),
        (b"def f():\n  f'a'\n", None),
        (b"def f():\n  'a' f'b'\n", None),
        (b"def f():\n  # c\n  r'a'\n", "a"),
        (b"def f():\n  'a'.b()\n", None),
        (b"def f():\n  'a', 'b'\n", None),
        (b"def f(): 'a'; g()\n", "a"),
        (b"def f():\n  g()\n  'a'\n", None),
    ],
)
def test_what_is_a_docstring(source: bytes, docstring: str | None) -> None:
    report = analyze("Python", source)
    assert isinstance(report, Report)
    found = [ast.literal_eval(source[one.start : one.end].decode()) for one in report.comments if one.form == DOCSTRING]
    assert found == ([] if docstring is None else [docstring])
