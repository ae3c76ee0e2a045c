"""The files inside a package, streamed: .deb, wheel (.zip) and npm tarball, and source archives nested in them.

Nothing is unpacked to disk. Debian ships some sources as an archive within the package (Linux, GCC, the JDK's src.zip);
such an archive reads as a folder named like it.
"""

from __future__ import annotations

import io
import re
import stat
import subprocess
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

MAX_FILE_BYTES = 1_000_000
"""Larger files are left out, as CodeFuse does (1 MB, 1,000,000 bytes)."""

_NESTED_TAR = re.compile(r"usr/src/([^/]+/)?[^/]+\.tar\.(bz2|gz|xz)")
_NESTED_ZIP = re.compile(r"usr/lib/jvm/[^/]+/lib/src\.zip")
"""Only where a distribution puts sources: archives elsewhere are test data, and some of them broken on purpose."""

Wanted = Callable[[str], bool]


def members(path: Path, wanted: Wanted) -> Iterator[tuple[str, bytes]]:
    """Yields (path, content) of the regular files of at most MAX_FILE_BYTES for whose path `wanted` is true.

    Paths are relative, with forward slashes; links, and paths that lead outside or are no UTF-8, are left out.
    """
    if path.name.endswith(".deb"):
        yield from _deb_members(path, wanted)
    elif path.name.endswith((".whl", ".zip")):
        with path.open("rb") as file:
            yield from _zip_members(file, "", wanted)
    else:
        with path.open("rb") as file:
            yield from _tar_members(file, "", wanted)


def _deb_members(path: Path, wanted: Wanted) -> Iterator[tuple[str, bytes]]:
    command = ["dpkg-deb", "--fsys-tarfile", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as unpack:
        assert unpack.stdout is not None
        yield from _tar_members(unpack.stdout, "", wanted)
        unpack.stdout.read()  # what follows the end mark, or dpkg-deb dies of a closed pipe
    if unpack.returncode != 0:
        raise OSError(f"dpkg-deb cannot read {path}")


def _tar_members(file: IO[bytes], folder: str, wanted: Wanted) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=file, mode="r|*") as archive:
        for member in archive:
            path = _safe_path(folder, member.name)
            if path is None or not member.isreg():
                continue
            file_in_archive = archive.extractfile(member)
            assert file_in_archive is not None
            if _NESTED_TAR.fullmatch(path):
                yield from _tar_members(file_in_archive, path, wanted)
            elif _NESTED_ZIP.fullmatch(path):
                # A zip's directory stands at its end: it cannot be read as a stream.
                yield from _zip_members(io.BytesIO(file_in_archive.read()), path, wanted)
            elif 0 < member.size <= MAX_FILE_BYTES and wanted(path):
                yield path, file_in_archive.read()


def _zip_members(file: IO[bytes], folder: str, wanted: Wanted) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            path = _safe_path(folder, member.filename)
            is_link = stat.S_ISLNK(member.external_attr >> 16)
            if path is None or is_link or member.is_dir() or not 0 < member.file_size <= MAX_FILE_BYTES:
                continue
            if wanted(path):
                yield path, archive.read(member)


def _safe_path(folder: str, name: str) -> str | None:
    """The path below `folder`, or None for one that is absolute, climbs out or is no UTF-8."""
    path = PurePosixPath(folder, name)
    if name.startswith("/") or ".." in path.parts:
        return None
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return None
    return str(path)
