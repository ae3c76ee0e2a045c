"""What the walk may not miss, and what limits refuse."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syntax_fixtures import fixture

from analyzers.syntax import Report, analyze
from analyzers.syntax.kinds import kind_table
from analyzers.syntax.languages import MODULES, spec_of
from analyzers.syntax.limits import Limits, refusal
from analyzers.syntax.measure import report_on
from analyzers.syntax.parse import parse
from analyzers.syntax.walk import errors, visit

LANGUAGES = list(MODULES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_staying_out_of_nodes_loses_nothing(language: str) -> None:
    spec = spec_of(language)
    assert spec is not None
    source = fixture(language)
    everywhere = kind_table(replace(spec, barren=(), marks=(), signs=()))
    tree = parse(everywhere.grammar, source, Limits())
    assert not isinstance(tree, str)
    assert report_on(tree, source, kind_table(spec)) == report_on(tree, source, everywhere)


def test_comments_inside_barren_nodes_are_found() -> None:
    source = b"from a import (  # one\n  b,  # two\n)\nx = '# three'\n"
    report = analyze("Python", source)
    assert isinstance(report, Report)
    assert [source[one.start : one.end] for one in report.comments] == [b"# one", b"# two"]


@pytest.mark.parametrize("language", [name for name in LANGUAGES if b"/" in spec_of(name).hints])  # type: ignore[union-attr]
def test_a_chain_of_divisions_is_walked_once(language: str) -> None:
    spec = spec_of(language)
    assert spec is not None
    # A slash may begin a comment, so that each is a way in; the operators are inside one another.
    source = b"x = a " + b"/ b /* c */ " * 14 + b";\n"
    everywhere = kind_table(replace(spec, barren=(), marks=(), signs=()))
    tree = parse(everywhere.grammar, source, Limits())
    assert not isinstance(tree, str)
    report = report_on(tree, source, kind_table(spec))
    assert report == report_on(tree, source, everywhere)
    assert len(report.comments) == 14


def test_nodes_wanted_in_addition_come_home_in_order() -> None:
    spec = spec_of("Python")
    assert spec is not None
    source = b"def f():\n  return g(1)\nreturn 2\n"
    table = kind_table(spec, ("return_statement", "integer"))
    tree = parse(table.grammar, source, Limits())
    assert not isinstance(tree, str)
    found = [(node.start_byte, node.type) for node in visit(tree.root_node, source, table).taken]
    assert found == [
        (0, "function_definition"),
        (11, "return_statement"),
        (20, "integer"),
        (23, "return_statement"),
        (30, "integer"),
    ]


def test_errors_are_counted_and_the_outermost_told() -> None:
    grammar = kind_table(spec_of("C")).grammar  # type: ignore[arg-type]
    source = b"int f( { return 1; }\nint x = 1\nint @@ y;\n"
    tree = parse(grammar, source, Limits())
    assert not isinstance(tree, str)
    found = errors(tree.root_node)
    nodes = [tree.root_node]
    for node in nodes:
        nodes += node.children
    assert found.n_errors == sum(node.is_error for node in nodes) > 0
    assert found.n_missing == sum(node.is_missing for node in nodes)
    assert all(before[1] <= after[0] for before, after in pairwise(found.spans))


def test_work_is_counted_and_not_timed() -> None:
    source = b"x = (1 + 2) * 3\n" * 2_000
    assert analyze("Python", source, Limits(base_calls=1, calls_per_kilobyte=1)) == "too_much_work"
    after = analyze("Python", b"y\n")  # the parser starts afresh after giving up
    assert isinstance(after, Report)
    assert after.n_nodes == 2
    assert analyze("Python", source, Limits(max_nodes=100)) == "too_many_nodes"
    assert analyze("Python", source, Limits(max_bytes=len(source) - 1)) == "too_large"
    assert isinstance(analyze("Python", source, Limits(max_bytes=len(source))), Report)


@given(
    st.binary(max_size=40).filter(lambda text: b"\0" not in text and b"z" not in text),
    st.integers(1, 60),
    st.binary(max_size=40).filter(lambda text: b"\0" not in text and b"z" not in text),
)
def test_a_flood_is_a_run_longer_than_the_limit(before: bytes, run: int, after: bytes) -> None:
    source = before + b"z" * run + after
    limits = Limits(max_flood_bytes=30)
    longest, here = 0, 0
    for place, byte in enumerate(source):
        here = here + 1 if place and source[place - 1] == byte else 1
        longest = max(longest, here)
    assert (refusal(source, limits) == "flood") == (longest > 30)
