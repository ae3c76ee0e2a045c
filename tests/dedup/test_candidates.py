"""Who meets whom: SimHash tables against brute force, buckets against all pairs, hot ones against their bound."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import plain_definitions as plain
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup import candidates as module
from dedup.candidates import SIMHASH_BOUND, Bound, Compared, Entries, bucket_pairs, candidates, streamed_pairs
from dedup.simhash import hamming
from dedup.simhash_tables import SimHashTables, choose_tables, table_keys

KEYS = st.integers(1, 3).flatmap(
    lambda columns: st.integers(0, 12).flatmap(
        lambda files: st.lists(
            st.lists(st.integers(0, 3), min_size=files, max_size=files), min_size=columns, max_size=columns
        )
    )
)


def pairs_of(found: tuple[np.ndarray, np.ndarray]) -> list[tuple[int, int]]:
    return list(zip(found[0].tolist(), found[1].tolist(), strict=True))


def all_within(simhashes: np.ndarray, distance: int) -> set[tuple[int, int]]:
    """Brute force, a row against all later ones at a time."""
    found = set()
    for i in range(len(simhashes) - 1):
        near = np.flatnonzero(hamming(np.full(len(simhashes) - i - 1, simhashes[i]), simhashes[i + 1 :]) <= distance)
        found |= {(i, i + 1 + int(j)) for j in near}
    return found


def clustered(random: np.random.Generator, n: int, most_flips: int) -> np.ndarray:
    """SimHashes of which many lie near each other: half of them copies of others with some bits turned."""
    simhashes = random.integers(0, 2**64, n, dtype=np.uint64)
    copies = simhashes[random.integers(0, n // 4, n - n // 2)]
    n_flips = random.integers(0, most_flips + 1, len(copies))
    for flip in range(most_flips):
        bit = np.uint64(1) << random.integers(0, 64, len(copies), dtype=np.uint64)
        copies ^= np.where(flip < n_flips, bit, np.uint64(0))
    simhashes[n // 2 :] = copies
    return simhashes


@pytest.mark.parametrize(("distance", "blocks"), [(3, 4), (3, 5), (3, 6), (6, 7), (6, 8), (6, 9), (0, 1), (1, 64)])
def test_every_pair_within_the_distance_is_found(distance: int, blocks: int) -> None:
    simhashes = clustered(np.random.default_rng(blocks), 1500, 2 * distance + 2)
    tables = SimHashTables(distance=distance, blocks=blocks)
    found = candidates(
        table_keys(simhashes, tables), bound=Bound(most_whole=1500), simhashes=simhashes, most_distance=distance
    )
    assert set(pairs_of(found)) == all_within(simhashes, distance)
    assert len(found[0]) > 300


@given(st.integers(0, 2**64 - 1), st.sets(st.integers(0, 63), max_size=6))
def test_no_choice_of_six_bits_hides_a_pair(simhash: int, bits: set[int]) -> None:
    both = np.array([simhash, simhash ^ sum(1 << bit for bit in bits)], np.uint64)
    for distance, blocks in ((6, 7), (6, 8), *(((3, 4), (3, 6)) if len(bits) <= 3 else ())):
        keys = table_keys(both, SimHashTables(distance=distance, blocks=blocks))
        assert (keys[:, 0] == keys[:, 1]).any()


def test_masks_are_all_choices_of_blocks_and_cover_all_bits() -> None:
    for tables in (SimHashTables(distance=3, blocks=4), SimHashTables(distance=6, blocks=9)):
        masks = tables.masks.tolist()
        assert len(set(masks)) == tables.n_tables
        assert np.bitwise_or.reduce(tables.masks) == 2**64 - 1
    assert [mask.bit_count() for mask in SimHashTables(distance=3, blocks=4).masks.tolist()] == [16] * 4


@pytest.mark.parametrize(
    ("distance", "blocks", "tables", "bits", "files"),
    [
        (3, 4, 4, (16, 16), 16.4e6), (3, 5, 10, (25, 26), 4.8e9), (3, 6, 20, (31, 33), 2e11),
        (6, 7, 7, (9, 10), 79e3), (6, 8, 28, (16, 16), 2.34e6), (6, 9, 84, (21, 22), 30e6),
        (6, 10, 210, (24, 28), 2.1e8),
    ],
)  # fmt: skip
def test_the_table_of_costs_is_true(
    distance: int, blocks: int, tables: int, bits: tuple[int, int], files: float
) -> None:
    chosen = SimHashTables(distance=distance, blocks=blocks)
    sizes = [mask.bit_count() for mask in chosen.masks.tolist()]
    assert (chosen.n_tables, (min(sizes), max(sizes))) == (tables, bits)
    assert chosen.most_files() == pytest.approx(files, rel=0.03)
    assert choose_tables(distance, chosen.most_files()) == chosen


def test_the_definition_of_table_keys_has_not_changed_and_a_key_is_its_tables_own() -> None:
    """They are in users' indexes: new ones need a new format of index."""
    simhashes = np.array([0, 2**64 - 1, 12120794960169648420], np.uint64)
    tables = SimHashTables()
    assert (tables.distance, tables.blocks) == (3, 4)
    keys = table_keys(simhashes, tables)
    for table, mask in enumerate([0xFFFF << 16 * block for block in range(4)]):
        spread = (table + 1) * 0x9E3779B97F4A7C15 % 2**64
        assert keys[table].tolist() == [plain.mixed((one & mask) ^ spread) for one in simhashes.tolist()]
    assert len(set(table_keys(simhashes[:1], SimHashTables(distance=6, blocks=9)).ravel().tolist())) == 84


def test_the_largest_distance_and_another_budget() -> None:
    assert choose_tables(63, 1) == SimHashTables(distance=63, blocks=64)
    assert choose_tables(3, 163_840, most_meetings=10) == SimHashTables(distance=3, blocks=4)
    assert choose_tables(3, 163_841, most_meetings=10) == SimHashTables(distance=3, blocks=5)
    assert SimHashTables().most_files(10) == 163_840


def test_what_cannot_be_promised_is_refused() -> None:
    largest = SimHashTables(distance=6, blocks=10).most_files(10)
    with pytest.raises(ValueError, match=f"it is found among up to {largest:,}"):
        choose_tables(6, 10**9, most_meetings=10)
    with pytest.raises(ValueError, match="make 276 tables, over 256"):
        SimHashTables(distance=2, blocks=24)
    for distance, blocks in ((-1, 4), (1, 65)):
        with pytest.raises(ValueError, match=f"{blocks} blocks for distance {distance}: take more than that"):
            SimHashTables(distance=distance, blocks=blocks)
    with pytest.raises(ValueError, match="take fewer blocks"):
        SimHashTables(distance=6, blocks=11)
    with pytest.raises(ValueError, match="take more than that"):
        SimHashTables(distance=3, blocks=3)


@given(KEYS)
def test_pairs_are_those_that_share_a_key_each_once(columns: list[list[int]]) -> None:
    keys = np.array(columns, np.uint64)
    n_files = keys.shape[1]
    expected = [pair for pair in combinations(range(n_files), 2) if (keys[:, pair[0]] == keys[:, pair[1]]).any()]
    compared = Compared()
    assert pairs_of(candidates(keys, compared=compared)) == expected
    assert compared.pairs_left_out == compared.hot_buckets == 0
    assert compared.pairs == sum(a == b for column in columns for a, b in combinations(column, 2))


@given(
    st.lists(st.lists(st.integers(0, 1), min_size=5, max_size=5), max_size=30),
    st.integers(2, 6),
    st.integers(1, 4),
    st.integers(1, 3),
)
def test_in_a_hot_bucket_files_are_compared_with_leaders(
    rows: list[list[int]], most_whole: int, most_leaders: int, enough: int
) -> None:
    """Two buckets, by the first value; near are those with 4 of 5 values in common."""
    expected, made, alone = [], 0, 0
    for first in (0, 1):
        bucket = [i for i, row in enumerate(rows) if row[0] == first]
        leaders: list[int] = []
        hot = len(bucket) > most_whole
        for place, file in enumerate(bucket):
            near: list[int] = []
            for other in leaders if hot else bucket[:place]:
                if hot and len(near) == enough:
                    break
                made += 1
                if sum(a == b for a, b in zip(rows[file], rows[other], strict=True)) >= 4:
                    near.append(other)
            expected += [(other, file) for other in near]
            if hot and not near:
                alone += len(leaders) == most_leaders
                leaders += [file] if len(leaders) < most_leaders else []
    values = np.array(rows, np.uint32).reshape(-1, 5)
    compared = Compared()
    found = candidates(
        values[:, :1].T.astype(np.uint64),
        bound=Bound(most_whole=most_whole, leaders=most_leaders, enough=enough),
        compared=compared,
        minhashes=values,
        least_equal=4,
    )
    assert pairs_of(found) == sorted(expected)
    assert (compared.pairs, compared.left_alone) == (made, alone)


@given(st.lists(st.integers(0, 2), max_size=30), st.integers(2, 6), st.integers(1, 4))
def test_without_signatures_the_first_of_a_hot_bucket_lead_and_the_rest_is_counted(
    column: list[int], most_whole: int, leaders: int
) -> None:
    compared = Compared()
    bound = Bound(most_whole=most_whole, leaders=leaders)
    found = pairs_of(candidates(np.array([column], np.uint64), bound=bound, compared=compared))
    buckets = [[i for i, key in enumerate(column) if key == one] for one in range(3)]
    expected = [
        pair
        for bucket in buckets
        for pair in combinations(bucket, 2)
        if len(bucket) <= most_whole or pair[0] in bucket[:leaders]
    ]
    assert found == sorted(expected)
    assert compared.pairs == len(expected)
    assert compared.pairs + compared.pairs_left_out == sum(len(b) * (len(b) - 1) // 2 for b in buckets)
    assert compared.hot_buckets == sum(len(b) > most_whole for b in buckets)
    assert compared.left_alone == sum(max(len(b) - leaders, 0) for b in buckets if len(b) > most_whole)
    assert compared.largest_bucket == max(map(len, buckets)) or not column


def test_the_default_bounds() -> None:
    """Of 64 files under a key all pairs are compared, of 65 those with the first 32; copies are near to two."""
    one_key, none = np.zeros((1, 65), np.uint64), np.zeros((65, 1), np.uint32)
    for keys, tests, made, hot in (
        (one_key[:, :64], {}, 64 * 63 // 2, 0),
        (one_key, {}, 32 * 31 // 2 + 33 * 32, 1),
        (one_key, {"minhashes": none, "least_equal": 0}, 32 * 31 // 2 + 33 * 32, 1),  # tells nothing
        (one_key, {"minhashes": none, "least_equal": 1}, 64, 1),  # all are copies of the one leader
    ):
        compared = Compared()
        assert len(candidates(keys, compared=compared, **tests)[0]) == made
        assert (compared.pairs, compared.hot_buckets) == (made, hot)
    values = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9], *[[1, 5, 9]] * 63], np.uint32)  # near to each of three leaders
    found = pairs_of(candidates(np.zeros((1, 66), np.uint64), minhashes=values, least_equal=1))
    assert found == [(leader, file) for leader in (0, 1) for file in range(3, 66)]
    assert (SIMHASH_BOUND.most_whole, SIMHASH_BOUND.leaders, SIMHASH_BOUND.enough) == (64, 2000, 8)


@pytest.mark.parametrize("bound", [Bound(most_whole=14, leaders=3), Bound(most_whole=2, leaders=20)], ids=str)
def test_there_is_room_for_what_one_file_may_need(monkeypatch: pytest.MonkeyPatch, bound: Bound) -> None:
    keys = np.sort(np.arange(40) % 3).astype(np.uint64)[None]
    expected = pairs_of(candidates(keys, bound=bound))
    monkeypatch.setattr(module, "_ROOM", 1)
    assert pairs_of(candidates(keys, bound=bound)) == expected
    assert len(expected) > 200


def test_pairs_come_in_pieces_without_loss_or_repetition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ROOM", 15)
    files = np.arange(40)
    bound = Bound(most_whole=14, leaders=3)
    pieces = list(bucket_pairs(np.sort(files % 3).astype(np.uint64), files, bound=bound, compared=Compared()))
    found = [pair for piece in pieces for pair in pairs_of(piece)]
    assert len(pieces) > 15
    assert max(len(piece[0]) for piece in pieces) <= 15
    assert len(found) == len(set(found)) == 13 * 14 // 2 + 2 * (13 * 12 // 2)


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 255)), max_size=60),
    st.lists(st.integers(0, 60), max_size=8),
    st.integers(1, 12),
    st.integers(1, 6),
    st.booleans(),
)
def test_entries_in_pieces_meet_as_those_in_one(
    rows: list[tuple[int, int]], cuts: list[int], most_whole: int, leaders: int, with_simhashes: bool
) -> None:
    """A bucket may begin in one piece, be hot in the next and end in a third: pairs and counts are the same."""
    rows.sort(key=lambda row: row[0])  # files are numbered through, so they ascend among equal keys
    keys, simhashes = (np.array([row[at] for row in rows], np.uint64) for at in (0, 1))
    files = np.arange(len(rows), dtype=np.int64) * 10
    simhashes = simhashes if with_simhashes else np.zeros(0, np.uint64)
    bound = Bound(most_whole=most_whole, leaders=leaders)
    whole, streamed = Compared(), Compared()
    tests = {"simhashes": simhashes, "most_distance": 2} if with_simhashes else {}
    expected = [
        pair
        for found in bucket_pairs(keys, np.arange(len(rows)), bound=bound, compared=whole, **tests)
        for pair in pairs_of(found)
    ]
    entries = Entries(keys, files, simhashes)
    edges = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    pieces = [entries.take(slice(a, b)) for a, b in pairwise(edges)]
    found = list(streamed_pairs(pieces, bound=bound, compared=streamed, most_distance=2))
    assert [pair for one in found for pair in pairs_of(one[:2])] == [(10 * a, 10 * b) for a, b in expected]
    assert streamed == whole
    if with_simhashes:
        distances = [int(distance) for one in found for distance in one[2]]
        assert distances == [int(simhashes[a] ^ simhashes[b]).bit_count() for a, b in expected]


@given(
    st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=30),
    st.lists(st.integers(0, 30), max_size=4),
    st.integers(1, 6),
    st.integers(1, 6),
)
def test_known_files_are_compared_with_others_only(
    rows: list[tuple[int, bool]], cuts: list[int], most_whole: int, leaders: int
) -> None:
    """They stand first in their bucket and lead where it is hot; pairs of two of them are not counted as left out."""
    rows.sort(key=lambda row: (row[0], not row[1]))
    files = [number - 1000 * is_known for number, (_, is_known) in enumerate(rows)]
    buckets = [[file for file, (key, _) in zip(files, rows, strict=True) if key == one] for one in range(3)]
    expected = [
        pair
        for bucket in buckets
        for pair in combinations(bucket, 2)
        if pair[1] >= 0 and (len(bucket) <= most_whole or pair[0] in bucket[:leaders])
    ]
    entries = Entries(np.array([key for key, _ in rows], np.uint64), np.array(files, np.int64), np.zeros(0, np.uint64))
    edges = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    compared = Compared()
    pieces = (entries.take(slice(a, b)) for a, b in pairwise(edges))
    found = list(streamed_pairs(pieces, bound=Bound(most_whole=most_whole, leaders=leaders), compared=compared))
    assert sorted(pair for one in found for pair in pairs_of(one[:2])) == sorted(expected)
    assert compared.pairs == len(expected)
    of_others = [pair for bucket in buckets for pair in combinations(bucket, 2) if pair[1] >= 0]
    assert compared.pairs_left_out == len(of_others) - len(expected)


@settings(max_examples=30)
@given(st.lists(st.lists(st.integers(0, 1), min_size=8, max_size=8), min_size=2, max_size=6), st.integers(0, 8))
def test_only_pairs_with_enough_equal_values_come_back(rows: list[list[int]], least: int) -> None:
    values = np.array(rows, np.uint32)
    keys = np.zeros((1, len(rows)), np.uint64)
    found = pairs_of(candidates(keys, minhashes=values, least_equal=least))
    expected = [
        (a, b)
        for a, b in combinations(range(len(rows)), 2)
        if sum(x == y for x, y in zip(rows[a], rows[b], strict=True)) >= least
    ]
    assert found == expected


def test_counts_add_up() -> None:
    total = Compared(pairs=1, pairs_left_out=2, hot_buckets=3, largest_bucket=4, left_alone=5)
    total.add(Compared(pairs=10, pairs_left_out=20, hot_buckets=30, largest_bucket=3, left_alone=50))
    assert total == Compared(pairs=11, pairs_left_out=22, hot_buckets=33, largest_bucket=4, left_alone=55)


def test_two_hundred_thousand_simhashes_hide_no_pair_of_a_sample() -> None:
    """Brute force for 300 of 200,000; benchmarks/dedup_selection.py does it for all."""
    random = np.random.default_rng(11)
    simhashes = clustered(random, 200_000, 8)
    sample = random.choice(len(simhashes), 300, replace=False)
    for distance in (3, 6):
        tables = choose_tables(distance, len(simhashes))
        found = set(
            pairs_of(
                candidates(
                    table_keys(simhashes, tables), bound=SIMHASH_BOUND, simhashes=simhashes, most_distance=distance
                )
            )
        )
        n = 0
        for i in sample.tolist():
            near = np.flatnonzero(hamming(np.full(len(simhashes), simhashes[i]), simhashes) <= distance).tolist()
            expected = {(min(i, j), max(i, j)) for j in near if j != i}
            assert expected <= found
            n += len(expected)
        assert n > 100


def test_plain_brute_force_knows_a_bit_from_another() -> None:
    assert all_within(np.array([0, 1, 7, 15, 255], np.uint64), 3) == {(0, 1), (0, 2), (1, 2), (1, 3), (2, 3)}
    assert plain.similarity({1, 2}, {2, 3}) == 1 / 3


def test_of_a_hot_bucket_those_lead_that_are_near_to_no_leader() -> None:
    """By SimHash: were the second one a leader because it came second, the last two would not be compared."""
    simhashes = np.array([0, 1, 2**64 - 1, 2**64 - 2], np.uint64)
    keys, compared = np.zeros((1, 4), np.uint64), Compared()
    bound = Bound(most_whole=2, leaders=2)
    found = candidates(keys, bound=bound, compared=compared, simhashes=simhashes, most_distance=3)
    assert pairs_of(found) == [(0, 1), (2, 3)]
    assert compared.left_alone == 0
