"""What holds for every language, whatever the file."""

from __future__ import annotations

import marshal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from syntax_fixtures import fixture

from analyzers.syntax import Report, analyze
from analyzers.syntax.languages import MODULES
from analyzers.syntax.report import from_plain, to_plain

LANGUAGES = list(MODULES)
CRASHES = {"Perl", "YAML"}  # grammars whose scanners die over broken files; in a child that costs one file
DEEP = 100_000


def check(report: Report | str, source: bytes) -> Report:
    """Everything lies within the file and inside what it says it lies in."""
    assert isinstance(report, Report)
    assert report.n_bytes == len(source)
    assert 0 <= report.error_bytes <= report.n_bytes
    assert (report.n_errors > 0) == bool(report.errors)
    comments = [(one.start, one.end) for one in report.comments]
    assert comments == sorted(comments)
    assert all(0 <= start < end <= len(source) for start, end in comments)
    assert all(before[1] <= after[0] for before, after in pairwise(comments))
    definitions = report.definitions or ()
    for place, one in enumerate(definitions):
        assert 0 <= one.start <= one.end <= len(source)
        assert 1 <= one.start_line <= one.end_line <= source.count(b"\n") + 1
        assert one.cyclomatic >= 1
        assert -1 <= one.parent < place
        if one.parent >= 0:
            assert definitions[one.parent].start <= one.start
            assert one.end <= definitions[one.parent].end
    assert from_plain(marshal.loads(marshal.dumps(to_plain(report)))) == report
    return report


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_file_has_nothing(language: str) -> None:
    report = check(analyze(language, b""), b"")
    assert (report.n_errors, report.comments, report.nesting) == (0, (), 0)
    assert report.definitions in ((), None)
    assert set(report.tokens) == {0}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_answer_twice(language: str) -> None:
    source = fixture(language)
    first = check(analyze(language, source), source)
    assert analyze(language, source) == first


@pytest.mark.parametrize("language", LANGUAGES)
def test_line_ends_make_no_difference(language: str) -> None:
    source = fixture(language)
    crlf = source.replace(b"\n", b"\r\n")
    plain, other = check(analyze(language, source), source), check(analyze(language, crlf), crlf)
    shape = [(one.name, one.start_line, one.n_parameters, one.cyclomatic) for one in plain.definitions or ()]
    assert [(one.name, one.start_line, one.n_parameters, one.cyclomatic) for one in other.definitions or ()] == shape
    assert other.nesting == plain.nesting


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language not in CRASHES])
def test_broken_files_have_a_report(language: str) -> None:
    source = fixture(language)
    half = len(source) // 2
    for broken in (source[:half], source[half:], source[half:] + source[:half], b"\xef\xbf\xbd" + source, b"}{)(" * 9):
        check(analyze(language, broken), broken)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nul_and_floods_are_refused_before_parsing(language: str) -> None:
    assert analyze(language, fixture(language) + b"\0") == "has_nul"
    assert analyze(language, fixture(language) + b"`" * 50_000) == "flood"
    assert analyze(language, b" " * 1_000_001) == "too_large"


@pytest.mark.parametrize("language", ["Python", "Java", "JavaScript", "TypeScript", "C", "C++", "Go", "Rust", "C#"])
def test_a_hundred_thousand_levels(language: str) -> None:
    deep = {"Java": (b"class A { int x = ", b"; }"), "C#": (b"class A { int x = ", b"; }")}
    before, after = deep.get(language, (b"", b""))
    source = before + b"f(" * DEEP + b"1" + b")" * 3_000 + after
    report = analyze(language, source)
    assert isinstance(report, Report) or report == "too_much_work"


@pytest.mark.parametrize("language", ["Python", "JavaScript", "Go", "Ruby"])
def test_one_giant_line(language: str) -> None:
    source = b"a = 1; " * 60_000
    report = check(analyze(language, source), source)
    assert report.tokens.n_different_identifiers == 1
    assert report.tokens.n_identifiers == 60_000


@settings(max_examples=60)
@given(st.sampled_from(["Python", "JavaScript", "C", "Rust", "Ruby", "Go"]), st.randoms(use_true_random=False))
def test_shuffled_files_have_a_report(language: str, random) -> None:  # type: ignore[no-untyped-def]
    lines = fixture(language).splitlines(keepends=True)
    random.shuffle(lines)
    source = b"".join(lines)
    check(analyze(language, source), source)
