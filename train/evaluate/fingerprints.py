"""Fingerprints of evaluation files, by which training data that holds one is known again, whatever its format.

A text is its words in small letters (letters, digits and underscore; every character beyond ASCII is a word), without
anything between them. Of a text's windows of 12 words (8 for texts under 12; shorter texts have none) those three are
kept whose hashes are least, so that every copy of the whole text has all three, and a chance sentence none. Kept are
hashes alone: `evaluation_hashes.npz` has no word of any benchmark.

    python -m train.evaluate.fingerprints FOLDER     makes that file anew from the benchmarks' files in FOLDER
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from train.evaluate.problems import Problem, load

if TYPE_CHECKING:
    from train.evaluate.fingerprint_kernel import Sought

WIDTHS = (12, 8)  # words in a window, for long and for short texts
KEPT = 3  # windows of a text
FILE = Path(__file__).with_name("evaluation_hashes.npz")
PIECE = 1 << 21  # bytes hashed at a time: a dozen arrays of 8 bytes for each
BASE, STEP = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93  # odd, so that they can be divided by, modulo 2^64

U64 = npt.NDArray[np.uint64]

_byte = np.arange(256, dtype=np.uint8)
_small = np.where((_byte >= 65) & (_byte <= 90), _byte + 32, _byte).astype(np.uint64)
_ascii = ((_byte >= 48) & (_byte <= 57)) | ((_small >= 97) & (_small <= 122)) | (_byte == 95)
VALUE = np.where(_ascii | (_byte >= 128), _small + 1, 0).astype(np.uint64)
"""Of each byte what it adds to its word's hash; 0 where it is in none."""
_LEAD, _WORD = _byte >= 192, VALUE > 0


@functools.cache
def _powers(base: int) -> U64:
    """1, base, base^2 ... modulo 2^64, as many as a piece may have bytes."""
    with np.errstate(over="ignore"):
        factors = np.full(PIECE + 1, base, np.uint64)
        factors[0] = 1
        return np.cumprod(factors, dtype=np.uint64)


def words(data: bytes) -> tuple[U64, npt.NDArray[np.int64]]:
    """A hash of each word of a text of at most PIECE bytes, and where each begins."""
    seen = np.frombuffer(data, np.uint8)
    word, lead = _WORD[seen], _LEAD[seen]
    wide = seen >= 128
    before = np.zeros(len(seen), bool)
    before[1:] = word[:-1] & (wide[1:] == wide[:-1])
    starts = np.flatnonzero((word & ~before & ~(wide & ~lead)) | lead)
    if len(starts) == 0:
        return np.empty(0, np.uint64), starts
    with np.errstate(over="ignore"):
        sums = np.cumsum(VALUE[seen] * _powers(BASE)[: len(seen)], dtype=np.uint64)
        ends = np.append(starts[1:], len(seen)) - 1
        inside = sums[ends] - np.where(starts > 0, sums[starts - 1], np.uint64(0))
        return _mixed(inside * _powers(pow(BASE, -1, 1 << 64))[starts]), starts


def _mixed(values: U64) -> U64:
    """Every bit moved by every other (Stafford's mix 13 of MurmurHash3's finaliser)."""
    with np.errstate(over="ignore"):
        values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return values ^ (values >> np.uint64(31))


def windows(hashed: U64, width: int) -> U64:
    """A hash of each window of so many words; its width is part of it."""
    count = len(hashed) - width + 1
    if count < 1:
        return np.empty(0, np.uint64)
    total = np.full(count, width, np.uint64)
    with np.errstate(over="ignore"):
        for place in range(width):
            total = total * np.uint64(STEP) + hashed[place : place + count]
    return _mixed(total)


def anchors(text: str) -> list[int]:
    """The kept windows of a text, least first; none for one under 8 words."""
    hashed, _ = words(text.encode("utf-8", "replace")[:PIECE])
    width = next((width for width in WIDTHS if len(hashed) >= width), None)
    return [] if width is None else [int(one) for one in np.unique(windows(hashed, width))[:KEPT]]


@dataclass(frozen=True, kw_only=True)
class Fingerprints:
    """All anchors, sorted by hash, and what they are of."""

    hashes: U64
    texts: npt.NDArray[np.uint16]  # of each hash its text's number
    needed: npt.NDArray[np.uint8]  # of each text how many anchors must be there: 2, or 1 where it has only one
    tasks: npt.NDArray[np.uint16]  # of each text its task's number in its benchmark
    benchmarks: npt.NDArray[np.uint8]  # of each text its benchmark
    names: tuple[str, ...]  # of benchmarks
    sizes: tuple[int, ...]  # tasks of each

    def found_in(self, texts: pa.LargeStringArray) -> set[tuple[int, int, int]]:
        """The (row, benchmark, task) triples of a column of texts, which are looked through in pieces of half of PIECE;
        by a kernel where there is Numba, which training machines may lack."""
        try:
            from train.evaluate.fingerprint_kernel import find
        except ImportError:
            return self._found_without_kernel(texts)
        rows, found = find(texts, self._sought, PIECE // 2).T
        told = zip(rows.tolist(), self.benchmarks[found].tolist(), self.tasks[found].tolist(), strict=True)
        return set(told)

    def _found_without_kernel(self, texts: pa.LargeStringArray) -> set[tuple[int, int, int]]:
        told: set[tuple[int, int, int]] = set()
        for row, text in enumerate(texts.cast(pa.large_binary())):
            data = text.as_py() or b""
            for start in range(0, len(data), PIECE // 2):
                told |= {(row, *task) for task in self.found([data[start : start + PIECE // 2]])[0]}
        return told

    @functools.cached_property
    def _sought(self) -> Sought:
        from train.evaluate.fingerprint_kernel import Sought

        return Sought.of(self.hashes, self.texts, self.needed)

    def found(self, pieces: Sequence[bytes]) -> list[set[tuple[int, int]]]:
        """For each text the (benchmark, task) pairs that it holds; the texts together have at most PIECE bytes."""
        joined = b"\n".join(pieces)
        hashed, starts = words(joined)
        ends = np.cumsum([len(piece) + 1 for piece in pieces])
        rows = np.searchsorted(ends, starts, "right")
        hits: set[tuple[int, int]] = set()
        for width in WIDTHS:
            inside = windows(hashed, width)
            place = np.flatnonzero(self._filter[inside & np.uint64(0xFFFF)])
            whole = rows[place] == rows[place + width - 1]
            place = place[whole]
            low, high = (
                np.searchsorted(self.hashes, inside[place]),
                np.searchsorted(self.hashes, inside[place], "right"),
            )
            for at, start, end in zip(place[low < high], low[low < high], high[low < high], strict=True):
                hits.update((int(rows[at]), anchor) for anchor in range(start, end))
        return self._whole(hits, len(pieces))

    @functools.cached_property
    def _filter(self) -> npt.NDArray[np.bool_]:
        """Which values of a hash's last 16 bits any anchor has."""
        table = np.zeros(1 << 16, bool)
        table[self.hashes & np.uint64(0xFFFF)] = True
        return table

    def _whole(self, hits: set[tuple[int, int]], count: int) -> list[set[tuple[int, int]]]:
        """Tasks of the texts of which enough anchors were hit."""
        counted: dict[tuple[int, int], int] = {}
        for row, anchor in hits:
            key = row, int(self.texts[anchor])
            counted[key] = counted.get(key, 0) + 1
        told: list[set[tuple[int, int]]] = [set() for _ in range(count)]
        for (row, text), number in counted.items():
            if number >= self.needed[text]:
                told[row].add((int(self.benchmarks[text]), int(self.tasks[text])))
        return told


@functools.cache
def shipped() -> Fingerprints:
    """Those that come along."""
    with np.load(FILE) as kept:
        return Fingerprints(
            hashes=kept["hashes"], texts=kept["texts"], needed=kept["needed"], tasks=kept["tasks"],
            benchmarks=kept["benchmarks"], names=tuple(map(str, kept["names"])), sizes=tuple(map(int, kept["sizes"])),
        )  # fmt: skip


def texts_of(problem: Problem) -> list[str]:
    """What of a problem is looked for: its prompt, its solution, and what it says in words."""
    return [problem.prompt, problem.canonical, *problem.about.values()]


def made(files: Iterable[tuple[str, Sequence[Problem]]]) -> Fingerprints:
    """Fingerprints of benchmarks; a text that an earlier one has already is left to that."""
    entries: list[tuple[int, int]] = []
    needed: list[int] = []
    tasks: list[int] = []
    benchmarks: list[int] = []
    names: list[str] = []
    sizes: list[int] = []
    seen: set[tuple[int, ...]] = set()
    for name, problems in files:
        for number, problem in enumerate(problems):
            for text in texts_of(problem):
                kept = tuple(anchors(text))
                if not kept or kept in seen:
                    continue
                seen.add(kept)
                entries += [(one, len(needed)) for one in kept]
                needed.append(min(2, len(kept)))
                tasks.append(number)
                benchmarks.append(len(names))
        names.append(name)
        sizes.append(len(problems))
    entries.sort()
    return Fingerprints(
        hashes=np.array([one for one, _ in entries], np.uint64),
        texts=np.array([text for _, text in entries], np.uint16),
        needed=np.array(needed, np.uint8), tasks=np.array(tasks, np.uint16),
        benchmarks=np.array(benchmarks, np.uint8), names=tuple(names), sizes=tuple(sizes),
    )  # fmt: skip


def main() -> None:
    """Writes the file that is shipped."""
    folder = Path(sys.argv[1])
    files = [(path.name.split(".")[0], load(path)) for path in sorted(folder.glob("*.jsonl*"))]
    kept = made(files)
    arrays = {one.name: getattr(kept, one.name) for one in fields(kept)}
    np.savez_compressed(FILE, **arrays)
    print(f"{len(kept.hashes):,} hashes of {len(kept.needed):,} texts, {FILE.stat().st_size:,} bytes: {FILE}")


if __name__ == "__main__":
    main()
