"""Licence headers and other comments at the top of files: how many files have each, as a table.

Counted over the files that are kept. Two comments are one header where their words are the same, whatever the marks.
"""

from __future__ import annotations

import hashlib
import marshal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from analyzers.syntax.segments import Segment
from curate.near_pairs import mapped
from curate.segments_tasks import CHANGED, is_header
from curate.stage import Keep

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

NAME = "boilerplate.parquet"
MOST_TEXT_BYTES = 16 << 10  # of a header that is shown

HEADERS = pa.schema(
    [("segment_id", pa.string()), ("files", pa.int64()), ("repos", pa.int64()), ("n_tokens", pa.int32()),
     ("example", pa.string()), ("text", pa.string())]
)  # fmt: skip
"""A row of OUT/boilerplate.parquet: a header, how many kept files and repositories have it, its words, and the best of
these files with the text as it stands there. Most frequent first."""

_FOUND = pa.schema(
    [("segment_id", pa.string()), ("repo", pa.string()), ("best", pa.string()), ("n_tokens", pa.int32())]
)
_TEXT = pa.schema([("segment_id", pa.string()), ("text", pa.string())])

Batches = Iterator[pa.RecordBatch]


def count(files: DataFrame, keep: Keep, *, min_files: int, most: int, min_tokens: int) -> DataFrame:
    """Rows of HEADERS for files with file_id, repo, rank, content_id, segments and content: those that so many have.

    No task holds the files of one header: they are counted by repository first, and the best is a minimum.
    """
    from pyspark.sql import functions as F

    rank = F.lpad(F.hex("rank"), 8, "0")
    named = files.where("segments is not null").select(
        "repo", F.concat(rank, "content_id", "file_id").alias("best"), "segments"
    )

    def found(batches: Batches) -> Batches:
        return _found(batches, min_tokens)

    by_repo = (
        mapped(named, found, _FOUND).groupBy("segment_id", "repo")
        .agg(F.count("*").alias("files"), F.min("best").alias("best"), F.min("n_tokens").alias("n_tokens"))
    )  # fmt: skip
    counted = (
        by_repo.groupBy("segment_id")
        .agg(F.sum("files").alias("files"), F.count("repo").alias("repos"), F.min("n_tokens").alias("n_tokens"),
             F.substring(F.min("best"), -32, 32).alias("example"))
        .where(F.col("files") >= min_files)
    )  # fmt: skip
    first = keep("frequent", counted.sort(F.desc("files"), "segment_id").limit(most))
    shown = files.select(F.col("file_id").alias("example"), "segments", "content").join(F.broadcast(first), "example")
    texts = mapped(shown.select("segment_id", "segments", "content"), _texts, _TEXT)
    return first.join(texts, "segment_id").select(*HEADERS.names)


def to_strip(files: DataFrame, headers: DataFrame) -> DataFrame:
    """Rows of CHANGED for files with file_id and segments that have one of these headers, and may lose it."""
    ids = frozenset(row["segment_id"] for row in headers.select("segment_id").collect())

    def stripped(batches: Batches) -> Batches:
        return _stripped(batches, ids)

    return mapped(files.where("segments is not null").select("file_id", "segments"), stripped, CHANGED)


def write(headers: DataFrame, folder: str) -> dict[str, Any]:
    """NOTICES' neighbour, boilerplate.parquet, below `folder`; gives path, written, rows, bytes and sha256."""
    rows = sorted((row.asDict() for row in headers.collect()), key=lambda row: (-row["files"], row["segment_id"]))
    path = Path(folder, NAME)
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=HEADERS), path, compression="zstd", store_schema=False)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"path": NAME, "written": str(path), "rows": len(rows), "bytes": path.stat().st_size, "sha256": digest}


def _headers(packed: bytes) -> list[Segment]:
    return [one for one in (Segment(*row) for row in marshal.loads(packed)) if is_header(one)]


def _found(batches: Batches, min_tokens: int) -> Batches:
    for batch in batches:
        rows = []
        for repo, best, packed in zip(*(batch.column(i).to_pylist() for i in range(3)), strict=True):
            words = {one.segment_id: one.n_tokens for one in _headers(packed) if one.n_tokens >= min_tokens}
            rows += [
                {"segment_id": key, "repo": repo, "best": best, "n_tokens": n_words} for key, n_words in words.items()
            ]
        yield pa.RecordBatch.from_pylist(rows, schema=_FOUND)


def _texts(batches: Batches) -> Batches:
    for batch in batches:
        rows = []
        for wanted, packed, content in zip(*(batch.column(i).to_pylist() for i in range(3)), strict=True):
            one = next(one for one in _headers(packed) if one.segment_id == wanted)
            shown = content.encode()[one.start : one.end][:MOST_TEXT_BYTES]
            rows.append({"segment_id": wanted, "text": shown.decode(errors="ignore")})
        yield pa.RecordBatch.from_pylist(rows, schema=_TEXT)


def _stripped(batches: Batches, ids: frozenset[str]) -> Batches:
    for batch in batches:
        rows = []
        for file_id, packed in zip(*(batch.column(i).to_pylist() for i in range(2)), strict=True):
            removals = [
                {"start": one.start, "end": one.end, "segment_id": one.segment_id, "kind": "header"}
                for one in _headers(packed)
                if one.segment_id in ids and one.removable
            ]
            if removals:
                rows.append({"file_id": file_id, "removals": removals})
        yield pa.RecordBatch.from_pylist(rows, schema=CHANGED)
