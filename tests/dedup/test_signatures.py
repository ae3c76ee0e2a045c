"""SimHash by counting, MinHash by datasketch, and what a version tells."""

from __future__ import annotations

import numpy as np
import plain_definitions as plain
import pytest
from datasketch import MinHash as Sketch
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_definitions import BYTES, LONG

from dedup import minhash as module
from dedup.banding import Bands
from dedup.minhash import EMPTY, MinHash, equal_values, minhash
from dedup.shingles import shingle_sets
from dedup.signatures import Signature, sign
from dedup.simhash import hamming, most_distance, simhash
from dedup.tokens import CHUNK_BYTES, Tokenizer

HASHES = st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=70)
SPECS = [MinHash(), MinHash(scheme="legacy"), MinHash(scheme="oneperm")]


def ready(*rows: list[int]) -> tuple[np.ndarray, np.ndarray]:
    return np.cumsum([0] + [len(row) for row in rows]), np.array([h for row in rows for h in row], np.uint64)


@given(st.lists(HASHES, max_size=3))
def test_simhash_is_the_majority_of_bits(rows: list[list[int]]) -> None:
    assert simhash(*ready(*rows)).tolist() == [plain.majority(row) for row in rows]


def test_simhash_at_exactly_half_is_zero_and_counts_repetitions() -> None:
    assert simhash(*ready([1, 2], [1, 2, 2], [7] * 100_000 + [8] * 99_999)).tolist() == [0, 2, 7]


@settings(max_examples=30)
@given(HASHES, st.integers(1, 300), st.integers(0, 2**32 - 1), st.sampled_from(["affine32", "legacy"]))
def test_minhash_equals_datasketch(hashes: list[int], permutations: int, seed: int, scheme: str) -> None:
    sketch = Sketch(permutations, seed, hashfunc=lambda h: h & 0xFFFFFFFF, scheme=scheme)  # type: ignore[arg-type]
    sketch.update_batch(hashes)
    spec = MinHash(permutations=permutations, seed=seed, scheme=scheme)  # type: ignore[arg-type]
    assert minhash(*ready(hashes), spec)[0].tolist() == sketch.hashvalues.tolist()


def test_minhash_of_text_equals_datasketch_on_its_shingles() -> None:
    text = ("def f(x):\n    return x + 1  # 中文\n" * 3).encode() + bytes(range(32, 127)) * 300
    sketch = Sketch(256, 1, hashfunc=lambda h: h & 0xFFFFFFFF)
    sketch.update_batch(set(plain.shingles(text, Tokenizer(), 5)))
    assert sketch.scheme == "affine32"
    assert sign(plain.column(text)).minhash.tolist() == [sketch.hashvalues.tolist()]


@settings(max_examples=30)
@given(st.lists(BYTES | LONG, max_size=4), st.sampled_from([None, *SPECS]), st.integers(1, 7))
def test_one_pass_gives_what_its_parts_give(texts: list[bytes], spec: MinHash | None, width: int) -> None:
    found = sign(plain.column(*texts), Signature(minhash=spec, shingle_tokens=width))
    rows = [plain.shingles(text, Tokenizer(), width) for text in texts]
    assert found.n_shingles.tolist() == [len(row) for row in rows]
    assert found.simhash.tolist() == [plain.majority(row) for row in rows]
    if spec is None:
        assert found.minhash is None
    else:
        assert found.minhash.tolist() == minhash(*ready(*rows), spec).tolist()


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.scheme)
@pytest.mark.parametrize("overlap", [0.1, 0.5, 0.7, 0.9])
def test_the_estimate_keeps_within_its_standard_error(spec: MinHash, overlap: float) -> None:
    """Mean of 200 pairs of 400-member sets within 4 standard errors of the mean; their spread as binomial."""
    random = np.random.default_rng(7)
    shared = round(400 * 2 * overlap / (1 + overlap))
    rows = []
    for _ in range(200):
        pool = random.integers(0, 2**64, 800 - shared, dtype=np.uint64).tolist()
        rows += [pool[:400], pool[400 - shared :]]
    truth = shared / (800 - shared)
    estimates = equal_values(minhash(*ready(*rows), spec), np.arange(0, 400, 2), np.arange(1, 400, 2)) / 256
    error = (truth * (1 - truth) / 256) ** 0.5
    assert abs(estimates.mean() - truth) < 4 * error / 200**0.5
    assert estimates.std() < 1.3 * error


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=4), st.sampled_from([1, 2, 64, 256]))
def test_one_permutation_fills_every_bin_of_sparse_files(hashes: list[int], bins: int) -> None:
    spec = MinHash(permutations=bins, scheme="oneperm")
    all_ones = _seeded([2**64 - 1])  # its value would be the mark of an empty bin
    found = minhash(*ready(hashes, all_ones, []), spec)
    assert (found[0] != EMPTY).all()
    assert (found[1] == EMPTY - 1).all()
    assert (found[2] == EMPTY).all()
    assert set(found[0].tolist()) <= {min(h & 0xFFFFFFFF, EMPTY - 1) for h in _seeded(hashes)}


def _seeded(hashes: list[int]) -> list[int]:
    return [h ^ 0x9E3779B97F4A7C15 for h in hashes]


def test_legacy_at_the_modulus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums that no seed at hand reaches: 2^61 - 1 and what is one more or less, and the largest."""
    sums = [2**61 - 2, 2**61 - 1, 2**61, 2**64 - 1]
    factors = np.zeros(len(sums), np.uint64), np.array(sums, np.uint64)
    monkeypatch.setattr(module, "_factors", lambda *_: factors)
    found = minhash(*ready([1]), MinHash(scheme="legacy", permutations=len(sums)))
    assert found[0].tolist() == [one % (2**61 - 1) % 2**32 for one in sums]


def test_seeds_and_schemes_give_different_values() -> None:
    hashes = ready(np.random.default_rng(1).integers(0, 2**63, 500).tolist())
    specs = [MinHash(seed=seed, scheme=scheme) for seed in (1, 2) for scheme in ("affine32", "legacy", "oneperm")]
    assert len({minhash(*hashes, spec).tobytes() for spec in specs}) == 6


@pytest.mark.parametrize("scheme", ["affine32", "legacy", "oneperm"])
@pytest.mark.parametrize("seed", [0, (1 << 32) - 1])
def test_a_signature_of_one_value_by_the_outermost_seeds(scheme, seed: int) -> None:
    """One value tells whether sets share their least; that of datasketch where it has the scheme."""
    hashes = ready([5, 6, 7], [5, 6, 7], [1 << 63])
    one = minhash(*hashes, MinHash(permutations=1, seed=seed, scheme=scheme))
    assert one.shape == (3, 1)
    assert one[0] == one[1] != one[2]
    assert equal_values(one, np.array([0, 0]), np.array([1, 2])).tolist() == [1, 0]
    if scheme != "oneperm":
        sketch = Sketch(1, seed, hashfunc=lambda h: h & 0xFFFFFFFF, scheme=scheme)
        sketch.update_batch([5, 6, 7])
        assert one[0].tolist() == sketch.hashvalues.tolist()


def test_the_token_key_is_that_of_the_tokens_in_order() -> None:
    texts = ["a b c d e f", "A  b(c) d\ne.f", "a b c d f e", "a b c d e f f", "", "ab cdef", "a b c d e"]
    keys = [tuple(row) for row in sign(plain.column(*texts)).token_key.tolist()]
    assert keys[0] == keys[1]
    assert len(set(keys)) == len(texts) - 1


@pytest.mark.parametrize("size", [CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
def test_one_token_of_any_length(size: int) -> None:
    """A token that runs over the chunks' edges is one token."""
    found = sign(plain.column(b"x" * size + b" a b c d", b"x" * size))
    assert found.n_shingles.tolist() == [1, 0]
    assert found.simhash.tolist() == [plain.shingles(b"x" * size + b" a b c d", Tokenizer(), 5)[0], 0]


def test_batches_of_one_and_of_many_are_signed_alike() -> None:
    texts = [b"a b c d e f g" * n for n in range(60)] + [b"", b"\xff"]
    together = sign(plain.column(*texts))
    for row, text in enumerate(texts):
        alone = sign(plain.column(text))
        assert all((one[0] == other[row]).all() for one, other in zip(alone, together, strict=True))


def test_shingle_sets_and_signatures_see_the_same_shingles() -> None:
    content = plain.column(b"one two three four five six seven", b"a b c d e")
    sets = shingle_sets(content)
    assert sign(content).minhash.tolist() == minhash(*sets, MinHash()).tolist()


def test_hamming_and_the_distance_of_a_similarity() -> None:
    a = np.array([0, 1, 2**64 - 1, 5], np.uint64)
    assert hamming(a, np.array([0, 0, 0, 6], np.uint64)).tolist() == [0, 1, 64, 2]
    assert [most_distance(s) for s in (1, 0.95, 0.953125, 0.9531251, 0.9, 0)] == [0, 3, 3, 2, 6, 64]
    with pytest.raises(ValueError, match="from 0 to 1"):
        most_distance(95)


def test_a_version_names_all_that_matters() -> None:
    specs = [
        Signature(),
        Signature(tokenizer=Tokenizer(lower=False)),
        Signature(tokenizer=Tokenizer(split_identifiers=True)),
        Signature(shingle_tokens=4),
        Signature(minhash=MinHash(permutations=512)),
        Signature(minhash=MinHash(seed=2)),
        Signature(minhash=MinHash(scheme="legacy")),
        Signature(minhash=MinHash(scheme="oneperm")),
        Signature(bands=Bands(bands=32, rows=8)),
        Signature(minhash=None),
    ]
    assert len({spec.version for spec in specs}) == len(specs)
    assert Signature().version == "code1-lower/5/simhash1/affine32-seed1-256/42x6"


def test_the_definition_has_not_changed() -> None:
    """These values are in users' indexes: a new definition needs a new name in the version."""
    found = sign(plain.column("def main():\n    print('你好, world')  # été, x_1 = 3.14\n"))
    assert found.n_shingles.tolist() == [6]
    assert found.simhash.tolist() == [12120794960169648420]
    assert found.minhash[0, :3].tolist() == [195213454, 827688914, 350382466]
    assert found.token_key.tolist() == [[14136411470397038346, 18431310095847787067]]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: MinHash(permutations=0), "0 permutations"),
        (lambda: MinHash(permutations=100, scheme="oneperm"), "power of two"),
        (lambda: MinHash(seed=-1), "seed -1: it lies from 0 to 4294967295"),
        (lambda: MinHash(seed=1 << 32), "seed 4294967296: it lies from 0"),
        (lambda: MinHash(seed=(1 << 64) - 1, scheme="oneperm"), "seed 18446744073709551615"),
        (lambda: MinHash(scheme="sha1"), "affine32, legacy, oneperm"),  # type: ignore[arg-type]
        (lambda: Signature(bands=Bands(bands=50, rows=6)), "need 300 values and there are 256"),
        (lambda: Signature(shingle_tokens=0), "a shingle of 0 tokens"),
        (lambda: Bands(bands=0, rows=1), "at least 1"),
    ],
)
def test_what_cannot_be_is_refused(make, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        make()
