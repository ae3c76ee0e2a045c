"""Readers: units of input to batches of raw documents. Nothing here decodes, judges or raises for a bad file."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import xxhash

from curate.schema import SOURCE, VERDICT_COLUMNS

RAW = pa.schema(
    [
        ("file_id", pa.string()),
        ("source", SOURCE),
        ("repo", pa.string()),
        ("path", pa.string()),
        ("licence", pa.string()),
        ("stars", pa.int32()),
        ("claimed_language", pa.string()),  # as the data set spells it
        ("size_bytes", pa.int64()),  # of the raw bytes, until they are decoded
        ("raw", pa.large_binary()),
        *VERDICT_COLUMNS,
    ]
)
"""A document as it was found. The verdict columns are set where it could not be read."""

# Where data sets keep what we need: The Stack v1, StarCoderData, The Stack v2, GitHub Code, and plain sets.
CONTENT = ("content", "text", "code")
PATH = ("path", "max_stars_repo_path", "file_path", "filepath", "filename")
REPO = ("repo_name", "max_stars_repo_name", "repo", "repository")
LANGUAGE = ("lang", "language", "programming_language")
LICENCE = ("license", "licenses", "max_stars_repo_licenses", "detected_licenses", "gha_license_id")
STARS = ("stars", "max_stars_count", "star_events_count", "github_stars")
_TAKEN = (*CONTENT, *PATH, *REPO, *LANGUAGE, *LICENCE, *STARS)

BATCH_ROWS = 2_000
_CODECS = {b".gz": "gzip", b".zst": "zstd"}


def read_units(units: list[dict], *, max_bytes: int, batch_bytes: int) -> Iterator[pa.RecordBatch]:
    """Batches of RAW for units, each of about `batch_bytes` of content; a file over `max_bytes` is not opened."""
    rows: list[dict] = []
    held = 0
    for unit in units:
        for row in _READERS[unit["kind"]](unit, max_bytes):
            rows.append(row)
            held += len(row["raw"] or b"")
            if held >= batch_bytes or len(rows) >= BATCH_ROWS:
                yield _batch(rows)
                rows, held = [], 0
    if rows:
        yield _batch(rows)


def read_again(location: str, kind: str, row: int | None, *, max_bytes: int) -> bytes | None:
    """The raw bytes of one document of an earlier run, from its source; None where they are no longer there."""
    start = 0 if _codec(os.fsencode(location)) else row or 0  # a compressed file is read from its beginning
    end = start + 1 if kind == "parquet" else -1
    unit = {"kind": kind, "uri": "", "location": os.fsencode(location), "start": start, "end": end, "size": 0}
    for found in _READERS[kind](unit, max_bytes):
        if row is None or found["source"]["row"] == row:
            return found["raw"]
    return None


def place_id(uri: str, member: str | None = None, row: int | None = None, revision: str | None = None) -> str:
    """file_id: xxh3-128 of the place, its parts prefixed by their length so that no two places look alike."""
    parts = (uri, member or "", "" if row is None else str(row), revision or "")
    return xxhash.xxh3_128_hexdigest("".join(f"{len(part)}:{part}" for part in parts).encode())


def _read_refused(unit: dict, max_bytes: int) -> Iterator[dict]:
    yield _row(unit, reason=unit["refused"], text=unit["told"], size=unit["size"])


def _read_file(unit: dict, max_bytes: int) -> Iterator[dict]:
    if unit["size"] > max_bytes:
        yield _row(unit, size=unit["size"], reason="too_large_to_read", value=unit["size"], limit=max_bytes)
        return
    try:
        with open(unit["location"], "rb", buffering=0) as handle:
            raw = handle.read(max_bytes + 1)
            while 0 < len(raw) <= max_bytes and (more := handle.read(max_bytes + 1 - len(raw))):
                raw += more
    except OSError as error:
        yield _row(unit, size=unit["size"], reason="unreadable", text=error.strerror)
        return
    if len(raw) > max_bytes:  # it grew since it was listed, or is a device in disguise
        yield _row(unit, size=len(raw), reason="too_large_to_read", value=len(raw), limit=max_bytes)
        return
    yield _row(unit, raw=raw)


def _read_jsonl(unit: dict, max_bytes: int) -> Iterator[dict]:
    """Lines that begin in [start, end). `row` is the byte at which a line begins, uncompressed."""
    at = unit["start"]
    try:
        with _open_jsonl(unit["location"]) as stream:
            if at > 0:
                stream.seek(at - 1)
                at += _skip_line(stream, most=unit["end"] - at + 1) - 1  # it began in the range before
            while unit["end"] < 0 or at < unit["end"]:
                line = stream.readline(max_bytes * 2 + 1)
                if not line:
                    return
                begin, at = at, at + len(line)
                if len(line) > max_bytes * 2:
                    at += 0 if line.endswith(b"\n") else _skip_line(stream)
                    size = at - begin
                    yield _row(unit, row=begin, size=size, reason="too_large_to_read", value=size, limit=max_bytes)
                elif line.strip():
                    yield _json_row(unit, begin, line, max_bytes)
    except OSError as error:
        yield _row(unit, row=at, reason="unreadable", text=error.strerror or str(error))


def _open_jsonl(location: bytes) -> io.BufferedReader:
    """Bytes uncompressed. Arrow's streams go on over frames, hold little of a bomb, and raise OSError where data ends
    early; Python's zstandard reads a cut file as a whole one."""
    file, codec = io.FileIO(location), _codec(location)
    return io.BufferedReader(pa.CompressedInputStream(file, codec) if codec else file, 1 << 16 if codec else 1 << 20)


def _codec(location: bytes) -> str | None:
    return next((name for suffix, name in _CODECS.items() if location.lower().endswith(suffix)), None)


def _skip_line(stream: io.BufferedReader, most: int = -1) -> int:
    """Bytes to the end of a line, or some beyond `most` where the line is longer, without holding it."""
    skipped = 0
    while most < 0 or skipped < most:
        part = stream.readline(1 << 20)
        skipped += len(part)
        if not part or part.endswith(b"\n"):
            break
    return skipped


def _json_row(unit: dict, row: int, line: bytes, max_bytes: int) -> dict:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        return _row(unit, row=row, size=len(line), reason="bad_json", text=str(error)[:200])
    if not isinstance(fields, dict):
        return _row(unit, row=row, size=len(line), reason="bad_json", text=f"a {type(fields).__name__}, not an object")
    return _dataset_row(unit, row, fields, max_bytes)


def _read_parquet(unit: dict, max_bytes: int) -> Iterator[dict]:
    """Rows [start, end), few at a time. Row groups that don't touch the range are not read.

    Where rows cannot be read, one row tells of all that are left, with their number as its `drop_value`.
    """
    import pyarrow.parquet as pq

    row = unit["start"]
    try:
        with open(unit["location"], "rb") as handle:
            file = pq.ParquetFile(handle)
            columns = [name for name in file.schema_arrow.names if name in _TAKEN]
            if not any(name in CONTENT for name in columns):
                told = f"it has {', '.join(file.schema_arrow.names[:8])}"
                yield _row(unit, row=row, reason="no_content_column", text=told, value=unit["end"] - row)
                return
            first, groups = 0, []
            for group in range(file.num_row_groups):
                n_rows = file.metadata.row_group(group).num_rows
                if first < unit["end"] and first + n_rows > unit["start"]:
                    groups.append((group, first))
                first += n_rows
            at = groups[0][1] if groups else 0
            for batch in file.iter_batches(64, row_groups=[group for group, _ in groups], columns=columns):
                for fields in batch.to_pylist():
                    if unit["start"] <= at < unit["end"]:
                        yield _dataset_row(unit, at, fields, max_bytes)
                        row = at + 1
                    at += 1
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        told = f"rows {row} to {unit['end']}: {error}"
        yield _row(unit, row=row, reason="unreadable", text=told[:300], value=unit["end"] - row)


_READERS: dict[str, Callable[[dict, int], Iterator[dict]]] = {
    "file": _read_file,
    "jsonl": _read_jsonl,
    "parquet": _read_parquet,
    "refused": _read_refused,
}


def _dataset_row(unit: dict, row: int, fields: Mapping[str, Any], max_bytes: int) -> dict:
    content = _first(fields, CONTENT)
    described: dict[str, Any] = {
        "row": row,
        "path": _text(_first(fields, PATH)),
        "repo": _text(_first(fields, REPO)),
        "licence": _licence(_first(fields, LICENCE)),
        "stars": _count(_first(fields, STARS)),
        "claimed_language": _text(_first(fields, LANGUAGE)),
    }
    nameless = described["path"] is None and described["claimed_language"] is None
    if nameless and content is not None and content is fields.get("text"):
        described["claimed_language"] = "Text"  # a corpus of texts, as web and book corpora come
    if content is None:
        return _row(unit, **described, reason="no_content", text=f"none of {', '.join(CONTENT)} is set")
    # A lone surrogate passes here as bytes that are no UTF-8, and is refused as such when decoded.
    raw = content if isinstance(content, bytes) else str(content).encode("utf-8", "surrogatepass")
    if len(raw) > max_bytes:
        size = len(raw)
        return _row(unit, **described, size=size, reason="too_large_to_read", value=size, limit=max_bytes)
    return _row(unit, **described, raw=raw)


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((fields[name] for name in names if fields.get(name) is not None), None)


def _text(value: Any) -> str | None:
    return None if value is None else str(value).encode("utf-8", "replace").decode()


def _licence(value: Any) -> str | None:
    """One SPDX expression: a list of licences found in one place binds by all of them."""
    if isinstance(value, (list, tuple)):
        return " AND ".join(sorted(_text(one) or "" for one in value if one)) or None
    return _text(value)


def _count(value: Any) -> int | None:
    try:
        return None if value is None or int(value) < 0 else min(int(value), 2**31 - 1)
    except (TypeError, ValueError, OverflowError):  # JSON's 1e999 is infinite
        return None


def _row(
    unit: dict, *, raw: bytes | None = None, row: int | None = None, size: int | None = None, path: str | None = None,
    repo: str | None = None, licence: str | None = None, stars: int | None = None, claimed_language: str | None = None,
    reason: str | None = None, value: float | None = None, text: str | None = None, limit: float | None = None,
) -> dict:  # fmt: skip
    uri = unit["uri"]
    return {
        "file_id": place_id(uri, row=row),
        "source": {"uri": uri, "member": None, "row": row, "revision": None},
        "repo": repo,
        "path": path if path is not None else (uri.partition("/")[2] or uri),
        "licence": licence,
        "stars": stars,
        "claimed_language": claimed_language,
        "size_bytes": size if raw is None else len(raw),
        "raw": raw,
        "drop_reason": reason,
        "drop_value": None if value is None else float(value),
        "drop_text": text,
        "drop_limit": None if limit is None else float(limit),
    }


def _batch(rows: list[dict]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [pa.array([row[field.name] for row in rows], field.type) for field in RAW], schema=RAW
    )
