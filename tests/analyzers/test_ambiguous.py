"""Files whose extension several languages claim: a snippet of every claimant, and what must hold for any content."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.ambiguous.settle import CONTENT_BYTES, WITHOUT_EXTENSION, settle, settle_without_extension
from analyzers.detect import content_tells, detect, detect_batch
from analyzers.languages import AMBIGUOUS, BY_NAME

SNIPPETS = Path(__file__).parents[1] / "fixtures/ambiguous/snippets.txt"


def snippets() -> list[tuple[str, str, str]]:
    """(extension, language, text) of the fixture."""
    _, *parts = ("\n" + SNIPPETS.read_text("utf-8")).split("\n==> ")
    heads = [part.partition("\n") for part in parts]
    return [(*head.split(" ", 1), text + "\n") for head, _, text in heads]  # type: ignore[misc]


ALL = snippets()
NAMES = [f"{language} as {extension}" for extension, language, _ in ALL]

WITHOUT = [
    ("Shell", "#compdef ring\nlocal -a sizes\nif [[ -n $words ]]; then\n  compadd 1 2\nfi\n"),
    ("Shell", "_ring()\n{\n    local cur=$1\n    if [ -z $cur ]; then\n        COMPREPLY=()\n    fi\n}\n"),
    ("C++", '#include "qring.h"\n'),
    ("C++", "#ifndef RING\n#define RING\n#include <vector>\nnamespace queue {}\n#endif\n"),
    ("Python", "import os\n\ndef total(x):\n    return sum(x)\n\nif __name__ == '__main__':\n    print(total([1]))\n"),
    ("Perl", 'use strict;\nmy $n = shift;\nprint "$n\\n";\n'),
    ("PHP", "<?php\necho 1;\n"),
    ("XML", '<?xml version="1.0"?>\n<!ENTITY ring "o">\n'),
    ("HTML", "<!DOCTYPE html>\n<html></html>\n"),
    ("Diff", "--- a/ring\n+++ b/ring\n@@ -1,2 +1,2 @@\n-x\n+y\n"),
    ("Makefile", "ring.o: ring.c ring.h\n\tcc -c ring.c\n"),
    ("Common Lisp", "(in-package :ring)\n(defun total (x) x)\n"),
    ("Roff", ".TH RING 1\n.SH NAME\nring\n"),
    (
        None,
        "The ring turns.\n\n  * use it well\n  * include what you need\n\nif you want to; see the class of rings.\n",
    ),
    (None, "name=ring\nsize=3\n"),
    (None, "1 2 3\n4 5 6\n"),
    (None, "export what you have\n"),
    (None, ""),
]


@pytest.mark.parametrize(("extension", "language", "text"), ALL, ids=NAMES)
def test_a_snippet_is_told(extension: str, language: str, text: str) -> None:
    assert detect(f"src/ring{extension}", text.encode()) == language
    assert detect(f"src/ring{extension}", text.replace("\n", "\r\n").encode()) == language, "with the line ends of DOS"
    assert detect(f"src/ring{extension}.in", text.encode()) == language


def test_every_claimant_has_a_snippet() -> None:
    assert {(extension, language) for extension, language, _ in ALL} == {
        (extension, language) for extension, languages in AMBIGUOUS.items() for language in languages
    }


@pytest.mark.parametrize(("language", "text"), WITHOUT)
def test_a_file_without_an_extension_is_told(language: str | None, text: str) -> None:
    assert detect("src/ring", text.encode()) == language


@pytest.mark.parametrize("extension", AMBIGUOUS)
def test_the_default_stands_where_nothing_is_shown(extension: str) -> None:
    assert settle(extension, b"") == AMBIGUOUS[extension][0]
    assert settle(extension, b"ring\n") == AMBIGUOUS[extension][0]


def test_what_a_header_shows_to_cplusplus_alone_is_no_sign() -> None:
    shown = b"class Ring { public: Ring(); };\n"
    assert settle(".h", shown) == "C++"
    assert settle(".h", b"#ifdef __cplusplus\n" + shown + b"#endif\n") == "C"
    assert settle(".h", b"# if defined(__cplusplus)\n" + shown + b"# else\nint x;\n# endif\n") == "C"
    assert settle(".h", b"#ifdef __cplusplus\n" + shown + b"#endif\n" + shown) == "C++"
    assert settle(".h", b"#ifndef __cplusplus\n#error\n#endif\n") == "C++"


def test_a_mark_counts_once() -> None:
    assert settle(".h", b"/* a */\ntypedef struct a a;\n" * 50 + b"namespace queue {\n") == "C++"


def test_an_unknown_extension_stays_unknown() -> None:
    assert detect("ring.unheardof", b"<?php echo 1;\n") is None


def test_a_modeline_and_a_shebang_go_before_the_content() -> None:
    (perl,) = [text for extension, language, text in ALL if (extension, language) == (".pl", "Perl")]
    assert detect("a.pl", perl.encode() + b"# vim: ft=prolog\n") == "Prolog"
    assert detect("a.pl", b"#!/usr/bin/swipl\n" + perl.encode()) == "Prolog"


def test_a_batch_looks_beyond_the_head() -> None:
    late = "/* a long licence */\n" * 200 + "namespace queue {\n"
    too_late = "/* a long licence */\n" * (CONTENT_BYTES // 21 + 1) + "namespace queue {\n"
    content = pa.array([late, too_late, late, None], pa.large_string())
    assert detect_batch(["a.h", "a.h", "a.c", "a.h"], content).to_pylist() == ["C++", "C", "C", "C"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.h", True),
        ("a.H", True),
        ("a.h.in", True),
        ("b/a", True),
        ("a.b/a", True),
        ("a.py", False),
        ("a.ts/a.c", False),
    ],
)
def test_which_names_ask_for_content(path: str, expected: bool) -> None:
    assert content_tells(path) is expected


@given(st.sampled_from(sorted(AMBIGUOUS)), st.binary(max_size=300))
def test_any_content_gives_a_claimant(extension: str, content: bytes) -> None:
    assert settle(extension, content) in AMBIGUOUS[extension]
    assert settle_without_extension(content) in {None, *WITHOUT_EXTENSION}


@given(st.sampled_from(ALL), st.integers(0, 400), st.binary(max_size=20))
def test_a_damaged_snippet_gives_a_claimant(snippet: tuple[str, str, str], place: int, damage: bytes) -> None:
    extension, _, text = snippet
    content = text.encode()[:place] + damage + text.encode()[place:]
    assert settle(extension, content) in AMBIGUOUS[extension]


HOSTILE = [
    b"\0",
    b"a",
    b" ",
    b"(",
    b"\n",
    b":",
    b"#ifdef __cplusplus\n",
    b"#if defined(\n",
    b"template<",
    b"[a, ",
    b"\xff",
    b"a\n",
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_floods_are_survived(unit: bytes) -> None:
    content = (unit * (1_000_000 // len(unit)))[:CONTENT_BYTES]
    for extension in AMBIGUOUS:
        assert settle(extension, content) in AMBIGUOUS[extension]
    assert settle_without_extension(content) in {None, *BY_NAME}


def test_no_more_than_the_bound_is_looked_at() -> None:
    flood = b" " * CONTENT_BYTES + b"\nnamespace queue {\n"
    assert detect("a.h", flood) == "C"
