"""Definitions of each language's fixture, against the marks in it: `=> name parameters cyclomatic cognitive nesting`.

A mark stands on the first line of its definition, and every definition has one; - is None. Fixtures of tier C have one
mark for the file: `=> comments n nesting n`.
"""

from __future__ import annotations

import re

import pytest
from syntax_fixtures import fixture, tier_of

from analyzers.languages import BY_NAME
from analyzers.syntax import Report, analyze
from analyzers.syntax.languages import MODULES, spec_of


def report(language: str) -> Report:
    made = analyze(language, fixture(language))
    assert isinstance(made, Report)
    return made


LANGUAGES = list(MODULES)
MEASURED = [language for language in LANGUAGES if tier_of(language) != "C"]
OTHERS = [language for language in LANGUAGES if tier_of(language) == "C"]


def test_forty_languages_and_their_names() -> None:
    assert len(LANGUAGES) >= 40
    assert set(LANGUAGES) <= set(BY_NAME)
    assert [spec.language for spec in map(spec_of, LANGUAGES) if spec] == LANGUAGES
    assert spec_of("Text") is None
    assert analyze("Text", b"words") == "no_grammar"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_fixture_is_sound(language: str) -> None:
    made = report(language)
    assert (made.n_errors, made.n_missing) == (0, 0)
    assert made.comments


@pytest.mark.parametrize("language", MEASURED)
def test_definitions_are_as_marked(language: str) -> None:
    text = fixture(language).decode()
    marked = []
    for number, line in enumerate(text.splitlines(), 1):
        if mark := re.search(r"=> (\S+) (\S+) (\d+) (\d+) (\d+)", line):
            name, n_parameters, *counts = mark.groups()
            own = (None if name == "-" else name, None if n_parameters == "-" else int(n_parameters))
            marked.append((number, *own, *map(int, counts)))
    assert marked
    found = report(language).definitions or ()
    assert [
        (one.start_line, one.name, one.n_parameters, one.cyclomatic, one.cognitive, one.nesting) for one in found
    ] == marked


@pytest.mark.parametrize("language", OTHERS)
def test_comments_and_nesting_are_as_marked(language: str) -> None:
    mark = re.search(r"=> comments (\d+) nesting (\d+)", fixture(language).decode())
    assert mark is not None
    made = report(language)
    assert (len(made.comments), made.nesting) == (int(mark[1]), int(mark[2]))
    assert made.definitions is None
    assert made.imports is None
