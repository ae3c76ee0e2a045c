"""One near-dedup tool over a Parquet file (path, content): `python dedup_peer.py TOOL IN.parquet OUT`.

Runs with the Python that has the tool, and needs nothing of codemill. Writes OUT/removed.json, the paths that the tool
would remove. Each is used as its own documentation shows, with 42 bands of 6 over five-word shingles at 0.7.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

BANDS, ROWS, WORDS, THRESHOLD, CORES = 42, 6, 5, 0.7, 2
_WORD = re.compile(r"\w+")


def main(tool: str, source: str, out: str) -> None:
    """Run the tool and write what it removes."""
    folder = Path(out)
    folder.mkdir(parents=True)
    removed = {"datatrove": datatrove, "text-dedup": text_dedup, "datasketch": datasketch, "rensa": rensa}[tool](
        source, folder
    )
    (folder / "removed.json").write_text(json.dumps(removed), encoding="utf-8")


def read(source: str) -> tuple[list[str], list[str]]:
    """Paths and contents."""
    import pyarrow.parquet as pq

    table = pq.read_table(source)
    return table.column("path").to_pylist(), table.column("content").to_pylist()


def shingles(content: str) -> list[str]:
    """Distinct runs of five lower-cased words; none for shorter files."""
    words = _WORD.findall(content.lower())
    return list({" ".join(words[at : at + WORDS]) for at in range(len(words) - WORDS + 1)})


def datasketch(source: str, folder: Path) -> list[str]:
    """A file goes if the index of those kept so far knows a similar one (by its estimate)."""
    from datasketch import MinHash, MinHashLSH

    paths, contents = read(source)
    index = MinHashLSH(num_perm=256, params=(BANDS, ROWS))
    kept, removed = {}, []
    for path, content in zip(paths, contents, strict=True):
        found = shingles(content)
        if not found:
            continue
        signature = MinHash(num_perm=256)
        signature.update_batch([one.encode() for one in found])
        if any(signature.jaccard(kept[other]) >= THRESHOLD for other in index.query(signature)):
            removed.append(path)
        else:
            index.insert(path, signature)
            kept[path] = signature
    return removed


def rensa(source: str, folder: Path) -> list[str]:
    """The same with rensa's deduplicator."""
    from rensa import RMinHash, RMinHashDeduplicator

    paths, contents = read(source)
    index = RMinHashDeduplicator(threshold=THRESHOLD, num_perm=256, use_lsh=True, num_bands=64, seed=1)
    removed = []
    for path, content in zip(paths, contents, strict=True):
        found = shingles(content)
        if not found:
            continue
        signature = RMinHash(num_perm=256, seed=1)
        signature.update(found)
        if not index.add(path, signature):
            removed.append(path)
    return removed


def text_dedup(source: str, folder: Path) -> list[str]:
    """Its MinHash script over the datasets library; what is not in its output was removed."""
    from datasets import load_from_disk

    command = [sys.executable, "-m", "text_dedup.minhash", "--path", "parquet", "--data_files", source]
    command += ["--split", "train", "--cache_dir", str(folder / "cache"), "--output", str(folder / "kept")]
    command += ["--column", "content", "--batch_size", "1000", "--ngram", str(WORDS), "--min_length", str(WORDS)]
    command += ["--num_perm", str(BANDS * ROWS), "--b", str(BANDS), "--r", str(ROWS), "--threshold", str(THRESHOLD)]
    subprocess.run([*command, "--num_proc", str(CORES)], check=True)
    kept = set(load_from_disk(str(folder / "kept"))["path"])
    return [path for path in read(source)[0] if path not in kept]


def datatrove(source: str, folder: Path) -> list[str]:
    """Its four stages with the local executor, two tasks at a time."""
    from datatrove.executor.local import LocalPipelineExecutor
    from datatrove.pipeline.dedup import MinhashDedupCluster, MinhashDedupFilter, MinhashDedupSignature
    from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupBuckets
    from datatrove.pipeline.readers import ParquetReader
    from datatrove.pipeline.writers.jsonl import JsonlWriter

    paths = _split(source, folder / "in")
    config = MinhashConfig(n_grams=WORDS, num_buckets=BANDS, hashes_per_bucket=ROWS)

    def reader() -> ParquetReader:
        return ParquetReader(str(folder / "in"), text_key="content", id_key="path")

    def at(name: str) -> str:
        return str(folder / name)

    def executed(name: str, tasks: int, *steps: object) -> None:
        LocalPipelineExecutor(pipeline=[*steps], tasks=tasks, workers=CORES, logging_dir=at(f"logs-{name}")).run()

    executed("1", CORES, reader(), MinhashDedupSignature(output_folder=at("signatures"), config=config))
    executed("2", BANDS, MinhashDedupBuckets(input_folder=at("signatures"), output_folder=at("buckets"), config=config))
    executed("3", 1, MinhashDedupCluster(input_folder=at("buckets"), output_folder=at("ids"), config=config))
    executed(
        "4", CORES, reader(),
        MinhashDedupFilter(input_folder=at("ids"), exclusion_writer=JsonlWriter(at("removed"), compression=None)),
    )  # fmt: skip
    removed = {
        json.loads(line)["id"] for file in (folder / "removed").rglob("*.jsonl") for line in file.open(encoding="utf-8")
    }
    return [path for path in paths if path in removed]


def _split(source: str, folder: Path) -> list[str]:
    """The input as one file a core, which is how its tasks share work; gives the paths."""
    import pyarrow.parquet as pq

    table = pq.read_table(source)
    folder.mkdir()
    size = -(-table.num_rows // CORES)
    for number in range(CORES):
        pq.write_table(table.slice(number * size, size), folder / f"{number}.parquet")
    return table.column("path").to_pylist()


if __name__ == "__main__":
    main(*sys.argv[1:])
