"""Which held-out files resemble any file of a stream: near-duplicates by measured Jaccard similarity, and copies.

The held-out files are signed and kept; the stream goes by batch by batch, each forgotten when it was compared, so that
memory is bounded by the held-out files and one batch. Every file of the stream counts, also one that is itself a
duplicate of another.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from dedup.banding import band_keys
from dedup.minhash import equal_values
from dedup.near import NearMinHash
from dedup.shingles import ShingleSets, shingle_sets
from dedup.signatures import sign
from dedup.verify import estimate_floor, jaccard


class Resembling:
    """Compares held-out files with whatever `add` is given; `similarity` has the highest found for each, 0 for none."""

    def __init__(self, held: pa.LargeStringArray, content_ids: list[str], spec: NearMinHash):
        self.spec, self.held = spec, held
        self.similarity = np.zeros(len(held))
        self.rows_of: dict[str, list[int]] = {}
        for row, content_id in enumerate(content_ids):
            self.rows_of.setdefault(content_id, []).append(row)
        signatures = sign(held, spec.signature)
        assert signatures.minhash is not None
        assert spec.signature.bands is not None
        self.minhash, self.bands = signatures.minhash, spec.signature.bands
        self.usable = np.flatnonzero(signatures.n_shingles > 0)
        keys = band_keys(self.minhash[self.usable], self.bands)
        order = np.argsort(keys, axis=None, kind="stable")
        self.keys = keys.ravel()[order]
        self.key_rows = self.usable[order % max(1, len(self.usable))]
        self.sets = shingle_sets(held, spec.signature.tokenizer, width=spec.signature.shingle_tokens)
        self.floor = estimate_floor(spec.min_similarity, self.minhash.shape[1], most_lost=spec.most_lost_by_estimate)

    @property
    def found(self) -> np.ndarray:
        """Whether each held-out file resembles one that went by."""
        return self.similarity > 0

    def add(self, batch: pa.LargeStringArray, content_ids: list[str]) -> None:
        """Compare a batch of the stream."""
        for content_id in set(content_ids) & self.rows_of.keys():
            self.similarity[self.rows_of[content_id]] = 1.0
        signatures = sign(batch, self.spec.signature)
        assert signatures.minhash is not None
        usable = np.flatnonzero(signatures.n_shingles > 0)
        held, other = self._candidates(signatures.minhash, usable)
        if not len(held):
            return
        both = np.concatenate([self.minhash, signatures.minhash[other]])
        equal = equal_values(both, held, len(self.minhash) + np.arange(len(other)))
        likely = equal >= self.floor
        held, other = held[likely], other[likely]
        rows, places = np.unique(other, return_inverse=True)
        spec = self.spec.signature
        sets = shingle_sets(batch, spec.tokenizer, width=spec.shingle_tokens, rows=rows)
        offsets, hashes = _joined(self.sets, sets)
        measured = jaccard(offsets, hashes, held, len(self.held) + places, at_least=self.spec.min_similarity)
        proved = ~np.isnan(measured)
        np.maximum.at(self.similarity, held[proved], measured[proved])

    def _candidates(self, minhash: np.ndarray, usable: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pairs (held-out row, batch row), each once, that agree in a band."""
        keys = band_keys(minhash[usable], self.bands)
        low = np.searchsorted(self.keys, keys.ravel(), "left")
        counts = np.searchsorted(self.keys, keys.ravel(), "right") - low
        hits = np.flatnonzero(counts)
        lengths = counts[hits]
        starts = np.cumsum(lengths) - lengths
        places = np.arange(lengths.sum()) - np.repeat(starts, lengths) + np.repeat(low[hits], lengths)
        other = usable[np.repeat(hits % max(1, len(usable)), lengths)]
        pairs = np.unique(np.stack([self.key_rows[places], other], axis=1), axis=0)
        return pairs[:, 0], pairs[:, 1]


def _joined(first: ShingleSets, second: ShingleSets) -> ShingleSets:
    """The sets of both, those of the second behind those of the first."""
    offsets = np.concatenate([first.offsets, first.offsets[-1] + second.offsets[1:]])
    return ShingleSets(offsets, np.concatenate([first.hashes, second.hashes]))
