"""Every rule reports the lines that are marked for it, and nothing else."""

from __future__ import annotations

import pytest
from bug_fixtures import FILES, fixture, marked, parsed

from analyzers.syntax.bugs import RULES, bugs_of

PAIRS = [(language, rule.name) for rule in RULES for language in rule.languages]


@pytest.mark.parametrize("language", FILES)
def test_exactly_the_marked_lines_are_reported(language: str) -> None:
    source = fixture(language)
    found = [(bug.line, bug.rule) for bug in bugs_of(parsed(language, source), source, language)]
    assert sorted(found) == sorted(marked(language, "BUG"))


@pytest.mark.parametrize("language", FILES)
def test_fixtures_are_understood_by_the_parser(language: str) -> None:
    assert not parsed(language, fixture(language)).root_node.has_error


@pytest.mark.parametrize(("language", "rule"), PAIRS)
def test_every_rule_has_a_bug_and_a_look_alike_in_every_language(language: str, rule: str) -> None:
    assert rule in {name for _, name in marked(language, "BUG")}
    assert rule in {name for _, name in marked(language, "OK")}


@pytest.mark.parametrize("language", FILES)
def test_markers_name_rules_of_the_language(language: str) -> None:
    names = {name for kind in ("BUG", "OK") for _, name in marked(language, kind)}
    assert names <= {rule.name for rule in RULES if language in rule.languages}


@pytest.mark.parametrize("language", FILES)
def test_line_ends_make_no_difference(language: str) -> None:
    source = fixture(language).replace(b"\n", b"\r\n")
    found = {(bug.line, bug.rule) for bug in bugs_of(parsed(language, source), source, language)}
    assert found == marked(language, "BUG")
