"""What comments are for, what tokens are, and the flat columns."""

from __future__ import annotations

from math import log2

import pytest

from analyzers.signals import ALL_SIGNALS, SYNTAX_SIGNALS, arrow_types
from analyzers.syntax import Parser, Report, analyze
from analyzers.syntax.report import BLOCK, DOC, DOCSTRING, HEADER, LINE, PLAIN, TRAILING
from analyzers.syntax.signals import signals_of


def roles(language: str, text: str) -> list[tuple[str, int, int]]:
    source = text.encode()
    report = analyze(language, source)
    assert isinstance(report, Report)
    return [(source[one.start : one.end].decode().strip(), one.form, one.role) for one in report.comments]


def test_roles_in_python() -> None:
    text = (
        "#!/usr/bin/python\n# Licence.\n\nimport os  # why\n\n# About f,\n# in two lines.\n@cache\ndef f():\n"
        "    'Doc.'\n    # here\n    return 1\n\n# apart\n\n\nx = 1\n"
    )
    assert roles("Python", text) == [
        ("#!/usr/bin/python", LINE, HEADER),
        ("# Licence.", LINE, HEADER),
        ("# why", LINE, TRAILING),
        ("# About f,", LINE, DOC),
        ("# in two lines.", LINE, DOC),
        ("'Doc.'", DOCSTRING, DOC),
        ("# here", LINE, PLAIN),
        ("# apart", LINE, PLAIN),
    ]


def test_roles_in_java() -> None:
    text = (
        "/* Licence. */\npackage a;\n\n/** About A. */\n@Entity\npublic class A {\n  int x; // of x\n"
        "  /* here */ int y;\n  /** Loose. */\n\n\n  ;\n  // about f\n  @Override\n  void f() {}\n}\n"
    )
    assert roles("Java", text) == [
        ("/* Licence. */", BLOCK, HEADER),
        ("/** About A. */", BLOCK, DOC),
        ("// of x", LINE, TRAILING),
        ("/* here */", BLOCK, PLAIN),
        ("/** Loose. */", BLOCK, DOC),
        ("// about f", LINE, DOC),
    ]


@pytest.mark.parametrize(
    ("language", "text", "doc"),
    [
        ("Go", "package a\n\n// A\n// B\nfunc f() {}\n", "// A\n// B"),
        ("Rust", "fn g() {}\n/// A\n#[inline]\npub fn f() {}\n", "/// A\n"),
        ("C++", "int x;\n// A\ntemplate <class T>\nvoid f() {}\n", "// A"),
        ("JavaScript", "g();\n/** A */\nexport const f = async () => 1;\n", "/** A */"),
        ("C", "int x; // of x\nint f() { return 1; }\n", None),
        ("C", "int y;\n// A\nint x; int f() { return 1; }\n", None),
        ("Python", "x = 1\n# A\n\n\ndef f(): pass\n", None),
    ],
)
def test_what_documents_a_function(language: str, text: str, doc: str | None) -> None:
    report = analyze(language, text.encode())
    assert isinstance(report, Report)
    (function,) = (one for one in report.definitions or () if one.name == "f")
    assert (text[function.doc_start : function.doc_end] if function.doc_start >= 0 else None) == doc


def test_tokens_of_a_line() -> None:
    report = analyze("C", b"int sum = a1 + b >= 10 && f(\"x y\", 'c'); // int z\n")
    assert isinstance(report, Report)
    tokens = report.tokens
    # operators: = + >= && ( , ;   operands: int sum a1 b 10 f "x y" 'c'
    assert (tokens.n_operators, tokens.n_different_operators) == (7, 7)
    assert (tokens.n_operands, tokens.n_different_operands) == (8, 8)
    assert (tokens.n_identifiers, tokens.n_different_identifiers, tokens.identifier_chars) == (5, 5, 10)
    assert tokens.n_short_identifiers == 2


def test_identifiers_are_counted_in_characters_and_keywords_are_none() -> None:
    report = analyze("Python", "größe = größe if f'{größe}' + größe else _\nreturn x\n".encode())
    assert isinstance(report, Report)
    assert (report.tokens.n_identifiers, report.tokens.n_different_identifiers) == (5, 3)
    assert report.tokens.identifier_chars == 7
    assert report.tokens.n_short_identifiers == 1


def test_columns_of_a_batch() -> None:
    sources = ["def f(a):\n  if a: return 1\n\ndef gg(): pass\n", "\0", "{}", ""]
    languages = ["Python", "C", "JSON", "Python"]
    with Parser() as parser:
        columns = signals_of(parser.reports([*zip(languages, map(str.encode, sources), strict=True)]))
    assert columns["n_functions"].to_pylist() == [2, None, None, 0]
    assert columns["max_cyclomatic"].to_pylist() == [2, None, None, None]
    assert columns["mean_function_lines"].to_pylist() == [1.5, None, None, None]
    assert columns["max_parameters"].to_pylist() == [1, None, None, None]
    assert columns["error_bytes_fraction"].to_pylist() == [0.0, None, 0.0, 0.0]
    assert columns["max_nesting"].to_pylist() == [1, None, 1, 0]
    assert columns["short_identifier_fraction"].to_pylist() == [2 / 3, None, 0.0, 0.0]
    assert {name: column.type for name, column in columns.items()} == arrow_types(SYNTAX_SIGNALS)


def test_halstead_volume() -> None:
    report = analyze("C", b"a = b;")
    assert isinstance(report, Report)
    assert signals_of([report])["halstead_volume"].to_pylist() == [4 * log2(4)]


def test_signals_have_names_of_their_own() -> None:
    names = [signal.name for signal in ALL_SIGNALS]
    assert len(set(names)) == len(names)
