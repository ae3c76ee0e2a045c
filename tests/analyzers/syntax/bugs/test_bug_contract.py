"""What holds for every rule, whatever the file."""

from __future__ import annotations

import marshal
import re

import pytest
from bug_fixtures import FILES, fixture, parsed
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzers.syntax.bugs import RULES, SEVERITIES, Bug, bugs_of
from analyzers.syntax.bugs.dialects import DIALECTS

LANGUAGES = list(FILES)
BY_NAME = {rule.name: rule for rule in RULES}
DEEP = 100_000


def check(source: bytes, language: str) -> tuple[Bug, ...]:
    """Bugs are plain, sorted, inside the file, and of rules that the language has."""
    bugs = bugs_of(parsed(language, source), source, language)
    assert list(bugs) == sorted(bugs, key=lambda bug: (bug.start, bug.end, bug.rule))
    assert len(set(bugs)) == len(bugs)
    for bug in bugs[:200]:
        assert language in BY_NAME[bug.rule].languages
        assert bug.severity == BY_NAME[bug.rule].severity
        assert 0 <= bug.start < bug.end <= len(source)
        assert bug.line == source.count(b"\n", 0, bug.start) + 1
    assert marshal.loads(marshal.dumps(tuple(map(tuple, bugs)))) == bugs
    return bugs


def test_the_table_is_in_order() -> None:
    assert len(BY_NAME) == len(RULES) >= 25
    for rule in RULES:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)
        assert rule.severity in SEVERITIES
        assert rule.summary
        assert set(rule.languages) <= set(DIALECTS)
        assert "Why it is bad:" in (rule.check.__doc__ or "")
        assert "Example:" in (rule.check.__doc__ or "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_a_dozen_rules(language: str) -> None:
    assert sum(language in rule.languages for rule in RULES) >= 12


def test_other_languages_have_none() -> None:
    assert bugs_of(parsed("C", b"int x = x / 0;"), b"int x = x / 0;", "Ruby") == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_in_nothing(language: str) -> None:
    assert check(b"", language) == ()
    assert check(b"\n\n", language) == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_answer_twice(language: str) -> None:
    assert check(fixture(language), language) == check(fixture(language), language) != ()


@settings(max_examples=150)
@given(st.sampled_from(LANGUAGES), st.randoms(use_true_random=False))
def test_broken_files_are_no_trouble(language: str, random) -> None:  # type: ignore[no-untyped-def]
    source = bytearray(fixture(language))
    for _ in range(random.randrange(1, 40)):
        at = random.randrange(len(source))
        del source[at : at + random.randrange(30)]
        source[at:at] = random.choice((b"(", b"{", b"}", b";", b"\n", b"if", b"=", b"\xff", b"case", b"'", b"#if 1\n"))
    check(bytes(source), language)


@settings(max_examples=100)
@given(st.sampled_from(LANGUAGES), st.sampled_from(LANGUAGES), st.integers(0, 10_000), st.integers(1, 3_000))
def test_files_of_another_language_are_no_trouble(language: str, other: str, start: int, size: int) -> None:
    check(fixture(other)[start : start + size], language)


DEEP_SOURCES = {
    "Python": [b"x = " + b"(" * DEEP + b")" * DEEP, b"x = a" + b" == a" * DEEP, b"x = " + b"[" * DEEP],
    "Java": [b"class A { int x = " + b"(" * DEEP + b"1" + b")" * DEEP + b"; }", b"class A { " * 20_000],
    "JavaScript": [b"x = " + b"a?b:" * DEEP + b"c", b"if(a)b();else " * 50_000 + b"c()", b"f(function(){" * 20_000],
    "TypeScript": [b"x = " + b"{a:" * DEEP, b"x = a" + b" && a" * DEEP],
    "TSX": [b"x = " + b"<a>" * DEEP],
    "C": [b"void f(){" + b"{" * DEEP + b"}" * DEEP + b"}", b"void f(){ while(1) " + b"for(;;) " * DEEP + b"; }"],
    "C++": [b"namespace a {" * 20_000, b"int x = a" + b" < a" * DEEP + b";"],
    "Go": [b"package a\nfunc f() {" + b"if a {" * 50_000, b"package a\nvar x = " + b"-" * DEEP + b"1"],
    "Rust": [b"fn f() {" + b"loop {" * 50_000, b"fn f() { x" + b".a()" * DEEP + b"; }"],
    "C#": [b"class A { void F() {" + b"while (true) {" * 20_000, b"class A { int x = " + b"!" * DEEP + b"a; }"],
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_depth_is_no_matter(language: str) -> None:
    for source in DEEP_SOURCES[language]:
        check(source, language)


WIDE = 20_000
WIDE_SOURCES = {
    "statements": ("C", b"void f(int x, int y) {" + b"x = y;\n" * WIDE + b"}", WIDE - 1),
    "cases": ("C", b"void f() { switch (x) {" + b"case 1: g(); break;\n" * WIDE + b"} }", WIDE - 1),
    "parameters": ("Python", b"def f(" + b"a, " * WIDE + b"):\n    return a\n", WIDE - 1),
    "variables": ("Python", b"def f():\n" + b"".join(b"    a%d = 1\n" % i for i in range(WIDE)), WIDE),
    "imports": ("Python", b"".join(b"import a%d\n" % i for i in range(WIDE)) + b"def f(): g()\n", WIDE),
    "methods": ("JavaScript", b"class A {" + b"f() { return 1; }\n" * WIDE + b"}", WIDE - 1),
    "branches": ("Python", b"if a: b()\n" + b"elif a: c()\n" * WIDE, WIDE),
    "keys": ("JavaScript", b"x = {" + b"a: 1,\n" * WIDE + b"}", WIDE - 1),
}


@pytest.mark.parametrize("what", WIDE_SOURCES)
def test_many_side_by_side_take_no_time_beyond_their_number(what: str) -> None:
    """Would take minutes, and end by the suite's limit, where a rule went over all for each."""
    language, source, n_bugs = WIDE_SOURCES[what]
    assert len(check(source, language)) == n_bugs


def test_what_the_parser_did_not_understand_is_not_reported() -> None:
    assert [bug.rule for bug in check(b"def f(a):\n    return a / 0\n", "Python")] == ["division-by-zero"]
    assert check(b"def f(a):\n    return g(a b) / 0\n", "Python") == ()
    assert check(b"def f(a):\n    return 1\n    g(a)\n    g(a b)\n", "Python") == ()


def test_a_header_of_another_language_says_nothing() -> None:
    source = b"namespace a {\nint f(int n) { return n / 0; }\n}\n"
    assert check(source, "C") == ()
    assert [bug.rule for bug in check(source, "C++")] == ["division-by-zero"]
