"""Speed of the text kernels on real source: MB/s of one core for each group, and for the everyday groups together.

    python -m benchmarks.text_kernels [FOLDER ...] [--megabytes 20]

Reads .py, .h, .c and .js files below the folders (by default the installed packages, Python's own library and the
system's headers), in batches of about 8 MB. Medians of seven runs after one to compile. The first call compiles what
Numba's cache does not hold, and says how long that took.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

BATCH_BYTES = 8_000_000
RUNS = 7
LANGUAGE_OF = {".py": "Python", ".h": "C", ".c": "C", ".js": "JavaScript"}
EVERYDAY = frozenset({"chars", "lines", "encoded", "lexical"})
Batch = tuple[pa.LargeStringArray, list[str]]


def files(folders: list[Path], suffix: str, budget_bytes: int) -> Iterator[str]:
    """Texts of files with one suffix, of up to 1 MB each, until the budget is spent."""
    for folder in folders:
        for path in sorted(folder.rglob(f"*{suffix}")):
            if budget_bytes <= 0:
                return
            try:
                text = path.read_text("utf-8")
            except (OSError, UnicodeDecodeError):
                continue
            if len(text) <= 1_000_000:
                budget_bytes -= len(text.encode())
                yield text


def batches(folders: list[Path], suffix: str, budget_bytes: int) -> list[Batch]:
    """Arrow batches of about BATCH_BYTES."""
    made, texts, size = [], [], 0
    for text in files(folders, suffix, budget_bytes):
        texts.append(text)
        size += len(text)
        if size >= BATCH_BYTES:
            made.append(texts)
            texts, size = [], 0
    made.append(texts)
    language = LANGUAGE_OF[suffix]
    return [(pa.array(rows, pa.large_string()), [language] * len(rows)) for rows in made if rows]


def seconds(corpus: list[Batch], groups: frozenset[str]) -> float:
    """Median time of one pass."""
    from analyzers.text.measure import measure

    times = []
    for _ in range(RUNS + 1):
        begin = time.perf_counter()
        for content, languages in corpus:
            measure(content, languages, groups)
        times.append(time.perf_counter() - begin)
    return statistics.median(times[1:])


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = [sysconfig.get_path("purelib"), sysconfig.get_path("stdlib"), "/usr/include", "/usr/lib", "/usr/share"]
    parser.add_argument("folders", nargs="*", type=Path, default=[Path(folder) for folder in default])
    parser.add_argument("--megabytes", type=float, default=20, help="text of each kind")
    arguments = parser.parse_args()

    begin = time.perf_counter()
    from analyzers.signals import GROUPS
    from analyzers.text.measure import measure

    imported = time.perf_counter()
    measure(pa.array(["x"], pa.large_string()), ["HTML"], GROUPS)
    print(f"import {imported - begin:.2f} s, first call {time.perf_counter() - imported:.2f} s", file=sys.stderr)

    corpora = {suffix: batches(arguments.folders, suffix, int(arguments.megabytes * 1e6)) for suffix in LANGUAGE_OF}
    corpora = {suffix: corpus for suffix, corpus in corpora.items() if corpus}
    corpora["all"] = [batch for corpus in corpora.values() for batch in corpus]
    print("MB/s".ljust(16) + "".join(suffix.rjust(8) for suffix in corpora))
    sizes = {suffix: sum(content.nbytes for content, _ in corpus) / 1e6 for suffix, corpus in corpora.items()}
    rows = {**{group: frozenset({group}) for group in sorted(GROUPS)}, "everyday": EVERYDAY, "everything": GROUPS}
    for name, groups in rows.items():
        rates = [sizes[suffix] / seconds(corpus, groups) for suffix, corpus in corpora.items()]
        print(name.ljust(16) + "".join(f"{rate:8.0f}" for rate in rates), flush=True)
    print("MB".ljust(16) + "".join(f"{size:8.0f}" for size in sizes.values()))


if __name__ == "__main__":
    main()
