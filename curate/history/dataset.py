"""Data sets of documents as Parquet: files that are whole or not there, and a note, written last, of what there is."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curate.errors import WrongUse

ROWS = pa.schema(
    [
        ("repo_name", pa.string()),
        ("path", pa.string()),
        ("language", pa.string()),
        ("license", pa.string()),  # SPDX expression; null unknown
        ("content", pa.large_string()),
    ]
)
"""Columns as curate.sources.datasets reads them."""

_GROUP_BYTES = 16 << 20  # of content in a row group, which one task of a run reads
_KEY, _COUNTS = b"codemill.made_of", b"codemill.counts"


def write(rows: Iterable[Mapping[str, Any]], path: Path, made_of: str, counts: Counter[str]) -> None:
    """Rows of ROWS into one file, group by group. `counts` may change until the rows end; it is kept in the file."""
    part = path.with_suffix(".part")
    held: list[Mapping[str, Any]] = []
    size = 0
    with pq.ParquetWriter(part, ROWS, compression="zstd") as writer:
        for row in rows:
            held.append(row)
            size += len(row["content"])
            if size >= _GROUP_BYTES:
                writer.write_table(pa.Table.from_pylist(held, schema=ROWS))
                held, size = [], 0
        if held:
            writer.write_table(pa.Table.from_pylist(held, schema=ROWS))
        writer.add_key_value_metadata(
            {_KEY: made_of.encode(), _COUNTS: json.dumps(dict(sorted(counts.items()))).encode()}
        )
    os.replace(part, path)


def counts_in(path: Path, made_of: str) -> Counter[str] | None:
    """What a file counted; None where it is not there, or is made of something else."""
    try:
        told = pq.read_metadata(path).metadata or {}
    except (OSError, pa.ArrowException):
        return None
    return Counter(json.loads(told[_COUNTS])) if told.get(_KEY) == made_of.encode() else None


def begin(out: Path, note: str, fresh: bool) -> None:
    """A folder to write to. WrongUse where it holds a finished data set already, unless it is to be made anew."""
    if (out / note).exists() and not fresh:
        raise WrongUse(f"{out} holds a data set already: name another folder, or give --fresh to make it anew")
    (out / note).unlink(missing_ok=True)
    out.mkdir(parents=True, exist_ok=True)


def finish(out: Path, note: str, files: Iterable[Path], told: Mapping[str, Any]) -> None:
    """Removes what an earlier making left behind, and writes the note."""
    own = {file.name for file in files}
    for other in (*out.glob("*.parquet"), *out.glob("*.part")):
        if other.name not in own:
            other.unlink()
    part = out / f"{note}.part"
    part.write_text(json.dumps({**told, "files": sorted(own)}, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(part, out / note)
