"""Odds of banding as the literature has them, the choice of bands, and which signatures share a key."""

from __future__ import annotations

import numpy as np
import plain_definitions as plain
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dedup.banding import Bands, band_keys, choose_bands, collision_probability
from dedup.minhash import MinHash, minhash

SPREAD = 0x9E3779B97F4A7C15  # 2^64 by the golden ratio


@pytest.mark.parametrize(
    ("jaccard", "bands", "rows", "odds"),
    [
        (0.7, 25, 10, 0.51), (0.8, 25, 10, 0.94), (0.7, 14, 8, 0.56), (0.8, 14, 8, 0.92), (0.7, 42, 6, 0.995),
        (0, 9, 9, 0), (1, 1, 1, 1), (0.5, 1, 1, 0.5), (0.5, 2, 1, 0.75), (0.5, 1, 2, 0.25),
    ],
)  # fmt: skip
def test_odds_as_published(jaccard: float, bands: int, rows: int, odds: float) -> None:
    assert collision_probability(jaccard, bands, rows) == pytest.approx(odds, abs=0.005)


def test_equal_sets_meet_surely_and_a_cut_has_both_of_its_numbers() -> None:
    assert collision_probability(1, 1, 1) == pytest.approx(1, abs=1e-12)
    assert collision_probability(np.array([0.0, 1.0]), 3, 2).tolist() == pytest.approx([0, 1], abs=1e-12)
    for bands, rows in ((1, 0), (0, 1), (-1, -1)):
        with pytest.raises(ValueError, match=f"{bands} bands of {rows} rows: both are at least 1"):
            Bands(bands=bands, rows=rows)


def test_the_defaults_keep_what_their_docstring_says() -> None:
    chosen = Bands()
    assert collision_probability(0.7, chosen.bands, chosen.rows) == pytest.approx(0.995, abs=5e-4)
    assert 1 - collision_probability(0.85, chosen.bands, chosen.rows) == pytest.approx(2.3e-9, rel=0.1)


@settings(max_examples=40)
@given(st.floats(0.1, 0.95), st.sampled_from([16, 64, 128, 256]), st.floats(0.5, 0.999))
def test_the_choice_keeps_its_odds_and_none_has_fewer_candidates(threshold: float, values: int, recall: float) -> None:
    assume(collision_probability(threshold, values, 1) >= recall)  # else there is no choice
    chosen = choose_bands(threshold, values, min_recall=recall)
    assert chosen.bands * chosen.rows <= values
    assert collision_probability(threshold, chosen.bands, chosen.rows) >= recall

    def candidates(bands: int, rows: int) -> float:
        below = (np.arange(1000) + 0.5) / 1000 * threshold
        return float(np.mean(collision_probability(below, bands, rows)))

    for rows in range(1, values + 1):
        for bands in range(1, values // rows + 1):
            if collision_probability(threshold, bands, rows) >= recall:
                assert candidates(chosen.bands, chosen.rows) <= candidates(bands, rows) + 1e-12


def test_worked_choices_and_what_cannot_be() -> None:
    assert choose_bands(0.7, 256, min_recall=0.99) == Bands(bands=37, rows=6)
    assert choose_bands(0.7, 256, min_recall=0.9946).rows == 6
    assert choose_bands(0.7, 256, min_recall=0.995).rows == 5
    with pytest.raises(ValueError, match="take more permutations or ask for less"):
        choose_bands(0.1, 4, min_recall=0.9)
    for threshold, recall in ((0, 0.5), (1, 0.5), (0.5, 1), (0.5, 0)):
        with pytest.raises(ValueError, match="between 0 and 1"):
            choose_bands(threshold, 16, min_recall=recall)


def test_the_outermost_choices_and_recall_that_is_just_reached() -> None:
    assert choose_bands(0.5, 1, min_recall=0.5) == Bands(bands=1, rows=1)
    assert choose_bands(0.5, 2, min_recall=0.75) == Bands(bands=2, rows=1)
    assert choose_bands(0.9, 2, min_recall=0.81) == Bands(bands=1, rows=2)


@pytest.mark.parametrize(
    ("threshold", "values", "recall", "bands", "rows"), [(0.91, 64, 0.82, 4, 11), (0.9125, 64, 0.31, 2, 19)]
)
def test_the_longest_rows_are_not_always_the_best(
    threshold: float, values: int, recall: float, bands: int, rows: int
) -> None:
    """They may need a band more: rows of one more would reach the recall too, with more candidates below."""
    assert choose_bands(threshold, values, min_recall=recall) == Bands(bands=bands, rows=rows)
    assert collision_probability(threshold, values // (rows + 1), rows + 1) >= recall


def test_the_definition_of_keys_has_not_changed() -> None:
    """They are in users' indexes: new ones need a new format of index."""
    values = np.array([[0, 1, 2**32 - 1, 7, 7, 9], [3, 1, 4, 1, 5, 9]], np.uint32)
    keys = band_keys(values, Bands(bands=3, rows=2))
    for band in range(3):
        for i, row in enumerate(values.tolist()):
            key = (band + 1) * SPREAD % 2**64
            for value in row[2 * band : 2 * band + 2]:
                key = (plain.mixed(key ^ value) + SPREAD) % 2**64
            assert keys[band, i] == key


@given(st.lists(st.lists(st.integers(0, 2), min_size=12, max_size=12), max_size=8), st.sampled_from([(4, 3), (2, 5)]))
def test_a_key_is_shared_where_a_band_is_and_by_no_other_band(rows: list[list[int]], cut: tuple[int, int]) -> None:
    values = np.array(rows, np.uint32).reshape(-1, 12)
    keys = band_keys(values, Bands(bands=cut[0], rows=cut[1]))
    assert keys.shape == (cut[0], len(rows))
    written = {
        (band, tuple(row[band * cut[1] : (band + 1) * cut[1]])): int(keys[band, i])
        for i, row in enumerate(rows)
        for band in range(cut[0])
    }
    assert len(set(written.values())) == len(written) == len(set(keys.ravel().tolist()))


def test_signatures_of_too_few_values_are_refused() -> None:
    """Else keys would be made of the next file's values, and of what lies behind the last."""
    values = np.zeros((3, 11), np.uint32)
    assert band_keys(values, Bands(bands=11, rows=1)).shape == (11, 3)
    with pytest.raises(ValueError, match="4 bands of 3 rows need 12 values and signatures have 11"):
        band_keys(values, Bands(bands=4, rows=3))


def test_similar_sets_meet_as_often_as_the_odds_say() -> None:
    """2,000 pairs at .6: the share that meets lies within 4 standard errors of the formula."""
    random = np.random.default_rng(3)
    pools = random.integers(0, 2**64, (2000, 100), dtype=np.uint64)  # 80 and 80 of 100: 60 in common
    sets = np.stack([pools[:, :80], pools[:, 20:]], axis=1).reshape(-1)
    keys = band_keys(minhash(np.arange(0, 320_001, 80), sets, MinHash()), Bands())
    met = (keys[:, 0::2] == keys[:, 1::2]).any(axis=0).mean()
    odds = collision_probability(0.6, 42, 6)
    assert abs(met - odds) < 4 * (odds * (1 - odds) / 2000) ** 0.5
