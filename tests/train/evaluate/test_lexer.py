"""Tokens, and text without comments."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.evaluate.lexer import tokens, without_comments

LANGUAGES = ("Python", "C++", "Java", "JavaScript", "Go", "Rust", "TypeScript")


@given(st.sampled_from(LANGUAGES), st.text(alphabet="aZ_1 \n\t\"'`/*#\\{}()<>=!+-R.é中", max_size=80))
def test_tokens_stand_side_by_side(language: str, text: str) -> None:
    found = list(tokens(text, language))
    assert "".join(token.text for token in found) == text
    assert [token.start for token in found[1:]] == [token.end for token in found[:-1]]


@pytest.mark.parametrize(
    ("language", "text", "strings"),
    [
        ("Python", "x = '#' + f\"\"\"a\n'b'\"\"\"  # 'c'", ["'#'", 'f"""a\n\'b\'"""']),
        ("C++", 's = R"x(})x" + \'"\' // "no"', ['R"x(})x"', "'\"'"]),
        ("JavaScript", "a = b / c / d; e = /[/}]'/g.test(`x${1}`)", ["/[/}]'/g", "`x${1}`"]),
        ("Go", 's := `a\n"` + "\\""', ['`a\n"`', '"\\""']),
        ("Rust", "fn f<'a>(c: &'a str) { '\\'' }", ["'\\''"]),
    ],
)
def test_strings(language: str, text: str, strings: list[str]) -> None:
    assert [token.text for token in tokens(text, language) if token.kind == "string"] == strings


def test_without_comments() -> None:
    text = "/* a\nb */\nint f(int x){ // {\n    // gone\n    return x; /* in */\n\n}\n"
    assert without_comments(text, "C++") == "int f(int x){\n    return x;\n\n}\n"
    assert without_comments("a = '#'\n", "Python") == "a = '#'\n"


def test_an_unknown_language_is_named() -> None:
    with pytest.raises(ValueError, match="no lexer for 'Cobol'"):
        list(tokens("x", "Cobol"))
