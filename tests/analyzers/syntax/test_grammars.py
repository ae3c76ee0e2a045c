"""Grammars are the ones that the specifications were written for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from analyzers.syntax.grammars import kinds_hash, load
from analyzers.syntax.kinds import FUNCTION, UnknownKind, ids_of, kind_table
from analyzers.syntax.languages import MODULES, spec_of
from analyzers.syntax.spec import Spec

HASHES = json.loads((Path(__file__).parent / "kinds_hashes.json").read_text("utf-8"))


@pytest.mark.parametrize("language", MODULES)
def test_a_grammar_has_not_drifted(language: str) -> None:
    """After a new grammar on purpose: look at what changed, then write the new hash into kinds_hashes.json."""
    spec = spec_of(language)
    assert spec is not None
    assert kinds_hash(load(spec.grammar)) == HASHES[spec.grammar]


@pytest.mark.parametrize("language", MODULES)
def test_a_specification_names_kinds_that_exist(language: str) -> None:
    spec = spec_of(language)
    assert spec is not None
    table = kind_table(spec)
    assert table.spec.comments
    assert (FUNCTION in table.parts) == (spec.tier != "C")


def test_what_does_not_exist_is_refused() -> None:
    with pytest.raises(LookupError):
        load("no_such_grammar")
    with pytest.raises(UnknownKind, match="'no_such_kind'"):
        kind_table(Spec(language="Python", grammar="python", tier="C", comments=("no_such_kind",)))
    with pytest.raises(ValueError, match="plays two parts"):
        kind_table(Spec(language="Python", grammar="python", tier="C", comments=("comment",), ifs=("comment",)))


def test_a_name_means_the_node_and_a_quoted_one_the_keyword() -> None:
    grammar = load("ruby")
    node, keyword = ids_of(grammar, ["if"]), ids_of(grammar, ["'if"])
    assert not node & keyword
    assert all(grammar.node_kind_is_named(kind) for kind in node)
    assert not any(grammar.node_kind_is_named(kind) for kind in keyword)
