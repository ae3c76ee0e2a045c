"""Signatures: from text to SimHash and MinHash in one pass over the bytes.

What two signatures were made by must be the same for them to be compared. All that matters is in one string, the
version: tokenizer, shingle, hash, seed, permutations, bands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from dedup.banding import Bands
from dedup.buffers import Text, offsets_and_bytes
from dedup.kernel import kernel
from dedup.minhash import EMPTY, ONE_PERMUTATION, SCHEMES, VECTOR, MinHash, densify, update
from dedup.shingles import HIGH_KEY, LOW_KEY, N_TOKENS, Scratch, begin_file, checked_width, next_shingles, scratch
from dedup.simhash import N_PLANES, add_shingles, majority
from dedup.tokens import CHUNK_BYTES, Tokenizer


@dataclass(frozen=True, kw_only=True)
class Signature:
    """Which signatures."""

    tokenizer: Tokenizer = field(default_factory=Tokenizer)
    shingle_tokens: int = 5
    minhash: MinHash | None = field(default_factory=MinHash)
    """None: SimHash only."""
    bands: Bands | None = field(default_factory=Bands)

    def __post_init__(self) -> None:
        checked_width(self.shingle_tokens)
        if self.minhash and self.bands and self.bands.bands * self.bands.rows > self.minhash.permutations:
            raise ValueError(
                f"{self.bands.bands} bands of {self.bands.rows} rows need {self.bands.bands * self.bands.rows} values "
                f"and there are {self.minhash.permutations}: fewer bands, fewer rows or more permutations"
            )

    @cached_property
    def version(self) -> str:
        """E.g. code1-lower/5/simhash1/affine32-seed1-256/42x6."""
        parts = [self.tokenizer.name, str(self.shingle_tokens), "simhash1"]
        parts += [self.minhash.name] if self.minhash else []
        parts += [self.bands.name] if self.minhash and self.bands else []
        return "/".join(parts)


def among_bands(signature: Signature, bands: Bands) -> Signature:
    """The same with as many MinHash values as the bands need."""
    return replace(signature, minhash=MinHash(permutations=bands.bands * bands.rows), bands=bands)


class Signatures(NamedTuple):
    """Signatures of a batch. A row of no shingles has none: leave it out of every comparison but the exact one."""

    n_shingles: np.ndarray  # int64[rows], repetitions counted
    simhash: np.ndarray  # uint64[rows]
    minhash: np.ndarray | None  # uint32[rows, permutations]
    token_key: np.ndarray  # uint64[rows, 2]: equal (to 2^-128) only where all tokens are, in their order

    def take(self, rows: np.ndarray) -> Signatures:
        """Those of the given rows, in their order."""
        minhash = None if self.minhash is None else self.minhash[rows]
        return Signatures(self.n_shingles[rows], self.simhash[rows], minhash, self.token_key[rows])


def concatenated(parts: Sequence[Signatures]) -> Signatures:
    """Signatures of several batches as those of one."""
    if len(parts) == 1:
        return parts[0]
    minhashes = [part.minhash for part in parts if part.minhash is not None]
    return Signatures(
        np.concatenate([part.n_shingles for part in parts]),
        np.concatenate([part.simhash for part in parts]),
        np.concatenate(minhashes) if minhashes else None,
        np.concatenate([part.token_key for part in parts]),
    )


@kernel
def _sign(
    offsets, data, tables, split, width, scheme, a, b, work, planes, mixed, following,
    n_shingles, simhashes, minhashes, token_keys,
):  # fmt: skip
    for row in range(offsets.size - 1):
        at, end = offsets[row], offsets[row + 1]
        begin_file(work.state, work.tokens, width)
        n = 0
        while at < end:
            stop = min(at + CHUNK_BYTES, end)
            first, last = next_shingles(data, at, stop, end, tables, split, width, work)
            add_shingles(work.shingles, first, last, planes)
            if scheme:
                update(scheme, work.shingles, first, last, a, b, mixed, minhashes[row])
            n += last - first
            at = stop
        n_shingles[row] = n
        simhashes[row] = majority(planes, n)
        if scheme == ONE_PERMUTATION and n:
            densify(minhashes[row], following)
        token_keys[row, 0] = work.state[LOW_KEY] ^ work.state[N_TOKENS]
        token_keys[row, 1] = work.state[HIGH_KEY]


def sign(content: Text, spec: Signature | None = None, *, work: Scratch | None = None) -> Signatures:
    """Signatures of every row. Memory beyond the result does not depend on the batch; a null row is empty."""
    spec = spec or Signature()
    offsets, data = offsets_and_bytes(content)
    rows = len(content)
    permutations = spec.minhash.permutations if spec.minhash else 0
    a, b = spec.minhash.factors if spec.minhash else (np.zeros(0, np.uint64),) * 2
    found = Signatures(
        np.zeros(rows, np.int64),
        np.zeros(rows, np.uint64),
        np.full((rows, permutations), EMPTY, np.uint32),
        np.zeros((rows, 2), np.uint64),
    )
    _sign(
        offsets, data, spec.tokenizer.tables, spec.tokenizer.split_identifiers, spec.shingle_tokens,
        SCHEMES[spec.minhash.scheme] if spec.minhash else 0, a, b, work or scratch(), np.zeros(N_PLANES, np.uint64),
        np.empty(CHUNK_BYTES + 1 + VECTOR, np.uint32), np.empty(permutations, np.int64), *found,
    )  # fmt: skip
    return found if spec.minhash else found._replace(minhash=None)
