"""Data sets: rows of JSONL and Parquet as documents. A bad row is told of and stops nothing."""

from __future__ import annotations

import codecs
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from curate.sources.place import open_file
from curate.sources.raw import document
from curate.sources.streams import codec_of, decompressed

# Where data sets keep what we need: The Stack v1, StarCoderData, The Stack v2, GitHub Code, and plain sets.
CONTENT = ("content", "text", "code")
PATH = ("path", "max_stars_repo_path", "file_path", "filepath", "filename")
REPO = ("repo_name", "max_stars_repo_name", "repo", "repository")
LANGUAGE = ("lang", "language", "programming_language")
LICENCE = ("license", "licenses", "max_stars_repo_licenses", "detected_licenses", "gha_license_id")
STARS = ("stars", "max_stars_count", "star_events_count", "github_stars")
ENCODING = ("src_encoding",)  # The Stack v2: of the blob's bytes
_TAKEN = (*CONTENT, *PATH, *REPO, *LANGUAGE, *LICENCE, *STARS, *ENCODING)

_BUFFER = 1 << 20

_AS_THEY_ARE = frozenset({"utf_8", "unicode_escape", "raw_unicode_escape", "punycode", "idna", "undefined"})
"""UTF-8, and codecs of Python that are no encodings of files and give text for nearly any bytes."""


def read_jsonl(unit: dict, max_bytes: int) -> Iterator[dict]:
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
                    yield document(unit, row=begin, size=size, reason="too_large_to_read", value=size, limit=max_bytes)
                elif line.strip():
                    yield _json_row(unit, begin, line, max_bytes)
    except OSError as error:
        yield document(unit, row=at, reason="unreadable", text=error.strerror or str(error))


def _open_jsonl(location: bytes) -> io.BufferedReader:
    file, codec = open_file(location), codec_of(location)
    return decompressed(file, codec) if codec else io.BufferedReader(file, _BUFFER)  # type: ignore[return-value,arg-type]


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
        return document(unit, row=row, size=len(line), reason="bad_json", text=str(error)[:200])
    if not isinstance(fields, dict):
        return document(
            unit, row=row, size=len(line), reason="bad_json", text=f"a {type(fields).__name__}, not an object"
        )
    return _dataset_row(unit, row, fields, max_bytes)


def read_parquet(unit: dict, max_bytes: int) -> Iterator[dict]:
    """Rows [start, end), few at a time. Row groups that don't touch the range are not read.

    Where rows cannot be read, one row tells of all that are left, with their number as its `drop_value`.
    """
    import pyarrow.parquet as pq

    row = unit["start"]
    try:
        with open_file(unit["location"]) as handle:
            file = pq.ParquetFile(handle)
            columns = [name for name in file.schema_arrow.names if name in _TAKEN]
            if not any(name in CONTENT for name in columns):
                told = f"it has {', '.join(file.schema_arrow.names[:8])}"
                yield document(unit, row=row, reason="no_content_column", text=told, value=unit["end"] - row)
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
        yield document(unit, row=row, reason="unreadable", text=told[:300], value=unit["end"] - row)


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
        return document(unit, **described, reason="no_content", text=f"none of {', '.join(CONTENT)} is set")
    # A lone surrogate passes here as bytes that are no UTF-8, and is refused as such when decoded.
    claimed = _text(_first(fields, ENCODING))
    raw = _as_utf8(content, claimed) if isinstance(content, bytes) else str(content).encode("utf-8", "surrogatepass")
    if len(raw) > max_bytes:
        size = len(raw)
        return document(unit, **described, size=size, reason="too_large_to_read", value=size, limit=max_bytes)
    return document(unit, **described, raw=raw)


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    for name in names:  # no generator: this is asked seven times a row
        if (value := fields.get(name)) is not None:
            return value
    return None


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


def _as_utf8(raw: bytes, encoding: str | None) -> bytes:
    """Bytes in the encoding that the data set names, as UTF-8; as they are where it names none or a wrong one."""
    try:
        if encoding is None or codecs.lookup(encoding).name.replace("-", "_") in _AS_THEY_ARE:
            return raw
        return raw.decode(encoding).encode()
    except (LookupError, ValueError):  # what reads the bytes next finds their encoding
        return raw
