"""Repositories behind URLs: copied to a disk of this machine while they are read, one at a time, and taken away again.

Git's packs are read here and there, which over a network costs more than all of their bytes. A copy has what git needs
to give objects, and nothing that names other places of this machine or would be run: no alternates, hooks or work tree.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from curate.errors import RunFailed
from curate.sources.place import fetch, leads_outside, remote_entries, remote_sizes

MOST_BYTES = 64 << 30
"""Of one copy. The largest public repositories have about half of that with all of their history."""

MOST_FILES = 1_000_000  # of one copy: loose objects, which anyone who repacks does not have

_TOP = {"HEAD", "config", "packed-refs", "shallow"}
_BELOW = ("objects/", "refs/")
_ALTERNATES = {"objects/info/alternates", "objects/info/http-alternates"}  # paths of another machine, or of ours
_SPARE = 1 << 30  # bytes of a disk that a copy leaves free


class TooLarge(Exception):
    """A repository that is not copied."""


def looks_bare(names: set[bytes]) -> bool:
    """Whether a remote folder with these names holds what git keeps. Object stores have no empty folders: of a packed
    repository `refs` may be missing."""
    return {b"HEAD", b"objects"} <= names and bool({b"refs", b"packed-refs"} & names)


def git_folder(location: bytes) -> bytes | None:
    """Where git's own files lie at a URL: there, as in a bare repository, or in its `.git`; None where there are none.

    OSError where it cannot be listed.
    """
    names = {entry.name for entry in remote_entries(location)}
    if looks_bare(names):
        return location
    inner = location.rstrip(b"/") + b"/.git"
    if b".git" in names and looks_bare({entry.name for entry in remote_entries(inner)}):
        return inner
    return None


@contextmanager
def copied(location: bytes) -> Iterator[Path]:
    """A copy of the repository at a URL, in a folder that is there until the block ends.

    OSError where it is none, cannot be read, or is not what was listed a moment before; TooLarge above MOST_BYTES or
    MOST_FILES; RunFailed where no disk has room.
    """
    source = git_folder(location)
    if source is None:
        raise OSError("it is no git repository any more")
    wanted = _wanted(source)
    n_bytes = sum(wanted.values())
    if n_bytes > MOST_BYTES or len(wanted) > MOST_FILES:
        raise TooLarge(f"{n_bytes} bytes in {len(wanted)} files; at most {MOST_BYTES} in {MOST_FILES} are copied")
    scratch = _scratch()
    # The command knows the error of a worker by Linux's own words.
    no_room = f"{os.fsdecode(location)} needs {n_bytes} bytes for a copy: No space left on device, below {scratch}; "
    no_room += "clear it, or name other disks in SPARK_LOCAL_DIRS"
    if shutil.disk_usage(scratch).free < n_bytes + _SPARE:
        raise RunFailed(no_room)
    with tempfile.TemporaryDirectory(prefix="codemill-repository-", dir=scratch) as held:
        place = Path(held)
        for folder in ("objects", "refs"):
            (place / folder).mkdir()
        try:
            fetch(source, list(wanted), place)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise RunFailed(no_room) from error
            raise
        _check(place, wanted)
        yield place


def _wanted(source: bytes) -> dict[str, int]:
    """Sizes of the files to be copied, by their paths in git's folder."""
    return {
        name: size
        for name, size in remote_sizes(source).items()
        if (name in _TOP or name.startswith(_BELOW))
        and name not in _ALTERNATES
        and not name.endswith("/")
        and not leads_outside(name)
    }


def _check(place: Path, wanted: dict[str, int]) -> None:
    for name, size in wanted.items():
        there = (place / name).stat().st_size if (place / name).is_file() else None
        if there != size:
            raise OSError(f"it changed while it was copied: {name} has {there} bytes, and had {size}")


def _scratch() -> str:
    """The folder for copies with the most room: Spark's own in a worker, which it clears at its end."""
    given = os.environ.get("SPARK_LOCAL_DIRS", "").split(",")
    folders = [folder for folder in given if folder and os.access(folder, os.W_OK)] or [tempfile.gettempdir()]
    return max(folders, key=lambda folder: shutil.disk_usage(folder).free)
