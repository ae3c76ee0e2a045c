"""Tables of SimHash keys in which every pair within a Hamming distance meets, by construction.

The 64 bits are cut into `blocks`. Signatures that differ in at most `distance` bits differ in at most as many blocks,
so they agree in some `blocks - distance` of them. There is a table for every choice of that many blocks, and its key is
their bits (Manku, Jain and Das Sarma 2007, section 3). More blocks: more tables with longer keys.

A file has a row in every table. In a table of b key bits it meets files / 2^b others by chance, if bits are evenly
spread. Within a budget of 1,000 such meetings a file (about a microsecond of comparing):

| distance | blocks | tables | key bits | files up to |
|---|---|---|---|---|
| 3 | 4 | 4 | 16 | 16 million |
| 3 | 5 | 10 | 25-26 | 4.8 thousand million |
| 3 | 6 | 20 | 31-33 | 2 x 10^11 |
| 6 | 7 | 7 | 9-10 | 79 thousand |
| 6 | 8 | 28 | 16 | 2.3 million |
| 6 | 9 | 84 | 21-22 | 30 million |
| 6 | 10 | 210 | 24-28 | 210 million |

Beyond the last line distance 6 costs more rows than its pairs are worth; they are looked for among MinHash candidates
there.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise
from math import comb

import numpy as np

from dedup.kernel import kernel, mix

MOST_TABLES = 256
_SPREAD = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, kw_only=True)
class SimHashTables:
    """How SimHashes are cut into keys."""

    distance: int = 3
    """Every pair that differs in at most so many bits has an equal key in some table."""
    blocks: int = 4

    def __post_init__(self) -> None:
        if not 0 <= self.distance < self.blocks <= 64:
            raise ValueError(f"{self.blocks} blocks for distance {self.distance}: take more than that, at most 64")
        if self.n_tables > MOST_TABLES:
            raise ValueError(
                f"{self.blocks} blocks for distance {self.distance} make {self.n_tables} tables, over {MOST_TABLES}: "
                f"take fewer blocks"
            )

    @property
    def n_tables(self) -> int:
        """Rows that every file has."""
        return comb(self.blocks, self.distance)

    @property
    def masks(self) -> np.ndarray:
        """The bits of each table's key (uint64[n_tables])."""
        edges = [64 * block // self.blocks for block in range(self.blocks + 1)]
        blocks = [(1 << end) - (1 << begin) for begin, end in pairwise(edges)]
        return np.array([sum(chosen) for chosen in combinations(blocks, self.blocks - self.distance)], np.uint64)

    def chance_meetings(self, n_files: int) -> float:
        """Others that a file meets by chance in all tables, if bits are evenly spread."""
        return n_files * sum(2.0 ** -int(mask).bit_count() for mask in self.masks)

    def most_files(self, most_meetings: float = 1000) -> int:
        """Corpus size up to which a file meets at most so many others by chance."""
        return int(most_meetings / self.chance_meetings(1))


def choose_tables(distance: int, n_files: int, *, most_meetings: float = 1000) -> SimHashTables:
    """The fewest tables that keep the promise for `distance` within the budget; ValueError where there are none."""
    possible = []
    for blocks in range(distance + 1, 65):
        if comb(blocks, distance) > MOST_TABLES:
            break
        possible.append(SimHashTables(distance=distance, blocks=blocks))
    for tables in possible:
        if tables.chance_meetings(n_files) <= most_meetings:
            return tables
    largest = possible[-1].most_files(most_meetings) if possible else 0
    raise ValueError(
        f"SimHash distance {distance} among {n_files:,} files: by construction it is found among up to {largest:,}; "
        f"take a smaller distance, or look among MinHash candidates"
    )


@kernel
def _keys(simhashes, masks, out):
    for table in range(masks.size):
        for i in range(simhashes.size):
            out[table, i] = mix((simhashes[i] & masks[table]) ^ (np.uint64(table + 1) * _SPREAD))


def table_keys(simhashes: np.ndarray, tables: SimHashTables) -> np.ndarray:
    """Keys (uint64[tables, files]). A key is its table's own, as the number is mixed in: all may be thrown together."""
    out = np.empty((tables.n_tables, len(simhashes)), np.uint64)
    _keys(simhashes, tables.masks, out)
    return out
