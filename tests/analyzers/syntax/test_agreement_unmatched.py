"""What is said of a function that only one of lizard and our trees finds."""

from __future__ import annotations

import pytest
from tree_sitter import Parser

from analyzers.syntax.grammars import load
from analyzers.syntax.languages import spec_of
from benchmarks.agreement_causes import OTHER
from benchmarks.agreement_unmatched import Extent, Place, of_ours, of_theirs

RUST = "macro_rules! make {\n    () => { fn inner() {} }\n}\ntrait T {\n    fn tick(&self);\n}\nfn f() {\n    1;\n}\n"


def place(language: str, text: str, one: Extent) -> Place:
    """A function of a text."""
    spec = spec_of(language)
    assert spec is not None
    return Place(language, one, text.split("\n"), Parser(load(spec.grammar)).parse(text.encode()).root_node)


@pytest.mark.parametrize(
    ("one", "theirs", "expected"),
    [
        (Extent("f", 7, 9), [Extent("g", 7, 9)], "found by both, under different names"),
        (Extent("f", 7, 9), [Extent("", 7, 9)], "lizard finds it without a name"),
        (Extent("f", 7, 9), [Extent("f", 7, 12)], "found by both, with different ends"),
        (Extent("tick", 5, 5), [], "no body (abstract, defaulted, of an interface): only we count it"),
        (Extent("f", 7, 9), [Extent("tick", 5, 8)], "lizard's function before it does not end in time and takes it in"),
        (Extent("f", 7, 9), [], "lizard finds no more functions from some line of the file on"),
        (Extent("f", 7, 9), [Extent("g", 11, 12)], OTHER),
    ],
)
def test_what_lizard_has_not(one: Extent, theirs: list[Extent], expected: str) -> None:
    assert of_ours(place("Rust", RUST, one), theirs, [one]) == expected


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (Extent("inner", 2, 2), "in a macro, where the tree has tokens alone: only lizard counts it"),
        (Extent("tick", 5, 9), "a declaration without a body, or a type of functions: only lizard counts it"),
        (Extent("if", 7, 9), "a statement, or an accessor of a property: only lizard takes it for a function"),
        (Extent("anonymous__0", 7, 9), "Go's function literals: we count them in the function around"),
        (Extent("f", 7, 9), OTHER),
    ],
)
def test_what_we_have_not(one: Extent, expected: str) -> None:
    assert of_theirs(place("Rust", RUST, one), [one], []) == expected


def test_a_declaration_that_lizard_joins_with_the_braces_behind_it() -> None:
    text = "interface A {\n  int f();\n}\nclass B {\n  int g() { return 1; }\n}\n"
    found = of_theirs(place("Java", text, Extent("f", 2, 5)), [Extent("f", 2, 5)], [])
    assert found == "a declaration without a body, or a type of functions: only lizard counts it"
