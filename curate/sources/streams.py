"""Decompressed streams: gzip, Zstandard, bzip2 and xz, in little memory, with OSError where the data ends early."""

from __future__ import annotations

import io
import lzma
from typing import IO

import pyarrow as pa

_CODECS = {
    b".gz": "gzip",
    b".tgz": "gzip",
    b".zst": "zstd",
    b".bz2": "bz2",
    b".tbz2": "bz2",
    b".xz": "xz",
    b".txz": "xz",
}
_XZ_MEMORY = 256 << 20  # bytes of dictionary that a stream may ask for; xz -9 asks for 65 MiB
_CHUNK = 1 << 16


def codec_of(location: bytes) -> str | None:
    """How a file is compressed, by its name; None for one that is not."""
    return next((name for suffix, name in _CODECS.items() if location.lower().endswith(suffix)), None)


def decompressed(file: IO[bytes], codec: str | None) -> IO[bytes]:
    """Bytes uncompressed. Arrow's streams go on over frames, hold little of a bomb, and raise OSError where data ends
    early; Python's zstandard reads a cut file as a whole one."""
    if codec is None:
        return file
    if codec == "xz":
        return io.BufferedReader(_Xz(file), _CHUNK)
    return io.BufferedReader(pa.CompressedInputStream(pa.PythonFile(file, "r"), codec), _CHUNK)


class _Xz(io.RawIOBase):
    """A file of xz streams, one after another. Python's own does not bound the memory that a stream may ask for."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.stream = self._new()
        self.ahead = b""

    @staticmethod
    def _new() -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(lzma.FORMAT_AUTO, memlimit=_XZ_MEMORY)

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer) -> int:
        """The next bytes; 0 at the end of the last stream."""
        try:
            while True:
                if self.stream.eof:
                    self.ahead = (self.stream.unused_data or self.file.read(_CHUNK)).lstrip(b"\0")
                    if not self.ahead:
                        return 0
                    self.stream = self._new()
                elif self.stream.needs_input and not self.ahead:
                    self.ahead = self.file.read(_CHUNK)
                    if not self.ahead:
                        raise OSError("the xz stream ends early")
                found = self.stream.decompress(self.ahead, max_length=len(buffer))
                self.ahead = b""
                if found:
                    buffer[: len(found)] = found
                    return len(found)
        except lzma.LZMAError as error:
            raise OSError(f"xz: {error}") from None
