"""The numbers of single functions, against what a reader counts and against what is measured of whole files."""

from __future__ import annotations

import pytest
from syntax_fixtures import fixture, tier_of

from analyzers.syntax import analyze
from analyzers.syntax.functions import functions_of
from analyzers.syntax.languages import MODULES
from analyzers.syntax.report import Report

TEXT = b'''\
class Shop:
    def total(self, items, q):
        """What all cost."""
        for i in items:
            if i.price == i.price:
                q += self.tax(Decimal(i.price))
        return q

    def tax(self, xqzv):
        try:
            return round_up(xqzv, Mode.UP)
        except:
            pass
'''


def test_each_function_has_its_own_numbers() -> None:
    found = functions_of("Python", TEXT)
    assert not isinstance(found, str)
    total, tax = found
    assert (total.name, total.start_line, total.end_line, total.n_lines) == ("total", 2, 7, 6)
    assert (total.n_error_bugs, total.n_warning_bugs, tax.n_error_bugs) == (1, 0, 0)
    assert tax.n_warning_bugs == 2  # a bare except, and an empty one
    assert (total.is_documented, tax.is_documented, total.is_copy) == (True, False, False)
    assert (total.nesting, total.cyclomatic, total.n_parameters) == (2, 3, 3)
    assert (total.n_names, total.n_non_words) == (4, 0)  # total, items, q, i
    assert total.n_single_letters == 1  # q; i is a loop's
    assert (tax.n_names, tax.n_non_words) == (2, 1)
    assert (total.n_external_calls, total.n_types) == (1, 1)  # Decimal; tax is the file's own
    assert (tax.n_external_calls, tax.n_types) == (1, 1)  # round_up; Mode
    assert total.maintainability < tax.maintainability


def test_a_conversion_is_named_by_its_type() -> None:
    source = b"struct A {\n  operator bool() const { return x; }\n  explicit operator std::string () { return y; }\n"
    source += b"  operator int*() { return 0; }\n};\nB::A::operator bool() const { return 0; }\n"
    found = functions_of("C++", source)
    names = ["operator bool", "operator std::string", "operator int*", "B::A::operator bool"]
    assert [one[0] for one in found] == names


def test_a_file_without_a_tree_says_why() -> None:
    assert functions_of("Text", b"x") == "no_grammar"
    assert functions_of("C", b"\0") == "has_nul"
    assert functions_of("JSON", b"{}") == []


@pytest.mark.parametrize("language", [name for name in MODULES if tier_of(name) != "C"])
def test_every_function_of_every_language_has_its_row(language: str) -> None:
    report, found = analyze(language, fixture(language)), functions_of(language, fixture(language))
    assert isinstance(report, Report)
    assert not isinstance(found, str)
    functions = [one for one in report.definitions or () if one.kind != "class"]
    assert [(one.name, one.cyclomatic) for one in found] == [(one.name, one.cyclomatic) for one in functions]
    assert all((one.n_error_bugs is None) == (tier_of(language) != "A") for one in found)
