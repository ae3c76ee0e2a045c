"""Where the walk goes and what strings are, found in the bytes."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from syntax_fixtures import fixture

from analyzers.syntax import Report, analyze
from analyzers.syntax.kinds import kind_table
from analyzers.syntax.languages import MODULES, spec_of
from analyzers.syntax.limits import Limits
from analyzers.syntax.measure import report_on
from analyzers.syntax.parse import parse
from analyzers.syntax.signs import look_ahead, signs

GUIDED = [language for language in MODULES if (spec := spec_of(language)) is not None and spec.signs]


@given(st.lists(st.sampled_from([b"if", b"iff", b"_", b" ", b"{", b"=", b"&", b"&&", b'"', b"'", b"\xc3\xa9", b"\n"])))
def test_signs_are_whole_words_symbols_and_braces_of_bodies(pieces: list[bytes]) -> None:
    source = b"".join(pieces)
    ahead = look_ahead(source, signs((b"if", b"{", b"&&"), b"\"'", b"="))
    word = rb"[A-Za-z0-9_$\x80-\xff]"
    pattern = re.compile(rb"(?<!%b)if(?!%b)|&&|\{" % (word, word))
    found = [at for at in range(len(source)) if pattern.match(source, at)]
    found = [at for at in found if source[at : at + 1] != b"{" or not source[:at].rstrip(b" \n").endswith(b"=")]
    hints = [at for at in range(len(source)) if source[at : at + 1] in (b'"', b"'")]
    for places, at_places in ((ahead.sign, found), (ahead.hint, hints)):
        for at in range(len(source) + 1):
            assert places[at] == next((place for place in at_places if place >= at), len(source))


@settings(max_examples=50)
@given(st.sampled_from(GUIDED), st.randoms(use_true_random=False))
def test_following_signs_loses_nothing(language: str, random) -> None:  # type: ignore[no-untyped-def]
    spec = spec_of(language)
    assert spec is not None
    lines = fixture(language).splitlines(keepends=True)
    for _ in range(random.randrange(3)):
        at, to = random.randrange(len(lines)), random.randrange(len(lines))
        lines[at], lines[to] = lines[to], lines[at]
    source = b"".join(lines)
    everywhere = kind_table(replace(spec, signs=()))
    tree = parse(everywhere.grammar, source, Limits())
    assert not isinstance(tree, str)
    if tree.root_node.has_error:  # a match without a case, for one
        return
    followed, visited = report_on(tree, source, kind_table(spec)), report_on(tree, source, everywhere)
    assert followed.definitions == visited.definitions
    assert (followed.imports, followed.nesting, followed.cyclomatic) == (
        visited.imports,
        visited.nesting,
        visited.cyclomatic,
    )


@pytest.mark.parametrize(
    ("language", "text", "n_operands", "n_identifiers"),
    [
        ("Python", "a = 'x y' \"it's\" + b", 4, 2),
        ("Python", "a = '''x\n'y' z''' + b", 3, 2),
        ("Python", "a = 'x\\'y z' + b", 3, 2),
        ("Python", "a = '' + f'{c}' + b", 4, 2),
        ("Go", "a = `x\n\\` + b + '\\''", 4, 2),
        ("Java", 'a = """\n x " y\n""" + b;', 3, 2),
        ("C", "a = 'x\nb;", 3, 2),  # not closed: ends with its line
        ("C", 'a = "x \\\n y" + b;', 3, 2),
        ("C", 'a = "x', 2, 1),
        ("C++", 'a = R"q(x )" y)q" + 1\'000\'000 + b;', 4, 2),
        ("C++", 'a = R"(x', 2, 1),
        ("C", "// it's\na = b;", 2, 2),
    ],
)
def test_strings_by_their_quotes(language: str, text: str, n_operands: int, n_identifiers: int) -> None:
    report = analyze(language, text.encode())
    assert isinstance(report, Report)
    assert (report.tokens.n_operands, report.tokens.n_identifiers) == (n_operands, n_identifiers)


def test_a_class_in_cpp_has_a_body() -> None:
    report = analyze("C++", b"struct a;\nvoid f(struct a *x) {}\nstruct b { struct a *y; };\n")
    assert isinstance(report, Report)
    assert [(one.kind, one.name) for one in report.definitions or ()] == [("function", "f"), ("class", "b")]


@pytest.mark.parametrize(
    ("language", "text", "comment"),
    [
        ("Rust", "fn f(\n  a: u8, // here\n) {}\n", "// here"),  # whose mark is a token of its own
        ("JavaScript", "f(a, // here\n  'x');\n", "// here"),
        ("C", "f(a /* it's here */, b);\n", "/* it's here */"),
    ],
)
def test_comments_where_no_sign_leads(language: str, text: str, comment: str) -> None:
    report = analyze(language, text.encode())
    assert isinstance(report, Report)
    assert [text[one.start : one.end].strip() for one in report.comments] == [comment]
