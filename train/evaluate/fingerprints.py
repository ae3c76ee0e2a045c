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
from train.evaluate.word_windows import PIECE, U64, WIDTHS, windows, words

if TYPE_CHECKING:
    from train.evaluate.fingerprint_kernel import Sought

KEPT = 3  # windows of a text
FILE = Path(__file__).with_name("evaluation_hashes.npz")


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
