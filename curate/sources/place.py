r"""Places: a local path in the operating system's own bytes, or a URL that fsspec opens; and how names become text."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

import xxhash

from curate.errors import WrongUse

REMOTE_BLOCK = 4 << 20  # bytes that a remote file is asked for at a time
_SCHEME = re.compile(rb"[a-z][a-z0-9+.-]*://")
_ESCAPED = re.compile(rb"\\x([0-9a-f]{2})")
_DRIVE = re.compile(r"[A-Za-z]:")


class Status(NamedTuple):
    """What a listing knows of a file."""

    size: int
    stamp: int  # changes when the file does


class Entry(NamedTuple):
    """What lies in a remote folder."""

    location: bytes
    name: bytes
    is_folder: bool
    status: Status


def text_of(raw: bytes) -> str:
    r"""A path as text: bytes that are no UTF-8, and backslashes, are written \xNN, so that no two names look alike."""
    return raw.replace(b"\\", b"\\x5c").decode("utf-8", "backslashreplace")


def bytes_of(text: str) -> bytes:
    """The path of which text_of() made this text."""
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), text.encode())


def leads_outside(path: str) -> bool:
    """Whether a path inside an archive or a tree is absolute, or goes up: what an unpacker would have to refuse."""
    parts = path.replace("\\", "/").split("/")
    return parts[0] == "" or ".." in parts or "\0" in path or bool(_DRIVE.fullmatch(parts[0]))


def is_url(location: bytes) -> bool:
    """Whether fsspec opens it."""
    return _SCHEME.match(location) is not None


def filesystem(location: bytes) -> tuple[Any, str]:
    """fsspec's file system of a URL, and the path in it. WrongUse where nothing opens its scheme."""
    try:
        import fsspec
    except ModuleNotFoundError:
        raise WrongUse(
            f"{os.fsdecode(location)} needs fsspec, which is not installed: pip install 'codemill[remote]'"
        ) from None
    try:
        return fsspec.core.url_to_fs(os.fsdecode(location))
    except (ImportError, ValueError) as error:
        raise WrongUse(f"{os.fsdecode(location)} cannot be opened: {error}") from None


def open_file(location: bytes) -> IO[bytes]:
    """The bytes of a file, to be read and sought. OSError where there is none."""
    if is_url(location):
        files, path = filesystem(location)
        opened: IO[bytes] = files.open(path, "rb", block_size=REMOTE_BLOCK)
        return opened
    return open(location, "rb", buffering=0)


def status_of(location: bytes) -> Status:
    """Size and stamp of a file. OSError where there is none."""
    if is_url(location):
        files, path = filesystem(location)
        return _remote_status(files.info(path))
    found = os.stat(location)
    return Status(found.st_size, found.st_mtime_ns)


def remote_entries(location: bytes) -> Iterator[Entry]:
    """Folders and files in a remote folder, sorted by name. OSError where it cannot be listed."""
    files, path = filesystem(location)
    files.invalidate_cache()  # a process lives longer than a listing is true
    for found in sorted(files.ls(path, detail=True), key=lambda one: str(one["name"])):
        name = found["name"].rstrip("/").rpartition("/")[2]
        if found["name"].rstrip("/") == path.rstrip("/"):
            continue  # object stores name the folder itself as an empty object
        place = os.fsencode(files.unstrip_protocol(found["name"]))
        yield Entry(place, os.fsencode(name), found["type"] == "directory", _remote_status(found))


def remote_sizes(location: bytes) -> dict[str, int]:
    """Bytes of every file below a remote folder, by its path in it as the server gives it, sorted."""
    files, path = filesystem(location)
    files.invalidate_cache()
    top = path.rstrip("/") + "/"
    found = files.find(path, detail=True)
    files.invalidate_cache()  # s3fs keeps what it found as if it were a listing
    return {name.removeprefix(top): int(info.get("size") or 0) for name, info in sorted(found.items()) if name != top}


def fetch(location: bytes, names: Sequence[str], folder: Path) -> None:
    """Copy files below a remote folder to the same paths below a local one, several at a time where the server is asked
    over a network. OSError where one cannot be read or written."""
    files, path = filesystem(location)
    for below in {(folder / name).parent for name in names}:
        below.mkdir(parents=True, exist_ok=True)  # not every file system of fsspec's makes them
    files.get([f"{path.rstrip('/')}/{name}" for name in names], [str(folder / name) for name in names])


def matching(url: str) -> list[tuple[str, bool]]:
    """URLs that a URL or a glob of URLs names, sorted, each with whether it is a folder; [] for none."""
    files, path = filesystem(os.fsencode(url))
    found = files.glob(path, detail=True) if any(mark in path for mark in "*?[") else {}
    if not found and files.exists(path):
        found = {path: files.info(path)}
    return [(files.unstrip_protocol(name), info["type"] == "directory") for name, info in sorted(found.items())]


def _remote_status(info: dict[str, Any]) -> Status:
    seen = [str(info[name]) for name in ("ETag", "etag", "LastModified", "mtime", "modified") if info.get(name)]
    return Status(int(info.get("size") or 0), xxhash.xxh3_64_intdigest("\0".join(seen).encode()) >> 1)
