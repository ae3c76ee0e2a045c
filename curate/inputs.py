"""Inputs: what the user names, turned into units of reading, each unit a file or a part of a large one.

A unit is small enough for one task to hold its documents batch by batch. Units are packed by bytes, so that a task
costs about the same whether it reads a million small files or one large one.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pyarrow as pa

from curate.errors import WrongUse

UNIT = pa.struct(
    [
        ("kind", pa.string()),  # file, jsonl, parquet, or refused
        ("uri", pa.string()),  # label and path below the input, as text
        ("location", pa.binary()),  # where to open it: the operating system's own bytes
        ("start", pa.int64()),  # JSONL: first byte; Parquet: first row
        ("end", pa.int64()),  # JSONL: byte after the last, -1 for all; Parquet: row after the last
        ("size", pa.int64()),  # bytes to be read
        ("stamp", pa.int64()),  # modification time in ns, for the listing's hash
        ("refused", pa.string()),  # why it is not read at all; null otherwise
        ("told", pa.string()),  # what explains it
    ]
)
PACKS = pa.schema([("bytes", pa.int64()), ("units", pa.list_(UNIT))])

DATASET_SUFFIXES = (".parquet", ".jsonl", ".jsonl.gz", ".jsonl.zst", ".ndjson", ".ndjson.gz", ".ndjson.zst")
VERSION_CONTROL = frozenset({".git", ".hg", ".svn", ".bzr", "CVS"})
RANGE_BYTES = 64 << 20  # an uncompressed JSONL file is read in ranges of this size


@dataclass(frozen=True, kw_only=True)
class Root:
    """One input: a folder or a file. `label` stands for it in `source.uri`, so that moving the data changes nothing."""

    label: str
    location: str  # absolute
    is_folder: bool


@dataclass(frozen=True, kw_only=True)
class Start:
    """A place to list from: a folder with everything below it, or one file of it."""

    location: bytes
    uri: str
    is_folder: bool
    named: bool  # by the user, so that JSONL means rows


def resolve(inputs: Sequence[str | Path]) -> list[Root]:
    """The roots that inputs (folders, files, globs) name, each once. WrongUse where one names nothing."""
    if not inputs:
        raise WrongUse("no input: name a folder, a .jsonl or .parquet file, or a glob of these")
    locations: list[str] = []
    for given in [os.fspath(place) for place in inputs]:
        found = [given] if os.path.lexists(given) else sorted(glob.glob(given, recursive=True))
        if not found:
            raise WrongUse(
                f"input {given!r} names nothing: there is no such file or folder, and no file matches it as a glob"
            )
        locations += [os.path.realpath(place) for place in found]
    locations = list(dict.fromkeys(locations))
    for place in locations:
        above = [other for other in locations if other != place and place.startswith(other.rstrip("/") + "/")]
        if above:
            raise WrongUse(
                f"input {place!r} lies inside input {above[0]!r}: its files would be read twice; name one of them"
            )
    roots, taken = [], set()
    for place in locations:
        base, number = text_of(os.fsencode(os.path.basename(place.rstrip("/")))) or "root", 1
        label = base
        while label in taken:
            number += 1
            label = f"{base}~{number}"
        taken.add(label)
        roots.append(Root(label=label, location=place, is_folder=os.path.isdir(place)))
    return roots


def starts(roots: Sequence[Root], most: int, *, skip: bytes = b"") -> tuple[list[Start], list[dict]]:
    """Units found by walking breadth-first, and the folders left to be listed by tasks once `most` were found.

    So a small tree is listed here and now, without a job, and of a large one the driver lists only the top.
    """
    folders = [
        Start(location=os.fsencode(r.location), uri=r.label, is_folder=True, named=True) for r in roots if r.is_folder
    ]
    units: list[dict] = []
    for root in roots:
        if not root.is_folder:
            file = Start(location=os.fsencode(root.location), uri=root.label, is_folder=False, named=True)
            units += units_of_file(file)
    while folders and len(units) < most:
        below: list[Start] = []
        for folder in folders:
            found, inner = _list(folder, skip)
            units += found
            below += inner
        folders = below
    return folders, units


def walk(start: Start, *, skip: bytes = b"") -> Iterator[dict]:
    """Every unit below a folder. `skip` is a folder that is told of and not entered: the run's own output."""
    waiting = [start]
    while waiting:
        units, folders = _list(waiting.pop(), skip)
        yield from units
        waiting += folders


def units_of_file(file: Start) -> list[dict]:
    """The units of one regular file: itself, or the ranges of a data set's file."""
    try:
        status = os.stat(file.location)
    except OSError as error:
        return [_refused(file, "unreadable", error.strerror)]
    name = file.location.lower()
    if name.endswith(b".parquet"):
        return _row_ranges(file, status)
    if not (file.named and name.endswith(tuple(suffix.encode() for suffix in DATASET_SUFFIXES))):
        return [_unit("file", file, 0, -1, status.st_size, status)]
    if status.st_size == 0:
        return [_refused(file, "empty", None)]
    if name.endswith((b".gz", b".zst")):
        return [_unit("jsonl", file, 0, -1, status.st_size, status)]
    edges = [*range(0, max(status.st_size, 1), RANGE_BYTES), status.st_size]
    return [_unit("jsonl", file, a, b, b - a, status) for a, b in pairwise(edges)]


def pack(units: Iterator[dict], pack_bytes: int) -> Iterator[dict]:
    """Units in the order given, put together until a pack holds `pack_bytes` (a unit's open costs as much as 8 KiB)."""
    held: list[dict] = []
    size = 0
    for unit in units:
        held.append(unit)
        size += unit["size"] + 8192
        if size >= pack_bytes:
            yield {"bytes": size, "units": held}
            held, size = [], 0
    if held:
        yield {"bytes": size, "units": held}


def text_of(raw: bytes) -> str:
    r"""A path as text: bytes that are no UTF-8, and backslashes, are written \xNN, so that no two names look alike."""
    return raw.replace(b"\\", b"\\x5c").decode("utf-8", "backslashreplace")


def _list(folder: Start, skip: bytes) -> tuple[list[dict], list[Start]]:
    """Units right in a folder, and the folders in it."""
    if folder.location == skip:
        return [_refused(folder, "output_folder", None)], []
    units: list[dict] = []
    folders: list[Start] = []
    for entry in _entries(folder):
        if not isinstance(entry, Start):
            units.append(entry)
        elif entry.is_folder:
            folders.append(entry)
        else:
            units += units_of_file(entry)
    return units, folders


def _entries(folder: Start) -> Iterator[Start | dict]:
    """Folders and files in a folder, sorted; a refused unit for each entry that cannot be read, and for none links."""
    try:
        with os.scandir(folder.location) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        yield _refused(folder, "unreadable", error.strerror)
        return
    for entry in entries:
        name: bytes = entry.name
        place = Start(location=entry.path, uri=f"{folder.uri}/{text_of(name)}", is_folder=False, named=False)
        if entry.is_symlink():
            # What a link points to is read where it stands, once; following links is how loops begin.
            yield _refused(place, "symlink", _target(entry.path))
        elif entry.is_dir(follow_symlinks=False):
            if name.decode("latin-1") in VERSION_CONTROL:
                yield _refused(place, "version_control", None)
            else:
                yield Start(location=place.location, uri=place.uri, is_folder=True, named=False)
        elif entry.is_file(follow_symlinks=False):
            yield place
        else:
            yield _refused(place, "not_a_file", None)


def _target(path: bytes) -> str | None:
    try:
        return text_of(os.readlink(path))
    except OSError:
        return None


def _row_ranges(file: Start, status: os.stat_result) -> list[dict]:
    """One unit for each row group; the whole file is refused where its footer cannot be read."""
    import pyarrow.parquet as pq

    try:
        with open(file.location, "rb") as handle:
            footer = pq.read_metadata(handle)
    except (OSError, pa.ArrowException) as error:
        return [_refused(file, "unreadable", str(error), status.st_size)]
    units, row = [], 0
    for group in range(footer.num_row_groups):
        meta = footer.row_group(group)
        if meta.num_rows:
            units.append(_unit("parquet", file, row, row + meta.num_rows, meta.total_byte_size, status))
        row += meta.num_rows
    return units or [_refused(file, "empty", None)]


def _unit(kind: str, file: Start, start: int, end: int, size: int, status: os.stat_result) -> dict:
    return {
        "kind": kind, "uri": file.uri, "location": file.location, "start": start, "end": end, "size": size,
        "stamp": status.st_mtime_ns, "refused": None, "told": None,
    }  # fmt: skip


def _refused(place: Start, why: str, told: str | None, size: int = 0) -> dict:
    return {
        "kind": "refused", "uri": place.uri, "location": place.location, "start": 0, "end": -1, "size": size,
        "stamp": 0, "refused": why, "told": told,
    }  # fmt: skip
