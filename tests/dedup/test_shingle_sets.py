"""Shingles and their sets, from token hashes window by window; files of any length and in any chunks."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import plain_definitions as plain
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_definitions import BYTES, LONG, TOKENIZERS

from dedup.shingles import MOST_TOKENS, shingle_sets
from dedup.tokens import CHUNK_BYTES, Tokenizer


def sets_of(texts: list[bytes], tokenizer: Tokenizer, width: int) -> list[list[int]]:
    offsets, hashes = shingle_sets(plain.column(*texts), tokenizer, width=width)
    return [hashes[a:b].tolist() for a, b in pairwise(offsets)]


@given(st.lists(BYTES, max_size=4), TOKENIZERS, st.integers(1, MOST_TOKENS))
def test_sets_of_short_files(texts: list[bytes], tokenizer: Tokenizer, width: int) -> None:
    assert sets_of(texts, tokenizer, width) == [sorted(set(plain.shingles(t, tokenizer, width))) for t in texts]


@settings(max_examples=25)
@given(LONG, TOKENIZERS)
def test_sets_across_the_edges_of_segments_and_chunks(text: bytes, tokenizer: Tokenizer) -> None:
    assert sets_of([text], tokenizer, 5) == [sorted(set(plain.shingles(text, tokenizer, 5)))]


def test_ascii_and_other_bytes_take_two_ways_to_the_same_hashes() -> None:
    """A segment without bytes beyond ASCII is scanned by a loop of its own."""
    code = b"def f(a, b_1):\n    return Some.thing[a] + 0xFF\n" * 20
    alone, mixed = (set(one) for one in sets_of([code, code + "é".encode()], Tokenizer(), 5))
    assert alone < mixed
    assert len(mixed - alone) <= 5


@pytest.mark.parametrize("edge", [512, CHUNK_BYTES])
@pytest.mark.parametrize("before", ["中", "é", "x中", "\U00020000", " "])
@pytest.mark.parametrize("after", ["bcd", " bcd", "中bcd", "é"])
def test_what_stands_at_an_edge_is_cut_by_no_edge(edge: int, before: str, after: str) -> None:
    """A CJK character ends a segment, and plain ASCII follows; also a byte earlier and later."""
    for shift in range(-4, 4):
        filler = ((b"y" * 60 + b" ") * edge)[: edge + shift - len(before.encode())]
        text = filler + before.encode() + after.encode() + b" one two three four" + b"  " * 600
        assert sets_of([text], Tokenizer(), 2) == [sorted(set(plain.shingles(text, Tokenizer(), 2)))]


def test_files_under_the_width_have_none() -> None:
    sizes = [len(one) for one in sets_of([b"", b"a b c d", b"a b c d e", b" ( ) "], Tokenizer(), 5)]
    assert sizes == [0, 0, 1, 0]


def test_order_counts_and_place_does_not() -> None:
    one, reversed_, inside = sets_of([b"a b c d e", b"e d c b a", b"x y a b c d e z"], Tokenizer(), 5)
    assert one != reversed_
    assert set(one) < set(inside)


def test_chosen_rows_in_their_order() -> None:
    content = plain.column(b"a b c d e f", b"g h i j k", b"l m", b"n o p q r s t")
    whole = shingle_sets(content)
    some = shingle_sets(content, rows=np.array([3, 2, 0]))
    assert np.diff(some.offsets).tolist() == [3, 0, 2]
    assert some.hashes[:3].tolist() == whole.hashes[whole.offsets[3] :].tolist()
    assert some.hashes[3:].tolist() == whole.hashes[:2].tolist()
    assert shingle_sets(content, rows=np.array([], np.int64)).offsets.tolist() == [0]


@pytest.mark.parametrize("text", [b"a " * 300_000, b"a b " * 150_000, b"ab " * 99 * 2000, b"\xe4" * 300_000])
def test_repetition_is_sorted_in_linear_time(text: bytes) -> None:
    """By its result: with quadratic insertion this takes minutes."""
    offsets, _ = shingle_sets(plain.column(text))
    assert offsets[-1] <= 2


def test_a_width_that_cannot_be() -> None:
    for width in (0, MOST_TOKENS + 1):
        with pytest.raises(ValueError, match=f"a shingle of {width} tokens"):
            shingle_sets(plain.column(b"a"), width=width)
