"""Readers: units of input to batches of raw documents. Nothing here decodes, judges or raises for a bad file."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pyarrow as pa

from curate.sources import archives, git
from curate.sources.datasets import read_jsonl, read_parquet
from curate.sources.place import open_file
from curate.sources.raw import RAW, document, too_large
from curate.sources.stars import Stars

BATCH_ROWS = 2_000


def read_units(
    units: list[dict], *, max_bytes: int, batch_bytes: int, stars: Stars | None = None
) -> Iterator[pa.RecordBatch]:
    """Batches of RAW for units, each of about `batch_bytes` of content; a file over `max_bytes` is not opened.

    Stars of repositories whose own are not known are taken from the table, where one is given.
    """
    rows: list[dict] = []
    held = 0
    for unit in units:
        for row in READERS[unit["kind"]](unit, max_bytes):
            if stars is not None and row["stars"] is None and row["repo"] is not None:
                row["stars"] = stars.of(row["repo"])
            rows.append(row)
            held += len(row["raw"] or b"")
            if held >= batch_bytes or len(rows) >= BATCH_ROWS:
                yield _batch(rows)
                rows, held = [], 0
    if rows:
        yield _batch(rows)


def _read_refused(unit: dict, max_bytes: int) -> Iterator[dict]:
    yield document(unit, reason=unit["refused"], text=unit["told"], size=unit["size"])


def read_file(unit: dict, max_bytes: int) -> Iterator[dict]:
    """A file as one document."""
    if unit["size"] > max_bytes:
        yield too_large(unit, unit["size"], max_bytes)
        return
    try:
        with open_file(unit["location"]) as handle:
            raw = handle.read(max_bytes + 1)
            while 0 < len(raw) <= max_bytes and (more := handle.read(max_bytes + 1 - len(raw))):
                raw += more
    except OSError as error:
        yield document(unit, size=unit["size"], reason="unreadable", text=error.strerror or str(error))
        return
    if len(raw) > max_bytes:  # it grew since it was listed, or is a device in disguise
        yield too_large(unit, len(raw), max_bytes)
        return
    yield document(unit, raw=raw)


READERS: dict[str, Callable[[dict, int], Iterator[dict]]] = {
    "file": read_file,
    "jsonl": read_jsonl,
    "parquet": read_parquet,
    "git": git.read_git,
    **archives.READERS,
    "refused": _read_refused,
}
"""A reader gives the rows of one unit, of this kind, with files over so many bytes refused. It raises for nothing that
the input can do, and the same unit gives the same rows."""


def _batch(rows: list[dict]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [pa.array([row[field.name] for row in rows], field.type) for field in RAW], schema=RAW
    )
