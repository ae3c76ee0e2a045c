"""Test cases: Python functions and classes with the tests that people wrote for them, as chats.

A test is a function `test_...` of a test file, at its top or in a class of unittest. It is taken for a test of what it
imports from a module of the same repository, uses, and is named after (`test_slugify_empty` of `slugify`; the longest
such name counts). Only tests that stand by themselves are: what they name is built in, their own, or imported, and the
imports come along; fixtures, `setUp` and helpers of the file are not there for who reads the answer.

Memory: 16 bytes a Python pair, and the tests that are found.
"""

from __future__ import annotations

import ast
import builtins
import re
import textwrap
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import numpy as np

from train.instruct.markdown import fenced
from train.instruct.tasks import InstructionConfig, Pair, Sample, is_trivial, question, sample
from train.order import key_of

MAX_TESTS = 6  # of one file for one function, in the file's order
MAX_CHARACTERS = 6000  # of an answer
_TEST_FILE = re.compile(r"(?:^|/)(?:tests?|testing)/.*\.py$|(?:^|/)test_[^/]*\.py$|_test\.py$")
_ASSERTS = re.compile(r"assert\w*|fail\w*|skipTest|subTest")
Document = Mapping[str, Any]
Test = ast.FunctionDef | ast.AsyncFunctionDef


class Target(NamedTuple):
    """What is tested: a module as folders and file without its ending, and a name in it."""

    module: tuple[str, ...]
    name: str


@dataclass(frozen=True)
class _Found:
    """The tests of one target in one file."""

    target: Target
    document: Document
    code: str


def functions_with_tests(
    pairs: Callable[[], Iterable[Pair]], documents: Callable[[], Iterable[Document]], config: InstructionConfig
) -> Iterator[Sample]:
    """Chats of all pairs that have tests, in the order of pairs; `documents` are Python files with their content."""
    keys = np.unique(np.array([key for pair in pairs() for key in _keys_of_pair(pair)], np.uint64))
    found: dict[int, list[_Found]] = defaultdict(list)
    for document in documents():
        for one in _in_file(document) if _TEST_FILE.search(document["path"]) else ():
            key = _key(document["repo"], one.target.module[-2:], one.target.name)
            place = np.searchsorted(keys, np.uint64(key))
            if place < len(keys) and keys[place] == key:
                found[key].append(one)
    for pair in pairs():
        if pair["language"] != "Python" or is_trivial(pair, config):
            continue
        fitting = (one for key in _keys_of_pair(pair) for one in found.get(key, ()) if _is_of(pair, one))
        best = min(fitting, key=lambda one: (-len(one.code), one.document["file_id"]), default=None)
        if best is not None:
            asked_for = question(pair, "test", config, code=fenced(pair["code_with_comment"], "Python"))
            where = {"test_file_id": best.document["file_id"], "test_path": best.document["path"]}
            yield sample(pair, "test", asked_for, fenced(best.code, "Python"), **where)


def _key(repo: str | None, module: tuple[str, ...], name: str) -> int:
    return key_of("tested", repo or "", "/".join(module), name)


def _module(path: str) -> tuple[str, ...]:
    parts = PurePosixPath(path).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


def _keys_of_pair(pair: Pair) -> Iterator[int]:
    """By the last two parts of its module's name, and by the last alone."""
    if pair["language"] == "Python" and pair["kind"] != "method":
        module = _module(pair["path"])
        for n in {min(2, len(module)), 1}:
            yield _key(pair["repo"], module[-n:], pair["name"])


def _is_of(pair: Pair, found: _Found) -> bool:
    """Whether a pair is the test's target: its module ends so; one of a single name lies beside the test or above."""
    module, wanted = _module(pair["path"]), found.target.module
    if module[-len(wanted) :] != wanted or pair["name"] != found.target.name:
        return False
    above = _module(found.document["path"])[:-1]
    return len(wanted) > 1 or module[:-1] in (above, above[:-1])


def _in_file(document: Document) -> Iterator[_Found]:
    """A file's tests that stand by themselves, by what they test."""
    source = document["content"]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes that mean nothing: they are valid Python
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    imports = dict(_imports(tree, document["path"]))
    lines = source.split("\n")
    by_target: dict[Target, list[tuple[Test, ast.ClassDef | None]]] = defaultdict(list)
    for test, inside in _tests(tree):
        used = _free_names(test, inside)
        target = _target(test, imports) if used is not None and used <= imports.keys() else None
        if target is not None:
            by_target[target].append((test, inside))
    for target, tests in by_target.items():
        code = _as_module(tests[:MAX_TESTS], imports, lines)
        if len(code) <= MAX_CHARACTERS:
            yield _Found(target, document, code)


def _imports(tree: ast.Module, path: str) -> Iterator[tuple[str, tuple[ast.stmt, tuple[str, ...]]]]:
    """Of each name that the top of a file imports its statement, and the full name as parts."""
    folder = _module(path)[:-1]
    for node in tree.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                parts = tuple(alias.name.split("."))
                yield alias.asname or parts[0], (ast.Import([alias]), parts if alias.asname else parts[:1])
        elif isinstance(node, ast.ImportFrom):
            base = folder[: len(folder) - node.level + 1] if node.level else ()
            for alias in node.names:
                whole = (*base, *(node.module or "").split("."), alias.name)
                statement = ast.ImportFrom(node.module, [alias], node.level)
                yield alias.asname or alias.name, (statement, tuple(part for part in whole if part))


def _tests(tree: ast.Module) -> Iterator[tuple[Test, ast.ClassDef | None]]:
    for node in tree.body:
        if isinstance(node, Test):
            if node.name.startswith("test_"):
                yield node, None
        elif isinstance(node, ast.ClassDef):
            for one in node.body:
                if isinstance(one, Test) and one.name.startswith("test_"):
                    yield one, node


def _free_names(test: Test, inside: ast.ClassDef | None) -> set[str] | None:
    """What a test names and does not define; None where it needs what a class or a fixture gives."""
    own: set[str] = set()
    used: set[str] = {name.id for base in (inside.bases if inside else ()) for name in _names(base)}
    arguments = [one.arg for one in test.args.args[1 if inside else 0 :]]
    given = {part for node in test.decorator_list for text in _texts(node) for part in re.split(r"[\s,]+", text)}
    if not given.issuperset(arguments):
        return None
    for node in ast.walk(test):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else own).add(node.id)
        elif isinstance(node, ast.arg):
            own.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef | ast.ExceptHandler) and node is not test:
            own.add(node.name or "")
        elif isinstance(node, ast.alias):
            own.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, ast.Attribute) and inside is not None and _needs_its_class(node):
            return None
    return used - own - set(dir(builtins))


def _needs_its_class(node: ast.Attribute) -> bool:
    """Whether `self.x` is something else than an assertion."""
    return isinstance(node.value, ast.Name) and node.value.id == "self" and not _ASSERTS.fullmatch(node.attr)


def _names(node: ast.AST) -> Iterator[ast.Name]:
    return (one for one in ast.walk(node) if isinstance(one, ast.Name))


def _texts(node: ast.AST) -> Iterator[str]:
    return (one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str))


def _target(test: Test, imports: Mapping[str, tuple[ast.stmt, tuple[str, ...]]]) -> Target | None:
    """What a test is named after, among what it calls of its imports."""
    called = set()
    for node in ast.walk(test):
        function = node.func if isinstance(node, ast.Call) else None
        if isinstance(function, ast.Name) and function.id in imports:
            called.add(imports[function.id][1])
        elif isinstance(function, ast.Attribute) and getattr(function.value, "id", None) in imports:
            called.add((*imports[function.value.id][1], function.attr))  # type: ignore[attr-defined]
    about = f"{test.name}_".lower().replace("_", " ")
    named = [one for one in called if len(one) > 1 and f" {_spelt(one[-1])} " in about]
    best = max(named, key=lambda one: (len(one[-1]), one), default=None)
    return None if best is None else Target(best[:-1], best[-1])


def _spelt(name: str) -> str:
    """A name as words: `ReadAll` and `read_all` are `read all`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", " ", name).lower().strip()


def _as_module(
    tests: list[tuple[Test, ast.ClassDef | None]], imports: Mapping[str, tuple[ast.stmt, tuple[str, ...]]],
    lines: list[str],
) -> str:  # fmt: skip
    """Imports and tests as a file; tests of a class in that class."""
    used = {
        name.id for test, inside in tests for node in (test, *(inside.bases if inside else ())) for name in _names(node)
    }
    told = sorted({ast.unparse(imports[name][0]) for name in used if name in imports})
    parts = ["\n".join(told)]
    opened: ast.ClassDef | None = None
    for test, inside in tests:
        first = min([test.lineno, *(one.lineno for one in test.decorator_list)])
        code = textwrap.dedent("\n".join(lines[first - 1 : test.end_lineno]))
        if inside is None:
            parts.append(f"\n{code}")
        else:
            bases = ", ".join(ast.unparse(base) for base in inside.bases)
            head = "" if inside is opened else f"\nclass {inside.name}{f'({bases})' * bool(bases)}:\n"
            parts.append(head + textwrap.indent(code, "    "))
        opened = inside
    return "\n\n".join(parts)
