"""Reading a file of an earlier run once more, from where its row says it came."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from typing import Any

import xxhash

from analyzers.decode import decode_one
from curate.readers import READERS
from curate.shards import Run
from curate.sources import archives, git
from curate.sources.members import kind_of
from curate.sources.place import bytes_of, status_of, text_of
from curate.sources.streams import codec_of

WHOLE_ROWS = 1 << 62  # the end of a range that has none
MOST_BYTES = 64 << 20  # of a file that is read again
MOST_LINES = 60  # of a difference


def location_of(roots: Sequence[Mapping[str, Any]], uri: str) -> bytes | None:
    """Where a source uri lies now, by the roots in a run's manifest; None for a label that is none of theirs."""
    label, _, below = uri.partition("/")
    root = next((one for one in roots if one["label"] == label), None)
    if root is None:
        return None
    location = os.fsencode(root["location"])
    return location + b"/" + bytes_of(below) if below else location


def read_again(location: bytes, source: Mapping[str, Any], *, max_bytes: int) -> bytes | None:
    """The raw bytes of one document from its `source`; None where they are no longer there. An archive, or a packed
    data set, is read from its beginning, and a repository behind a URL is copied."""
    member, row, revision = source["member"], source["row"], source["revision"]
    if revision is not None:
        return None if member is None else git.read_blob(location, revision, member, max_bytes)
    try:
        size = status_of(location).size
    except OSError:
        return None
    if member is not None:
        known = kind_of(os.fsdecode(location)) is not None
        return archives.read_member(location, source["uri"], member, size, max_bytes) if known else None
    return _read_row(location, row, size, max_bytes)


def _read_row(location: bytes, row: int | None, size: int, max_bytes: int) -> bytes | None:
    kind = "file" if row is None else "parquet" if location.lower().endswith(b".parquet") else "jsonl"
    start = 0 if row is None or codec_of(location) else row  # a compressed file is read from its beginning
    end = start + 1 if kind == "parquet" else WHOLE_ROWS
    unit = {"kind": kind, "uri": "", "location": location, "start": start, "end": end, "size": size}
    return next((one["raw"] for one in READERS[kind](unit, max_bytes) if one["source"]["row"] == row), None)


def text_again(run: Run, row: Mapping[str, Any]) -> tuple[bytes | None, str | None]:
    """Where a ledger row's file lies, and its text as it is now; None for what is not known or no longer there."""
    inputs = run.manifest.get("inputs", {})
    location = location_of(inputs.get("roots", ()), row["source"]["uri"])
    if location is None:
        return None, None
    raw = read_again(location, row["source"], max_bytes=MOST_BYTES)
    return location, None if raw is None else decode_one(raw)[0]


def state(run: Run, row: Mapping[str, Any]) -> str | None:
    """Where a file came from and whether it is still there and the same, in words; None where that is not known."""
    location, text = text_again(run, row)
    if location is None:
        return None
    told = text_of(location)
    if text is None:
        return f"{told} (its text is not there)"
    if row["content_id"] is None:
        return f"{told} (it is there)"
    same = xxhash.xxh3_128_hexdigest(text.encode("utf-8", "replace")) == row["content_id"]
    return f"{told} ({'unchanged' if same else 'changed since the run'})"


def difference(run: Run, row: Mapping[str, Any], other_run: Run, other: Mapping[str, Any]) -> list[str]:
    """What a file has otherwise than the one that it resembles: a diff of at most MOST_LINES lines."""
    before, after = text_again(other_run, other)[1], text_again(run, row)[1]
    if before is None or after is None:
        return []
    names = (str(other["path"]), str(row["path"]))
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), *names, lineterm="", n=1))
    left_out = len(lines) - MOST_LINES
    return lines if left_out <= 0 else [*lines[:MOST_LINES], f"... and {left_out} lines more"]
