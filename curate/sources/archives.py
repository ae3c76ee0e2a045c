"""Archives: tar and zip, streamed, nested once; and single files packed by gzip, Zstandard, bzip2 or xz.

A tar is read from its beginning by one task, in the memory of one member. A zip is split by its directory, so that
tasks share a large one. Files alone are documents: folders have no row, and links, devices, encrypted members, names
that lead outside and names that come twice are told of.
"""

from __future__ import annotations

import io
import os
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO

from curate.sources.members import MAX_RATIO, MOST_MEMBERS, Archive, Bomb, Counted, is_nested, kind_of, most_bytes
from curate.sources.place import Status, open_file, text_of
from curate.sources.raw import document
from curate.sources.streams import codec_of, decompressed
from curate.sources.unit import RANGE_BYTES, Start, refused, unit

_MOST_HEADER = 1 << 20  # bytes of a tar's extended header: names are shorter, and tarfile holds it whole
_SPOOLED = 16 << 20  # of a zip within an archive that stay in memory; a larger one waits in a temporary file
_BUFFER = 1 << 16
_ENCRYPTED, _NAME_IS_UTF8 = 0x1, 0x800  # bits of a zip member's flags: APPNOTE.TXT 4.4.4
_BROKEN = (
    OSError, EOFError, ValueError, RuntimeError, NotImplementedError, tarfile.TarError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def units_of_archive(place: Start, status: Status, kind: str) -> list[dict]:
    """The whole of a tar or packed file, or the ranges of a zip; a refused unit where its directory cannot be read."""
    if kind != "zip":
        return [unit(kind, place, 0, -1, status.size, status)]
    try:
        with _buffered(place.location) as file:
            infos = _directory(file, status.size)
    except Bomb as bomb:
        return [refused(place, bomb.reason, str(bomb), status.size)]
    except _BROKEN as error:
        return [refused(place, "unreadable", _told(error), status.size)]
    units, first, size = [], 0, 0
    for number, info in enumerate(infos, 1):
        size += info.file_size
        if size >= RANGE_BYTES or number == len(infos):
            units.append(unit("zip", place, first, number, size, status))
            first, size = number, 0
    return units if any(not info.is_dir() for info in infos) else [refused(place, "empty", "it holds no file")]


def read_tar(unit: dict, max_bytes: int, *, only: str | None = None) -> Iterator[dict]:
    """Every file of a tar."""
    archive = Archive(unit=unit, max_bytes=max_bytes, only=only)
    try:
        with open_file(unit["location"]) as file:
            found = False
            for row in _tar(archive, Counted(decompressed(file, codec_of(unit["location"])), unit["size"])):
                found = True
                yield row
            if not found:
                yield document(unit, size=unit["size"], reason="empty", text="it holds no file")
    except _BROKEN as error:
        yield archive.fault(error)


def read_zip(unit: dict, max_bytes: int, *, only: str | None = None) -> Iterator[dict]:
    """Members [start, end) of a zip's directory."""
    archive = Archive(unit=unit, max_bytes=max_bytes, only=only)
    try:
        with _buffered(unit["location"]) as file:
            yield from _zip(archive, file, unit["size"], unit["start"], unit["end"])
    except _BROKEN as error:
        yield archive.fault(error)


def read_packed(unit: dict, max_bytes: int, *, only: str | None = None) -> Iterator[dict]:
    """The one file in a .gz, .zst, .bz2 or .xz; it is called as the file without that suffix."""
    archive = Archive(unit=unit, max_bytes=max_bytes, number=1, only=only)
    try:
        with open_file(unit["location"]) as file:
            raw = decompressed(file, codec_of(unit["location"])).read(max_bytes + 1)
    except _BROKEN as error:
        yield archive.fault(error)
        return
    name = (unit["uri"].partition("/")[2] or unit["uri"]).rpartition(".")[0]
    yield archive.read(name, len(raw), lambda: raw)


READERS: dict[str, Callable[..., Iterator[dict]]] = {"tar": read_tar, "zip": read_zip, "packed": read_packed}


def read_member(location: bytes, uri: str, member: str, size: int, max_bytes: int) -> bytes | None:
    """The bytes of one member; None where it is not there."""
    kind = kind_of(os.fsdecode(location)) or ""
    whole = {"kind": kind, "uri": uri, "location": location, "start": 0, "end": MOST_MEMBERS, "size": size}
    rows = READERS[kind](whole, max_bytes, only=member)
    return next((row["raw"] for row in rows if row["source"]["member"] == member and row["raw"] is not None), None)


class _Header(tarfile.TarInfo):
    """A tar's header. tarfile takes a damaged one for the end of the archive; here it is an error, and so is a name of
    more than a megabyte, which it would hold in memory."""

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> _Header:
        """The next header."""
        try:
            return super().fromtarfile(archive)
        except (tarfile.InvalidHeaderError, tarfile.TruncatedHeaderError) as error:  # type: ignore[attr-defined]
            raise tarfile.ReadError(f"bad header: {error}") from None

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        extended = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE, b"X")
        if self.type in extended and self.size > _MOST_HEADER:
            raise tarfile.ReadError(f"an extended header of {self.size} bytes")
        return super()._proc_member(archive)  # type: ignore[misc]


def _tar(archive: Archive, stream: IO[bytes] | Counted) -> Iterator[dict]:
    try:
        tar = tarfile.open(  # noqa: SIM115 - what it holds is the stream
            fileobj=stream, mode="r|", bufsize=_BUFFER, tarinfo=_Header, encoding="utf-8", errors="surrogateescape"
        )
        while (info := tar.next()) is not None:
            tar.members = []  # type: ignore[attr-defined]  # it would keep all of them
            if not info.isdir():
                archive.count()
                yield from _tar_member(archive, tar, info)
    except _BROKEN as error:
        yield archive.fault(error)


def _tar_member(archive: Archive, tar: tarfile.TarFile, info: tarfile.TarInfo) -> Iterator[dict]:
    name = text_of(os.fsencode(info.name)).removeprefix("./")
    if info.issym():
        yield archive.refuse(name, "symlink", text_of(os.fsencode(info.linkname)))
    elif info.islnk():
        yield archive.refuse(name, "hard_link", text_of(os.fsencode(info.linkname)))
    elif not info.isreg():
        yield archive.refuse(name, "not_a_file", f"tar type {info.type.decode('latin-1')!r}")
    elif is_nested(name):
        yield from _nested(archive, name, _member_file(tar, info), info.size)
    else:
        yield archive.read(name, info.size, lambda: _whole(_member_file(tar, info), info.size))


def _member_file(tar: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    file = tar.extractfile(info)
    assert file is not None  # it is a regular file
    return file


def _whole(file: IO[bytes], size: int) -> bytes:
    """All bytes of a member, which must be as many as its header says."""
    with file:
        raw = file.read(size)
    if len(raw) != size:
        raise tarfile.ReadError(f"a member of {size} bytes ends after {len(raw)}")
    return raw


def _zip(archive: Archive, file: IO[bytes], archive_bytes: int, start: int, end: int) -> Iterator[dict]:
    with zipfile.ZipFile(file) as opened:
        infos = opened.infolist()
        if archive.depth:
            _check_directory(infos, archive_bytes)
        archive.number = archive.number if archive.depth else start
        archive.see(_zip_name(info) for info in infos[:start])
        for info in infos[start:end]:
            archive.count()
            if not info.is_dir():
                yield from _zip_member(archive, opened, info)


def _zip_member(archive: Archive, opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[dict]:
    name, mode = _zip_name(info), info.external_attr >> 16
    if info.flag_bits & _ENCRYPTED:
        yield archive.refuse(name, "encrypted", size=info.file_size)
        return
    try:
        if stat.S_ISLNK(mode):
            target = opened.read(info) if info.file_size <= 4096 else b""
            yield archive.refuse(name, "symlink", text_of(target))
        elif stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            yield archive.refuse(name, "not_a_file", f"mode {mode:o}")
        elif is_nested(name):
            yield from _nested(archive, name, opened.open(info), info.file_size)
        else:
            yield archive.read(name, info.file_size, lambda: _whole(opened.open(info), info.file_size))
    except _BROKEN as error:  # of one member: the others stand elsewhere in the file
        yield archive.refuse(name, "unreadable", _told(error), info.file_size)


def _nested(archive: Archive, name: str, file: IO[bytes], size: int) -> Iterator[dict]:
    """Members of an archive within an archive; one deeper is told of."""
    if archive.depth:
        yield archive.refuse(name, "nested_archive", "archives are opened one within another, not deeper", size)
        return
    inner = archive.nested(name)
    try:
        with file:
            if kind_of(name) == "tar":
                yield from _tar(inner, Counted(decompressed(file, codec_of(name.encode())), size))
            else:
                with tempfile.SpooledTemporaryFile(max_size=_SPOOLED) as spooled:
                    shutil.copyfileobj(file, spooled, _BUFFER)
                    yield from _zip(inner, spooled, size, 0, MOST_MEMBERS)
    except _BROKEN as error:
        yield inner.fault(error)
    archive.number = inner.number


def _directory(file: IO[bytes], archive_bytes: int) -> list[zipfile.ZipInfo]:
    with zipfile.ZipFile(file) as opened:
        _check_directory(opened.infolist(), archive_bytes)
        return opened.infolist()


def _check_directory(infos: list[zipfile.ZipInfo], archive_bytes: int) -> None:
    """Bomb where a zip says to hold too much or too many; what a member really holds is never read beyond its word."""
    if len(infos) > MOST_MEMBERS:
        raise Bomb("too_many_files", len(infos), MOST_MEMBERS)
    held = sum(info.file_size for info in infos)
    if held > most_bytes(archive_bytes):
        raise Bomb("archive_bomb", held / max(1, archive_bytes), MAX_RATIO)


def _zip_name(info: zipfile.ZipInfo) -> str:
    """A member's name. Many programs write UTF-8 without saying so, and Windows' own its separator."""
    name = info.orig_filename
    if not info.flag_bits & _NAME_IS_UTF8:
        try:
            name = name.encode("cp437").decode("utf-8")
        except ValueError:
            name = info.orig_filename
    return text_of(name.replace("\\", "/").encode("utf-8", "surrogateescape")).removeprefix("./")


def _buffered(location: bytes) -> IO[bytes]:
    file = open_file(location)
    return io.BufferedReader(file, _BUFFER) if isinstance(file, io.RawIOBase) else file


def _told(error: Exception) -> str:
    return str(error) or type(error).__name__
