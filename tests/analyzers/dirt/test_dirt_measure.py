"""What hides in a text and what offends in it, counted."""

from __future__ import annotations

import hashlib
import unicodedata
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.dirt.hidden import LOOK_ALIKES, NAMES
from analyzers.dirt.lexicon import LEXICONS, check_terms
from analyzers.dirt.listed import read_hashes
from analyzers.dirt.measure import measure_dirt
from analyzers.signals import DIRT_SIGNALS, arrow_types

TERMS = (*LEXICONS["en"], *LEXICONS["zh"])
EICAR = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STAN" + "DARD-ANTIVIRUS-TEST-FILE!$H+H*"


def measured(text: str) -> dict[str, object]:
    return {
        name: column[0].as_py() for name, column in measure_dirt(pa.array([text], pa.large_string()), TERMS).items()
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain ASCII\n", {}),
        ("日本語 and Ünïcödé\n", {}),
        # Trojan Source: a control that outlives its line, and one that is closed
        ("if x:  # \u202e } \u2066 begin\n", {"n_bidi_controls": 2, "n_unpaired_bidi": 2}),
        ("a \u202b b \u202c \u2067 c \u2069\n", {"n_bidi_controls": 4}),
        ("a \u202e", {"n_bidi_controls": 1, "n_unpaired_bidi": 1}),
        ("a \u202e\r\nb \u202c\n", {"n_bidi_controls": 2, "n_unpaired_bidi": 1}),
        ("a \u202c\u2069\n", {"n_bidi_controls": 2}),
        # joiners join what needs them
        ("ad\u200bmin ad\u200dmin\u200d", {"n_invisible": 3}),
        ("نمی\u200cخواهم 👨\u200d👩\u200d👧", {}),
        ("a\u2060b\u3164 = 1 \ufeff", {"n_invisible": 3}),
        # payloads
        ("a" + "".join(chr(0xE0000 + ord(c)) for c in "ignore"), {"n_hidden": 6}),
        ("\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", {}),
        ("❤\ufe0f 1\ufe0f\u20e3 葛\U000e0100", {}),
        ("a\ufe01\ufe02 b\U000e0101", {"n_hidden": 3}),
        ("\ue000\U000f0001", {"n_private_use": 2}),
        # look-alikes: a Cyrillic a in paypal; a Russian word behind a Latin one is none; Greek of formulas neither
        ("p\u0430ypal = \u0430dmin", {"n_confusable_words": 2}),
        ("HTMLом привет, αx + νy, слово", {}),
        ("ΑΒΕ word", {}),
        # words
        ("This shit and SHIT, but shitake and Scunthorpe\n", {"lexicon_rate": 1000 * 2 / 8}),
        ("他妈的代码", {"lexicon_rate": 200.0}),
        (EICAR, {"is_test_virus": True}),
        (EICAR[1:], {}),
    ],
)
def test_what_is_counted(text: str, expected: dict[str, object]) -> None:
    nothing = {**dict.fromkeys(NAMES, 0), "lexicon_rate": 0.0, "is_test_virus": False, "is_listed": None}
    assert measured(text) == nothing | expected


def test_columns_are_the_signals() -> None:
    columns = measure_dirt(pa.array(["a", None, ""], pa.large_string()), TERMS)
    assert {name: column.type for name, column in columns.items()} == arrow_types(DIRT_SIGNALS)
    assert columns["n_bidi_controls"].to_pylist() == [0, 0, 0]


def test_look_alikes_are_letters_of_other_scripts() -> None:
    assert len(set(LOOK_ALIKES)) == len(LOOK_ALIKES)
    for letter in LOOK_ALIKES:
        assert letter.isalpha()
        assert "LATIN" not in unicodedata.name(letter)


@given(st.lists(st.text(alphabet="aé\u202e\u202c\u200d\ufe0f\U000e0041漢 \n\u0430", max_size=12), max_size=6))
def test_rows_do_not_see_each_other(texts: list[str]) -> None:
    column = pa.array(["\u202e\u0430b", *texts], pa.large_string()).slice(1)
    together = measure_dirt(column, TERMS)
    for row, text in enumerate(texts):
        assert {name: values[row].as_py() for name, values in together.items()} == measured(text)


def test_listed_hashes(tmp_path: Path) -> None:
    path = tmp_path / "bad.txt"
    digests = [hashlib.md5(b"one").hexdigest(), hashlib.sha256("zwei é".encode()).hexdigest().upper()]
    path.write_text(f"# of last week\n\n{digests[0]}  one.py\n{digests[1]}\n")
    column = pa.array(["one", "zwei é", "three", None], pa.large_string())
    assert measure_dirt(column, (), str(path))["is_listed"].to_pylist() == [True, True, False, None]
    path = tmp_path / "faulty.txt"
    path.write_text("0123\n")
    with pytest.raises(ValueError, match="line 1: '0123' is no MD5, SHA-1 or SHA-256"):
        read_hashes(str(path))


def test_a_term_is_a_line() -> None:
    with pytest.raises(ValueError, match="is no term of a lexicon"):
        check_terms(("good", " "))
