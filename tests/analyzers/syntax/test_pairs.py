"""Pairs against what was written down by hand, against Python's own reading, and the rules that drop one."""

from __future__ import annotations

import ast
import json
import marshal
import sysconfig
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sectioned import NO_LIMITS, PAIR_FIXTURES, pairs, sectioned

from analyzers.syntax.comment_language import comment_language, fasttext_language
from analyzers.syntax.comment_text import comment_text, docstring_text
from analyzers.syntax.languages import MODULES
from analyzers.syntax.pairs import Pair
from analyzers.syntax.pairs_rules import PairRules

GOLDEN = sorted(path for path in PAIR_FIXTURES.iterdir() if path.suffix != ".json")
LANGUAGES = {module: language for language, module in MODULES.items()}
NOT_WRITTEN_DOWN = {"pair_id", "segment_id", "code_with_comment", "start", "end"}
LIBRARY = Path(sysconfig.get_path("stdlib"))
FILES = [
    path for folder in ("json", "asyncio", "unittest", "email") for path in sorted((LIBRARY / folder).glob("*.py"))
]
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def golden(path: Path) -> list[Pair]:
    return pairs(LANGUAGES[path.stem], path.read_bytes(), PairRules(keep_dropped=True))


def test_there_are_enough_languages() -> None:
    assert len(GOLDEN) >= 20


@pytest.mark.parametrize("path", GOLDEN, ids=[path.stem for path in GOLDEN])
def test_pairs_are_as_written_down(path: Path) -> None:
    expected = json.loads((PAIR_FIXTURES / f"{path.stem}.json").read_text(encoding="utf-8"))
    found = [{**pair._asdict(), "parameters": list(pair.parameters)} for pair in golden(path)]
    assert [{key: row[key] for key in row if key not in NOT_WRITTEN_DOWN} for row in found] == expected


@pytest.mark.parametrize("path", GOLDEN, ids=[path.stem for path in GOLDEN])
def test_places_ids_and_plain_values(path: Path) -> None:
    source = path.read_bytes()
    segments = {one.segment_id: one for one in sectioned(LANGUAGES[path.stem], source).segments}
    found = golden(path)
    assert marshal.loads(marshal.dumps([tuple(pair) for pair in found])) == [tuple(pair) for pair in found]
    assert len({pair.pair_id for pair in found}) == len(found)
    for pair in found:
        assert pair.segment_id is not None
        holder = segments[pair.segment_id]
        assert holder.start <= pair.start < pair.end <= holder.end
        text = source[pair.start : pair.end].decode()
        lines = [line.strip() for line in text.split("\n")]
        assert [line.strip() for line in pair.code_with_comment.split("\n")] == lines
        assert not pair.code_with_comment[:1].isspace()


@pytest.mark.parametrize("path", GOLDEN, ids=[path.stem for path in GOLDEN])
def test_dropped_pairs_are_told_without_texts(path: Path) -> None:
    full, lean = golden(path), pairs(LANGUAGES[path.stem], path.read_bytes())
    assert [one.drop_reason for one in full] == [one.drop_reason for one in lean]
    assert [one for one in full if one.drop_reason is None] == [one for one in lean if one.drop_reason is None]
    assert {(one.code, one.comment) for one in lean if one.drop_reason is not None} <= {("", "")}


def by_ast(source: bytes) -> list[tuple[str, str, tuple[str, ...]]]:
    """Name, docstring and parameters of what has a docstring, in source order."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, Definition) and (text := ast.get_docstring(node)) is not None:
            names: list[str] = []
            if not isinstance(node, ast.ClassDef):
                given = node.args
                last = [given.vararg] if given.vararg else []
                very_last = [given.kwarg] if given.kwarg else []
                names = [one.arg for one in (*given.posonlyargs, *given.args, *last, *given.kwonlyargs, *very_last)]
            found.append((node.lineno, node.col_offset, (node.name, text, tuple(names))))
    return [row for *_, row in sorted(found)]


def test_python_is_read_as_python_does() -> None:
    n_compared = 0
    for path in FILES:
        source = path.read_bytes()
        found = [one for one in pairs("Python", source, NO_LIMITS) if one.doc_style == "docstring"]
        assert [(one.name, one.comment, one.parameters) for one in found] == by_ast(source), path
        for pair in found:
            code = ast.parse(pair.code).body[0]
            assert isinstance(code, Definition)
            assert code.name == pair.name
            assert ast.get_docstring(code) is None or pair.comment != ast.get_docstring(code)
            ast.parse(pair.code_with_comment)
        n_compared += len(found)
    assert n_compared > 700


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ('def f():\n    """D d."""\n', "def f():\n    pass"),
        ('def f(): "D d."\n', "def f(): pass"),
        ('def f(): "D d."; return 1\n', "def f(): return 1"),
        ('def f():\n    """D d."""\n\n    return 1\n', "def f():\n    return 1"),
        ('def f():\n    """D d."""  # why\n    return 1\n', "def f():\n    # why\n    return 1"),
        ('def f():\n    # before\n    """D d."""\n    # behind\n', "def f():\n    # before\n    pass\n    # behind"),
        ('def f():\r\n    """D d."""\r\n    return 1\r\n', "def f():\r\n    return 1"),
        ('class A:\n    def f(self):\n\t"""D d."""\n\treturn 1\n', "def f(self):\n\treturn 1"),
    ],
)
def test_docstrings_are_cut_out(source: str, code: str) -> None:
    (pair,) = pairs("Python", source.encode(), NO_LIMITS)
    assert (pair.comment, pair.code) == ("D d.", code)


def reason(comment: str, code: str = "def name_of(a):\n    b = a\n    return b\n", **rules: object) -> str | None:
    source = code.replace("\n", f"\n    {comment!r}\n", 1)
    (pair,) = pairs("Python", source.encode(), replace(PairRules(), **rules))
    return pair.drop_reason


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("Tells how it is called.", None),
        ("计算两个数的和", None),
        ("-----=====-----", "comment_empty"),
        ("TODO: write this", "comment_todo"),
        ("FIXME(me) it breaks", "comment_todo"),
        ("Does much.\nTODO: more", None),
        ("Auto-generated method stub", "comment_stub"),
        ("TODO Auto-generated method stub", "comment_stub"),
        ("Handles what was generated by the view.", None),
        ("{@inheritDoc}", "comment_inherited"),
        ("{@inheritDoc}\nAnd it tells how it went.", None),
        ("Copyright 2020 Somebody", "comment_licence"),
        ("@Override", "comment_pragma"),
        ("eslint-disable no-console", "comment_pragma"),
        ("pragma: no cover", "comment_pragma"),
        ("region Getters", "comment_pragma"),
        ("Export data to files.", None),
        ("Region of interest in it.", None),
        ("a = b + 1\nreturn a(b)", "comment_code"),
        ("{@link Module} that lets one get its name.", None),
        ("Gets the name of.", "comment_repeats_name"),
        ("nameOf", "comment_repeats_name"),
        ("Deprecated!", "comment_too_short"),
        ("a/b/c.py", "comment_too_short"),
        ("word " * 102, None),
        ("words " * 86, "comment_too_long"),
    ],
)
def test_meaningless_comments(comment: str, expected: str | None) -> None:
    assert reason(comment) == expected
    if expected not in (None, "comment_too_long", "comment_too_short"):
        assert reason(comment, drop_meaningless=False, min_comment_words=None) is None


@pytest.mark.parametrize(
    ("code", "expected", "off"),
    [
        ("def f(a):\n    return a + 1\n", "code_too_short", {"min_code_lines": None}),
        ("def f(a):\n    # b\n    # c\n    return a + 1\n", "low_code_line_fraction", {"min_code_line_fraction": None}),
        ("def f(a):\n    # b\n    return a + 1\n", None, {}),
        ("def get_a(self):\n    return self._a\n", "accessor", {"drop_accessors": False, "min_code_lines": None}),
        ("def set_a(self, a):\n    self.a = a\n", "accessor", {"drop_accessors": False, "min_code_lines": None}),
        ("def get_a(self):\n    b = f(self)\n    return b\n", None, {}),
        ("def setUp(self):\n    self.a = a\n    self.b = b\n", None, {}),
        ("def f(a):\n    b = = a\n    return b\n", "syntax_error", {"drop_broken": False}),
        ("def f(a):\n" + "    a += 1\n" * 2000, "code_too_long", {"max_code_bytes": None}),
    ],
)
def test_code_that_teaches_nothing(code: str, expected: str | None, off: dict[str, object]) -> None:
    assert reason("Tells how it is called.", code) == expected
    assert reason("Tells how it is called.", code, **off) is None


@pytest.mark.parametrize(
    ("raw", "language", "text"),
    [
        ("/** One. */", "Java", "One."),
        ("/**\n * One.\n *   Two.\n *\n * Three.\n */", "Java", "One.\n  Two.\n\nThree."),
        ("/*\n   One.\n     Two.\n*/", "C", "One.\n  Two."),
        ("/*!< One. */", "C++", "One."),
        ("/**/", "C", ""),
        ("///   One\n///     two", "Rust", "One\n  two"),
        ("# One\n# pylint: disable=x\n# two", "Python", "One\ntwo"),
        ("#' One\r\n#' two", "R", "One\ntwo"),
        ("--[[ One\n  two ]]", "Lua", "One\ntwo"),
        ("{- | One -}", "Haskell", "One"),
        ("// ---------\n// One ---\n// ---------", "C", "One"),
        ('/// <summary>One <see cref="T:A.B"/> &lt; 2</summary>\n/// <param name="a">two</param>', "C#",
         "One A.B < 2\na: two"),
        ("// a * b\n// * c", "C", "a * b\n* c"),
    ],
)  # fmt: skip
def test_marks_are_stripped(raw: str, language: str, text: str) -> None:
    assert comment_text(raw, language) == text


@given(st.text(alphabet="ab'\"\\\n \tnrxé", max_size=40))
def test_docstrings_have_their_value(text: str) -> None:
    source = f"def f():\n    {text!r}\n    return 1"
    expected = ast.get_docstring(ast.parse(source).body[0])  # type: ignore[arg-type]
    assert docstring_text(repr(text)) == expected


def test_languages_of_comments() -> None:
    rows = (PAIR_FIXTURES.parent / "comment_language.tsv").read_text(encoding="utf-8").splitlines()
    labelled = [row.split("\t") for row in rows]
    wrong = [row for row in labelled if comment_language(row[1].replace("\\n", "\n")) != row[0]]
    assert len(labelled) > 90
    assert not wrong


def test_a_model_that_is_not_there_is_an_error() -> None:
    with pytest.raises((ImportError, ValueError)):
        fasttext_language("/nowhere/lid.176.bin")
