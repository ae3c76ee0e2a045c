"""An index of earlier runs as their number of files grows: built, added to, and matched with a new batch.

    python benchmarks/dedup_index.py 4000 40000 200000

For each number a first run of so many documents (those of dedup_scale.py) begins an index, a second one of a quarter is
compared with it and added, and a batch of another quarter is matched: half of it are copies of what both runs kept,
with up to four words replaced, so that they lie on both sides of 0.7, and the rest is like nothing. Seconds are wall
clock of single steps, one after another in one session; what Java costs while it is cold falls on the first number.

near: of the copies at or above 0.7 to their original, by Python's sets, those that were matched. proved: of the matches
those whose similarity to the file they name is what is told, by Python's sets. apart: the batch is run with the index,
and all documents are run at once, the runs' by more stars before the batch's; these are the files that stay in one way
and go in the other. What is above 0 comes of keys under which very many files meet. Memory is as in mill.py, up to the
match, with the documents' maker in Python's.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from dedup_scale import RECIPE, documents
from mill import Watch

import curate
from curate import session
from curate.index import Index, settings_for
from curate.index_build import add
from curate.index_match import match
from curate.recipe import load

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

STARS = {"first": 5000, "second": 500, "batch": 50}  # one for each bucket of the priority, in its order
SCHEMA = pa.schema([("path", pa.string()), ("content", pa.string()), ("stars", pa.int32())])
NEAR_SHARE = 0.5
MOST_EDITS = 4
SHINGLE_WORDS = 5
LEAST = 0.7  # of RECIPE
CHUNK = 20_000
COLUMNS = (
    "documents", "known MB", "batch MB", "build s", "add s", "match s", "match MB/s", "run with index s", "at once s",
    "index MB", "JVM GB", "Python GB", "near", "proved", "apart",
)  # fmt: skip


class Seconds(NamedTuple):
    """Of each step."""

    build: float
    add: float
    match: float
    with_index: float
    once: float


def main() -> None:
    """Print a line of a table in Markdown for each number."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("numbers", nargs="*", type=int, default=[40_000])
    parser.add_argument("--cores", type=int, default=2)
    asked = parser.parse_args()
    print(f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|", flush=True)
    spark = session.start(f"local[{asked.cores}]")
    try:
        for number in asked.numbers:
            with tempfile.TemporaryDirectory(prefix="index-") as folder:
                print(measure(number, Path(folder), spark), flush=True)
    finally:
        spark.stop()


def measure(number: int, folder: Path, spark: SparkSession) -> str:
    """One line: the index grows by two runs, the batch is matched, and everything is done at once."""
    without = [stage for stage in RECIPE["stages"] if "minhash" not in stage]  # type: ignore[attr-defined]
    dedup, plain = folder / "dedup.yaml", folder / "plain.yaml"
    dedup.write_text(json.dumps(RECIPE), encoding="utf-8")  # JSON is YAML
    plain.write_text(json.dumps({**RECIPE, "stages": without}), encoding="utf-8")
    inputs, index = [folder / f"{name}.parquet" for name in STARS], folder / "index"

    def run(name: str, recipe: Path, given: list[Path], settings: list[str]) -> curate.Run:
        return curate.run(recipe, given, folder / name, spark, settings=settings)

    watch = Watch([psutil.Process()])
    write(range(number), "first", inputs[0])
    write(range(number, number + number // 4), "second", inputs[1])
    runs = [run("first", dedup, inputs[:1], [])]
    build = timed(lambda: add(runs[0].folder, index, spark))
    runs.append(run("second", dedup, inputs[1:2], settings_for(load(dedup), index)))
    added = timed(lambda: add(runs[1].folder, index, spark))
    likeness = write_batch(number // 4, runs, inputs[2])
    batch = run("plain", plain, inputs[2:], [])
    matched = timed(lambda: match(batch.folder, index, folder / "matches", spark))
    watch.stop()
    with_index = timed(lambda: run("batch", dedup, inputs[2:], settings_for(load(dedup), index)))
    once = timed(lambda: run("once", dedup, inputs, []))
    seconds = Seconds(build, added, matched, with_index, once)
    return row(number, seconds, watch.peak, runs, batch, likeness)


def timed(step: Callable[[], Any]) -> float:
    """Seconds that a step takes."""
    began = time.monotonic()
    step()
    return time.monotonic() - began


def write(numbers: range, name: str, path: Path) -> None:
    """Documents of dedup_scale.py by their numbers as a Parquet file."""
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        for at in range(numbers.start, numbers.stop, CHUNK):
            rows = np.arange(at, min(at + CHUNK, numbers.stop), dtype=np.uint64)
            names = [f"{row % 977}/{row}.txt" for row in rows.tolist()]
            writer.write_table(table(names, documents(rows), name))


def table(paths: list[str], texts: list[str], name: str) -> pa.Table:
    """Documents of one of STARS."""
    return pa.table({"path": paths, "content": texts, "stars": [STARS[name]] * len(paths)}, SCHEMA)


def write_batch(size: int, runs: list[curate.Run], path: Path) -> dict[str, float]:
    """The batch as a Parquet file: edited copies of what the runs kept, and fresh ones. Gives each copy's Jaccard
    similarity to its original, by path."""
    known = sorted(kept(runs))
    draw = np.random.default_rng(size)
    chosen = draw.choice(len(known), int(size * NEAR_SHARE), replace=False)
    texts = contents(runs, {known[at] for at in chosen.tolist()})
    paths, written, likeness = [], [], {}
    for origin in sorted(texts):
        words = texts[origin].split()
        for at in draw.choice(len(words), draw.integers(1, MOST_EDITS + 1), replace=False).tolist():
            words[at] = word(draw)
        paths.append(f"copies/{origin}")
        written.append(" ".join(words))
        likeness[paths[-1]] = jaccard(texts[origin], written[-1])
    for number in range(size - len(paths)):
        paths.append(f"fresh/{number % 977}/{number}.txt")
        written.append(" ".join(word(draw) for _ in range(draw.integers(20, 101))))
    pq.write_table(table(paths, written, "batch"), path, compression="zstd")
    return likeness


def contents(runs: list[curate.Run], paths: set[str]) -> dict[str, str]:
    """Texts of files that the runs kept."""
    return {
        name: text.as_py()
        for run in runs
        for batch in run.documents(columns=["path", "content"])
        for name, text in zip(batch.column("path").to_pylist(), batch.column("content"), strict=True)
        if name in paths
    }


def word(draw: np.random.Generator) -> str:
    """A word that nothing else has, but by chance."""
    return f"{draw.integers(1 << 36, 1 << 40):x}"


def jaccard(one: str, other: str) -> float:
    """Similarity of two texts' sets of runs of words."""
    a, b = (
        {tuple(words[at : at + SHINGLE_WORDS]) for at in range(len(words) - SHINGLE_WORDS + 1)}
        for words in (one.split(), other.split())
    )
    return len(a & b) / len(a | b)


def row(
    number: int, seconds: Seconds, peak: dict[str, int], runs: list[curate.Run], batch: curate.Run,
    likeness: dict[str, float],
) -> str:  # fmt: skip
    """The line of the table."""
    folder = batch.folder.parent
    known_mb, batch_mb = (sum(run.summary["kept"]["bytes"] for run in some) / 1e6 for some in (runs, [batch]))
    index_mb = sum(file["bytes"] for file in Index(folder / "index").contents["files"]) / 1e6
    matches = ds.dataset(folder / "matches", format="parquet").to_table().to_pylist()
    near = {path for path, similarity in likeness.items() if similarity >= LEAST}
    found = near & {one["path"] for one in matches}
    apart = kept([*runs, curate.Run(folder / "batch")]) ^ kept([curate.Run(folder / "once")])
    told = (
        f"{number:,} + {number // 4:,} + {number // 4:,}", f"{known_mb:.1f}", f"{batch_mb:.1f}",
        f"{seconds.build:.1f}", f"{seconds.add:.1f}", f"{seconds.match:.1f}", f"{batch_mb / seconds.match:.2f}",
        f"{seconds.with_index:.1f}", f"{seconds.once:.1f}", f"{index_mb:.1f}", f"{peak['jvm'] / 1e9:.2f}",
        f"{peak['python'] / 1e9:.2f}", f"{len(found):,} of {len(near):,}",
        f"{proved(matches, runs, batch):,} of {len(matches):,}", f"{len(apart):,}",
    )  # fmt: skip
    return f"| {' | '.join(told)} |"


def proved(matches: list[dict], runs: list[curate.Run], batch: curate.Run) -> int:
    """How many matches are as similar to the file they name as they say, and enough."""
    named = {one["duplicate_of"] for one in matches}
    path_of: dict[str, str] = {}
    for run in runs:
        ids = run.ledger.to_table(["file_id", "path"], filter=ds.field("file_id").isin(sorted(named)))
        path_of |= dict(zip(*(ids.column(name).to_pylist() for name in ("file_id", "path")), strict=True))
    known, new = contents(runs, set(path_of.values())), contents([batch], {one["path"] for one in matches})
    found = [jaccard(new[one["path"]], known[path_of[one["duplicate_of"]]]) for one in matches]
    told = [one["similarity"] for one in matches]
    return sum(mine == theirs and mine >= LEAST for mine, theirs in zip(found, told, strict=True))


def kept(runs: list[curate.Run]) -> set[str]:
    """Paths of what runs kept; every document has its own."""
    stays = ds.field("drop_stage").is_null()
    return {path for run in runs for path in run.ledger.to_table(["path"], filter=stays).column("path").to_pylist()}


if __name__ == "__main__":
    main()
