"""Names: which are declared, whether they keep to the convention, whether they are words."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streams import HOSTILE, read
from syntax_fixtures import fixture, tier_of

from analyzers.syntax import naming
from analyzers.syntax.conventions import CONVENTIONS
from analyzers.syntax.declarations import LAMBDA_NAME, LOOP_NAME, NAME, declared
from analyzers.syntax.identifier_words import N_LETTERS, THRESHOLD, log_odds, scores
from analyzers.syntax.languages import MODULES
from analyzers.syntax.naming import Naming


def measured(language: str, text: str) -> Naming:
    stream, report, _ = read(language, text.encode())
    found = naming.measure(stream, report)
    assert found is not None
    return found


def names(language: str, text: str) -> dict[int, set[str]]:
    source = text.encode()
    stream, report, _ = read(language, source)
    marks = declared(stream, language, report.definitions or ())
    found: dict[int, set[str]] = {}
    for mark, start, end in zip(marks.tolist(), stream.starts.tolist(), stream.ends.tolist(), strict=True):
        if mark:
            found.setdefault(mark, set()).add(source[start:end].decode())
    return found


@pytest.mark.parametrize(
    ("language", "text", "plain", "loops"),
    [
        (
            "Python",
            "x = 1\na, b = f(c=2)\nself.d = e.g = 3\nk: int = 4\nfor i, j in z:\n    pass\n",
            "x a b d k",
            "i j",
        ),
        ("Python", "def f(a, *b, c=1, **d):\n    return lambda e: e\n", "a b c d", ""),
        (
            "Java",
            "class A { int b; List<C> d = e(); void f(int[] g, H... h) { for (int i = 0; ;) {} } }",
            "b d g h",
            "i",
        ),
        ("JavaScript", "let a = b.c; for (const d of e) {} function f(g, h = 1) { i = 2; }", "a g h", "d"),
        (
            "C",
            "int a; struct b *c;\nfoo_t *d = e * f;\nint g(char *h, int i) { for (int j = 0;;) ; }\n",
            "a c d h i",
            "j",
        ),
        ("Go", "func (a *B) C(d, e int) { f, g := h(); for i := range j {}; var k int }", "d e f g k", "i"),
        ("Rust", "fn f(a: B, mut c: D) { let e = 1; let mut g = 2; for h in i {} }", "a c e g", "h"),
        ("C#", "class A { int b = 1; void F(string c) { var d = 2; } }", "b c d", ""),
        ("PHP", "<?php $a = 1; function f(int $b) { }", "$a $b", ""),
    ],
)
def test_what_declares(language: str, text: str, plain: str, loops: str) -> None:
    found = names(language, text)
    assert found.get(NAME, set()) == set(plain.split())
    assert found.get(LOOP_NAME, set()) == set(loops.split())


def test_lambdas_on_few_lines_are_apart() -> None:
    assert names("JavaScript", "g(x => x); g((y, z) => y);\n")[LAMBDA_NAME] == {"x", "y", "z"}


@pytest.mark.parametrize(
    ("language", "text", "n_names", "n_breaking"),
    [
        ("Python", "class ParseTree:\n    MOST = 1\n    def parse_line(self, text): ...\n", 4, 0),
        ("Python", "class parse_tree:\n    def parseLine(self, textLine): ...\n", 3, 3),
        ("Java", "class A1 { A1() {} static final int MOST_X = 1; void parseLine(int n_lines) {} void Go() {} }", 5, 2),
        ("JavaScript", "class A_b {} const Part = () => 1; let parse_line = 2;", 3, 2),
        ("Go", "type T struct{}; func ParseLine(theText int) {}; func parse_line() {}", 4, 1),
        ("Rust", "struct Tree; fn parse_line(the_text: u8) { let someName = 1; }", 4, 1),
        ("C#", "class Tree { int Count = 1; void parseLine(int the_text) {} }", 4, 2),
        ("C", "int parse_line(int n_lines) { int m_a = 1; int someName = 2; return 1; }", 4, 1),
        ("C", "int parseLine(int nLines) { int mA = 1; int some_name = 2; return 1; }", 4, 1),
    ],
)
def test_conventions(language: str, text: str, n_names: int, n_breaking: int) -> None:
    found = measured(language, text)
    assert (found.n_names, found.n_breaking) == (n_names, n_breaking)


def test_single_letters_but_in_loops_and_lambdas() -> None:
    assert measured("Python", "a = 1\nb = 2\n_ = 3\nfor i in c:\n    pass\n").n_single_letters == 2
    assert measured("JavaScript", "let q = 1; for (let i = 0;;) {} f(x => x);").n_single_letters == 1
    assert measured("Python", "for i in c:\n    pass\ni = 1\n").n_single_letters == 1


REAL = b"""
    parse_line get_user_name numberOfBytes HTTPServer connection_pool max_retries write_header
    isEnabled token_stream readFile config_path error_message visitNode children default_value
    OutputStream test_empty_input ordered_names request handler response timeout_seconds build_index
    createElement split_words decode_bytes file_size
""".split()


def test_words_and_made_up_names() -> None:
    rng = random.Random(3)
    made_up = [bytes(rng.choices(range(97, 123), k=len(name))) for name in REAL]
    assert (scores(REAL) < THRESHOLD).mean() < 0.05
    assert (scores(made_up) < THRESHOLD).mean() > 0.9
    assert (scores([b"_0x3fa2b1", b"_0x1c9e04", b"xkqzvbw", b"bGVzc29uMQ", b"prsLnNmbr"]) < THRESHOLD).all()


def test_what_cannot_be_judged() -> None:
    assert np.isnan(scores([b"", b"x", b"ab", b"x1", b"__", "größe".encode(), b"123"])).all()


def test_the_table_ships_small() -> None:
    assert log_odds().shape == (N_LETTERS**3,)
    assert log_odds().nbytes <= 20_000


def test_a_mangled_file_has_more_non_words() -> None:
    text = "".join(f"def {name.decode()}(): ...\n" for name in REAL)
    mangled = "".join(f"def {name.decode().translate(str.maketrans('aeioutn', 'qxzvkjw'))}(): ...\n" for name in REAL)
    assert measured("Python", text).n_non_words <= 1
    assert measured("Python", mangled).n_non_words > 0.9 * len(REAL)


@pytest.mark.parametrize("language", [one for one in MODULES if tier_of(one) != "C"])
def test_every_measured_language_has_a_convention(language: str) -> None:
    assert language in CONVENTIONS
    source = fixture(language)
    stream, report, _ = read(language, source)
    found = naming.measure(stream, report)
    assert found is not None
    assert found.n_names > 0
    assert found.n_breaking + found.n_single_letters <= 2 * found.n_names
    assert found.n_non_words <= found.n_judged <= found.n_names


def test_a_language_without_functions_has_none() -> None:
    stream, report, _ = read("JSON", b'{"a": 1}')
    assert naming.measure(stream, report) is None


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("language", ["Python", "JavaScript", "C"])
def test_hostile_files_pass(language: str, what: str) -> None:
    stream, report, _ = read(language, HOSTILE[what])
    found = naming.measure(stream, report)
    assert found is not None
    assert found == naming.measure(stream, report)


@given(st.lists(st.binary(max_size=12), max_size=8))
def test_scores_are_of_each_name_alone(given_names: list[bytes]) -> None:
    alone = [scores([name])[0] for name in given_names]
    np.testing.assert_array_equal(scores(given_names), np.array(alone))
