"""MinHash: the smallest values of a file's shingles under many permutations, as 32-bit numbers.

The part of equal values in two signatures estimates the Jaccard similarity j of the two sets, with a standard error of
sqrt(j (1 - j) / permutations). Three schemes; the first two give the values of datasketch 2, bit for bit, for a hash
function that gives the low 32 bits of the shingle hash, and the same seed:

- affine32 (datasketch's default): the hash is mixed by MurmurHash3's finaliser, then a h + b mod 2^32 with odd a.
- legacy (datasketch's only scheme before 2.0): ((a h + b) mod 2^64 mod 2^61 - 1) mod 2^32. Here in 32 bits.
- oneperm: one permutation in as many bins (Li, Owen and Zhang 2012), the bin by the hash's leading bits, the value its
  low 32. An empty bin takes over the value of another one, which hashes of its number choose (Shrivastava 2017); after
  a few empty ones the next filled one from there on, in a circle, so that sparse files cost no more than others.
  A pass costs the same for any number of bins. The seed enters by xor into the hash, spread.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from dedup.kernel import inlined, kernel, mix

EMPTY = 0xFFFFFFFF
"""Every value of a file without shingles."""

_MERSENNE = np.uint64((1 << 61) - 1)
VECTOR = 32
"""Values taken together: four AVX2 registers."""
SCHEMES = {"affine32": 1, "legacy": 2, "oneperm": 3}
_PROBES = 4
_AFFINE32, _LEGACY, ONE_PERMUTATION = SCHEMES.values()


@dataclass(frozen=True, kw_only=True)
class MinHash:
    """Which MinHash."""

    permutations: int = 256
    """Values of a signature; a power of two for `oneperm`."""
    seed: int = 1
    """From 0 to 2^32 - 1, which is what NumPy's generator and datasketch take."""
    scheme: Literal["affine32", "legacy", "oneperm"] = "affine32"

    def __post_init__(self) -> None:
        if self.scheme not in SCHEMES:
            raise ValueError(f"MinHash scheme {self.scheme!r}: it is one of {', '.join(SCHEMES)}")
        if not 1 <= self.permutations <= 4096:
            raise ValueError(f"{self.permutations} permutations: 1 to 4096 are possible, 256 is usual")
        if not 0 <= self.seed < 1 << 32:
            raise ValueError(f"MinHash seed {self.seed}: it lies from 0 to {(1 << 32) - 1}, take one of these")
        if self.scheme == "oneperm" and self.permutations & (self.permutations - 1):
            raise ValueError(f"{self.permutations} bins for 'oneperm': take a power of two")

    @property
    def name(self) -> str:
        """The part of a signature's version that names it."""
        return f"{self.scheme}-seed{self.seed}-{self.permutations}"

    @property
    def factors(self) -> tuple[np.ndarray, np.ndarray]:
        """(a, b) of the permutations, uint32 or for `legacy` uint64; for `oneperm` the seed, spread, in a[0]."""
        return _factors(self.scheme, self.seed, self.permutations)


@cache
def _factors(scheme: str, seed: int, permutations: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.RandomState(seed)  # NumPy promises that its streams never change
    if scheme == "affine32":
        a = generator.randint(0, 1 << 31, permutations, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
        b = generator.randint(0, 1 << 32, permutations, dtype=np.uint32)
        return a, b  # in 32 bits: as 64-bit numbers they would make the kernel four times as slow
    if scheme == "legacy":
        pairs = [
            (generator.randint(1, _MERSENNE, dtype=np.uint64), generator.randint(0, _MERSENNE, dtype=np.uint64))
            for _ in range(permutations)
        ]
        a, b = np.array(pairs, np.uint64).T
        return np.ascontiguousarray(a), np.ascontiguousarray(b)
    spread = np.uint64((seed * 0x9E3779B97F4A7C15) & (2**64 - 1))
    return np.full(permutations, spread), np.zeros(permutations, np.uint64)


@inlined
def _affine32(shingles, first, n, a, b, mixed, values):
    taken = shingles[first:n]
    size = (n - first + VECTOR - 1) // VECTOR * VECTOR
    # Loops over all of a slice, a whole number of vectors long: else most of the time goes into what is no vector.
    for k in range(taken.size):
        h = np.uint32(taken[k])
        h = np.uint32((h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B))
        h = np.uint32((h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35))
        mixed[k] = h ^ (h >> np.uint32(16))
    for k in range(taken.size, size):
        mixed[k] = mixed[0]  # once more the same: a minimum does not care
    whole = mixed[:size]
    for p in range(a.size):
        factor, summand, least = np.uint32(a[p]), np.uint32(b[p]), values[p]
        for k in range(whole.size):
            value = np.uint32(whole[k] * factor + summand)
            least = value if value < least else least
        values[p] = least


@inlined
def _legacy(shingles, first, n, a, b, values):
    for k in range(np.uint64(first), np.uint64(n)):
        h = shingles[k] & np.uint64(EMPTY)
        for p in range(np.uint64(a.size)):
            value = np.uint64(a[p]) * h + np.uint64(b[p])
            value = (value & _MERSENNE) + (value >> np.uint64(61))
            value = np.uint64(value - _MERSENNE) if value >= _MERSENNE else value
            values[p] = min(values[p], np.uint32(value))


@inlined
def _one_permutation(shingles, first, n, a, values):
    bits = 0
    while (1 << bits) < a.size:
        bits += 1
    shift = np.uint64(63 - bits)
    seed = np.uint64(a[0])
    for k in range(np.uint64(first), np.uint64(n)):
        h = shingles[k] ^ seed
        b = (h >> np.uint64(1)) >> shift  # two shifts, as one bin needs a shift by 64
        values[b] = min(values[b], min(np.uint32(h), np.uint32(EMPTY - 1)))  # EMPTY tells the empty bins


@inlined
def update(scheme, shingles, first, n, a, b, mixed, values):
    """Takes shingles[first:n] into the values (uint32), which are EMPTY before a file's first.

    mixed: uint32, scratch for one more vector than there are shingles.
    """
    if scheme == _AFFINE32:
        _affine32(shingles, first, n, a, b, mixed, values)
    elif scheme == _LEGACY:
        _legacy(shingles, first, n, a, b, values)
    else:
        _one_permutation(shingles, first, n, a, values)


@inlined
def densify(values, following):
    """Fills the empty bins of a file with at least one shingle. following: int64, scratch as long as the values."""
    last = values.size - 1
    filled = 0
    while values[filled] == EMPTY:
        filled += 1
    for b in range(last, -1, -1):
        if values[b] != EMPTY:
            filled = b
        following[b] = filled  # the first filled bin from b on, in a circle
    for b in range(values.size):
        if following[b] != b:
            other = b
            for attempt in range(1, _PROBES + 1):
                other = np.int64(mix(np.uint64(attempt * values.size + b))) & last
                if following[other] == other:
                    break
            values[b] = values[following[other]]


@kernel
def _minhash_sets(scheme, offsets, hashes, a, b, mixed, following, out):
    room = mixed.size - VECTOR
    for row in range(offsets.size - 1):
        for at in range(offsets[row], offsets[row + 1], room):
            update(scheme, hashes, at, min(at + room, offsets[row + 1]), a, b, mixed, out[row])
        if scheme == ONE_PERMUTATION and offsets[row + 1] > offsets[row]:
            densify(out[row], following)


def minhash(offsets: np.ndarray, hashes: np.ndarray, spec: MinHash) -> np.ndarray:
    """Signatures (uint32[rows, permutations]) of ready 64-bit hashes: those of row i are at offsets[i]:offsets[i + 1].

    EMPTY for a row without any, which is no signature: leave such rows out.
    """
    out = np.full((len(offsets) - 1, spec.permutations), EMPTY, np.uint32)
    mixed, following = np.empty(4096, np.uint32), np.empty(spec.permutations, np.int64)
    _minhash_sets(SCHEMES[spec.scheme], offsets, hashes, *spec.factors, mixed, following, out)
    return out


@kernel
def _equal_values(minhashes, first, second, out):
    for k in range(first.size):
        n = 0
        for p in range(minhashes.shape[1]):
            n += minhashes[first[k], p] == minhashes[second[k], p]
        out[k] = n


def equal_values(minhashes: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Number of equal values (int32) of pairs of rows; divided by the permutations, the estimate of Jaccard."""
    out = np.empty(len(first), np.int32)
    _equal_values(minhashes, first, second, out)
    return out
