"""Keys of equality against hashlib and plain Python, for any bytes, slice and start."""

from __future__ import annotations

import hashlib
import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.exact import keys

TEXTS = st.lists(st.text(" \t\n\v\f\rab\x85\u2028é", max_size=12) | st.just(" " * 9), max_size=8)


def plain(text: str, start: int, ignore_whitespace: bool) -> bytes:
    """The definition, slowly: ASCII white space only, and the whole text where nothing remains."""
    raw = text.encode()
    rest = raw[start:]
    if ignore_whitespace:
        rest = re.sub(rb"[ \t\n\v\f\r]", b"", rest)
    return hashlib.md5(rest or raw).digest()


@settings(deadline=None)
@given(TEXTS, st.booleans(), st.data())
def test_keys_are_those_of_hashlib(texts: list[str], ignore_whitespace: bool, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(texts)))
    content = pa.array(texts, pa.large_string()).slice(first)
    texts = texts[first:]
    with_starts = data.draw(st.booleans())
    starts = [data.draw(st.integers(0, len(text.encode()))) if with_starts else 0 for text in texts]
    given_starts = np.array(starts, np.int64) if with_starts else None
    found = keys(content, starts=given_starts, ignore_whitespace=ignore_whitespace)
    expected = [plain(text, start, ignore_whitespace) for text, start in zip(texts, starts, strict=True)]
    assert found.type == pa.binary()
    assert found.to_pylist() == expected


@pytest.mark.parametrize(
    ("one", "other", "ignore_whitespace", "equal"),
    [
        ("a b", "ab", True, True),
        ("a b", "ab", False, False),
        ("a\r\n", "a\n", True, True),
        ("a\u00a0b", "ab", True, False),  # no ASCII white space
        ("A", "a", True, False),
        (" ", "\n", True, False),  # nothing remains of either, and that makes them no copies
        (" ", " ", True, True),
        ("", "", False, True),
    ],
)
def test_what_is_a_copy(one: str, other: str, ignore_whitespace: bool, equal: bool) -> None:
    first, second = keys(pa.array([one, other], pa.large_string()), ignore_whitespace=ignore_whitespace).to_pylist()
    assert (first == second) == equal


def test_headers_left_out() -> None:
    content = pa.array(["# MIT\nx = 1\n", "# GPL, a longer one\nx = 1\n", "# MIT\n", "# BSD\n"], pa.large_string())
    first, second, third, fourth = keys(content, starts=np.array([6, 20, 6, 6])).to_pylist()
    assert first == second == hashlib.md5(b"x = 1\n").digest()
    assert third == hashlib.md5(b"# MIT\n").digest() != fourth  # all header: the full text counts


def test_a_start_beyond_the_text_leaves_out_all_of_it() -> None:
    """Of one row only: its neighbours' keys are theirs."""
    content = pa.array(["# MIT\n", "x = 1", "y = 2"], pa.large_string())
    for ignore_whitespace in (False, True):
        found = keys(content, starts=np.array([60, 0, 9]), ignore_whitespace=ignore_whitespace).to_pylist()
        rest = b"x=1" if ignore_whitespace else b"x = 1"
        assert found == [hashlib.md5(text).digest() for text in (b"# MIT\n", rest, b"y = 2")]


def test_no_rows() -> None:
    for ignore_whitespace in (False, True):
        assert keys(pa.array([], pa.large_string()), ignore_whitespace=ignore_whitespace).to_pylist() == []
