"""Whole runs in memory against brute force, in any order and any batches, and sets made to break them."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from itertools import combinations

import numpy as np
import plain_definitions as plain
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from near_corpora import chain, edited, family

from dedup.banding import Bands
from dedup.candidates import Bound
from dedup.minhash import MinHash
from dedup.near import Near, NearMinHash, NearSimHash, collapse, near
from dedup.shingles import shingle_sets
from dedup.signatures import Signature, Signatures, sign
from dedup.tokens import Tokenizer

EXACT = NearMinHash(signature=Signature(bands=Bands(bands=128, rows=2)), most_lost_by_estimate=0)
"""Bands that miss a pair at .7 once in 10^37, and no refusal by estimate: the answer is that of all pairs."""
SIMHASH = NearSimHash(min_similarity=0.9, min_jaccard=0.5)
SEEDS = st.integers(0, 2**32)


def sets_of(texts: list[str]) -> list[set[int]]:
    return [set(plain.shingles(text.encode(), Tokenizer(), 5)) for text in texts]


def kept_by_definition(texts: list[str], order: list[int], is_edge) -> set[int]:
    """Rows that stay: all pairs are looked at, best row first."""
    kept: list[int] = []
    for row in order:
        if not any(is_edge(better, row) for better in kept):
            kept.append(row)
    return set(kept)


def check_proofs(found: Near, sets: list[set[int]], order: list[int], least: float) -> None:
    """Every removed row names a better one that stays, with their true similarity."""
    place = {row: i for i, row in enumerate(order)}
    for row in np.flatnonzero(found.removed).tolist():
        witness = int(found.witness[row])
        assert not found.removed[witness]
        assert place[witness] < place[row]
        assert found.similarity[row] == plain.similarity(sets[row], sets[witness]) >= least
    assert (found.witness[~found.removed] == -1).all()
    assert np.isnan(found.similarity[~found.removed]).all()


@settings(max_examples=25)
@given(SEEDS, st.sampled_from([0.5, 0.7, 0.9]))
def test_minhash_as_by_brute_force_over_all_pairs(seed: int, least: float) -> None:
    chance = random.Random(seed)
    texts = family(chance, 25)
    order = chance.sample(range(25), 25)
    sets = sets_of(texts)
    spec = NearMinHash(min_similarity=least, signature=EXACT.signature, most_lost_by_estimate=0)
    found = near([plain.column(*texts)], spec, order=np.array(order))

    def is_edge(a: int, b: int) -> bool:
        return bool(sets[a] and sets[b]) and plain.similarity(sets[a], sets[b]) >= least

    assert set(np.flatnonzero(~found.removed).tolist()) == kept_by_definition(texts, order, is_edge)
    assert np.flatnonzero(found.too_short).tolist() == [row for row, one in enumerate(sets) if not one]
    check_proofs(found, sets, order, least)


@settings(max_examples=25)
@given(SEEDS)
def test_simhash_as_by_brute_force_over_all_pairs(seed: int) -> None:
    chance = random.Random(seed)
    texts = family(chance, 25)
    order = chance.sample(range(25), 25)
    sets = sets_of(texts)
    simhashes = sign(plain.column(*texts), SIMHASH.signature).simhash.tolist()
    found = near([plain.column(*texts)], SIMHASH, order=np.array(order))

    def is_edge(a: int, b: int) -> bool:
        close = (simhashes[a] ^ simhashes[b]).bit_count() <= 6
        return close and bool(sets[a] and sets[b]) and plain.similarity(sets[a], sets[b]) >= 0.5

    assert set(np.flatnonzero(~found.removed).tolist()) == kept_by_definition(texts, order, is_edge)
    for row in np.flatnonzero(found.removed).tolist():
        distance = (simhashes[row] ^ simhashes[found.witness[row]]).bit_count()
        assert found.similarity[row] == 1 - distance / 64 >= 0.9


@settings(max_examples=15)
@given(SEEDS, st.sampled_from([EXACT, NearMinHash(), SIMHASH, NearMinHash(proof="estimate")]))
def test_the_answer_is_the_same_in_any_order_of_rows_and_any_batches(seed: int, spec) -> None:
    chance = random.Random(seed)
    texts = family(chance, 30)
    priority = chance.sample(range(30), 30)
    as_they_come = near([plain.column(*texts)], spec, order=np.argsort(priority))
    shuffled = chance.sample(range(30), 30)
    cuts = sorted(chance.choices(range(31), k=3))
    batches = [
        plain.column(*(texts[row] for row in shuffled[a:b])) for a, b in zip([0, *cuts], [*cuts, 30], strict=True)
    ]
    other = near(batches, spec, order=np.argsort([priority[row] for row in shuffled]))
    assert other.counts == as_they_come.counts
    for i, row in enumerate(shuffled):
        assert other.removed[i] == as_they_come.removed[row]
        assert other.similarity[i] == pytest.approx(as_they_come.similarity[row], nan_ok=True, abs=0)
        if other.removed[i]:
            assert shuffled[other.witness[i]] == as_they_come.witness[row]


def test_containment_removes_the_part_and_not_the_whole() -> None:
    whole = edited(random.Random(1), [f"w{i}" for i in range(400)], 0)
    part = " ".join(whole.split()[:150])
    spec = NearMinHash(proof="containment", min_similarity=0.9, signature=Signature(bands=Bands(bands=256, rows=1)))
    assert near([plain.column(whole, part)], spec).removed.tolist() == [False, True]
    assert near([plain.column(part, whole)], spec).removed.tolist() == [False, False]


def test_closure_takes_the_whole_chain_and_proof_half_of_it() -> None:
    links = chain(60)
    proved = near([plain.column(*links)], EXACT)
    closed = near([plain.column(*links)], NearMinHash(signature=EXACT.signature, closure=True))
    assert closed.removed.sum() == 59
    assert np.isnan(closed.similarity[-1])  # its end was never compared with what stays
    assert proved.removed.sum() < 45
    check_proofs(proved, sets_of(links), list(range(60)), 0.7)


def test_files_of_equal_tokens_go_together_wherever_they_stand() -> None:
    texts = ["a b c d e f g", "A b(c) d e f g", "x", "x", "a b c d e f h"]
    found = near([plain.column(*texts)], NearMinHash(min_similarity=0.5, signature=EXACT.signature))
    assert found.removed.tolist() == [False, True, False, False, True]
    assert found.witness.tolist() == [-1, 0, -1, -1, 0]
    assert found.similarity[[1, 4]].tolist() == [1.0, 0.5]
    assert found.too_short.tolist() == [False, False, True, True, False]
    worse_first = near([plain.column(*texts)], EXACT, order=np.array([4, 3, 2, 1, 0]))
    assert worse_first.witness.tolist() == [1, -1, -1, -1, -1]


def one_shared_value(texts: list[str]) -> NearMinHash:
    """By a signature of one value, with the first seed by which all of these files have the same."""
    for seed in range(1000):
        signature = Signature(minhash=MinHash(permutations=1, seed=seed), bands=Bands(bands=1, rows=1))
        values = sign(plain.column(*texts), signature).minhash
        assert values is not None
        if len(set(values.ravel().tolist())) == 1:
            return NearMinHash(signature=signature)
    raise AssertionError("these files share no shingle")


def test_all_that_is_counted() -> None:
    """Two copies of a file of one shingle, one that is near to a third, a short one; all meet under one key."""
    texts = ["a b c d e", "a b c d e f g h i j", "A b c d e", "a b c d e f g h i k", "x", "a b c d e f g h i k"]
    one_value = one_shared_value(texts[:4])
    found = near([plain.column(*texts)], one_value)
    assert found.removed.tolist() == [False, False, True, True, False, True]
    assert found.witness.tolist() == [-1, -1, 0, 1, -1, 1]
    assert found.similarity[found.removed].tolist() == [1.0, 5 / 7, 5 / 7]
    assert found.counts == {
        "rows": 6, "distinct": 3, "compared": 3, "not_compared": 0, "hot_buckets": 0, "left_alone": 0,
        "largest_bucket": 3, "candidates": 3, "proved": 1, "too_short": 1, "copies": 2, "removed": 3,
    }  # fmt: skip
    hot = replace(one_value, bound=Bound(most_whole=2, leaders=1))
    counts = near([plain.column(*texts)], hot).counts
    assert {name: counts[name] for name in ("compared", "not_compared", "hot_buckets", "left_alone")} == {
        "compared": 2, "not_compared": 1, "hot_buckets": 1, "left_alone": 2,
    }  # fmt: skip


def test_files_that_share_half_of_a_token_key_are_no_copies() -> None:
    keys = np.array([[1, 1], [1, 2], [2, 1], [1, 1], [9, 9]], np.uint64)
    n_shingles = np.array([1, 1, 1, 1, 0])
    found = collapse(Signatures(n_shingles, np.zeros(5, np.uint64), None, keys), np.array([4, 3, 2, 1, 0]))
    assert found.rows.tolist() == [3, 2, 1]
    assert found.place.tolist() == [0, 2, 1, 0, -1]


def test_an_estimate_exactly_at_the_threshold_is_in_and_of_its_own_number_of_values() -> None:
    """Of 128: a threshold of as many values as two files share is met, and one of one more is not."""
    texts = [text for text in family(random.Random(12), 20) if len(text.split()) > 3]
    signature = Signature(minhash=MinHash(permutations=128), bands=Bands(bands=128, rows=1))
    minhashes = sign(plain.column(*texts), signature).minhash
    assert minhashes is not None
    shares = (minhashes[:, None] == minhashes[None]).mean(axis=2)
    pairs = [(a, b) for a, b in combinations(range(len(texts)), 2) if 0.4 < shares[a, b] < 1]
    assert len(pairs) > 5
    for a, b in pairs[:5]:
        for least, removed in ((shares[a, b], True), (shares[a, b] + 1 / 128, False)):
            spec = NearMinHash(proof="estimate", min_similarity=least, signature=signature)
            found = near([plain.column(texts[a], texts[b])], spec)
            assert found.removed.tolist() == [False, removed]
            assert np.isnan(found.similarity[1]) if not removed else found.similarity[1] == shares[a, b]


def test_the_estimate_refuses_many_pairs_far_below_and_hardly_one_at_the_threshold() -> None:
    """200 pairs of which each shares 7 of 10 shingles, and as many that share 4: no band is missed."""
    words = iter(range(10**9))
    texts = []
    for differing in [17] * 200 + [36] * 200:
        own = [f"w{next(words)}" for _ in range(104)]
        texts += [" ".join(own), " ".join(own[differing:] + [f"w{next(words)}" for _ in range(differing)])]
    sets = sets_of(texts[:2] + texts[-2:])
    assert plain.similarity(sets[0], sets[1]) > 0.7 > 0.5 > plain.similarity(sets[2], sets[3])
    spec = NearMinHash(signature=Signature(bands=Bands(bands=256, rows=1)))
    found, without = (near([plain.column(*texts)], one) for one in (spec, replace(spec, most_lost_by_estimate=0)))
    assert np.flatnonzero(found.removed).tolist() == list(range(1, 400, 2))
    assert found.removed.tolist() == without.removed.tolist()
    assert found.counts["candidates"] == 200
    assert without.counts["candidates"] == 400


def test_the_defaults_are_those_that_the_methods_name() -> None:
    """CodeFuse-13B's 95 % of SimHash, StarCoder's .7 of Jaccard."""
    one, other = NearMinHash(), NearSimHash()
    assert (one.min_similarity, one.proof, one.closure, one.most_lost_by_estimate) == (0.7, "jaccard", False, 1e-4)
    assert (other.min_similarity, other.min_jaccard, other.closure) == (0.95, 0.7, False)


def test_simhash_keeps_to_its_bound() -> None:
    """Under every key with the only leader, and with all where there are not many."""
    texts = family(random.Random(5), 60)
    narrow = near([plain.column(*texts)], replace(SIMHASH, bound=Bound(most_whole=1, leaders=1)))
    assert narrow.counts["not_compared"] > 0
    assert narrow.counts["hot_buckets"] > 0
    assert near([plain.column(*texts)], SIMHASH).counts["not_compared"] == 0


def test_minhash_without_values_or_bands_is_refused() -> None:
    for signature in (Signature(minhash=None), Signature(bands=None)):
        with pytest.raises(ValueError, match="need a signature with MinHash and bands"):
            near([plain.column("a b c d e f")], NearMinHash(signature=signature))


def test_nothing_to_compare() -> None:
    for spec in (NearMinHash(), SIMHASH):
        for texts in ([], ["", "a b"], ["a b c d e f"]):
            found = near([plain.column(*texts)], spec)
            assert not found.removed.any()
            assert found.counts["candidates"] == found.counts["removed"] == 0
            assert found.counts["too_short"] == sum(len(text.split()) < 5 for text in texts)
    with pytest.raises(ValueError, match="at least one"):
        near([], NearMinHash())
    with pytest.raises(ValueError, match="each of 2 rows once"):
        near([plain.column("a", "b")], NearMinHash(), order=np.array([0, 0]))


# Sets made to break it. Each has a size at which all pairs, or a copy of all, would take minutes; a run has seconds.
PATIENCE_S = 20


def timely(texts: pa.Array, spec: NearMinHash | NearSimHash) -> Near:
    begin = time.process_time()  # of this process: a busy machine is no defect
    found = near([texts], spec)
    assert time.process_time() - begin < PATIENCE_S
    return found


@pytest.mark.parametrize("spec", [NearMinHash(), NearSimHash()], ids=["minhash", "simhash"])
@pytest.mark.parametrize("text", ["", "a b c"])
def test_a_hundred_thousand_files_too_short_for_shingles_all_stay(text: str, spec) -> None:
    found = timely(pa.array([text], pa.large_string()).take(pa.array([0] * 100_000)), spec)
    assert found.too_short.all()
    assert not found.removed.any()


@pytest.mark.parametrize("spec", [NearMinHash(), NearSimHash()], ids=["minhash", "simhash"])
def test_of_thirty_thousand_copies_one_stays(spec) -> None:
    text = edited(random.Random(0), [f"word{i}" for i in range(80)], 0)
    found = timely(pa.array([text], pa.large_string()).take(pa.array([0] * 30_000)), spec)
    assert np.flatnonzero(~found.removed).tolist() == [0]
    assert (found.witness[1:] == 0).all()
    assert (found.similarity[1:] == 1).all()


def test_a_bucket_of_a_tenth_of_the_corpus_is_bounded_and_counted() -> None:
    """3,000 files that share half of their shingles, hence many bands, and are no duplicates; 27,000 others."""
    chance = random.Random(4)
    header = [f"licence{i}" for i in range(60)]
    alike = [" ".join(header + [f"own{chance.getrandbits(40)}" for _ in range(40)]) for _ in range(2990)]
    copies = [text + " changed" for text in alike[-10:]]
    others = [" ".join(f"word{chance.getrandbits(40)}" for _ in range(20)) for _ in range(27_000)]
    found = timely(plain.column(*alike, *copies, *others), NearMinHash())
    assert found.counts["largest_bucket"] > 500
    assert found.counts["not_compared"] > 0
    assert np.flatnonzero(found.removed).tolist() == list(range(2990, 3000))


@pytest.mark.parametrize("spec", [NearMinHash(), NearSimHash()], ids=["minhash", "simhash"])
def test_long_lines_and_floods_of_one_byte(spec) -> None:
    line = b"".join(b"call(%d);" % i for i in range(500_000))
    floods = [bytes([byte]) * 5_000_000 for byte in (0, 32, 97, 0x80, 0xE4, 0xFF)]
    found = timely(plain.column(line, line + b"one_more(1)", *floods, *floods), spec)
    assert found.removed.tolist() == [False, True] + [False] * 12
    assert found.too_short[2:].all()


def test_a_chain_of_ten_thousand_is_not_wiped() -> None:
    links = chain(10_000)
    found = timely(plain.column(*links), NearMinHash())
    assert 3000 < found.removed.sum() < 7500
    sets = shingle_sets(plain.column(*links))
    assert (np.diff(sets.offsets) > 0).all()
    assert (np.abs(np.arange(10_000) - found.witness)[found.removed] <= 3).all()


def test_leaders_alone_already_find_copies_in_hot_buckets() -> None:
    """With every bucket hot and one leader, what is lost is told and every removal is still proved."""
    texts = family(random.Random(9), 200)
    spec = NearMinHash(bound=Bound(most_whole=1, leaders=1), signature=Signature(minhash=MinHash()))
    found = near([plain.column(*texts)], spec)
    whole = near([plain.column(*texts)], NearMinHash())
    check_proofs(found, sets_of(texts), list(range(200)), 0.7)
    assert found.counts["not_compared"] > found.counts["left_alone"] > 0 == whole.counts["not_compared"]
    assert 0.9 * whole.removed.sum() < found.removed.sum() <= whole.removed.sum()


def test_pairs_of_a_family_are_told_apart() -> None:
    """The corpora of these tests hold what they should: pairs above and below every threshold, copies, and nothing."""
    sets = sets_of(family(random.Random(3), 40))
    values = [plain.similarity(a, b) for a, b in combinations(sets, 2) if a and b]
    assert any(0.5 < value < 0.7 for value in values)
    assert any(0.7 < value < 0.9 for value in values)
    assert 1.0 in values
    assert set() in sets
