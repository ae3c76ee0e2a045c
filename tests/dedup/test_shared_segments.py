"""Segments that similar files share: what a removal names has the segment and keeps it, and what may go, goes."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.segments import Cut, File, Least, Outcome, Piece, deduplicate

ANY = Least(own_share=0, own_bytes=0)


def file(name: int, *keys: str, n_bytes: int = 1000) -> File:
    """Segments of ten bytes side by side."""
    return File(bytes([name]), n_bytes, [Piece(key, 10 * i, 10 * i + 10, True) for i, key in enumerate(keys)])


def told(outcomes: list[Outcome], files: list[File]) -> list[dict[str, int]]:
    """For each file the keys that go, and where they stay."""
    return [
        {one.pieces[cut.piece].key: cut.keeper[0] for cut in outcome.cuts}
        for one, outcome in zip(files, outcomes, strict=True)
    ]


def test_the_best_keeps_a_segment() -> None:
    files = [file(3, "a", "b"), file(1, "a", "c"), file(2, "b", "a")]
    assert told(deduplicate(files, [(0, 1), (2, 1), (0, 2)], ANY), files) == [{"a": 1, "b": 2}, {}, {"a": 1}]


def test_files_that_are_no_pair_keep_what_they_share() -> None:
    """1 ~ 2 ~ 3: what 2 has lost to 1 is no reason for 3 to lose it."""
    files = [file(1, "a"), file(2, "a", "b"), file(3, "a", "b")]
    assert told(deduplicate(files, [(0, 1), (1, 2)], ANY), files) == [{}, {"a": 1}, {"b": 2}]


def test_what_stands_in_one_file_twice_stays() -> None:
    files = [file(1, "a", "a")]
    assert told(deduplicate(files, [], ANY), files) == [{}]


def test_a_function_goes_only_with_all_that_is_in_it() -> None:
    outer, inner = Piece("f", 0, 100, True), Piece("words", 10, 30, True)
    files = [
        File(b"1", 1000, [outer, Piece("other words", 10, 30, True)]),
        File(b"2", 1000, [outer, inner]),
        File(b"3", 1000, [outer, inner]),
    ]
    apart = deduplicate(files, [(0, 1), (0, 2)], ANY)
    assert [outcome.cuts for outcome in apart] == [(), (), ()]
    together = deduplicate(files, [(0, 1), (0, 2), (1, 2)], ANY)
    assert [outcome.cuts for outcome in together] == [(), (), (Cut(0, b"1"),)]
    assert together[2].left == frozenset()


def test_inside_what_stays_the_next_one_goes() -> None:
    inner = [Piece("f", 10, 40, True), Piece("g", 50, 90, True)]
    files = [file(1, "f"), File(bytes([2]), 1000, [Piece("class", 0, 100, True), *inner])]
    found = deduplicate(files, [(0, 1)], ANY)[1]
    assert found.cuts == (Cut(1, bytes([1])),)
    assert found.left == {"class", "g"}


def test_what_may_not_go_stays_and_holds() -> None:
    fixed = Piece("a", 0, 50, False)
    files = [File(b"1", 1000, [fixed]), File(b"2", 1000, [fixed]), File(b"3", 1000, [fixed._replace(may_go=True)])]
    outcomes = deduplicate(files, [(0, 1), (1, 2)], ANY)
    assert [outcome.cuts for outcome in outcomes] == [(), (), (Cut(0, b"2"),)]


def test_segments_that_cross_stay() -> None:
    pieces = [Piece("a", 0, 20, True), Piece("b", 10, 30, True)]
    files = [File(b"1", 1000, pieces), File(b"2", 1000, pieces)]
    assert deduplicate(files, [(0, 1)], ANY)[1].cuts == ()


@pytest.mark.parametrize(
    ("n_bytes", "least", "told"),
    [
        (100, Least(own_share=0.8, own_bytes=0), (None, None, None)),
        (99, Least(own_share=0.8, own_bytes=0), ("little_of_its_own", 79 / 99, 0.8)),
        (100, Least(own_share=0, own_bytes=80), (None, None, None)),
        (100, Least(own_share=0, own_bytes=81), ("too_little_left", 80.0, 81.0)),
    ],
)
def test_limits_are_inclusive(n_bytes: int, least: Least, told: tuple) -> None:
    files = [file(1, "a", "b"), file(2, "a", "b", n_bytes=n_bytes)]
    found = deduplicate(files, [(0, 1)], least)[1]
    assert (found.reason, found.value, found.limit) == told
    assert found.keeper == (bytes([1]) if found.reason else None)


def test_a_file_that_goes_keeps_nothing() -> None:
    """2 goes because of 1; 3 has of 1 only half, and stays with what it shares with 2."""
    files = [file(1, "a", "b", "c"), file(2, "a", "b", "c", "d", n_bytes=50), file(3, "a", "d", n_bytes=50)]
    outcomes = deduplicate(files, [(0, 1), (0, 2), (1, 2)], Least(own_share=0.5, own_bytes=0))
    assert [outcome.reason for outcome in outcomes] == [None, "little_of_its_own", None]
    assert told(outcomes, files)[2] == {"a": 1}


def test_the_file_of_most_bytes_is_named() -> None:
    files = [file(1, "a"), file(2, "b", "c"), file(3, "a", "b", "c", n_bytes=40)]
    assert deduplicate(files, [(0, 2), (1, 2)], Least())[2].keeper == bytes([2])


def test_names_are_of_one_file() -> None:
    with pytest.raises(ValueError, match="same name"):
        deduplicate([file(1, "a"), file(1, "b")], [], ANY)


def drawn(seed: int, n_files: int = 9) -> tuple[list[File], list[tuple[int, int]]]:
    """Files of nested segments with few keys, and pairs of some of them."""
    chance = random.Random(seed)
    names = chance.sample(range(200), n_files)
    files = []
    for name in names:
        pieces: list[Piece] = []
        for at in range(0, 40 * chance.randrange(5), 40):
            pieces.append(Piece(chance.choice("abcdef"), at, at + 40, chance.random() < 0.9))
            if chance.random() < 0.6:
                pieces.append(Piece(chance.choice("uvw"), at + 5, at + 15, chance.random() < 0.9))
            if chance.random() < 0.3:
                pieces.append(Piece(chance.choice("xyz"), at + 20, at + 30, True))
        files.append(File(bytes([name]), 40 * 4 + chance.randrange(200), pieces))
    pairs = [tuple(chance.sample(range(n_files), 2)) for _ in range(2 * n_files)]
    return files, pairs  # type: ignore[return-value]


@given(st.integers(0, 2**32))
def test_every_removal_is_proved_and_none_is_missing(seed: int) -> None:
    files, pairs = drawn(seed)
    least = Least(own_share=0.4, own_bytes=30)
    outcomes = deduplicate(files, pairs, least)
    number = {one.node: place for place, one in enumerate(files)}
    for place, (one, found) in enumerate(zip(files, outcomes, strict=True)):
        ends = {frozenset(pair) for pair in pairs}
        better = [number[other.node] for other in files if other.node < one.node]
        better = [other for other in better if frozenset((place, other)) in ends]
        held = {key for other in better for key in outcomes[other].left}
        cut = [one.pieces[cut.piece] for cut in found.cuts]
        for piece, by in zip(cut, found.cuts, strict=True):
            assert number[by.keeper] == min(
                (other for other in better if piece.key in outcomes[other].left), key=lambda other: files[other].node
            )
        for piece in one.pieces:
            inside = [other for other in one.pieces if piece.start <= other.start and other.end <= piece.end]
            may_go = piece.may_go and all(other.key in held for other in inside)
            gone = any(other.start <= piece.start and piece.end <= other.end for other in cut)
            assert not may_go or gone
            assert piece not in cut or may_go
            assert gone or found.reason or piece.key in found.left
        left = one.n_bytes - sum(piece.end - piece.start for piece in cut)
        assert (found.reason is not None) == bool(cut and (left < 0.4 * one.n_bytes or left < 30))
        assert found.reason is None or not found.left


@given(st.integers(0, 2**32), st.randoms(use_true_random=False))
def test_the_order_of_files_and_pairs_makes_no_difference(seed: int, chance: random.Random) -> None:
    files, pairs = drawn(seed)
    expected = {one.node: found for one, found in zip(files, deduplicate(files, pairs, Least()), strict=True)}
    order = list(range(len(files)))
    chance.shuffle(order)
    place = {old: new for new, old in enumerate(order)}
    mixed = [(place[b], place[a]) for a, b in pairs]
    chance.shuffle(mixed)
    shuffled = [files[old] for old in order]
    found = deduplicate(shuffled, mixed + mixed[:3], Least())
    assert {one.node: outcome for one, outcome in zip(shuffled, found, strict=True)} == expected
