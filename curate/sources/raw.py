"""Raw documents: what every reader gives, whatever it read from."""

from __future__ import annotations

import datetime

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
        ("committed_at", pa.timestamp("us", "UTC")),
        ("claimed_language", pa.string()),  # as the data set spells it
        ("size_bytes", pa.int64()),  # of the raw bytes, until they are decoded
        ("raw", pa.large_binary()),
        *VERDICT_COLUMNS,
    ]
)
"""A document as it was found. The verdict columns are set where it could not be read."""


def place_id(uri: str, member: str | None = None, row: int | None = None, revision: str | None = None) -> str:
    """file_id: xxh3-128 of the place, its parts prefixed by their length so that no two places look alike."""
    parts = (uri, member or "", "" if row is None else str(row), revision or "")
    return xxhash.xxh3_128_hexdigest("".join(f"{len(part)}:{part}" for part in parts).encode())


def document(
    unit: dict, *, raw: bytes | None = None, member: str | None = None, row: int | None = None,
    revision: str | None = None, size: int | None = None, path: str | None = None, repo: str | None = None,
    licence: str | None = None, stars: int | None = None, committed_at: datetime.datetime | None = None,
    claimed_language: str | None = None, reason: str | None = None, value: float | None = None,
    text: str | None = None, limit: float | None = None,
) -> dict:  # fmt: skip
    """A row of RAW. Without a path of its own it has its member's, or the unit's."""
    uri = unit["uri"]
    if path is None:
        path = member if member is not None else uri.partition("/")[2] or uri
    return {
        "file_id": place_id(uri, member, row, revision),
        "source": {"uri": uri, "member": member, "row": row, "revision": revision},
        "repo": repo,
        "path": path,
        "licence": licence,
        "stars": stars,
        "committed_at": committed_at,
        "claimed_language": claimed_language,
        "size_bytes": size if raw is None else len(raw),
        "raw": raw,
        "drop_reason": reason,
        "drop_value": None if value is None else float(value),
        "drop_text": text if text is None else text[:300],
        "drop_limit": None if limit is None else float(limit),
    }


def too_large(unit: dict, size: int, max_bytes: int, **place: str | int | None) -> dict:
    """The row of a file over the limit, which was not read."""
    return document(unit, **place, size=size, reason="too_large_to_read", value=size, limit=max_bytes)  # type: ignore[arg-type]
