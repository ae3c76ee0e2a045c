"""Segments: what they are, that what is removable can be removed, and the kernel against plain Python."""

from __future__ import annotations

import marshal
import random
import re
import sysconfig
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sectioned import fixtures, is_sound, sectioned

from analyzers.syntax.languages import MODULES
from analyzers.syntax.segments import Segment, remove
from analyzers.syntax.segments_scopes import SCOPES
from analyzers.syntax.segments_text import measured

PYTHON = b'''#!/usr/bin/python
# Licence of it,
# in two lines.

import os  # why

LIMIT = 3
TABLE = {1: 2}


# About plain.
@cache
def plain(a):
    """Doc of plain."""
    # inside
    return a + 1  # and out


class Only:
    """Doc of Only."""

    def one(self):
        """All there is."""


class Bare:
    def first(self):
        return 1

    def second(self):
        return 2
'''


def found(language: str, source: bytes) -> list[tuple[str, str, bool]]:
    """Node, first line of text, and whether removable, of each segment."""
    file = sectioned(language, source)
    return [(one.node, source[one.start : one.end].decode().split("\n")[0], one.removable) for one in file.segments]


def test_segments_of_python() -> None:
    assert found("Python", PYTHON) == [
        ("header", "#!/usr/bin/python", False),
        ("header", "# Licence of it,", True),
        ("trailing", "# why", True),
        ("block", "LIMIT = 3", True),
        ("function", "# About plain.", True),
        ("doc", "# About plain.", True),
        ("doc", '"""Doc of plain."""', True),
        ("line", "# inside", True),
        ("trailing", "# and out", True),
        ("class", "class Only:", True),
        ("doc", '"""Doc of Only."""', False),
        ("function", "def one(self):", True),
        ("doc", '"""All there is."""', False),
        ("class", "class Bare:", True),
        ("function", "def first(self):", False),
        ("function", "def second(self):", True),
    ]


def test_segments_of_a_wrapped_definition_hold_what_goes_along() -> None:
    source = (
        b"import a from 'a';\nlet n = 1;\n/** Doc. */\nexport const f = async () => {\n  return 1;\n}; // end\n"
        b"export class A {\n  @x() // y\n  g() { return 2; }\n}\nf();\n"
    )
    file = sectioned("TypeScript", source)
    code = [source[one.start : one.end] for one in file.segments if one.kind == "code"]
    assert code == [
        b"let n = 1;",
        b"/** Doc. */\nexport const f = async () => {\n  return 1;\n}; // end",
        b"export class A {\n  @x() // y\n  g() { return 2; }\n}",
        b"@x() // y\n  g() { return 2; }",
        b"f();",
    ]


def test_comments_that_tools_read_stay() -> None:
    source = b'package a\n\n// #include <x.h>\nimport "C"\n\n//go:build linux\n\n// Words.\nfunc f() int {\n\tg()\n}\n'
    kept = [text for node, text, removable in found("Go", source) if not removable]
    assert kept == ["// #include <x.h>", "//go:build linux"]


def test_ids_are_of_the_normalised_text() -> None:
    plain = b"def f(a):\n    return a\n"
    other = b"def  f(a):  # remark\n        # more\n        return a\n"
    (one,) = (x for x in sectioned("Python", plain).segments if x.kind == "code")
    two, *_ = (x for x in sectioned("Python", other).segments if x.kind == "code")
    assert one.segment_id == two.segment_id
    assert one.text_hash != two.text_hash
    assert one.n_tokens == two.n_tokens == 8  # def f ( a ) : return a
    hash_mark = sectioned("Python", b"x = 1\n# Some words, here\n").segments[-1]
    slashes = sectioned("C", b"int x;\n/*\n * Some words\n * here!\n */\n").segments[-1]
    assert hash_mark.segment_id == slashes.segment_id
    assert hash_mark.n_tokens == 3


def test_comments_without_a_word_are_no_segments() -> None:
    assert [one.kind for one in sectioned("Python", b"x = 1\n\n# -----\n\ny = 2\n").segments] == ["code"]


@pytest.mark.parametrize("language", list(MODULES))
def test_segments_nest_and_are_plain(language: str) -> None:
    for source in fixtures(language):
        file = sectioned(language, source)
        assert [tuple(one) for one in file.segments] == marshal.loads(marshal.dumps([tuple(x) for x in file.segments]))
        for kind in ("code", "comment"):
            spans = [(one.start, one.end) for one in file.segments if one.kind == kind]
            assert spans == sorted(spans, key=lambda span: (span[0], -span[1]))
            for before, after in pairwise(spans):
                assert after[0] >= before[1] or after[1] <= before[1]
        for one in file.segments:
            assert 0 <= one.start < one.end <= len(source)
            assert one.n_tokens > 0


@pytest.mark.parametrize(
    ("language", "source", "node", "left"),
    [
        ("Python", b"a = 1  # why\nb = 2\n", "trailing", b"a = 1\nb = 2\n"),
        ("Python", b"a = 1\n\n\ndef f():\n    pass\n\n\nimport b\n", "function", b"a = 1\n\n\nimport b\n"),
        ("C", b"int f(int a /* of a */, int b);\n", "trailing", b"int f(int a  , int b);\n"),
        ("JavaScript", b"let a = 1 /* one\ntwo */ let b\n", "trailing", b"let a = 1 \n let b\n"),
        ("Rust", b"/// Doc.\nfn f() { g() }\n\nfn g() {}\n", "doc", b"fn f() { g() }\n\nfn g() {}\n"),
        ("Java", b"class A { void f() { g(); } int x; }\n", "function", b"class A {   int x; }\n"),
        ("C", b"int a; // to a\r\nint b;\r\n", "trailing", b"int a;\r\nint b;\r\n"),
    ],
)
def test_removing(language: str, source: bytes, node: str, left: bytes) -> None:
    segments = sectioned(language, source).segments
    first = next(one for one in segments if one.node == node)
    assert remove(source, [first], language) == left


def chosen(segments: list[Segment], random: random.Random) -> list[Segment]:
    share = random.random()
    return [one for one in segments if one.removable and random.random() < share]


@settings(max_examples=250)
@given(st.sampled_from(list(MODULES)), st.randoms(use_true_random=False))
def test_a_sound_file_stays_sound(language: str, random: random.Random) -> None:
    for source in fixtures(language):
        assert is_sound(language, source)
        segments = sectioned(language, source).segments
        left = remove(source, chosen(segments, random), language)
        assert is_sound(language, left), left.decode()


@pytest.mark.parametrize("language", list(MODULES))
def test_a_sound_file_stays_sound_without_all_that_may_go(language: str) -> None:
    for source in [*fixtures(language), *([PYTHON] if language == "Python" else [])]:
        segments = sectioned(language, source).segments
        assert (language in SCOPES) == any(one.kind == "code" for one in segments)
        for kinds in (("code",), ("comment",), ("code", "comment")):
            left = remove(source, [one for one in segments if one.removable and one.kind in kinds], language)
            assert is_sound(language, left), left.decode()


REAL = {
    "Python": sorted(Path(sysconfig.get_path("stdlib"), "json").glob("*.py"))
    + sorted(Path(sysconfig.get_path("stdlib"), "unittest").glob("*.py")),
    "C": sorted(Path(np.get_include(), "numpy").glob("*.h")),
}


@pytest.mark.parametrize("language", list(REAL))
def test_real_files_stay_sound(language: str) -> None:
    n_tried = 0
    for path in REAL[language]:
        source = path.read_bytes()
        if is_sound(language, source):
            n_tried += 1
            segments = sectioned(language, source).segments
            for seed in range(3):
                left = remove(source, chosen(segments, random.Random(f"{path.name} {seed}")), language)
                assert is_sound(language, left), path
    assert n_tried > 5


@given(st.text(alphabet="ab_1 \n\t+=(é中文。.", max_size=60), st.lists(st.integers(0, 60), max_size=8, unique=True))
def test_normalising_as_plain_python_does(text: str, cuts: list[int]) -> None:
    places = sorted(len(text[:cut].encode()) for cut in {cut for cut in cuts if cut <= len(text)})
    comments = list(zip(places[::2], places[1::2], strict=False))
    source = text.encode()
    (one,) = measured(source, comments, [(0, len(source))])
    code, at = "", 0
    for start, end in comments:
        code += source[at:start].decode() + " "
        at = end
    code += source[at:].decode()
    words = re.findall(r"[中文。]|[ab_1é]+", " ".join(source[start:end].decode() + " +" for start, end in comments))
    assert one.code.decode() == " ".join(code.split())
    assert one.words.decode() == " ".join(words)
    assert one.n_words == len(words)
    assert one.n_code_tokens == len(re.findall(r"[ab_1é中文。]+|\++|=+|\(+|\.+", code))
