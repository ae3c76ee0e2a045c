"""Builds the tables of benchmarks that come along: hashes and names of tasks, no text.

    python -m benchmarks.benchmark_tables BENCHMARKS --common FOLDER [FOLDER ...] [--out dedup/tables]

BENCHMARKS holds the files that dedup.benchmark_tables.SHIPPED names. n-grams that occur in --at-least files below the
--common folders are everyday code and left out. Those that come along were made with the interpreter's library, its
site-packages and corpus M of benchmarks/corpus.py, which is 790 MB:

    python -m benchmarks.benchmark_tables BENCHMARKS --common $(python -c 'import sysconfig as s; print(
        s.get_path("stdlib"), s.get_path("purelib"))') benchmarks/data/M/files
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.decontamination import batches
from dedup.benchmark_tables import SHIPPED, build, save
from dedup.contamination import CODE, KINDS, RENAMED, Finder, Table
from dedup.tasks import Task, read_tasks

TABLES = Path(__file__).parents[1] / "dedup/tables"


def common_in(folders: Sequence[Path], tasks: Sequence[Task], at_least: int) -> np.ndarray:
    """n-grams of the tasks that are in so many files below the folders."""
    everything = build(tasks, most=None)
    finder = Finder(everything)
    counts = np.zeros(len(everything.hashes), np.int64)
    n_files = n_bytes = 0
    for _, content, marks in batches(folders):
        counts += finder.count_rows(content, marks)
        n_files, n_bytes = n_files + len(content), n_bytes + content.nbytes
    common = everything.hashes[counts >= at_least]
    print(f"{n_files:,} files, {n_bytes / 1e6:.0f} MB: {len(common)} of {len(counts):,} n-grams in {at_least} or more")
    return common


def tell(name: str, table: Table, path: Path) -> None:
    """Prints what a table holds, and which tasks no copy of the solution alone would show."""
    kinds = np.bincount(table.part_kinds, minlength=len(KINDS))
    parts = ", ".join(f"{n} {kind}" for kind, n in zip(KINDS, kinds, strict=True))
    print(
        f"{name}: {len(table.tasks)} tasks, {parts}; {len(table.parts):,} n-grams, {path.stat().st_size / 1e3:.0f} kB"
    )
    with_code = set(table.part_tasks[np.isin(table.part_kinds, (CODE, RENAMED))].tolist())
    short = [task for number, task in enumerate(table.tasks) if number not in with_code]
    print(f"   solution too short to be found alone: {', '.join(short) or 'none'}")


def main() -> None:
    """Builds, writes and tells."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("benchmarks", type=Path)
    parser.add_argument("--common", nargs="+", type=Path, required=True)
    parser.add_argument("--at-least", type=int, default=1)
    parser.add_argument("--out", type=Path, default=TABLES)
    options = parser.parse_args()
    tasks = {name: read_tasks([options.benchmarks / file for file in files], name) for name, files in SHIPPED.items()}
    common = common_in(options.common, [task for some in tasks.values() for task in some], options.at_least)
    options.out.mkdir(parents=True, exist_ok=True)
    for name, some in tasks.items():
        path = options.out / f"{name}.parquet"
        table = build(some, common)
        save(table, path)
        tell(name, table, path)


if __name__ == "__main__":
    main()
