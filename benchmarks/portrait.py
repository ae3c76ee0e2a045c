"""Module kind and framework of hand-labelled files: accuracy by class, for the half that rules were written on and for
the half that was held back.

    python benchmarks/portrait.py [--labels benchmarks/portrait_labels.tsv] [--corpus benchmarks/data/L] [--wrong train]

Labels are rows of package, version, path, module kind and framework (`-` for none), without content. Files come from
corpus L, or from the installed packages of this interpreter where the corpus has no such package. The labels were made
by the writer of the rules, from path, imports and first lines, before the rules were written; the half is decided by a
hash of package and path.
"""

from __future__ import annotations

import argparse
import csv
import sys
import sysconfig
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import xxhash

from analyzers.detect import detect
from analyzers.portrait.frameworks import frameworks
from analyzers.portrait.imports import modules
from analyzers.portrait.module_kind import module_kind

HERE = Path(__file__).parent
HALVES = ("rules", "held back")


class Labelled(NamedTuple):
    """A labelled file and what the portrait says of it."""

    half: str
    place: str
    kind: str
    framework: str
    told_kind: str
    told_framework: str


def examined(labels: Path, corpus: Path) -> Iterator[Labelled]:
    """Every labelled file that is there."""
    with labels.open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle, delimiter="\t"):
            found = _file(row["package"], row["path"], corpus)
            if found is None:
                continue
            content = found.read_bytes()
            text = content.decode("utf-8", "replace")
            language = detect(row["path"], content) or "Unknown"
            used = frameworks(modules(text, language), row["path"], text, language)
            place = f"{row['package']}: {row['path']}"
            half = HALVES[xxhash.xxh3_64_intdigest(place.encode()) & 1]
            kind = module_kind(row["path"], language, text)
            framework = next((one.name for one in used if one.role != "test"), "-")
            yield Labelled(half, place, row["module_kind"], row["framework"], kind, framework)


def _file(package: str, path: str, corpus: Path) -> Path | None:
    places = (corpus / "files" / package.replace("/", "_") / path, Path(sysconfig.get_path("purelib")) / path)
    return next((place for place in places if place.is_file()), None)


def _table(rows: Sequence[Labelled], of: str) -> None:
    """Per class: labelled, found right, precision and recall."""
    wanted = Counter(getattr(row, of) for row in rows)
    told = Counter(getattr(row, f"told_{of}") for row in rows)
    right = Counter(getattr(row, of) for row in rows if getattr(row, of) == getattr(row, f"told_{of}"))
    print(f"{of:<20} labelled  told  right  recall  precision")
    for name, count in wanted.most_common():
        precision = f"{right[name] / told[name]:.3f}" if told[name] else "-"
        print(f"{name:<20} {count:>8}  {told[name]:>4}  {right[name]:>5}  {right[name] / count:>6.3f}  {precision:>9}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; exit code 1 where no labelled file is there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labels", type=Path, default=HERE / "portrait_labels.tsv")
    parser.add_argument("--corpus", type=Path, default=HERE / "data" / "L")
    parser.add_argument("--wrong", choices=HALVES, help="print what went wrong in a half")
    given = parser.parse_args(arguments)
    rows = list(examined(given.labels, given.corpus))
    if not rows:
        print("no labelled file is there: python benchmarks/corpus.py L makes the corpus", file=sys.stderr)
        return 1
    for half in HALVES:
        some = [row for row in rows if row.half == half]
        for of in ("kind", "framework"):
            right = sum(getattr(row, of) == getattr(row, f"told_{of}") for row in some)
            print(f"{half}: {of} right in {right} of {len(some)} files ({right / max(1, len(some)):.3f})")
        with_one = [row for row in some if row.framework != "-"]
        right = sum(row.framework == row.told_framework for row in with_one)
        print(f"{half}: framework right in {right} of the {len(with_one)} files that have one")
        if given.wrong == half:
            for row in some:
                for of in ("kind", "framework"):
                    if getattr(row, of) != getattr(row, f"told_{of}"):
                        print(f"  {of}: {getattr(row, of)} told as {getattr(row, f'told_{of}')}: {row.place}")
        print()
        for of in ("kind", "framework"):
            _table(some, of)
            print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
