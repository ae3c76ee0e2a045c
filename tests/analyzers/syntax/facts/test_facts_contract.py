"""What holds for the facts of every language, and of any bytes."""

# ruff: noqa: E501  (a case is a line)

from __future__ import annotations

import hashlib
import marshal
from pathlib import Path

import pyarrow as pa
import pytest
from facts_of_text import FILE, facts
from hypothesis import given
from hypothesis import strategies as st

from analyzers.languages import BY_NAME
from analyzers.syntax.facts.flow_spec import FLOW_SPECS
from analyzers.syntax.facts.imports import READERS
from analyzers.syntax.facts.languages import FACT_SPECS
from analyzers.syntax.facts.packed import ALL, pack, unpack
from analyzers.syntax.facts.relations import RELATIONS
from analyzers.syntax.facts.walk import fact_table
from analyzers.syntax.languages import MODULES, spec_of
from analyzers.syntax.limits import Limits
from analyzers.syntax.parser import Parser

FIXTURES = Path(__file__).parents[1] / "fixtures"
COUNTED = {"if", "elif", "comprehension", "ternary", "loop", "case", "catch", "boolean"}
TIER_A = ("Python", "Java", "JavaScript", "TypeScript", "TSX", "C", "C++", "Go", "Rust", "C#")


def fixture_files() -> list[tuple[str, Path]]:
    found = []
    for language in MODULES:
        found += [
            (language, path) for path in sorted(FIXTURES.rglob("*")) if path.suffix in BY_NAME[language].extensions
        ]
    return found


def check(rows: dict[str, list[tuple]], source: bytes) -> None:
    """The invariants."""
    assert list(rows) == list(RELATIONS)
    for relation, schema in RELATIONS.items():
        table = pa.Table.from_pylist(
            [dict(zip(schema.names, row, strict=True)) for row in rows[relation]], schema=schema
        )
        assert set(table["file_id"].to_pylist()) <= {FILE}, relation
    assert unpack(pack(rows)) == rows
    ids = [row[0] for relation in ("function", "class", "comment") for row in rows[relation]]
    assert len(set(ids)) == len(ids)
    inner = [row[1] for row in rows["encloses"]]
    assert sorted(inner) == sorted(ids), "everything stands in one place"
    known = {*ids, FILE}
    for relation, places in {
        "encloses": (0, 1),
        "doc_of": (0, 1),
        "parameter": (0,),
        "cfg": (0,),
        "def_use": (0,),
    }.items():
        assert all(row[place] in known for row in rows[relation] for place in places), relation
    complexity = {row[0]: 1 for row in rows["function"]}
    for function, kind, *_ in rows["branch"]:
        if function in complexity and kind in COUNTED:
            complexity[function] += 1
    assert complexity == {row[0]: row[6] for row in rows["function"]}
    parameters: dict[str, list[int]] = {}
    for function, index, *_ in rows["parameter"]:
        parameters.setdefault(function, []).append(index)
    counts = {row[0]: row[7] for row in rows["function"]}
    assert parameters == {function: list(range(count)) for function, count in counts.items() if count}
    _, _, _, _, lines, code, comments, md5 = rows["file"][0]
    assert md5 == hashlib.md5(source).hexdigest()
    assert lines == source.count(b"\n") + (not source.endswith(b"\n") and bool(source))
    assert 0 <= code + comments <= lines
    check_flow(rows)


def check_flow(rows: dict[str, list[tuple]]) -> None:
    """An edge begins at what is there, a head and a function have both an entry and an exit, conditions two sides."""
    edges: dict[str, list[tuple]] = {}
    for function, start, end, kind, *_ in rows["cfg"]:
        edges.setdefault(function, []).append((start, end, kind))
    spans = {row[0]: (row[4], row[5]) for row in rows["function"]}
    for function, found in edges.items():
        entry, end = spans[function]
        starts = {edge[0] for edge in found}
        assert len(set(found)) == len(found)
        assert entry in starts
        assert end not in starts
        assert {to for _, to, _ in found} <= {*starts, end}, "nothing leads nowhere"
        for _, to, kind in found:
            assert kind in ("next", "true", "false", "loop", "exception", "return")
            assert kind != "return" or to == end or to in starts


@pytest.mark.parametrize(("language", "path"), fixture_files(), ids=lambda value: str(value).rpartition("/")[2])
def test_invariants_hold_on_fixtures(language: str, path: Path) -> None:
    source = path.read_bytes()
    rows = facts(language, source)
    check(rows, source)
    assert rows == facts(language, source)
    assert {name: rows[name] for name in ALL if name not in ("cfg", "def_use")} == {
        name: found for name, found in facts(language, source, flow=False).items() if name not in ("cfg", "def_use")
    }


BROKEN = [
    b"", b"\n\n", b"\xef\xbb\xbf", b"\xff\xfe(\x80", b"def", b"class {", b"import", b"}}}}", b"((((", b"f(", b"a.b.c(",
    b"class A(", b"for (", b"try {", b"switch (x) { case", b"if x:\r\n  y()\r\n", b"x" * 3000, b"import " + b"a." * 2000,
]  # fmt: skip


@pytest.mark.parametrize("language", TIER_A)
def test_broken_files_have_facts_too(language: str) -> None:
    for source in BROKEN:
        rows = facts(language, source)
        check_flow(rows)
        marshal.dumps(rows)


@given(st.sampled_from(TIER_A), st.lists(st.sampled_from(
    ["def f(a):\n", "  return a\n", "class A(B):\n", "try {", "} finally {", "} catch (E e) {", "if (x) ", "else ", "while (y) {",
     "}", "{", "f(g(1), h)", ";", "\n", "import a.b as c\n", "from . import x\n", "(", ")", "[", "]", "=>", "fn m(&self) ", ":", "=",
     "switch (a) { case 1: ", "break", "continue", "return", "lambda x: ", "for (int i = 0; i < 3; i++) ", "# c\n", "// c\n"]
), max_size=25))  # fmt: skip
def test_no_text_is_too_odd(language: str, parts: list[str]) -> None:
    rows = facts(language, "".join(parts))
    check_flow(rows)
    assert [row[0] for row in rows["file"]] == [FILE]


DEEP = {
    "Python": [b"f(" * 20_000, b"[" * 20_000, b"a." * 40_000 + b"b()", b"if x:\n" + b"".join(b" " * n + b"if x:\n" for n in range(1, 90)),
               b"lambda x: " * 4_000 + b"x", b"x = " * 20_000 + b"1", b"def f():\n  return " + b"not " * 20_000 + b"x",
               b"def f(a):\n" + b"  a = a\n" * 5_000, b"def f(a):\n" + b"  if a: a = 1\n" * 1_500 + b"  g(a)\n" * 1_500],
    "Java": [b"class A { void f() { " + b"{" * 20_000, b"class A { void f() { " + b"try { " * 3_000 + b"return;",
             b"class A { void f() { " + b"l: " * 5_000 + b"x();", b"class A { void f() { " + b"while (x) " * 5_000,
             b"class A { void f() { " + b"do " * 5_000, b"class A { void f() { a" + b".b()" * 20_000 + b"; } }",
             b"class A { " * 5_000, b"class A { void f() { " + b"if (a) b(); else " * 5_000 + b"c(); } }"],
    "JavaScript": [b"function f() { " * 5_000, b"(" * 20_000, b"f" + b"(1)" * 20_000, b"a => " * 10_000 + b"a", b"import {" + b"{" * 9_000],
    "C": [b"int f(" + b"int (*" * 5_000, b"*" * 20_000 + b"x();", b"struct A { " * 3_000],
    "C++": [b"namespace a { " * 5_000, b"a<" * 5_000, b"class A : public " + b"B<" * 3_000],
    "Rust": [b"use a::{" * 5_000, b"impl A for B { fn f() { " * 2_000, b"fn f() { " + b"|x| " * 5_000],
    "Go": [b"func f() { " + b"func() { " * 5_000, b"type T struct { " * 5_000],
    "TypeScript": [b"class A extends B<" + b"C<" * 5_000, b"namespace a { " * 5_000],
    "C#": [b"class A : B<" + b"C<" * 3_000, b"namespace a { " * 4_000],
}  # fmt: skip


def test_depth_and_length_cost_time_in_proportion() -> None:
    """Each within the processor time that a file has: a walk that is quadratic or recursive would end by it."""
    asked = [((language, FILE, None, "p"), source) for language, sources in DEEP.items() for source in sources]
    limits = Limits(max_flood_bytes=1_000_000, base_seconds=20)
    with Parser(("analyzers.syntax.task", "examine"), ({"facts": ALL},), limits=limits) as parser:
        answers = parser.answers(asked)
    told = [
        (source[:40], answer) for (_, source), answer in zip(asked, answers, strict=True) if isinstance(answer, str)
    ]
    assert all(answer == "too_much_work" for _, answer in told), told
    assert len(told) < len(asked) / 4


def test_every_line_of_the_tables_is_about_something() -> None:
    assert set(FACT_SPECS) <= set(MODULES)
    assert set(FLOW_SPECS) <= set(FACT_SPECS)
    assert {spec.imports for spec in FACT_SPECS.values()} <= {*READERS, ""}
    for language in MODULES:
        spec = spec_of(language)
        assert spec is not None
        fact_table(spec)  # UnknownKind where a kind is none of the grammar's


def test_a_child_gives_packed_rows_and_reasons() -> None:
    source = b"def f(a):\n    return a\n"
    asked = [(("Python", FILE, "repo", "a/path"), source), (("Nothing", FILE, None, None), source)]
    told = []
    for relations in (ALL, ("function",)):
        with Parser(("analyzers.syntax.task", "examine"), ({"facts": relations},)) as parser:
            told.append(parser.answers(asked))
    (whole, refused), (part, _) = told
    assert unpack(whole["facts"]) == facts("Python", source)
    assert unpack(part["facts"]) == {name: [] for name in ALL} | {"function": facts("Python", source)["function"]}
    assert refused == "no_grammar"
