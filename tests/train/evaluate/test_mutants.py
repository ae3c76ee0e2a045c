"""Mutants: which places change, and which never do."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.evaluate.mutants import fate, mutants

SOURCE = '''
def f(a, *b):
    """a == 1 + 2, return True"""
    s = "a < b and not c"  # a < b
    while a <= 10 and not b:
        a += -1
        if a - 1 == 3 or a not in b:
            break
    return a * 2
'''


def test_every_kind_of_change_and_none_in_text() -> None:
    found = mutants(SOURCE, "Python")
    assert {mutant.kind for mutant in found} == {
        "comparison", "arithmetic", "update", "logical", "negation", "constant", "jump", "return",
    }  # fmt: skip
    changes = {(mutant.before, mutant.after) for mutant in found}
    assert ("return a * 2", "return None") in changes
    assert ("while a <= 10 and not b:", "while a < 10 and not b:") in changes
    assert ("while a <= 10 and not b:", "while a <= 10 and  b:") in changes
    assert all(mutant.line > 4 for mutant in found)
    for mutant in found:
        assert sum(a != b for a, b in zip(mutant.text.split("\n"), SOURCE.split("\n"), strict=True)) == 1
        ast.parse(mutant.text)


def test_a_selection_is_the_same_each_time_and_in_the_order_of_the_text() -> None:
    few = mutants(SOURCE, "Python", 4)
    assert few == mutants(SOURCE, "Python", 4)
    assert len(few) == 4
    assert [mutant.line for mutant in few] == sorted(mutant.line for mutant in few)
    assert {tuple(mutants(SOURCE, "Python", 4, seed)) for seed in range(5)} != {tuple(few)}


@pytest.mark.parametrize(
    ("language", "text", "none"),
    [
        ("C++", "vector<int> v; map<string,int> m; f(*p, &q, -x);", True),
        ("C++", "if (a<b) return a+b;", False),
        ("Java", "List<Integer> l = new ArrayList<>();", True),
        ("Go", "x := &y; ch <- -x", True),
        ("JavaScript", "const f = (...a) => -a", True),
    ],
)
def test_types_and_signs_are_no_operators(language: str, text: str, none: bool) -> None:
    assert (not mutants(text, language)) is none


@given(
    st.sampled_from(("Python", "C++", "Java", "JavaScript", "Go")),
    st.text(alphabet="ab01 <>=+-*/!&|%(){}\n", max_size=40),
)
def test_a_mutant_differs(language: str, text: str) -> None:
    assert all(mutant.text != text for mutant in mutants(text, language))


def test_fates() -> None:
    told = [fate(*pair) for pair in (("passed", ""), ("failed", ""), ("error", "does not compile: x"), ("timeout", ""))]
    assert told == ["survived", "killed", "stillborn", "killed"]
    assert fate("infrastructure", "") == "unknown"


def test_every_survivor_that_was_looked_at_has_a_finding() -> None:
    path = Path(__file__).parents[3] / "benchmarks" / "mutants_survivors.tsv"
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert {len(row) for row in rows} == {5}
    assert all(row[4].startswith(("equivalent: ", "gap: ")) and row[2] != row[3] for row in rows)
    assert len({tuple(row[:4]) for row in rows}) == len(rows)
