"""Speed of the dedup kernels on one core, beside datasketch and rensa; and what the run in memory finds of the truth.

    python benchmarks/dedup_kernels.py S|M|L [--data benchmarks/data] [--runs 5] [--peers-mb 10]

Reads a corpus of benchmarks/corpus.py. Speeds are MB of text in a second of one thread's CPU time, medians of the runs
after one to compile.
datasketch, and rensa where it is installed, get the words of `re`, lower-cased, on a part of the corpus. Precision is
the share of removed files whose similarity to their witness, by the shingles of the truth file, reaches the threshold;
recall is the share of the truth's pairs of which not both stay.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash
from corpus import read_files
from shingles import shingle_sets as true_sets

from dedup.minhash import MinHash, minhash
from dedup.near import Near, NearMinHash, NearSimHash, near
from dedup.shingles import ShingleSets, shingle_sets
from dedup.signatures import Signature, sign
from dedup.simhash import simhash
from dedup.tokens import Tokenizer, tokenize

BATCH_FILES = 2000
PERMUTATIONS = 256
Batches = list[pa.LargeBinaryArray]


def median_seconds(run: Callable[[], object], runs: int) -> float:
    """Of `runs` runs, after one that is not counted."""
    times = []
    for _ in range(runs + 1):
        begin = time.process_time()
        run()
        times.append(time.process_time() - begin)
    return statistics.median(times[1:])


def print_kernels(batches: Batches, megabytes: float, runs: int) -> None:
    """One line a kernel."""
    split = Signature(minhash=None, tokenizer=Tokenizer(split_identifiers=True))
    sets = [shingle_sets(batch) for batch in batches]
    kernels: dict[str, Callable[[pa.LargeBinaryArray, ShingleSets], object]] = {
        "tokens with spans": lambda batch, _: tokenize(batch),
        "text to shingle sets": lambda batch, _: shingle_sets(batch),
        "text to SimHash": lambda batch, _: sign(batch, Signature(minhash=None)),
        "text to SimHash, identifiers split": lambda batch, _: sign(batch, split),
        "text to SimHash and MinHash, affine32": lambda batch, _: sign(batch, Signature()),
        "text to SimHash and MinHash, oneperm": lambda batch, _: sign(
            batch, Signature(minhash=MinHash(scheme="oneperm"))
        ),
        "ready shingles to SimHash": lambda _, ready: simhash(*ready),
        "ready shingles to MinHash, affine32": lambda _, ready: minhash(*ready, MinHash()),
        "ready shingles to MinHash, oneperm": lambda _, ready: minhash(*ready, MinHash(scheme="oneperm")),
        "ready shingles to MinHash, legacy": lambda _, ready: minhash(*ready, MinHash(scheme="legacy")),
    }
    for name, kernel in kernels.items():

        def run(kernel=kernel) -> None:
            for batch, ready in zip(batches, sets, strict=True):
                kernel(batch, ready)

        print(f"{name:40s} {megabytes / median_seconds(run, runs):8.0f}", flush=True)


def words_joined(content: bytes) -> list[bytes]:
    """5-grams of lower-cased words, as strings: what other libraries take."""
    words = re.findall(rb"\w+", content.lower())
    return [b" ".join(words[i : i + 5]) for i in range(len(words) - 4)]


def print_peers(contents: list[bytes], runs: int) -> None:
    """Text to 256 values, as their users would."""
    from datasketch import MinHash as Sketch

    megabytes = sum(map(len, contents)) / 1e6

    peers: dict[str, Callable[[], object]] = {
        "datasketch bulk, affine32, xxh32": lambda: Sketch.bulk(
            map(words_joined, contents), num_perm=PERMUTATIONS, hashfunc=xxhash.xxh32_intdigest
        ),
        "datasketch bulk, affine32, sha1": lambda: Sketch.bulk(map(words_joined, contents), num_perm=PERMUTATIONS),
    }
    if importlib.util.find_spec("rensa"):
        from rensa import CMinHash, RMinHash

        def texts() -> list[list[str]]:
            return [[gram.decode("latin-1") for gram in words_joined(content)] for content in contents]

        peers["rensa R, Python shingles"] = lambda: RMinHash.digests_from_token_sets(texts(), PERMUTATIONS, 1)
        peers["rensa C, Python shingles"] = lambda: CMinHash.digests_from_token_sets(texts(), PERMUTATIONS, 1)
    for name, run in peers.items():
        print(f"{name:40s} {megabytes / median_seconds(run, runs):8.1f}", flush=True)


def true_similarity(contents: list[bytes], first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Jaccard by the truth's own shingles, pair by pair; NaN where both have none."""
    used, places = np.unique(np.concatenate([first, second]), return_inverse=True)
    sets = true_sets(contents[row] for row in used)
    found = np.full(len(first), np.nan)
    for k, (a, b) in enumerate(places.reshape(2, -1).T):
        one = sets.hashes[sets.offsets[a] : sets.offsets[a + 1]]
        other = sets.hashes[sets.offsets[b] : sets.offsets[b + 1]]
        shared = len(np.intersect1d(one, other, assume_unique=True))
        if len(one) + len(other):
            found[k] = shared / (len(one) + len(other) - shared)
    return found


def print_quality(found: Near, paths: list[str], contents: list[bytes], folder: Path, least: float) -> None:
    """Precision and recall against the truth file."""
    row_of = {path: row for row, path in enumerate(paths)}
    removed = np.flatnonzero(found.removed)
    true = true_similarity(contents, removed, found.witness[removed])
    print(f"  precision {np.mean(true >= least):.5f}, {np.sum(~(true >= least))} of {len(removed)} below {least}")
    pairs = pq.read_table(folder / "truth.parquet")
    first, second = (np.array([row_of[path] for path in pairs[name].to_pylist()]) for name in ("path_a", "path_b"))
    both_stay = ~found.removed[first] & ~found.removed[second]
    jaccard = pairs["jaccard"].to_numpy()
    for low, high in ((0.85, 1.01), (0.7, 1.01), (0.7, 0.75), (0.75, 0.8), (0.8, 0.85)):
        chosen = (jaccard >= low) & (jaccard < high)
        print(f"  recall at J in {low:.2f}..{min(high, 1):.2f}: {1 - both_stay[chosen].mean():.5f} of {chosen.sum():,}")
    same = pq.read_table(folder / "same_set.parquet")
    copies, originals = (np.array([row_of[path] for path in same[name].to_pylist()]) for name in same.column_names)
    print(f"  recall of equal sets: {1 - (~found.removed[copies] & ~found.removed[originals]).mean():.5f}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Parses, reads the corpus, prints the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("size", choices=("S", "M", "L"))
    parser.add_argument("--data", type=Path, default=Path("benchmarks/data"), help="default: %(default)s")
    parser.add_argument("--runs", type=int, default=5, help="default: %(default)s")
    parser.add_argument("--peers-mb", type=float, default=10, help="text for the peers; default: %(default)s")
    options = parser.parse_args(arguments)

    folder = options.data / options.size
    paths, contents = (list(column) for column in zip(*read_files(folder / "files"), strict=True))
    megabytes = sum(map(len, contents)) / 1e6
    batches = [pa.array(contents[i : i + BATCH_FILES], pa.large_binary()) for i in range(0, len(contents), BATCH_FILES)]
    print(f"{len(paths):,} files, {megabytes:.0f} MB\n\nkernel, MB/s of one core, medians of {options.runs}")
    print_kernels(batches, megabytes, options.runs)
    part = np.random.default_rng(1).permutation(len(contents))
    n_part = int(np.searchsorted(np.cumsum([len(contents[row]) for row in part]), options.peers_mb * 1e6)) + 1
    print_peers([contents[row] for row in part[:n_part]], options.runs)

    runs = {
        "MinHash 256, 42 x 6, J >= .7 exact": NearMinHash(),
        "the same, by estimate": NearMinHash(proof="estimate"),
        "oneperm 256, 42 x 6, J >= .7 exact": NearMinHash(signature=Signature(minhash=MinHash(scheme="oneperm"))),
        "SimHash, distance 3, J >= .7 exact": NearSimHash(),
        "SimHash, distance 6, J >= .7 exact": NearSimHash(min_similarity=0.9),
    }
    for name, spec in runs.items():
        begin = time.process_time()
        found = near(batches, spec)
        seconds = time.process_time() - begin
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
        print(f"\n{name}: {seconds:.2f} s, {megabytes / seconds:.0f} MB/s; peak of the process so far {peak:.2f} GB")
        print("  " + ", ".join(f"{key} {value:,}" for key, value in found.counts.items()))
        print_quality(found, paths, contents, folder, 0.7)


if __name__ == "__main__":
    main()
