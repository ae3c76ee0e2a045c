"""Inputs: what the user names, turned into units of reading, each unit a file or a part of a large one.

A unit is small enough for one task to hold its documents batch by batch. Units are packed by bytes, so that a task
costs about the same whether it reads a million small files or one large one.
"""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pyarrow as pa

from curate.errors import WrongUse
from curate.sources.archives import units_of_archive
from curate.sources.copied import looks_bare
from curate.sources.git import is_repository, units_of_repository
from curate.sources.members import kind_of
from curate.sources.place import Status, is_url, matching, open_file, remote_entries, status_of, text_of
from curate.sources.unit import RANGE_BYTES, UNIT, Start, refused, unit

PACKS = pa.schema([("bytes", pa.int64()), ("units", pa.list_(UNIT))])

ROWS_SUFFIXES = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".ndjson", ".ndjson.gz", ".ndjson.zst")
VERSION_CONTROL = frozenset({b".git", b".hg", b".svn", b".bzr", b"CVS"})
BARE = {b"HEAD", b"objects", b"refs"}
"""What lies in a bare repository. Nobody means its packs as documents, so that it is read also inside a folder."""

_REPOSITORY_UNITS = 100  # what opening a repository counts for, beside units of plain files
_COPIED_UNITS = 10_000  # ... and copying one from behind a URL


@dataclass(frozen=True, kw_only=True)
class Root:
    """One input: a folder, a repository or a file. `label` stands for it in `source.uri`, so that moving the data
    changes nothing."""

    label: str
    location: str  # absolute, or a URL
    is_folder: bool
    is_repository: bool = False
    revision: str | None = None  # of a repository: as the user named it; None is HEAD


def resolve(inputs: Sequence[str | Path]) -> list[Root]:
    """The roots that inputs (folders, repositories, files, URLs, globs) name, each once. WrongUse where one names
    nothing."""
    if not inputs:
        raise WrongUse(
            "no input: name a folder, a git repository, an archive, a .jsonl or .parquet file, or a glob of these"
        )
    roots = list(dict.fromkeys(root for given in inputs for root in _named(os.fspath(given))))
    _refuse_nested(roots)
    labelled, used = [], Counter[str]()
    for root in roots:
        base = text_of(os.fsencode(_base_name(root))) or "root"
        label = base
        while used[label]:
            used[base] += 1
            label = f"{base}~{used[base]}"
        used[label] += 1
        labelled.append(replace(root, label=label))
    return labelled


def _base_name(root: Root) -> str:
    folder, _, name = root.location.rstrip("/").rpartition("/")
    return os.path.basename(folder) if name == ".git" else name


def _named(given: str) -> Iterator[Root]:
    """What one input names, not yet labelled: a path, else a glob, else either of these with @REVISION behind it."""
    given = given.removeprefix("file://")
    found = _existing(given)
    path = given.find("/", given.find("://") + 3) if is_url(os.fsencode(given)) else 0  # user@host is no revision
    revision, at = None, given.find("@", path)
    while not found and at > 0:
        found, revision = _existing(given[:at]), given[at + 1 :]
        at = given.find("@", at + 1)
    if not found:
        raise WrongUse(
            f"input {given!r} names nothing: there is no such file or folder, and no file matches it as a glob"
        )
    for place, is_folder in found:
        in_git = is_folder and revision != "" and is_repository(place)
        if revision and not in_git:
            raise WrongUse(f"input {given!r}: {place} is no git repository, and has no revision {revision!r}")
        yield Root(label="", location=place, is_folder=is_folder, is_repository=in_git, revision=revision or None)


def _existing(given: str) -> list[tuple[str, bool]]:
    """Places that a path, URL or glob names, each with whether it is a folder; [] for none."""
    if is_url(os.fsencode(given)):
        return matching(given)
    found = [given] if os.path.lexists(given) else sorted(glob.glob(given, recursive=True))
    return [(place, os.path.isdir(place)) for place in dict.fromkeys(os.path.realpath(place) for place in found)]


def _refuse_nested(roots: Sequence[Root]) -> None:
    places = {root.location.rstrip("/"): root.location for root in roots}
    if len({(root.location, root.revision) for root in roots}) < len(roots):
        raise WrongUse("an input is named both as a repository and as a folder: name one of them")
    for root in roots:
        above = root.location.rstrip("/")
        while "/" in above:
            above = above.rpartition("/")[0]
            if above in places:
                raise WrongUse(
                    f"input {root.location!r} lies inside input {places[above]!r}: "
                    f"its files would be read twice; name one of them"
                )


def start_of(root: Root) -> Start:
    """Where to list a root from."""
    return Start(
        location=os.fsencode(root.location), uri=root.label, is_folder=root.is_folder, named=True,
        is_repository=root.is_repository, revision=root.revision,
    )  # fmt: skip


def starts(roots: Sequence[Root], most: int, *, skip: bytes = b"") -> tuple[list[Start], list[dict]]:
    """Units found by walking breadth-first, and the places left to be listed by tasks once `most` were found.

    So a small tree is listed here and now, without a job, and of a large one the driver lists only the top.
    """
    waiting = [start_of(root) for root in roots if root.is_folder]
    units = [one for root in roots if not root.is_folder for one in units_of_file(start_of(root))]
    found = len(units)
    while waiting and found < most:
        below: list[Start] = []
        for number, place in enumerate(waiting):
            if found >= most and place.is_repository:
                below += waiting[number:]
                break
            inside, inner = _list(place, skip)
            units += inside
            below += inner
            found += len(inside) + _cost(place)
        waiting = below
    return waiting, units


def walk(start: Start, *, skip: bytes = b"") -> Iterator[dict]:
    """Every unit below a folder. `skip` is a folder that is told of and not entered: the run's own output."""
    waiting = [start]
    while waiting:
        units, folders = _list(waiting.pop(), skip)
        yield from units
        waiting += folders


def units_of_file(file: Start, status: Status | None = None) -> list[dict]:
    """The units of one regular file: itself, or the ranges of a data set's file or an archive."""
    try:
        status = status or status_of(file.location)
    except OSError as error:
        return [refused(file, "unreadable", error.strerror or str(error))]
    name = file.location.lower().decode("latin-1")
    if name.endswith(".parquet"):
        return _row_ranges(file, status)
    is_rows = file.named and name.endswith(ROWS_SUFFIXES)
    archive = kind_of(name) if file.named and not is_rows else None
    if (is_rows or archive) and status.size == 0:
        return [refused(file, "empty", None)]
    if archive:
        return units_of_archive(file, status, archive)
    if not is_rows:
        return [unit("file", file, 0, -1, status.size, status)]
    if name.endswith((".gz", ".zst")):
        return [unit("jsonl", file, 0, -1, status.size, status)]
    edges = [*range(0, status.size, RANGE_BYTES), status.size]
    return [unit("jsonl", file, a, b, b - a, status) for a, b in pairwise(edges)]


def pack(units: Iterator[dict], pack_bytes: int) -> Iterator[dict]:
    """Units in the order given, put together until a pack holds `pack_bytes` (a unit's open costs as much as 8 KiB)."""
    held: list[dict] = []
    size = 0
    for one in units:
        held.append(one)
        size += one["size"] + 8192
        if size >= pack_bytes:
            yield {"bytes": size, "units": held}
            held, size = [], 0
    if held:
        yield {"bytes": size, "units": held}


def _cost(place: Start) -> int:
    """What listing a place costs beside its units, in units."""
    if not place.is_repository:
        return 0
    return _COPIED_UNITS if is_url(place.location) else _REPOSITORY_UNITS


def _list(place: Start, skip: bytes) -> tuple[list[dict], list[Start]]:
    """Units right in a folder or repository, and the folders in it; a folder that turns out to be a bare repository
    comes back as one, to be listed in its turn."""
    if place.location == skip:
        return [refused(place, "output_folder", None)], []
    if place.is_repository:
        return units_of_repository(place), []
    units: list[dict] = []
    folders: list[Start] = []
    entries = list(_remote_entries(place) if is_url(place.location) else _entries(place))
    names = {os.path.basename(one.location) for one, _ in entries if isinstance(one, Start)}
    if looks_bare(names) if is_url(place.location) else names >= BARE:
        return [], [replace(place, is_repository=True)]
    for entry, status in entries:
        if not isinstance(entry, Start):
            units.append(entry)
        elif entry.is_folder:
            folders.append(entry)
        else:
            units += units_of_file(entry, status)
    return units, folders


_Found = tuple[Start | dict, Status | None]


def _entries(folder: Start) -> Iterator[_Found]:
    """Folders and files in a folder, sorted; a refused unit for each entry that cannot be read, and for none links."""
    try:
        with os.scandir(folder.location) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        yield refused(folder, "unreadable", error.strerror), None
        return
    for entry in entries:
        name: bytes = entry.name
        place = Start(location=entry.path, uri=f"{folder.uri}/{text_of(name)}", is_folder=False, named=False)
        if entry.is_symlink():
            # What a link points to is read where it stands, once; following links is how loops begin.
            yield refused(place, "symlink", _target(entry.path)), None
        elif entry.is_dir(follow_symlinks=False):
            yield _folder(place, name), None
        elif entry.is_file(follow_symlinks=False):
            yield place, None
        else:
            yield refused(place, "not_a_file", None), None


def _remote_entries(folder: Start) -> Iterator[_Found]:
    """The same of a folder behind a URL, whose listing also says how large files are."""
    try:
        for entry in remote_entries(folder.location):
            uri = f"{folder.uri}/{text_of(entry.name)}"
            place = Start(location=entry.location, uri=uri, is_folder=False, named=False)
            yield (_folder(place, entry.name) if entry.is_folder else place), entry.status
    except OSError as error:
        yield refused(folder, "unreadable", error.strerror or str(error)), None


def _folder(place: Start, name: bytes) -> Start | dict:
    if name in VERSION_CONTROL:
        return refused(place, "version_control", None)
    return Start(location=place.location, uri=place.uri, is_folder=True, named=False)


def _target(path: bytes) -> str | None:
    try:
        return text_of(os.readlink(path))
    except OSError:
        return None


def _row_ranges(file: Start, status: Status) -> list[dict]:
    """One unit for each row group; the whole file is refused where its footer cannot be read."""
    import pyarrow.parquet as pq

    try:
        with open_file(file.location) as handle:
            footer = pq.read_metadata(handle)
    except (OSError, pa.ArrowException) as error:
        return [refused(file, "unreadable", str(error), status.size)]
    units, row = [], 0
    for group in range(footer.num_row_groups):
        meta = footer.row_group(group)
        if meta.num_rows:
            units.append(unit("parquet", file, row, row + meta.num_rows, meta.total_byte_size, status))
        row += meta.num_rows
    return units or [refused(file, "empty", None)]
