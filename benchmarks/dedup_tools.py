"""Near-dedup side by side: codemill and its peers on a corpus of which all similar pairs are known.

    python benchmarks/corpus.py S
    python -m venv peers && peers/bin/pip install "datatrove[io,processing]" spacy text-dedup datasketch rensa
    python benchmarks/dedup_tools.py S --peers peers/bin/python --tools codemill datatrove text-dedup datasketch rensa

Every tool gets the same Parquet file (path, content) and two cores, is asked for a threshold of 0.7 over five-word
shingles with 256 permutations in 42 bands of 6 (datatrove and text-dedup the same bands), and runs in processes of its
own, library loading included; codemill is also given after Spark's start-up. Files of the same content are left in.

P: of the files removed, those that have a neighbour at J >= 0.7 anywhere in the corpus. R: of the pairs at or above a
similarity, those of which not both stay; files of equal sets count as one. `proved`: of codemill's removals, those
whose named witness stayed and is at J >= 0.7 by the sets of codemill's own shingles, compared in Python. Peers name no
witness. Memory is the largest sum of resident sizes.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

DATA = Path(__file__).parent / "data"
BANDS = (0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)
RECIPE = {
    "name": "dedup",
    "seed": 0,
    "stages": [
        {"read": {}}, {"decode": {}}, {"language": {"keep_unknown": True}}, {"minhash": {"min_similarity": 0.7}},
        {"layout": {}},
    ],
}  # fmt: skip


def main() -> None:
    """Run every tool on every corpus and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpora", nargs="+", help="S, M or L")
    parser.add_argument("--tools", nargs="+", default=["codemill"])
    parser.add_argument("--peers", help="the Python that has the peers installed")
    parser.add_argument("--runs", type=int, default=1)
    asked = parser.parse_args()
    for corpus in asked.corpora:
        with tempfile.TemporaryDirectory(prefix="dedup-") as scratch:
            work = Path(scratch)
            mb = prepare(DATA / corpus / "files", work / "files.parquet") / 1e6
            truth = Truth(DATA / corpus)
            print(f"\n{corpus}, {mb:.0f} MB\n\n| tool | s | MB/s | peak GB | removed | P | R >= .85 | R >= .7 | note |")
            print("|---|---|---|---|---|---|---|---|---|")
            for tool in asked.tools:
                runs = [run(tool, work, asked.peers) for _ in range(asked.runs)]
                print(row(tool, mb, truth, runs), flush=True)


def prepare(folder: Path, out: Path) -> int:
    """All files in the order of their paths as one Parquet file; gives their bytes."""
    schema = pa.schema([("path", pa.string()), ("content", pa.large_string())])
    n_bytes = 0
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for batch in _batches(sorted(path for path in folder.rglob("*") if path.is_file()), 32_000_000):
            texts = [path.read_bytes().decode("utf-8", "replace") for path in batch]
            n_bytes += sum(path.stat().st_size for path in batch)
            names = [path.relative_to(folder).as_posix() for path in batch]
            writer.write_table(pa.table({"path": names, "content": pa.array(texts, pa.large_string())}, schema))
    return n_bytes


def _batches(paths: list[Path], most_bytes: int) -> Iterable[list[Path]]:
    held, size = [], 0
    for path in paths:
        held.append(path)
        size += path.stat().st_size
        if size >= most_bytes:
            yield held
            held, size = [], 0
    if held:
        yield held


def run(tool: str, work: Path, peers: str | None) -> dict:
    """One run in processes of its own: seconds, peak memory, and the paths that it removed."""
    out = work / "out"
    shutil.rmtree(out, ignore_errors=True)
    if tool == "codemill":
        (work / "recipe.yaml").write_text(json.dumps(RECIPE), encoding="utf-8")  # JSON is YAML
        command = [str(Path(sys.executable).with_name("codemill")), "run", str(work / "recipe.yaml")]
        command += [str(work / "files.parquet"), "--out", str(out), "--master", "local[2]", "--json"]
    else:
        peer = Path(__file__).with_name("dedup_peer.py")
        command = [peers or sys.executable, str(peer), tool, str(work / "files.parquet"), str(out)]
    began = time.monotonic()
    peak = 0
    with open(work / "told", "wb") as told:
        process = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=told, cwd=work)
        while process.poll() is None:
            peak = max(peak, _resident(process))
            time.sleep(0.2)
    seconds = time.monotonic() - began
    if process.returncode:
        raise SystemExit(f"{tool} ended with {process.returncode}: {(work / 'told').read_text()[-2000:]}")
    if tool != "codemill":
        return {"seconds": seconds, "peak": peak, "removed": json.loads((out / "removed.json").read_text()), "note": ""}
    return {"seconds": seconds, "peak": peak, **_of_run(out, work / "files.parquet")}


def _resident(process: psutil.Process) -> int:
    total = 0
    try:
        for one in [process, *process.children(recursive=True)]:
            try:
                total += one.memory_info().rss
            except psutil.Error:
                continue
    except psutil.Error:
        pass
    return total


def _of_run(out: Path, files: Path) -> dict:
    """What codemill removed, and how many removals hold by their witness."""
    from curate.shards import Run

    finished = Run(out)
    ledger = finished.ledger.to_table(
        columns=["file_id", "path", "drop_stage", "drop_reason", "duplicate_of"]
    ).to_pylist()
    path_of = {one["file_id"]: one["path"] for one in ledger}
    kept = {one["file_id"] for one in ledger if one["drop_stage"] is None}
    gone = [one for one in ledger if one["drop_reason"] == "near_duplicate"]
    pairs = [(one["path"], path_of[one["duplicate_of"]]) for one in gone]
    held = _similar(pairs, files)
    proved = sum(ok and one["duplicate_of"] in kept for ok, one in zip(held, gone, strict=True))
    seconds = finished.manifest["seconds"]
    stages = ", ".join(f"{name} {value:.1f}" for name, value in seconds.items())
    told = f"proved {proved / max(len(gone), 1):.4f}; after start-up {sum(seconds.values()):.1f} s ({stages})"
    return {"removed": [one["path"] for one in gone], "note": told, "after_start": sum(seconds.values())}


def _similar(pairs: list[tuple[str, str]], files: Path) -> list[bool]:
    """Whether each pair's sets are at J >= 0.7, by Python's own sets."""
    from dedup.shingles import shingle_sets

    wanted = {path for pair in pairs for path in pair}
    table = pq.read_table(files)
    table = table.filter(pa.compute.is_in(table.column("path"), pa.array(sorted(wanted), pa.string())))
    sets: dict[str, frozenset[int]] = {}
    for batch in table.to_batches(max_chunksize=2_000):
        found = shingle_sets(batch.column("content"))
        for path, (a, b) in zip(batch.column("path").to_pylist(), pairwise(found.offsets.tolist()), strict=True):
            sets[path] = frozenset(found.hashes[a:b].tolist())
    return [len(sets[a] & sets[b]) >= 0.7 * len(sets[a] | sets[b]) for a, b in pairs]


class Truth:
    """All similar pairs of a corpus, of classes of files with equal sets."""

    def __init__(self, folder: Path) -> None:
        """Read what benchmarks/corpus.py wrote."""
        truth = pq.read_table(folder / "truth.parquet")
        same = pq.read_table(folder / "same_set.parquet").to_pylist()
        self.members: dict[str, list[str]] = {}
        for one in same:
            self.members.setdefault(one["representative"], [one["representative"]]).append(one["path"])
        ends = (truth.column(name).cast(pa.string()).to_pylist() for name in ("path_a", "path_b"))
        self.pairs = list(zip(*ends, truth.column("jaccard").to_pylist(), strict=True))

    def precision(self, removed: set[str]) -> float:
        """Of the removed files those with a neighbour at J >= 0.7."""
        similar = {path for a, b, jaccard in self.pairs if jaccard >= 0.7 for path in (a, b)}
        similar |= set(self.members)
        alike = {path for head in similar for path in self.members.get(head, [head])}
        return len(removed & alike) / max(len(removed), 1)

    def recall(self, removed: set[str], low: float, high: float = 2.0) -> float:
        """Of the pairs of classes with low <= J < high, and of the classes themselves where J is 1, those resolved."""
        stays = {}
        for a, b, jaccard in self.pairs:
            for head in (a, b) if low <= jaccard < high else ():
                stays[head] = any(path not in removed for path in self.members.get(head, [head]))
        found = [not (stays[a] and stays[b]) for a, b, jaccard in self.pairs if low <= jaccard < high]
        if high > 1:
            for members in self.members.values():
                found += [sum(path not in removed for path in members) <= 1]
        return float(np.mean(found)) if found else float("nan")


def row(tool: str, mb: float, truth: Truth, runs: list[dict]) -> str:
    """A line of the table."""
    seconds = statistics.median(one["seconds"] for one in runs)
    removed = set(runs[-1]["removed"])
    by_band = ", ".join(
        f"{low:.2f}-{high:.2f}: {truth.recall(removed, low, min(high, 1.0)):.4f}" for low, high in pairwise(BANDS)
    )
    peak = max(one["peak"] for one in runs) / 1e9
    return (
        f"| {tool} | {seconds:.1f} | {mb / seconds:.1f} | {peak:.2f} | {len(removed)} "
        f"| {truth.precision(removed):.4f} | {truth.recall(removed, 0.85):.4f} | {truth.recall(removed, 0.7):.4f} "
        f"| {runs[-1]['note']}; R by band {by_band} |"
    )


if __name__ == "__main__":
    main()
