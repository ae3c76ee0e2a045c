"""Units of reading: a file, a range of a large one, or a range of what a repository or archive holds."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from curate.sources.place import Status

UNIT = pa.struct(
    [
        ("kind", pa.string()),  # a key of curate.readers.READERS
        ("uri", pa.string()),  # label and path below the input, as text
        ("location", pa.binary()),  # where to open it: the operating system's own bytes, or a URL
        ("start", pa.int64()),  # JSONL: first byte; Parquet: first row; git and zip: first entry
        ("end", pa.int64()),  # JSONL: byte after the last, -1 for all; others: row or entry after the last
        ("size", pa.int64()),  # bytes to be read
        ("stamp", pa.int64()),  # changes when the file does, for the listing's hash
        ("revision", pa.string()),  # of a repository: the id of the commit or tree to be read
        ("refused", pa.string()),  # why it is not read at all; null otherwise
        ("told", pa.string()),  # what explains it
    ]
)

RANGE_BYTES = 64 << 20  # what is split is split into ranges of about this size


@dataclass(frozen=True, kw_only=True)
class Start:
    """A place to list from: a folder with everything below it, a repository, or one file."""

    location: bytes
    uri: str
    is_folder: bool
    named: bool  # by the user, so that JSONL means rows, and archives are opened
    is_repository: bool = False
    revision: str | None = None  # of a repository: as the user named it; None is HEAD


def unit(
    kind: str, place: Start, start: int, end: int, size: int, status: Status, *, revision: str | None = None
) -> dict:
    """A row of UNIT."""
    return {
        "kind": kind, "uri": place.uri, "location": place.location, "start": start, "end": end, "size": size,
        "stamp": status.stamp, "revision": revision, "refused": None, "told": None,
    }  # fmt: skip


def refused(place: Start, why: str, told: str | None, size: int = 0) -> dict:
    """A row of UNIT for what is told of and not read."""
    return {
        "kind": "refused", "uri": place.uri, "location": place.location, "start": 0, "end": -1, "size": size,
        "stamp": 0, "revision": None, "refused": why, "told": told,
    }  # fmt: skip
