"""Members of archives: what is read, what is refused, and the bounds that keep a hostile archive harmless.

Nothing is unpacked. A member that is itself an archive is opened, as a folder of its name; one deeper is told of.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import IO

import xxhash

from curate.sources.place import leads_outside
from curate.sources.raw import document, too_large

TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
ZIP_SUFFIXES = (".zip", ".whl", ".jar")
PACKED_SUFFIXES = (".gz", ".zst", ".bz2", ".xz")

MOST_MEMBERS = 1_000_000
MIN_BOMB_BYTES = 256 << 20  # what any archive may hold
MAX_RATIO = 200.0
"""Bytes held by a larger archive for each of its own. Sources come to 3 to 10, logs and generated tables to 50."""


class Bomb(OSError):
    """An archive holds more than it may."""

    def __init__(self, reason: str, value: float, limit: float) -> None:
        super().__init__(f"{reason}: {value:g} against the limit {limit:g}")
        self.reason, self.value, self.limit = reason, value, limit


def most_bytes(archive_bytes: int) -> int:
    """What an archive of so many bytes may hold."""
    return max(MIN_BOMB_BYTES, int(archive_bytes * MAX_RATIO))


class Counted(io.RawIOBase):
    """A decompressed stream that raises Bomb once it has given more than an archive of its size may hold."""

    def __init__(self, stream: IO[bytes], archive_bytes: int) -> None:
        self.stream, self.archive_bytes, self.given = stream, archive_bytes, 0

    def readable(self) -> bool:
        """True."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        found = self.stream.read(size)
        self.given += len(found)
        if self.given > most_bytes(self.archive_bytes):
            raise Bomb("archive_bomb", self.given / max(1, self.archive_bytes), MAX_RATIO)
        return found


@dataclass(kw_only=True)
class Archive:
    """One archive while it is read: the unit it came from, and what was seen of it. `depth` 1 is within another."""

    unit: dict
    max_bytes: int
    prefix: str = ""  # of members' paths: the nested archive's own and a slash
    depth: int = 0
    only: str | None = None  # the one member whose bytes are wanted; None is all
    seen: set[int] = field(default_factory=set)
    number: int = 0  # of the member under way, from 1, over all that were met

    def refuse(self, name: str, reason: str, text: str | None = None, size: int = 0) -> dict:
        """The row of a member that is not read. Where its name was there before, its number tells them apart."""
        is_new = self._is_new(name)
        row = None if is_new else self.number
        return document(self.unit, member=self.prefix + name, row=row, size=size, reason=reason, text=text)

    def fault(self, error: Exception) -> dict:
        """The row of an archive that cannot be read on."""
        member = self.prefix.rstrip("/") or None
        text = f"after {self.number} members: {error}"
        if isinstance(error, Bomb):
            text = f"after {self.number} members; the rest is not read"
            return document(
                self.unit, member=member, row=self.number, size=0, reason=error.reason, value=error.value,
                limit=error.limit, text=text,
            )  # fmt: skip
        return document(self.unit, member=member, row=self.number, size=0, reason="unreadable", text=text)

    def see(self, names: Iterable[str]) -> None:
        """Take names for seen: those of members that other tasks read."""
        for name in names:
            self._is_new(name)

    def count(self) -> None:
        """One member more. Bomb where there are too many."""
        self.number += 1
        if self.number > MOST_MEMBERS:
            raise Bomb("too_many_files", self.number, MOST_MEMBERS)

    def read(self, name: str, size: int, read: Callable[[], bytes]) -> dict:
        """The row of a regular member. `read` gives its bytes, and is not called where it must not be."""
        if leads_outside(name):
            return self.refuse(name, "unsafe_path", "it leads out of its folder", size)
        if not self._is_new(name):
            place = {"member": self.prefix + name, "row": self.number}
            return document(self.unit, **place, size=size, reason="duplicate_member")  # type: ignore[arg-type]
        if size > self.max_bytes:
            return too_large(self.unit, size, self.max_bytes, member=self.prefix + name)
        if self.only not in (None, self.prefix + name):
            return document(self.unit, member=self.prefix + name, size=size)
        return document(self.unit, member=self.prefix + name, raw=read())

    def nested(self, name: str) -> Archive:
        """The archive that a member is; it shares what was seen."""
        return replace(self, prefix=f"{self.prefix}{name}/", depth=self.depth + 1)

    def _is_new(self, name: str) -> bool:
        key = xxhash.xxh3_64_intdigest((self.prefix + name).encode())
        if key in self.seen:
            return False
        self.seen.add(key)
        return True


def kind_of(name: str) -> str | None:
    """ "tar", "zip" or "packed" by a file's name; None for none of them."""
    lower = name.lower()
    if lower.endswith(TAR_SUFFIXES):
        return "tar"
    if lower.endswith(ZIP_SUFFIXES):
        return "zip"
    return "packed" if lower.endswith(PACKED_SUFFIXES) else None


def is_nested(name: str) -> bool:
    """Whether a member is an archive that is opened. Single packed files stay as they are, as they do in a folder."""
    return kind_of(name) in ("tar", "zip")
