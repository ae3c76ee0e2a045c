"""Novelty: the longest common subsequence by bits against a table, and the pool against comparing everything."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.self_instruct.novelty import Pool, common_words, words

FEW = st.lists(st.sampled_from("abcd"), max_size=12)


def by_table(a: list[str], b: list[str]) -> int:
    """The textbook's table."""
    row = [0] * (len(b) + 1)
    for one in a:
        before = row
        row = [0]
        for j, other in enumerate(b):
            row.append(before[j] + 1 if one == other else max(before[j + 1], row[j]))
    return row[-1]


def rouge(a: str, b: str) -> float:
    total = len(words(a)) + len(words(b))
    return 2 * by_table(words(a), words(b)) / total if total else 0.0


@given(a=FEW, b=FEW)
def test_common_words_are_the_tables(a: list[str], b: list[str]) -> None:
    assert common_words(a, b) == by_table(a, b)


@given(
    texts=st.lists(st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=9).map(" ".join), max_size=14),
    n_first=st.integers(0, 4),
    limit=st.sampled_from((0.3, 0.5, 0.7, 0.9, 1.0)),
)
def test_the_pool_finds_what_comparing_with_all_finds(texts: list[str], n_first: int, limit: float) -> None:
    kept = texts[:n_first]
    pool = Pool(kept, limit)
    for text in texts[n_first:]:
        new = all(rouge(text, other) < limit - 1e-9 for other in kept)
        assert pool.add(text) is new
        kept += [text] * new


def test_longer_tasks_with_words_put_in_and_taken_out() -> None:
    """Real lengths: copies with a share of the words exchanged, on both sides of the limit."""
    draw = random.Random(5)
    vocabulary = [f"w{i}" for i in range(300)]
    first = [" ".join(draw.choices(vocabulary, k=60)) for _ in range(30)]
    pool, told = Pool(first, 0.7), []
    for i in range(120):
        text = draw.choice(first).split()
        for place in draw.sample(range(60), i // 4):
            text[place] = draw.choice(vocabulary)
        changed = " ".join(text)
        similar = max(rouge(changed, other) for other in first) >= 0.7
        told.append(Pool(first, 0.7).add(changed))
        assert told[-1] is not similar
        pool.add(changed)
    assert {True, False} == set(told)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Sort_it, 2 Times!", ["sort_it", "2", "times"]),
        ("用Python排序 list", ["用", "python", "排", "序", "list"]),
        ("", []),
    ],
)
def test_words(text: str, found: list[str]) -> None:
    assert words(text) == found


def test_chinese_tasks_are_compared_by_ideographs() -> None:
    pool = Pool(["请编写一个函数，计算列表中所有整数的和"], 0.7)
    assert not pool.add("请编写一个函数，计算列表中所有偶数的和")
    assert pool.add("解释下面的代码为什么会出现死锁")
