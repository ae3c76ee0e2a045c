"""Archives of every kind, good and hostile, each with what is to be read of it and what is told of instead."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import zstandard

GOOD = {"pkg/a.py": b"a = 1\n", "pkg/src/b.py": b"b = 2\n" * 50, "pkg/LICENSE": b"MIT License\n"}
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".zst": zstandard.compress,
    ".xz": lambda raw: lzma.compress(raw, preset=0),
}  # fmt: skip


@dataclass(kw_only=True)
class Expected:
    """Of one archive: content by member, and reason by member (null where the archive itself is told of)."""

    path: Path
    files: dict[str, bytes] = field(default_factory=dict)
    told: list[tuple[str | None, str]] = field(default_factory=list)


def tar_of(members: Iterable[tuple[str, bytes] | tarfile.TarInfo]) -> bytes:
    """A tar of files and of bare headers."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                archive.addfile(info, io.BytesIO(member[1]))
    return held.getvalue()


def zip_of(members: Iterable[tuple[str | zipfile.ZipInfo, bytes]]) -> bytes:
    """A zip of files."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return held.getvalue()


def header(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    """A member that is no regular file."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def make(folder: Path) -> list[Expected]:
    """All of them in a folder."""
    made = [*_good(), *_hostile_tars(), *_hostile_zips(), *_broken()]
    for name, content, expected in made:
        expected.path = folder / name
        expected.path.write_bytes(content)
    return [expected for _, _, expected in made]


Made = tuple[str, bytes, Expected]


def _expect(files: dict[str, bytes], *told: tuple[str | None, str]) -> Expected:
    return Expected(path=Path(), files=files, told=list(told))


def _good() -> Iterable[Made]:
    plain = tar_of([header("pkg", tarfile.DIRTYPE), *GOOD.items()])
    for suffix, packer in PACKERS.items():
        yield f"good.tar{suffix}", packer(plain), _expect(dict(GOOD))
    yield "dots.tgz", gzip.compress(tar_of([(f"./{name}", raw) for name, raw in GOOD.items()])), _expect(dict(GOOD))
    yield "frames.tar.gz", gzip.compress(plain[:700]) + gzip.compress(plain[700:]), _expect(dict(GOOD))
    yield "frames.tar.xz", lzma.compress(plain[:700]) + lzma.compress(plain[700:]), _expect(dict(GOOD))
    yield "good.zip", zip_of([("pkg/", b""), *GOOD.items()]), _expect(dict(GOOD))
    yield "wheel-1.0-py3-none-any.whl", zip_of(GOOD.items()), _expect(dict(GOOD))
    for suffix in (".gz", ".zst", ".bz2", ".xz"):
        yield f"single.py{suffix}", PACKERS[suffix](b"x = 1\n"), _expect({"single.py": b"x = 1\n"})
    inner = zip_of(GOOD.items())
    deep = tar_of([("a.py", b"1\n"), ("in.zip", inner), ("in.tar.gz", gzip.compress(plain))])
    within = {f"{name}/{member}": raw for name in ("in.zip", "in.tar.gz") for member, raw in GOOD.items()}
    yield "nested.tar", deep, _expect({"a.py": b"1\n"} | within)
    deeper = {f"deep.tar/{name}": raw for name, raw in {"a.py": b"1\n"}.items()}
    yield "deeper.zip", zip_of([("deep.tar", deep), ("z.gz", gzip.compress(b"1"))]), _expect(
        deeper | {"z.gz": gzip.compress(b"1")}, ("deep.tar/in.zip", "nested_archive"),
        ("deep.tar/in.tar.gz", "nested_archive"),
    )  # fmt: skip
    yield (
        "names.tar",
        tar_of([("caf\udce9.py", b"1\n"), ("统计.py", b"2\n")]),
        _expect({"caf\\xe9.py": b"1\n", "统计.py": b"2\n"}),
    )


def _hostile_tars() -> Iterable[Made]:
    yield "hostile.tar", tar_of([
        ("ok.py", b"1\n"), ("../up.py", b"2\n"), ("/etc/passwd", b"3\n"), ("a/../../b.py", b"4\n"), ("C:/x.py", b"5\n"),
        header("link.py", tarfile.SYMTYPE, "/etc/passwd"), header("hard.py", tarfile.LNKTYPE, "ok.py"),
        header("pipe", tarfile.FIFOTYPE), header("null", tarfile.CHRTYPE), ("ok.py", b"another\n"),
        ("ok.py", b"third\n"),
        ("big.py", b"x" * 70_000), ("end.py", b"6\n"),
    ]), _expect(
        {"ok.py": b"1\n", "end.py": b"6\n"}, ("../up.py", "unsafe_path"), ("/etc/passwd", "unsafe_path"),
        ("a/../../b.py", "unsafe_path"), ("C:/x.py", "unsafe_path"), ("link.py", "symlink"), ("hard.py", "hard_link"),
        ("pipe", "not_a_file"), ("null", "not_a_file"), ("ok.py", "duplicate_member"), ("ok.py", "duplicate_member"),
        ("big.py", "too_large_to_read"),
    )  # fmt: skip
    zeros = tar_of([("ok.py", b"1\n")])[:1024]
    bomb = io.BytesIO()
    with gzip.GzipFile(fileobj=bomb, mode="wb", mtime=0) as packed:
        packed.write(zeros)
        info = tarfile.TarInfo("zeros.py")
        info.size = 30_000_000
        packed.write(info.tobuf())
        for _ in range(30):
            packed.write(bytes(1_000_000))
    yield (
        "bomb.tar.gz",
        bomb.getvalue(),
        _expect({"ok.py": b"1\n"}, ("zeros.py", "too_large_to_read"), (None, "archive_bomb")),
    )
    long = tarfile.TarInfo("././@LongLink")
    long.type, long.size = tarfile.GNUTYPE_LONGNAME, 3 << 20
    yield (
        "header.tar",
        tar_of([("ok.py", b"1\n")])[:1024] + long.tobuf() + b"a" * (3 << 20),
        _expect({"ok.py": b"1\n"}, (None, "unreadable")),
    )
    sparse = tarfile.TarInfo("negative.py")
    sparse.size = -512
    yield (
        "negative.tar",
        tar_of([("ok.py", b"1\n")])[:1024] + sparse.tobuf(tarfile.GNU_FORMAT) + bytes(1024),
        _expect({"ok.py": b"1\n"}, (None, "unreadable")),
    )


def _link(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def _hostile_zips() -> Iterable[Made]:
    raw = bytearray(zip_of([("ok.py", b"1\n"), ("secret.py", b"2\n")]))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = raw.rindex(mark)
        raw[place + at] |= 1
    yield "encrypted.zip", bytes(raw), _expect({"ok.py": b"1\n"}, ("secret.py", "encrypted"))
    yield "hostile.zip", zip_of([
        ("ok.py", b"1\n"), ("../up.py", b"2\n"), ("/etc/passwd", b"3\n"), (_link("link.py", 0o120777), b"/etc/passwd"),
        (_link("pipe", 0o010644), b""), (_link("mode.py", 0o100644), b"4\n"), ("big.py", b"x" * 70_000),
        ("win\\dows.py", b"5\n"),
    ]), _expect(
        {"ok.py": b"1\n", "mode.py": b"4\n", "win/dows.py": b"5\n"}, ("../up.py", "unsafe_path"),
        ("/etc/passwd", "unsafe_path"), ("link.py", "symlink"), ("pipe", "not_a_file"), ("big.py", "too_large_to_read"),
    )  # fmt: skip
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.py", b"1\n")
        archive.filelist.append(archive.filelist[0])  # its directory names it twice
    yield "twice.zip", held.getvalue(), _expect({"a.py": b"1\n"}, ("a.py", "duplicate_member"))
    yield (
        "bomb.zip",
        zip_of([(f"{number}.py", bytes(10_000_000)) for number in range(3)]),
        _expect({}, (None, "archive_bomb")),
    )
    utf8 = zip_of([("统计.py", b"1\n")])
    unmarked = bytearray(utf8)
    for mark, at in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):
        unmarked[unmarked.index(mark) + at] &= ~8
    yield "unmarked.zip", bytes(unmarked), _expect({"统计.py": b"1\n"})
    damaged = bytearray(zip_of([("bad.py", bytes(range(256)) * 8), ("ok.py", b"1\n")]))
    damaged[60:70] = b"\xff" * 10
    yield "damaged.zip", bytes(damaged), _expect({"ok.py": b"1\n"}, ("bad.py", "unreadable"))
    lying = bytearray(zip_of([("lie.py", b"x" * 1000), ("ok.py", b"1\n")]))
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        lying[lying.index(mark) + at : lying.index(mark) + at + 4] = struct.pack("<I", 10)
    yield "lying.zip", bytes(lying), _expect({"ok.py": b"1\n"}, ("lie.py", "unreadable"))


def _broken() -> Iterable[Made]:
    plain = tar_of([*GOOD.items(), ("last.py", b"y" * 5_000)])
    yield "cut.tar", plain[: plain.index(b"yyyy") + 1_000], _expect(dict(GOOD), (None, "unreadable"))
    yield "cut.tar.gz", gzip.compress(plain)[:-30], _expect({}, (None, "unreadable"))  # it ends in its first block
    flipped = bytearray(plain)
    flipped[1024:1100] = b"\xff" * 76  # the second header
    yield "flipped.tar", bytes(flipped), _expect({"pkg/a.py": GOOD["pkg/a.py"]}, (None, "unreadable"))
    yield "cut.zip", zip_of(GOOD.items())[:-30], _expect({}, (None, "unreadable"))
    yield "none.zip", b"no zip at all", _expect({}, (None, "unreadable"))
    yield "none.tar.zst", b"no zstd at all", _expect({}, (None, "unreadable"))
    yield "none.xz", b"no xz at all", _expect({}, (None, "unreadable"))
    yield "short.xz", lzma.compress(b"x" * 5_000)[:-20], _expect({}, (None, "unreadable"))
    yield "hungry.xz", _with_dictionary_of_4_gib(lzma.compress(b"x = 1\n")), _expect({}, (None, "unreadable"))
    yield "hollow.tar", tar_of([header("a", tarfile.DIRTYPE)]), _expect({}, (None, "empty"))
    yield "hollow.zip", zip_of([("a/", b"")]), _expect({}, (None, "empty"))
    yield "nothing.tar.gz", b"", _expect({}, (None, "empty"))
    yield (
        "broken_within.tar",
        tar_of([("in.zip", b"no zip"), ("in.tar", b"no tar"), ("ok.py", b"1\n")]),
        _expect({"ok.py": b"1\n"}, ("in.zip", "unreadable"), ("in.tar", "unreadable")),
    )


def _with_dictionary_of_4_gib(packed: bytes) -> bytes:
    """The header of an xz block says how much memory it takes; its checksum is made anew."""
    import zlib

    block = bytearray(packed[12:24])
    block[4] = 40  # 4 GiB - 1, in xz's code
    block[8:12] = struct.pack("<I", zlib.crc32(bytes(block[:8])))
    return packed[:12] + bytes(block) + packed[24:]
