"""Git repositories: blobs of one revision, listed and read from the object store without a checkout.

A repository is listed as ranges of its tree's entries, in the order of the tree, so that no task holds one whole; every
entry that is no folder gives a row. Submodules and links are told of and not followed; objects that a partial, shallow
or damaged clone lacks are told of one by one.
"""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pygit2

from curate.sources.copied import TooLarge, copied, git_folder
from curate.sources.place import Status, bytes_of, is_url, leads_outside, text_of
from curate.sources.raw import document, too_large
from curate.sources.unit import RANGE_BYTES, Start, refused, unit

MOST_ENTRIES = 5_000_000
"""Of one tree; the largest public repositories have under a million files. A tree may name one folder a million times
over, so that a few kilobytes stand for more files than any machine reads."""

RANGE_ENTRIES = 20_000  # of a range at most, however small its blobs are

MOST_PACKS_OPEN = 256  # of all repositories: libgit2 sets no bound, and a process often has 1,024 descriptors

_SCP = re.compile(r"(?:[^@/]+@)?[^:/]+:(?!//)(.+)")  # user@host:owner/name.git
_ERRORS = (pygit2.GitError, KeyError, ValueError, OSError)

# Files of other users are read as well: nothing of a repository is ever run, no hook and no filter.
pygit2.option(pygit2.enums.Option.SET_OWNER_VALIDATION, False)
pygit2.option(pygit2.enums.Option.SET_MWINDOW_FILE_LIMIT, MOST_PACKS_OPEN)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What a tree names: a blob, a link or a submodule, or a folder whose own tree is missing."""

    path: str  # as text, see curate.sources.place.text_of
    id: pygit2.Oid
    mode: int


def is_repository(folder: str | Path) -> bool:
    """Whether a folder, or one behind a URL, is a repository or has one in it, bare or not, broken or not; by names
    alone."""
    if is_url(os.fsencode(folder)):
        try:
            return git_folder(os.fsencode(folder)) is not None
        except OSError:
            return False
    place = Path(folder)
    inner = place / ".git"
    return inner.is_file() or looks_bare(inner) or looks_bare(place)


def looks_bare(place: Path) -> bool:
    """Whether a folder holds what git keeps there."""
    return all((place / name).exists() for name in ("HEAD", "objects", "refs"))


def units_of_repository(place: Start) -> list[dict]:
    """Ranges of entries of the revision that is asked for; one refused unit where there is none."""
    try:
        with _opened(place.location) as repository:
            units = _ranges(repository, resolve(repository, place.revision), place)
    except NoRevision as error:
        return [refused(place, "no_revision", str(error))]
    except TooLarge as error:
        return [refused(place, "too_large_to_copy", str(error))]
    except _ERRORS as error:
        return [refused(place, "broken_repository", str(error))]
    return units or [refused(place, "empty", "its tree has no file")]


def _ranges(repository: pygit2.Repository, revision: pygit2.Oid, place: Start) -> list[dict]:
    """Ranges of a tree; of a copy each is as large as the copy, so that copying costs no more than what is read."""
    units: list[dict] = []
    most_bytes = max(RANGE_BYTES, _bytes_below(repository.path) if is_url(place.location) else 0)
    most_entries = RANGE_ENTRIES * (most_bytes // RANGE_BYTES)
    first, size, number = 0, 0, 0
    for entry in _entries(repository, revision):
        if number == MOST_ENTRIES:
            return [refused(place, "too_many_files", f"its tree names more than {MOST_ENTRIES} files")]
        size += _size(repository, entry)
        number += 1
        if size >= most_bytes or number - first >= most_entries:
            units.append(_range(place, first, number, size, revision))
            first, size = number, 0
    return [*units, _range(place, first, number, size, revision)] if number > first else units


def _range(place: Start, first: int, end: int, size: int, revision: pygit2.Oid) -> dict:
    return unit("git", place, first, end, size, Status(0, 0), revision=str(revision))


class NoRevision(Exception):
    """What is asked for is not in the repository."""


def resolve(repository: pygit2.Repository, name: str | None) -> pygit2.Oid:
    """The commit (or tree) that a branch, tag or hash names; None is HEAD."""
    try:
        named: Any = repository.revparse_single("HEAD" if name is None else name)
        while isinstance(named, pygit2.Tag):
            named = named.get_object()
    except (KeyError, ValueError, pygit2.GitError) as error:
        raise NoRevision(_no_revision(repository, name, error)) from None
    if not isinstance(named, (pygit2.Commit, pygit2.Tree)):
        raise NoRevision(f"{name} names a {named.type_str}, not a commit")
    return named.id


def _no_revision(repository: pygit2.Repository, name: str | None, error: Exception) -> str:
    branches = sorted(repository.branches.local)[:5]
    there = f"there are {', '.join(branches)}" if branches else "there is no branch"
    if name is None:
        head = repository.lookup_reference("HEAD")
        at = head.target if isinstance(head.target, str) else str(head.target)
        return f"HEAD names {at}, which is missing; {there}"
    return f"{name!r} names nothing ({error}); {there}"


def read_git(unit: dict, max_bytes: int) -> Iterator[dict]:
    """Entries [start, end) of a revision. Where they cannot be read on, one row tells of all that are left, with their
    number as its `drop_value`."""
    left = unit["end"] - unit["start"]
    try:
        with _opened(unit["location"]) as repository:
            repo, when = repository_name(repository, unit["uri"]), _committed_at(repository, unit["revision"])
            entries = _entries(repository, pygit2.Oid(hex=unit["revision"]))
            for entry in islice(entries, unit["start"], unit["end"]):
                yield _read_entry(repository, entry, unit, max_bytes) | {"repo": repo, "committed_at": when}
                left -= 1
    except (*_ERRORS, TooLarge) as error:  # it went away, or changed, since it was listed
        yield document(unit, row=left, revision=unit["revision"], reason="unreadable", text=str(error), value=left)


def read_blob(location: bytes, revision: str, member: str, max_bytes: int) -> bytes | None:
    """The bytes of one file of a revision; None where they are not there."""
    try:
        with _opened(location) as repository:
            tree: Any = repository[revision].peel(pygit2.Tree)
            for name in bytes_of(member).split(b"/"):
                tree = repository[next(one.id for one in tree if one.raw_name == name)]
            return tree.data if isinstance(tree, pygit2.Blob) and tree.size <= max_bytes else None
    except (*_ERRORS, TooLarge, StopIteration):
        return None


def repository_name(repository: pygit2.Repository, uri: str) -> str:
    """owner/name by the URL of its remote `origin` (or its only one), else its place in the input."""
    config = repository.config
    urls = {name.removeprefix("remote.").removesuffix(".url"): str(config[name]) for name in _remotes(config)}
    url = urls.get("origin") or (next(iter(urls.values())) if len(urls) == 1 else "")
    scp = _SCP.fullmatch(url) if "://" not in url else None
    parts = urlsplit(url)
    path = scp[1] if scp else parts.path if parts.netloc else ""
    name = unquote(path).strip("/").removesuffix(".git").strip("/")
    return name or uri.removesuffix("/.git").removesuffix(".git").rstrip("/")


def _remotes(config: pygit2.Config) -> list[str]:
    return sorted(one.name for one in config if one.name.startswith("remote.") and one.name.endswith(".url"))


def _committed_at(repository: pygit2.Repository, revision: str) -> datetime.datetime | None:
    """When the revision was committed; None for a tree, and for a time that no calendar has."""
    commit = repository[revision]
    if not isinstance(commit, pygit2.Commit):
        return None
    try:
        return datetime.datetime.fromtimestamp(commit.commit_time, datetime.UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _entries(repository: pygit2.Repository, revision: pygit2.Oid) -> Iterator[Entry]:
    """Every entry of a tree that is no folder, depth first in git's own order; a folder where its tree is missing."""
    tree: Any = repository[revision].peel(pygit2.Tree)
    waiting: list[tuple[str, Iterator[Any]]] = [("", iter(list(tree)))]
    while waiting:
        folder, names = waiting[-1]
        found = next(names, None)
        if found is None:
            waiting.pop()
            continue
        path = folder + text_of(found.raw_name)
        if found.filemode == pygit2.enums.FileMode.TREE:
            below = _tree(repository, found.id)
            if below is not None:
                waiting.append((path + "/", iter(below)))
                continue
        yield Entry(path=path, id=found.id, mode=int(found.filemode))


def _tree(repository: pygit2.Repository, tree_id: pygit2.Oid) -> list[Any] | None:
    try:
        found = repository[tree_id]
        return list(found) if isinstance(found, pygit2.Tree) else None
    except _ERRORS:
        return None


def _size(repository: pygit2.Repository, entry: Entry) -> int:
    """Bytes of a blob, without reading it; 0 where it is missing or none."""
    try:
        kind, size = repository.odb.read_header(entry.id)
        return size if kind == pygit2.enums.ObjectType.BLOB else 0
    except _ERRORS:
        return 0


def _read_entry(repository: pygit2.Repository, entry: Entry, unit: dict, max_bytes: int) -> dict:
    place: dict[str, Any] = {"member": entry.path, "revision": unit["revision"]}
    modes = pygit2.enums.FileMode
    if entry.mode == modes.COMMIT:
        return document(unit, **place, size=0, reason="submodule", text=f"at commit {entry.id}")
    if leads_outside(entry.path):
        return document(unit, **place, size=0, reason="unsafe_path", text="it leads out of its folder")
    if entry.mode == modes.TREE:
        return document(unit, **place, size=0, reason="missing_object", text=f"tree {entry.id}")
    try:
        _, size = repository.odb.read_header(entry.id)
        if entry.mode == modes.LINK:
            target = repository.odb.read(entry.id)[1] if size <= 4096 else b""
            return document(unit, **place, size=size, reason="symlink", text=text_of(target))
        if size > max_bytes:
            return too_large(unit, size, max_bytes, **place)
        return document(unit, **place, raw=repository.odb.read(entry.id)[1])
    except KeyError:
        return document(unit, **place, size=0, reason="missing_object", text=f"blob {entry.id}")
    except _ERRORS as error:
        return document(unit, **place, size=0, reason="unreadable", text=f"blob {entry.id}: {error}")


@contextmanager
def _opened(location: bytes) -> Iterator[pygit2.Repository]:
    """A repository, or a copy of one behind a URL that is there until the block ends. Errors name the URL."""
    if not is_url(location):
        yield _on_disk(location)
        return
    with copied(location) as place:
        try:
            repository = pygit2.Repository(str(place))
            try:
                yield repository
            finally:
                repository.free()
        except _ERRORS as error:
            raise OSError(str(error).replace(str(place), os.fsdecode(location))) from None


@lru_cache(maxsize=4)
def _on_disk(location: bytes) -> pygit2.Repository:
    """Ranges of one repository come one after another."""
    return pygit2.Repository(location.decode("utf-8", "surrogateescape"))


def _bytes_below(folder: str) -> int:
    return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
