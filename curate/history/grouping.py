"""Events of any number of files grouped by conversation, in memory for one part of them.

Events go to parts on disk by a hash of their conversation; a part that is still too large goes to parts again. A part
of one conversation alone is read whole: GitHub bounds one to some thousand comments of 65,536 characters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from curate.history.events import EVENT

PART_BYTES = 256_000_000  # of text that a part in memory may hold
_PARTS = 64  # files that are open for writing at a time
_LEVELS = 3  # 64^3 parts of 256 MB are 67 TB of text
_ROWS = 1_000  # read at a time
_ROW_BYTES = 500  # of an event without its texts
_HELD_BYTES = 2_000_000  # of text that waits to be written to a part, so that a row group is worth its place


def grouped(
    rows: Iterable[dict[str, Any]], scratch: Path, part_bytes: int = PART_BYTES
) -> Iterator[list[dict[str, Any]]]:
    """The events of each conversation, in the order of their keys' hashes. `scratch`, an empty folder, takes all events
    once, and a large part's again; it is empty again at the end."""
    yield from _parts(rows, scratch, part_bytes, level=0)


def _parts(rows: Iterable[dict[str, Any]], folder: Path, part_bytes: int, level: int) -> Iterator[list[dict[str, Any]]]:
    for number, size in sorted(_split(rows, folder, level).items()):
        part, inner = folder / f"{level}-{number}.parquet", folder / f"{level}-{number}"
        if size <= part_bytes or level + 1 == _LEVELS:
            held = sorted(_read(part), key=_of_conversation)
            for _, group in groupby(held, key=_of_conversation):
                yield list(group)
        else:
            inner.mkdir()
            yield from _parts(_read(part), inner, part_bytes, level + 1)
            inner.rmdir()
        part.unlink()


def _of_conversation(row: dict[str, Any]) -> int:
    return int(row["key"])


def _read(part: Path) -> Iterator[dict[str, Any]]:
    with pq.ParquetFile(part) as file:
        for batch in file.iter_batches(_ROWS):
            yield from batch.to_pylist()


def _split(rows: Iterable[dict[str, Any]], folder: Path, level: int) -> dict[int, int]:
    """Rows into LEVEL-NUMBER.parquet; gives the characters of text of those that got any."""
    number_of = _hashed(level)
    writers: dict[int, pq.ParquetWriter] = {}
    held: dict[int, list[dict[str, Any]]] = {}
    waiting: dict[int, int] = {}
    sizes: dict[int, int] = {}

    def write(number: int) -> None:
        if number not in writers:
            writers[number] = pq.ParquetWriter(folder / f"{level}-{number}.parquet", EVENT, compression="zstd")
        writers[number].write_batch(pa.RecordBatch.from_pylist(held.pop(number), schema=EVENT))
        sizes[number] = sizes.get(number, 0) + waiting.pop(number)

    try:
        for row in rows:
            number = number_of(row["key"])
            held.setdefault(number, []).append(row)
            texts = (row["opening"], row["text"], row["hunk"])
            waiting[number] = waiting.get(number, 0) + _ROW_BYTES + sum(len(text or "") for text in texts)
            if waiting[number] >= _HELD_BYTES:
                write(number)
        for number in sorted(held):
            write(number)
    finally:
        for writer in writers.values():
            writer.close()
    return sizes


def _hashed(level: int) -> Callable[[int], int]:
    return lambda key: xxhash.xxh3_64_intdigest(key.to_bytes(8, "little"), seed=level) % _PARTS
