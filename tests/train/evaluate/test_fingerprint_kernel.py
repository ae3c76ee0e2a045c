"""The kernel finds what the definition in NumPy finds."""

from __future__ import annotations

import sys
from functools import cache

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.evaluate import fingerprint_kernel
from train.evaluate.fingerprint_kernel import Sought, find
from train.evaluate.fingerprints import Fingerprints, anchors, made, shipped
from train.evaluate.problems import Problem
from train.evaluate.word_windows import PIECE
from train.tokenizer import text_column

WORDS = ["a", "B_1", "ab", "中", "é", "aa中b", "😀", "zz9"]
SENTENCES = [
    " ".join(WORDS[(7 * number + place * (number + 1)) % len(WORDS)] for place in range(8 + number))
    for number in range(9)
] + ["one two three four five six seven eight", "I II III IV V VI VII VIII IX X XI XII"]
"""The last two have one window each, which is their whole."""


@cache
def known() -> Fingerprints:
    problems = [
        Problem(task_id=str(n), language="Python", prompt=text, canonical=text[::-1], tests="", entry_point=None)
        for n, text in enumerate(SENTENCES)
    ]
    return made([("own", problems[:4]), ("other", problems[4:])])


def defined(texts: list[str], longest: int) -> set[tuple[int, int, int]]:
    """The same by the definition, each piece alone."""
    told = set()
    for row, text in enumerate(texts):
        data = text.encode()
        for start in range(0, len(data), longest):
            told |= {(row, *task) for task in known().found([data[start : start + longest]])[0]}
    return told


def by_kernel(texts: list[str], longest: int, slice_from: int = 0) -> set[tuple[int, int, int]]:
    own = known()
    rows, found = find(text_column(texts)[slice_from:], Sought.of(own.hashes, own.texts, own.needed), longest).T
    assert len({*zip(rows, found, strict=True)}) == len(rows), "each is told once, which the room for them relies on"
    told = zip(rows.tolist(), own.benchmarks[found].tolist(), own.tasks[found].tolist(), strict=True)
    return set(told)


pieces = st.lists(
    st.one_of(
        st.sampled_from(SENTENCES), st.sampled_from([one[::-1].upper() for one in SENTENCES]), st.sampled_from(WORDS),
        st.text(alphabet="aB_9 .\n中é😀\x00", max_size=9),
    ),
    max_size=5,
).map(" ".join)  # fmt: skip


@given(st.lists(pieces, max_size=6), st.sampled_from([40, 77, 1 << 20]))
def test_the_kernel_finds_what_is_defined(texts: list[str], longest: int) -> None:
    assert by_kernel(texts, longest) == defined(texts, longest)


def test_sentences_are_found_in_a_slice_and_where_little_is_told_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprint_kernel, "_ROOM", 1)
    texts = SENTENCES * 3
    told = by_kernel(texts, 1 << 20)
    assert told == defined(texts, 1 << 20)
    assert {row for row, _, _ in told} == set(range(len(texts)))
    assert by_kernel(texts, 1 << 20, 5) == defined(texts[5:], 1 << 20)


def test_the_shipped_hashes_are_found_where_the_definition_finds_them() -> None:
    own = shipped()
    text = "def has_close_elements(numbers: List[float], threshold: float) -> bool: for idx, elem in enumerate(numbers)"
    anchor = np.uint64(anchors(text)[0])
    at = np.searchsorted(own.hashes, anchor)
    planted = Fingerprints(
        hashes=np.insert(own.hashes, at, anchor), texts=np.insert(own.texts, at, 0), needed=np.ones_like(own.needed),
        tasks=own.tasks, benchmarks=own.benchmarks, names=own.names, sizes=own.sizes,
    )  # fmt: skip
    told = planted.found_in(pa.array([None, text, ""], pa.large_string()))
    assert told == {(1, *task) for task in planted.found([text.encode()])[0]}
    assert told


def test_machines_without_numba_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    long = f"{SENTENCES[0]} {'x ' * (PIECE // 4)}{SENTENCES[1]}"
    column = pa.array([*SENTENCES, None, "", long], pa.large_string())
    told = known().found_in(column)
    monkeypatch.setitem(sys.modules, "train.evaluate.fingerprint_kernel", None)
    assert known().found_in(column) == told
    assert told
