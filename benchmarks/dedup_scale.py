"""Near-dedup from thousands to millions of documents: seconds and memory as their number grows, verification on.

    python benchmarks/dedup_scale.py 100000 1000000 10000000

Documents are made, not found: rows of 20 to 100 words out of 2^40, so that nothing is alike by chance. Half of them are
alone, the others in families whose sizes follow a power law: of twice the size there are a quarter as many, and the
largest grows with the root of the number. Members have up to a fifth of their ancestor's words replaced, so that pairs
lie on both sides of the threshold. Each number is a whole run of decode, language, minhash and layout in a process of
its own; the table is that of mill.py. Scratch (Parquet of some 400 bytes a document, and Spark's shuffle of some 1,000)
lies below TMPDIR and SPARK_LOCAL_DIRS.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from mill import measure
from mill import row as table_row

BATCH = 50_000
MOST_FAMILY = 16  # log2
RECIPE = {
    "name": "scale",
    "seed": 0,
    "stages": [
        {"read": {}}, {"decode": {}}, {"language": {"keep_unknown": True}}, {"minhash": {"min_similarity": 0.7}},
        {"layout": {}},
    ],
}  # fmt: skip


def main() -> None:
    """Make the documents, run, and print a line for each number."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("numbers", nargs="+", type=int)
    parser.add_argument("--cores", type=int, default=2)
    asked = parser.parse_args()
    print(
        "| documents | form | MB | master | cores | whole s | MB/s | after start-up s | MB/s | CPU s | JVM GB "
        "| Python GB | stages, s |"
    )
    print("|---" * 13 + "|")
    for number in asked.numbers:
        folder = Path(tempfile.mkdtemp(prefix="scale-"))
        try:
            write(number, folder / "documents")
            recipe = folder / "recipe.yaml"
            recipe.write_text(json.dumps(RECIPE), encoding="utf-8")
            found = measure(str(folder / "documents"), recipe, asked.cores)
            print(table_row(f"{number:,}", "made", "local", asked.cores, [found]), flush=True)
        finally:
            shutil.rmtree(folder)


def write(number: int, folder: Path) -> None:
    """So many documents as Parquet files of a million rows each."""
    folder.mkdir()
    schema = pa.schema([("path", pa.string()), ("content", pa.string())])
    writer = None
    for start in range(0, number, BATCH):
        if start % 1_000_000 == 0:
            if writer is not None:
                writer.close()
            writer = pq.ParquetWriter(folder / f"{start // 1_000_000:05d}.parquet", schema, compression="zstd")
        rows = np.arange(start, min(start + BATCH, number), dtype=np.uint64)
        paths = [f"{row % 977}/{row}.txt" for row in rows.tolist()]
        assert writer is not None
        writer.write_table(pa.table({"path": paths, "content": documents(rows)}, schema))
    if writer is not None:
        writer.close()


def documents(rows: np.ndarray) -> list[str]:
    """The text of each document; of its number alone."""
    families, alone = _families(rows)
    n_words = 20 + (_mix(families) % np.uint64(81)).astype(np.int64)
    # Up to a fifth of the words are a member's own; most members have few.
    share = np.where(alone, 0.0, (_mix(rows ^ np.uint64(0xA5A5)) % np.uint64(1000)).astype(float) / 1000) ** 2 / 5
    limit = (share * 2.0**32).astype(np.uint64)
    texts = []
    for row, family, count, below in zip(
        rows.tolist(), families.tolist(), n_words.tolist(), limit.tolist(), strict=True
    ):
        places = np.arange(count, dtype=np.uint64)
        words = _mix(places + np.uint64(family * 128 % 2**64))
        own = (_mix(places ^ np.uint64((row * 0x9E3779B97F4A7C15) % 2**64)) >> np.uint64(32)) < np.uint64(below)
        words[own] = _mix(words[own] ^ np.uint64(row + 1))
        texts.append(" ".join(f"{word:x}" for word in (words >> np.uint64(24)).tolist()))
    return texts


def _families(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Family of each document and whether it is alone: a size 2^k for each, families of one size drawn by a hash."""
    draw = _mix(rows)
    level = np.minimum(np.log2(2.0**32 / ((draw >> np.uint64(32)).astype(float) + 1)).astype(np.int64), MOST_FAMILY)
    # Documents of level k fall into families of 2^k of them on average.
    size = np.uint64(1) << level.astype(np.uint64)
    n_of_level = np.maximum(np.uint64(1), (rows | np.uint64(0xFFFF)) // size // size)
    family = _mix(np.uint64(1) + (_mix(draw) % n_of_level) + (level.astype(np.uint64) << np.uint64(48)))
    alone = level == 0
    return np.where(alone, _mix(rows ^ np.uint64(1 << 62)), family) & np.uint64((1 << 56) - 1), alone


def _mix(values: np.ndarray) -> np.ndarray:
    """Spreads the bits of 64-bit numbers (the finaliser of splitmix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


if __name__ == "__main__":
    main()
