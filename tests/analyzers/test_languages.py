"""The table of languages: complete, free of contradictions, and understood in other people's spellings."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from analyzers.languages import AMBIGUOUS, BY_NAME, LANGUAGES, canonical

# The 86 languages of StarCoder's training set, as The Stack v1 writes their folders.
STARCODER = """
ada agda alloy antlr applescript assembly augeas awk batchfile bluespec c c++ c-sharp clojure cmake coffeescript
common-lisp css cuda dart dockerfile elixir elm emacs-lisp erlang f-sharp fortran glsl go groovy haskell html idris
isabelle java java-server-pages javascript json julia jupyter-notebook kotlin lean literate-agda literate-coffeescript
literate-haskell lua makefile maple markdown mathematica matlab ocaml pascal perl php powershell prolog protocol-buffer
python r racket restructuredtext rmarkdown ruby rust sas scala scheme shell smalltalk solidity sparql sql stan
standard-ml stata systemverilog tcl tcsh tex thrift typescript verilog vhdl visual-basic xslt yacc yaml zig
"""

SPELLINGS = {
    "CPP": "C++", "csharp": "C#", "c-sharp": "C#", "golang": "Go", "js": "JavaScript", "objc": "Objective-C",
    "Jupyter_Notebook": "Jupyter Notebook", "common lisp": "Common Lisp", "dot": "Graphviz (DOT)", "viml": "Vim Script",
    "shell-script": "Shell", "cperl": "Perl", "latex": "TeX", "dosini": "INI", "vb.net": "Visual Basic .NET",
    "  Python3 ": "Python", "typescriptreact": "TSX", "proto": "Protocol Buffer", "make": "Makefile", "rst":
    "reStructuredText", "Fortran Free Form": "Fortran", "po": "Gettext Catalog",
}  # fmt: skip


def test_the_table_is_wide() -> None:
    kinds = Counter(language.kind for language in LANGUAGES)
    assert len(LANGUAGES) >= 110
    assert kinds["programming"] >= 60
    assert set(kinds) == {"programming", "markup", "data", "prose"}


def test_names_are_unique() -> None:
    assert len(BY_NAME) == len(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_a_row_is_sound(language) -> None:
    assert language.extensions or language.filenames or language.interpreters or language.aliases, "never to be found"
    assert all(extension.startswith(".") and len(extension) > 1 for extension in language.extensions)
    assert all(alias == alias.lower() for alias in language.aliases)
    assert all("/" not in filename for filename in language.filenames)
    assert list(language.strings) == sorted(language.strings, key=len, reverse=True), "longest first"
    assert set(language.multiline_strings) <= set(language.strings)
    marks = [*language.line_comments, *(mark for pair in language.block_comments for mark in pair), *language.strings]
    assert all(marks), "an empty mark would match everywhere"
    for field in (language.extensions, language.filenames, language.interpreters, language.aliases):
        assert len(field) == len(set(field))


def test_only_ambiguous_extensions_are_claimed_twice() -> None:
    claims = defaultdict(list)
    for language in LANGUAGES:
        for extension in language.extensions:
            claims[extension].append(language.name)
    shared = {extension: sorted(names) for extension, names in claims.items() if len(names) > 1}
    assert shared == {extension: sorted(names) for extension, names in AMBIGUOUS.items()}


@pytest.mark.parametrize("field", ["filenames", "interpreters"])
def test_nothing_else_is_claimed_twice(field: str) -> None:
    counts = Counter(value for language in LANGUAGES for value in getattr(language, field))
    assert [value for value, n in counts.items() if n > 1] == []


def test_every_spelling_means_one_language() -> None:
    for language in LANGUAGES:
        for spelling in (language.name, language.name.upper(), *language.aliases):
            assert canonical(spelling) == language.name


@pytest.mark.parametrize(("spelling", "name"), SPELLINGS.items())
def test_outside_spellings(spelling: str, name: str) -> None:
    assert canonical(spelling) == name


@pytest.mark.parametrize("spelling", STARCODER.split())
def test_starcoder_s_languages_are_known(spelling: str) -> None:
    assert canonical(spelling) in BY_NAME


@pytest.mark.parametrize("spelling", ["", "klingon", "c-", "+"])
def test_unknown_spellings(spelling: str) -> None:
    assert canonical(spelling) is None
