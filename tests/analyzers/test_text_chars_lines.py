"""Groups `chars` and `lines` against plain Python, on any text and on real files."""

from __future__ import annotations

import re
import sysconfig
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analyzers.text import codepoints
from analyzers.text.measure import measure

GROUPS = frozenset({"chars", "lines"})
TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.text(
    "aZ9_ \t\r\n\f\v\0{}é中\ufffd\u2028\u3000\x85½Ⅷ", max_size=60
)
REAL = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))[:60]


def signals(text: str, language: str = "Python") -> dict[str, float | bool | None]:
    columns = measure(pa.array([text], pa.large_string()), [language], GROUPS)
    return {name: column[0].as_py() for name, column in columns.items()}


def expected(text: str) -> dict[str, float | bool]:
    """The definitions, slowly."""

    def count(test) -> int:
        return sum(map(test, text))

    n, n_visible = len(text) or 1, (len(text) - count(str.isspace)) or 1
    lines = re.split("\r\n|\n|\r", text)
    if lines[-1] == "":
        lines.pop()
    return {
        "n_chars": len(text),
        "alnum_fraction": count(str.isalnum) / n,
        "alpha_fraction": count(str.isalpha) / n,
        "alpha_visible_fraction": count(str.isalpha) / n_visible,
        "digit_visible_fraction": count(str.isdigit) / n_visible,
        "whitespace_fraction": count(str.isspace) / n,
        "replacement_fraction": text.count("\ufffd") / n,
        "curly_fraction": (text.count("{") + text.count("}")) / n,
        "n_control": count(lambda c: ord(c) < 32 and c not in "\t\n\r\f"),
        "n_lines": len(lines),
        "mean_line_chars": sum(map(len, lines)) / max(len(lines), 1),
        "max_line_chars": max(map(len, lines), default=0),
        "n_blank_lines": sum(not line.strip() for line in lines),
        "is_xml": "<?xml version=" in text[:100],
    }


@settings(deadline=None)
@given(TEXTS)
@example("")
@example("\r\n\r\r\n\n")
@example("a\r" + "é" * 5000 + "\r\nb")
@example("x" * 4095 + "\r\n" + "y" * 4096 + "\n")
def test_any_text_is_measured_as_plain_python_does(text: str) -> None:
    assert signals(text) == expected(text)


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_real_files_are_measured_as_plain_python_does(path: Path) -> None:
    text = path.read_bytes().decode("utf-8", "replace")
    assert signals(text) == expected(text)


def test_worked_example() -> None:
    got = signals("ab1 {\n\t\n中\ufffd\0")
    assert got["n_chars"] == 11
    assert got["alnum_fraction"] == 4 / 11
    assert got["alpha_fraction"] == 3 / 11
    assert got["alpha_visible_fraction"] == 3 / 7
    assert got["digit_visible_fraction"] == 1 / 7
    assert got["curly_fraction"] == got["replacement_fraction"] == 1 / 11
    assert (got["n_control"], got["n_lines"], got["n_blank_lines"], got["max_line_chars"]) == (1, 3, 1, 5)


@pytest.mark.parametrize(
    ("text", "language", "is_xml"),
    [
        ('<?xml version="1.0"?>', "Text", True),
        ('<?xml version="1.0"?>', "XSLT", False),
        ("é" * 86 + "<?xml version=", "Text", True),  # the mark's last character is the hundredth
        ("é" * 87 + "<?xml version=", "Text", False),
        ("<?xml versio", "Text", False),
    ],
)
def test_xml_mark_in_the_first_hundred_characters(text: str, language: str, is_xml: bool) -> None:
    assert signals(text, language)["is_xml"] is is_xml


def test_classes_are_those_of_str() -> None:
    bits = codepoints.classes()
    for point in range(codepoints.N_CODE_POINTS):
        char, have = chr(point), int(bits[point])
        assert bool(have & codepoints.ALPHA) == char.isalpha()
        assert bool(have & codepoints.DIGIT) == char.isdigit()
        assert bool(have & codepoints.ALNUM) == char.isalnum()
        assert bool(have & codepoints.SPACE) == char.isspace()
        assert bool(have & codepoints.UPPER) == char.isupper()
        assert bool(have & codepoints.NOT_CAPITAL) == (char.islower() or (char.istitle() and not char.isupper()))


def test_lower_case_is_that_of_str() -> None:
    want = [ord(c) if len(c) == 1 else point for point in range(codepoints.N_CODE_POINTS) if (c := chr(point).lower())]
    assert np.array_equal(codepoints.lower_case(), want)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_decoding_walks_as_python_does(text: str) -> None:
    data = np.frombuffer(text.encode(), np.uint8)
    i, points = 0, []
    while i < len(data):
        points.append(codepoints.point_at(data, i, len(data)))
        i += codepoints.width_at(data, i)
        assert codepoints.point_before(data, i, 0) == points[-1]
    assert points == [ord(c) for c in text]


def test_bytes_that_break_off_are_replaced() -> None:
    data = np.frombuffer("€".encode(), np.uint8)
    assert codepoints.point_at(data, 0, 2) == 0xFFFD
