"""Arrow columns: slices, nulls with bytes behind them, offsets beyond 2 GB, no rows, other types."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from dedup import exact
from dedup.benchmark_tables import build
from dedup.buffers import offsets_and_bytes
from dedup.contamination import Finder
from dedup.ngrams import ngrams
from dedup.shingles import shingle_sets
from dedup.signatures import sign
from dedup.tasks import Task
from dedup.tokens import tokenize

PROMPT = "Return the sum of all numbers of a list that are even and greater than the one before each of them."
TEXTS = [PROMPT + " once", PROMPT + " twice", "", "a b c d e f", "x y\tz 中文 one two " + PROMPT]


def contaminated(column: pa.LargeStringArray) -> list[list]:
    """What a table of one task finds."""
    task = Task(name="made/1", language="", texts=(PROMPT,), code="", tests="")
    finder, marks = Finder(build([task])), np.zeros(len(column), np.uint8)
    return [*(one.tolist() for one in finder.find(column, marks)), finder.count_rows(column, marks).tolist()]


def equality(column: pa.LargeStringArray) -> list[bytes]:
    """Keys without white space and without what headers of eight bytes would be."""
    starts = np.full(len(column), 8)
    return [*exact.keys(column).to_pylist(), *exact.keys(column, starts=starts, ignore_whitespace=True).to_pylist()]


def lists(of: Callable) -> Callable:
    """The arrays of a named tuple as lists."""
    return lambda column: [one.tolist() for one in of(column)]


READERS = [lists(sign), lists(shingle_sets), lists(tokenize), lists(ngrams), contaminated, equality]
NAMES = ["sign", "shingle_sets", "tokenize", "ngrams", "contamination", "exact"]


@pytest.mark.parametrize("of", READERS, ids=NAMES)
def test_what_lies_behind_a_null_does_not_count(of: Callable) -> None:
    """A null row is as an empty one, at either end and in slices, as filters and casts may leave it."""
    filled = pa.array(TEXTS, pa.large_string())
    hidden = pa.Array.from_buffers(filled.type, 5, [pa.py_buffer(b"\x0a"), *filled.buffers()[1:]])
    empty = ["", TEXTS[1], "", TEXTS[3], ""]
    assert hidden.to_pylist() == [text or None for text in empty]
    for start, stop in ((0, 5), (1, 5), (0, 4), (1, 4), (2, 3)):
        assert of(hidden[start:stop]) == of(pa.array(empty[start:stop], pa.large_string()))


@pytest.mark.parametrize("of", READERS, ids=NAMES)
def test_slices_are_read_from_where_they_begin(of: Callable) -> None:
    column = pa.array(TEXTS, pa.large_string())
    for start, stop in ((1, 4), (3, 5), (0, 0), (2, 2), (5, 5)):
        assert of(column[start:stop]) == of(pa.array(TEXTS[start:stop], pa.large_string()))


@pytest.mark.parametrize("of", READERS, ids=NAMES)
def test_offsets_beyond_two_and_four_gigabytes(of: Callable) -> None:
    """Texts at the end of a buffer of which nothing else is ever touched."""
    texts = [text.encode() for text in TEXTS]
    whole = b"".join(texts)
    data = np.zeros((1 << 32) + len(whole), np.uint8)
    for begin in (1 << 31, 1 << 32):
        data[begin : begin + len(whole)] = np.frombuffer(whole, np.uint8)
        offsets = begin + np.cumsum([0] + [len(text) for text in texts])
        column = pa.Array.from_buffers(pa.large_string(), 5, [None, pa.py_buffer(offsets), pa.py_buffer(data)])
        assert of(column) == of(pa.array(TEXTS, pa.large_string()))


@pytest.mark.parametrize("of", READERS, ids=NAMES)
def test_no_rows_however_arrow_says_so(of: Callable) -> None:
    bare = pa.Array.from_buffers(pa.large_string(), 0, [None, None, pa.py_buffer(b"")])
    assert of(bare) == of(pa.array([], pa.large_string()))


@pytest.mark.parametrize("of", READERS, ids=NAMES)
@pytest.mark.parametrize("kind", [pa.string(), pa.binary(), pa.dictionary(pa.int32(), pa.large_string())], ids=str)
def test_offsets_of_another_width_are_refused(of: Callable, kind: pa.DataType) -> None:
    with pytest.raises(TypeError, match="cast it first"):
        of(pa.array(["a b", "c"]).cast(kind))


def test_nothing_is_copied_where_no_row_is_null() -> None:
    column = pa.array(TEXTS, pa.large_string())
    offsets, data = offsets_and_bytes(column[1:])
    assert data.ctypes.data == column.buffers()[2].address
    assert offsets.tolist() == np.cumsum([0] + [len(text.encode()) for text in TEXTS]).tolist()[1:]
    assert not offsets.flags.writeable
    assert not data.flags.writeable
