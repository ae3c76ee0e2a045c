"""Dedup at the sizes and on the sets that break it: what is found, what is lost, how long it takes.

    python benchmarks/dedup_selection.py [simhash] [sets] [graphs]

simhash: 200,000 SimHashes with planted neighbours, every pair within distance 3 and 6 by brute force against the
tables. sets: files without shingles, copies, near-copies, a chain, a hot bucket, long lines, floods. graphs: the
selection by itself, in one go and in rounds. Seconds are CPU time of one thread, of single runs, after
the kernels were compiled.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from collections.abc import Callable

import numpy as np
import pyarrow as pa

from dedup.candidates import SIMHASH_BOUND, Compared, candidates
from dedup.kernel import kernel, popcount
from dedup.near import NearMinHash, NearSimHash, near
from dedup.selection import select, select_in_rounds
from dedup.simhash_tables import choose_tables, table_keys

N_SIMHASHES = 200_000


@kernel
def all_within(simhashes, distance, room, better, worse):
    """Number of pairs within the distance; the first `room` of them are written."""
    n = 0
    for i in range(simhashes.size):
        for j in range(i + 1, simhashes.size):
            if popcount(simhashes[i] ^ simhashes[j]) <= distance:
                if n < room:
                    better[n], worse[n] = i, j
                n += 1
    return n


def planted_simhashes(n: int) -> np.ndarray:
    """Half of them random, half copies of a random one with 0 to 10 bits turned."""
    chance = np.random.default_rng(1)
    simhashes = chance.integers(0, 2**64, n, dtype=np.uint64)
    for i in range(n // 2, n):
        bits = chance.choice(64, chance.integers(0, 11), replace=False)
        simhashes[i] = simhashes[chance.integers(0, i)] ^ np.uint64(sum(1 << int(bit) for bit in bits))
    return simhashes


def check_simhash() -> None:
    """All pairs against the tables."""
    simhashes = planted_simhashes(N_SIMHASHES)
    for distance in (3, 6):
        tables = choose_tables(distance, N_SIMHASHES)
        compared = Compared()
        begin = time.process_time()
        found = candidates(
            table_keys(simhashes, tables),
            bound=SIMHASH_BOUND,
            compared=compared,
            simhashes=simhashes,
            most_distance=distance,
        )
        seconds = time.process_time() - begin
        better, worse = np.empty((2, 10_000_000), np.int64)
        begin = time.process_time()
        n = all_within(simhashes, distance, better.size, better, worse)
        brute = time.process_time() - begin
        same = n == len(found[0]) and np.array_equal(better[:n], found[0]) and np.array_equal(worse[:n], found[1])
        print(
            f"distance {distance}: {tables.n_tables} tables, {compared.pairs:,} comparisons, {seconds:.2f} s; brute "
            f"force {N_SIMHASHES * (N_SIMHASHES - 1) // 2:,}, {brute:.1f} s; {n:,} pairs, the same: {same}",
            flush=True,
        )


def words(chance: random.Random, n: int) -> list[str]:
    """Words that occur nowhere else."""
    return [f"w{chance.getrandbits(48):x}" for _ in range(n)]


def repeated(text: str, n: int) -> pa.Array:
    """A column of the same text."""
    return pa.array([text], pa.large_string()).take(pa.array(np.zeros(n, np.int64)))


def near_copies(n: int) -> pa.Array:
    """One file of 200 words, in each copy another one of them replaced: all pairs are near .9."""
    chance = random.Random(2)
    base = words(chance, 200)
    texts = []
    for _ in range(n):
        at = chance.randrange(200)
        texts.append(" ".join(base[:at] + words(chance, 1) + base[at + 1 :]))
    return pa.array(texts, pa.large_string())


def chain(n: int) -> pa.Array:
    """A window of 60 words that moves on by 4."""
    return pa.array([" ".join(f"w{i}" for i in range(4 * k, 4 * k + 60)) for k in range(n)], pa.large_string())


def hot_bucket(n: int) -> pa.Array:
    """A tenth of the files share a header of a third of their words or more, and are no duplicates."""
    chance = random.Random(3)
    header = words(chance, 60)
    alike = [" ".join(header + words(chance, 35)) for _ in range(n // 10)]
    return pa.array(alike + [" ".join(words(chance, 30)) for _ in range(n - n // 10)], pa.large_string())


def long_lines() -> pa.Array:
    """50 MB without a line's end, twice, the second with a word more."""
    line = "".join(f"call({i});" for i in range(3_800_000))
    return pa.array([line, line + "one_more(1)"], pa.large_string())


def floods() -> pa.Array:
    """50 MB of one byte, of several kinds, each twice."""
    texts = [bytes([byte]) * 50_000_000 for byte in (0, 32, 97, 0xE4)]
    return pa.array(texts + texts, pa.large_binary())


SETS: dict[str, Callable[[], pa.Array]] = {
    "1,000,000 empty files": lambda: repeated("", 1_000_000),
    "1,000,000 files of three tokens": lambda: repeated("a = b(c)", 1_000_000),
    "100,000 copies of a file": lambda: repeated(" ".join(words(random.Random(1), 200)), 100_000),
    "100,000 near-copies of a file": lambda: near_copies(100_000),
    "a chain of 100,000": lambda: chain(100_000),
    "100,000 files, 10,000 in hot buckets": lambda: hot_bucket(100_000),
    "two lines of 50 MB": long_lines,
    "eight floods of 50 MB": floods,
}


def check_sets() -> None:
    """Each by MinHash and by SimHash."""
    for spec in (NearMinHash(), NearSimHash()):
        near([near_copies(200)], spec)
        for name, make in SETS.items():
            texts = make()
            begin = time.process_time()
            found = near([texts], spec)
            seconds = time.process_time() - begin
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
            told = ("removed", "too_short", "compared", "left_alone", "candidates", "proved")
            counts = ", ".join(f"{key} {found.counts[key]:,}" for key in told)
            print(f"{type(spec).__name__}: {name}: {seconds:.2f} s, peak so far {peak:.2f} GB; {counts}", flush=True)


def check_graphs() -> None:
    """Random edges among random and among ordered files."""
    chance = np.random.default_rng(5)
    a, b = chance.integers(0, 5_000_000, (2, 10_000_000))
    graphs = {
        "10,000,000 edges at random": (np.minimum(a, b)[a != b], np.maximum(a, b)[a != b]),
        "a chain in order, the worst for rounds": (np.arange(2000), np.arange(1, 2001)),
    }
    for name, (better, worse) in graphs.items():
        n_files = int(worse.max()) + 1
        similarity = np.full(len(better), 0.8)
        begin = time.process_time()
        whole = select(n_files, better, worse, similarity)
        middle = time.process_time()
        in_rounds, rounds = select_in_rounds(n_files, better, worse, similarity)
        end = time.process_time()
        same = all(np.array_equal(x, y, equal_nan=x.dtype.kind == "f") for x, y in zip(whole, in_rounds, strict=True))
        print(
            f"{name}: in one go {middle - begin:.2f} s; in {rounds} rounds {end - middle:.2f} s; the same: {same}; "
            f"{(~whole.kept).sum():,} of {n_files:,} removed",
            flush=True,
        )


if __name__ == "__main__":
    parts = {"simhash": check_simhash, "sets": check_sets, "graphs": check_graphs}
    for part in sys.argv[1:] or parts:
        parts[part]()
