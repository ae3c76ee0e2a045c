"""Group `encoded` against Python's re, for the very patterns."""

from __future__ import annotations

import re
import sysconfig
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analyzers.text.encoded import BASE64, HEXADECIMAL, UNICODE
from analyzers.text.measure import measure

PATTERNS = [re.compile(pattern) for pattern in (BASE64, HEXADECIMAL, UNICODE)]
HEX_WORD = re.compile(r"\b0[xX][0-9a-fA-F]+\b")

PIECES = st.sampled_from(
    ["ab", "0f", "0x1f", "\\x41", "\\u00e9", "0x", "\\x", "\\u", ",", ", ", " ", "\n", "\u3000", "\xa0", "é", "中", "_",
     "g", "abc", "-", "=", "/", "0X2a", "0xZ", "a" * 30, "a" * 64, "B+/" * 21, "0x1f," * 8, "ab " * 7, "\\x41" * 8,
     "\\u00e9" * 7,
     "x", "0", "\\", "1,2,", "\r", "."]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=80)
REAL = [
    path
    for suffix in ("py", "h", "js")
    for path in sorted(Path(sysconfig.get_path("purelib")).rglob(f"*.{suffix}"))[:80]
]


def signals(text: str) -> tuple[int, float, float]:
    columns = measure(pa.array([text], pa.large_string()), ["Text"], frozenset({"encoded"}))
    longest, fraction, words = (column[0].as_py() for column in columns.values())
    return longest, fraction, words


def expected(text: str) -> tuple[int, float, float]:
    lengths = [len(match[0]) for pattern in PATTERNS for match in pattern.finditer(text)]
    n = max(len(text), 1)
    return max(lengths, default=0), min(sum(lengths) / n, 1.0), sum(map(len, HEX_WORD.findall(text))) / n


@settings(deadline=None)
@given(TEXTS)
@example("")
@example("a" * 63)
@example("a" * 64)
@example("x" + "\\x41" * 9)
@example("0x41,\n" * 9)
@example("41,42,43,44,45,46,47,48")
@example("41\u300042 43\xa044 45 46 47 48é")
@example("\\u00e9" * 9 + "\\u00g9" + "\\u00e9" * 8)
@example("0x1f 0X2 x0x3 0x4g 0x 0x5")
def test_scanners_agree_with_re(text: str) -> None:
    assert signals(text) == expected(text)


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_scanners_agree_with_re_on_real_files(path: Path) -> None:
    text = path.read_bytes().decode("utf-8", "replace")
    assert signals(text) == expected(text)


def test_worked_example() -> None:
    base64 = "QUJD" * 20
    text = f'data = "{base64}"; mask = 0xFF\n'
    assert signals(text) == (80, 80 / len(text), 4 / len(text))


def test_overlapping_patterns_make_no_more_than_the_whole() -> None:
    text = "ab\ncd\n" * 20  # base64 to one pattern, hexadecimal to another
    assert expected(text)[0] == 120
    assert signals(text)[1] == 1.0


@pytest.mark.parametrize(
    "text", ["ab " * 300_000, "\\u00e" * 150_000, "0x" * 500_000, " " * 1_000_000, "a1," * 7 + "é" * 300_000]
)
def test_long_runs_end(text: str) -> None:
    longest, fraction, words = signals(text)
    assert 0 <= fraction <= 1
    assert 0 <= words <= 1
    assert longest <= len(text)
