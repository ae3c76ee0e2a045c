"""Near-duplicates in memory, on one core: texts in, what goes and because of what out.

For tests, notebooks and corpora of some gigabytes, and the answer that a cluster's run must give as well. The steps:
sign, collapse, candidates, prove, select, expand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from dedup.banding import Bands, band_keys
from dedup.buffers import Text
from dedup.candidates import SIMHASH_BOUND, Bound, Compared, candidates
from dedup.minhash import equal_values
from dedup.selection import Selection, select, select_closure
from dedup.shingles import ShingleSets, shingle_sets
from dedup.signatures import Signature, Signatures, among_bands, concatenated, sign
from dedup.simhash import hamming, most_distance
from dedup.simhash_tables import choose_tables, table_keys
from dedup.verify import containment, estimate_floor, jaccard


@dataclass(frozen=True, kw_only=True)
class NearMinHash:
    """Near-duplicates by Jaccard similarity of shingle sets, candidates by MinHash and banding."""

    min_similarity: float = 0.7
    """Inclusive; of what `proof` measures."""
    signature: Signature = field(default_factory=Signature)
    proof: Literal["jaccard", "containment", "estimate"] = "jaccard"
    """containment: how much of the worse file is in the better one. estimate: equal MinHash values, no proof."""
    bound: Bound = field(default_factory=Bound)
    most_lost_by_estimate: float = 1e-4
    """Odds with which a pair at the threshold is refused by its estimate, unproved (Jaccard only)."""
    closure: bool = False
    """Let chains of resemblance remove files, see select_closure."""


@dataclass(frozen=True, kw_only=True)
class NearSimHash:
    """Near-duplicates by SimHash, every pair within the distance, proved by a floor of exact Jaccard similarity.

    Of more files than the distance has tables for (dedup.simhash_tables), those pairs that also share a band.
    """

    min_similarity: float = 0.95
    """Inclusive; 1 - distance / 64."""
    min_jaccard: float = 0.7
    """Inclusive: keeps small files from falling to chance."""
    signature: Signature = field(default_factory=lambda: Signature(minhash=None, bands=None))
    bands: Bands = field(default_factory=Bands)
    bound: Bound = SIMHASH_BOUND
    closure: bool = False
    """Let chains of resemblance remove files, see select_closure."""


class Near(NamedTuple):
    """What goes, by row of the input."""

    removed: np.ndarray  # bool
    witness: np.ndarray  # int64: the row that stays and because of which it goes; -1 where it stays
    similarity: np.ndarray  # float64: between the two, as measured; NaN where it stays
    too_short: np.ndarray  # bool: without shingles, not compared
    counts: dict[str, int]


class Pairs(NamedTuple):
    """Edges between files by their place in keeper priority."""

    better: np.ndarray  # int64
    worse: np.ndarray  # int64
    similarity: np.ndarray  # float64


class Distinct(NamedTuple):
    """Files with different tokens, one of each."""

    rows: np.ndarray  # int64: rows of the input, in keeper priority
    place: np.ndarray  # int64, by row: where in `rows` the one with the same tokens stands; -1 for too short ones


def near(batches: Sequence[Text], spec: NearMinHash | NearSimHash, *, order: np.ndarray | None = None) -> Near:
    """Which rows of the batches, counted through, are near-duplicates of a row that stays.

    order: all rows in keeper priority, best first (int64); by default as they come.
    """
    if not batches:
        raise ValueError("no batches: give at least one, which may be empty")
    signatures = concatenated([sign(batch, spec.signature) for batch in batches])
    n_rows = len(signatures.n_shingles)
    order = np.arange(n_rows) if order is None else np.asarray(order, np.int64)
    if len(order) != n_rows or not np.array_equal(np.sort(order), np.arange(n_rows)):
        raise ValueError(f"the order must name each of {n_rows} rows once")
    distinct = collapse(signatures, order)
    chosen = signatures.take(distinct.rows)
    compared = Compared()
    if isinstance(spec, NearMinHash):
        better, worse = minhash_candidates(chosen, spec, compared)
        pairs = prove_minhash(batches, distinct.rows, chosen, better, worse, spec)
    else:
        better, worse = simhash_candidates(batches, distinct.rows, chosen, spec, compared)
        pairs = prove_simhash(batches, distinct.rows, chosen, better, worse, spec)
    selection = (select_closure if spec.closure else select)(len(distinct.rows), *pairs)
    return expand(selection, distinct, {
        "rows": n_rows,
        "distinct": len(distinct.rows),
        "compared": compared.pairs,
        "not_compared": compared.pairs_left_out,
        "hot_buckets": compared.hot_buckets,
        "left_alone": compared.left_alone,
        "largest_bucket": compared.largest_bucket,
        "candidates": len(better),
        "proved": len(pairs.better),
    })  # fmt: skip


def collapse(signatures: Signatures, order: np.ndarray) -> Distinct:
    """The best file of each row of tokens. Those of equal tokens have equal sets and so are equally similar to all."""
    usable = order[signatures.n_shingles[order] > 0]
    keys = signatures.token_key[usable]
    by_key = np.lexsort((np.arange(len(usable)), keys[:, 1], keys[:, 0]))
    changes = (np.diff(keys[by_key], axis=0) != 0).any(axis=1) if len(usable) else np.zeros(0, np.bool_)
    group = np.concatenate([np.zeros(min(len(usable), 1), np.int64), np.cumsum(changes)])
    best = by_key[np.diff(group, prepend=-1) != 0]  # each group's first is its best
    ranked = np.sort(best)
    place = np.full(len(order), -1, np.int64)
    place[usable[by_key]] = np.searchsorted(ranked, best)[group]
    return Distinct(usable[ranked], place)


def minhash_candidates(signatures: Signatures, spec: NearMinHash, compared: Compared) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of files that agree in a band and whose estimate does not rule them out."""
    if signatures.minhash is None or spec.signature.bands is None:
        raise ValueError("MinHash candidates need a signature with MinHash and bands")
    permutations = signatures.minhash.shape[1]
    if spec.proof == "estimate":
        least = int(np.ceil(spec.min_similarity * permutations - 1e-9))
    elif spec.proof == "jaccard":
        least = estimate_floor(spec.min_similarity, permutations, most_lost=spec.most_lost_by_estimate)
    else:
        least = 0
    keys = band_keys(signatures.minhash, spec.signature.bands)
    return candidates(keys, bound=spec.bound, compared=compared, minhashes=signatures.minhash, least_equal=least)


def prove_minhash(
    batches: Sequence[Text],
    rows: np.ndarray,
    signatures: Signatures,
    better: np.ndarray,
    worse: np.ndarray,
    spec: NearMinHash,
) -> Pairs:
    """The pairs that are similar enough, as the proof asks."""
    if spec.proof == "estimate":
        assert signatures.minhash is not None
        equal = equal_values(signatures.minhash, better, worse)
        return Pairs(better, worse, equal / signatures.minhash.shape[1])
    sets, places = sets_of(batches, rows, better, worse, spec.signature)
    if spec.proof == "jaccard":
        similarity = jaccard(*sets, places[better], places[worse], at_least=spec.min_similarity)
    else:
        similarity = containment(*sets, places[worse], places[better], at_least=spec.min_similarity)
    proved = ~np.isnan(similarity)
    return Pairs(better[proved], worse[proved], similarity[proved])


def simhash_candidates(
    batches: Sequence[Text], rows: np.ndarray, signatures: Signatures, spec: NearSimHash, compared: Compared
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of files within the distance: all of them, unless a bucket was too hot or there are too many files."""
    distance = most_distance(spec.min_similarity)
    try:
        keys = table_keys(signatures.simhash, choose_tables(distance, len(rows)))
    except ValueError:
        among = among_bands(spec.signature, spec.bands)
        found = concatenated([sign(batch, among) for batch in batches]).take(rows)
        assert found.minhash is not None
        keys = band_keys(found.minhash, spec.bands)
    return candidates(keys, bound=spec.bound, compared=compared, simhashes=signatures.simhash, most_distance=distance)


def prove_simhash(
    batches: Sequence[Text],
    rows: np.ndarray,
    signatures: Signatures,
    better: np.ndarray,
    worse: np.ndarray,
    spec: NearSimHash,
) -> Pairs:
    """The pairs whose Jaccard similarity reaches the floor; their similarity is that of the SimHashes."""
    sets, places = sets_of(batches, rows, better, worse, spec.signature)
    proved = ~np.isnan(jaccard(*sets, places[better], places[worse], at_least=spec.min_jaccard))
    better, worse = better[proved], worse[proved]
    return Pairs(better, worse, 1 - hamming(signatures.simhash[better], signatures.simhash[worse]) / 64)


def sets_of(
    batches: Sequence[Text], rows: np.ndarray, better: np.ndarray, worse: np.ndarray, spec: Signature
) -> tuple[ShingleSets, np.ndarray]:
    """Shingle sets of the files in pairs, and at which place among them each file's stands (-1: not there)."""
    in_pair = np.zeros(len(rows), np.bool_)
    in_pair[better], in_pair[worse] = True, True
    needed = np.flatnonzero(in_pair)
    edges = np.cumsum([0] + [len(batch) for batch in batches])
    by_row = needed[np.argsort(rows[needed], kind="stable")]
    wanted = rows[by_row]
    parts = [
        shingle_sets(batch, spec.tokenizer, width=spec.shingle_tokens, rows=wanted[(wanted >= a) & (wanted < b)] - a)
        for batch, a, b in zip(batches, edges[:-1], edges[1:], strict=True)
    ]
    sizes = np.concatenate([np.diff(part.offsets) for part in parts])
    places = np.full(len(rows), -1, np.int64)
    places[by_row] = np.arange(len(by_row))
    hashes = np.concatenate([part.hashes for part in parts])
    return ShingleSets(np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)]), hashes), places


def expand(selection: Selection, distinct: Distinct, counts: dict[str, int]) -> Near:
    """The selection for all rows: a copy of a file that stays goes because of it, another one as the file does."""
    too_short = distinct.place < 0
    is_copy = ~too_short
    is_copy[distinct.rows] = False
    gone = ~too_short
    gone[gone] = ~selection.kept[distinct.place[gone]]
    of_kept = is_copy & ~gone
    at, at_kept = distinct.place[gone], distinct.place[of_kept]
    witness = np.full(len(too_short), -1, np.int64)
    witness[gone], witness[of_kept] = distinct.rows[selection.witness[at]], distinct.rows[at_kept]
    similarity = np.full(len(too_short), np.nan)
    similarity[gone], similarity[of_kept] = selection.similarity[at], 1.0
    removed = gone | of_kept
    told = {"too_short": int(too_short.sum()), "copies": int(is_copy.sum()), "removed": int(removed.sum())}
    return Near(removed, witness, similarity, too_short, counts | told)
