"""Builds corpora of real source code with planted near-duplicates and a truth file: about 50 MB, 300 MB and 1 GB.

    python benchmarks/corpus.py S|M|L [--out benchmarks/data]

benchmarks/README.md describes the files. Which files of a package are taken is decided by a hash of their path, in
order, until the package's share is full: the same packages give the same corpus, and S is a subset of M, M of L.
"""

from __future__ import annotations

import argparse
import heapq
import json
import resource
import shutil
import sys
import tarfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.parquet as pq
import xxhash
from archives import members
from packages import PACKAGES, SIZES, Download, Package, PackageError, fetch
from planted import plant
from truth import write_truth

SEED = 20240601
PLANTED_FRACTION = 0.11
"""Of the files large enough to be planted: about 8 % of all."""
MIN_SHARE_OF_PLAN = 0.6
"""Below this share of the planned bytes a corpus is no longer the same kind of thing, and the build fails."""

SKIPPED_FOLDERS = ("usr/share/doc/", "usr/share/man/", "usr/share/locale/", "usr/share/lintian/", "usr/share/info/")
SKIPPED_SUFFIXES = frozenset((".map", ".mo", ".po", ".pot", ".stderr", ".svg"))
"""Text that no one wrote as source: source maps, message catalogues, expected output, drawings."""

_NOT_IN_TEXT = bytes(b for b in range(32) if b not in b"\t\n\v\f\r\x1b") + b"\x7f"


@dataclass(frozen=True, kw_only=True)
class PackageCount:
    """What a package brought to a corpus."""

    package: str
    version: str
    client: str
    files: int
    bytes: int


def is_text(content: bytes) -> bool:
    """Whether there are no control characters but white space and escape; UTF-16 and UTF-32 have some."""
    return len(content.translate(None, _NOT_IN_TEXT)) == len(content)


def is_wanted(path: str) -> bool:
    """Whether a package's file at this path may be part of a corpus."""
    return not path.startswith(SKIPPED_FOLDERS) and PurePosixPath(path).suffix not in SKIPPED_SUFFIXES


def select(files: Iterable[tuple[str, bytes]], *, max_bytes: int, seed: int) -> list[tuple[str, bytes]]:
    """The text files of lowest path hash whose bytes sum to at most `max_bytes`, in path order.

    The selection is the longest prefix of the hash order that fits, so that a smaller `max_bytes` selects a subset.
    One pass; memory holds about `max_bytes`.
    """
    heap: list[tuple[int, str, bytes]] = []  # negated hash: the last of the prefix on top
    cut, total = 1 << 64, 0
    for path, content in files:
        rank = xxhash.xxh3_64_intdigest(path.encode(), seed)
        if rank >= cut or not is_text(content):
            continue
        heapq.heappush(heap, (-rank, path, content))
        total += len(content)
        while total > max_bytes:
            # What ranks behind a file that did not fit is no prefix any more, even where it would fit.
            last, _, left_out = heapq.heappop(heap)
            cut, total = -last, total - len(left_out)
    return sorted((path, content) for _, path, content in heap)


def write_package(
    package: Package, download: Download, size: str, folder: Path
) -> tuple[PackageCount, list[dict[str, object]]]:
    """Writes a package's share of the corpus and its planted copies below `folder`; the rows tell of the copies."""
    name = download.name.replace("/", "_")
    files = ((f"{name}/{path}", content) for path, content in members(download.path, is_wanted))
    chosen = select(files, max_bytes=package.max_bytes(size), seed=SEED)
    rows: list[dict[str, object]] = []
    for path, content in chosen:
        _write(folder / path, content)
        copy = plant(path, content, seed=SEED, fraction=PLANTED_FRACTION)
        if copy is not None:
            _write(folder / copy.path, copy.content)
            rows.append({"path": copy.path, "original": path, "kind": copy.kind, "edit_rate": copy.edit_rate})
    count = PackageCount(
        package=download.name,
        version=download.version,
        client=package.client,
        files=len(chosen),
        bytes=sum(len(content) for _, content in chosen),
    )
    return count, rows


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def write_files(packages: Sequence[Package], size: str, folder: Path, cache: Path) -> tuple[list[PackageCount], list]:
    """Writes all packages' shares; one that cannot be had is named on stderr and left out.

    Raises:
        PackageError: too little of the plan could be had.
    """
    counts: list[PackageCount] = []
    rows: list[dict[str, object]] = []
    taking_part = [package for package in packages if package.max_bytes(size)]
    for package in taking_part:
        try:
            count, its_rows = write_package(package, fetch(package, cache), size, folder)
        except (PackageError, OSError, tarfile.TarError, zipfile.BadZipFile) as error:
            print(f"left out: {error}", file=sys.stderr)
            continue
        print(f"{count.bytes / 1e6:8.1f} MB {count.files:7,} files  {count.package} {count.version}", flush=True)
        counts.append(count)
        rows += its_rows
    planned = sum(package.max_bytes(size) for package in taking_part)
    if sum(count.bytes for count in counts) < MIN_SHARE_OF_PLAN * planned:
        raise PackageError(f"less than {MIN_SHARE_OF_PLAN:.0%} of the planned bytes could be had: see the lines above")
    return counts, rows


def read_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yields (path below `folder`, content) of every file, in path order."""
    for path in sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()):
        yield path, (folder / path).read_bytes()


def describe(folder: Path, size: str, counts: Sequence[PackageCount], n_planted: int) -> dict[str, object]:
    """The content of corpus.json: totals, packages, and files and bytes by extension, planted files included."""
    files: Counter[str] = Counter()
    n_bytes: Counter[str] = Counter()
    for path in folder.rglob("*"):
        if path.is_file():
            files[path.suffix] += 1
            n_bytes[path.suffix] += path.stat().st_size
    return {
        "size": size,
        "seed": SEED,
        "files": files.total(),
        "bytes": n_bytes.total(),
        "planted": n_planted,
        "packages": [asdict(count) for count in counts],
        "extensions": {
            suffix or "(none)": {"files": files[suffix], "bytes": total} for suffix, total in n_bytes.most_common()
        },
    }


def build(size: str, out: Path, packages: Sequence[Package] = PACKAGES) -> Path:
    """Builds corpus S, M or L in `out`/SIZE, in the place of one already there, and returns that folder."""
    target, scratch = out / size, out / f"{size}.partial"
    shutil.rmtree(scratch, ignore_errors=True)
    (scratch / "files").mkdir(parents=True)
    counts, rows = write_files(packages, size, scratch / "files", out / "packages")
    columns = pa.schema({"path": pa.string(), "original": pa.string(), "kind": pa.string(), "edit_rate": pa.float64()})
    pq.write_table(pa.Table.from_pylist(rows, schema=columns).sort_by("path"), scratch / "planted.parquet")
    facts = describe(scratch / "files", size, counts, len(rows))
    print(f"similarity of all pairs of {facts['files']:,} files ...", flush=True)
    facts["truth"] = write_truth(read_files(scratch / "files"), scratch)
    (scratch / "corpus.json").write_text(json.dumps(facts, indent=1) + "\n")
    shutil.rmtree(target, ignore_errors=True)
    scratch.rename(target)
    return target


def main(arguments: Sequence[str] | None = None) -> int:
    """Parses the command line, builds, prints what came of it; 0 done, 1 failed."""
    parser = argparse.ArgumentParser(description="Build a corpus of real source code with planted near-duplicates.")
    parser.add_argument("size", choices=SIZES, help="S: 50 MB, M: 300 MB, L: 1 GB")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/data"), help="default: %(default)s")
    options = parser.parse_args(arguments)
    start = time.monotonic()
    try:
        folder = build(options.size, options.out)
    except (PackageError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    facts = json.loads((folder / "corpus.json").read_text())
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    print(f"{folder}: {facts['files']:,} files, {facts['bytes'] / 1e6:,.0f} MB, {facts['planted']:,} of them planted")
    print(f"{facts['truth']['pairs']:,} similar pairs; {time.monotonic() - start:,.0f} s, {peak_gb:.1f} GB at the peak")
    return 0


if __name__ == "__main__":
    sys.exit(main())
