"""Raw bytes to text: a batch of files in whatever encoding becomes UTF-8, or a word on why it can't.

The common case, a batch that is all UTF-8, costs one look at every byte and no copy: Arrow's cast validates.
Accuracy and speed of the rest: analyzers/legacy_encodings.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

from analyzers.buffers import offsets_and_bytes
from analyzers.legacy_encodings import decode_legacy

LFS_POINTER = b"version https://git-lfs.github.com/spec/v1"
LFS_POINTER_BYTES = 1_024  # a pointer is shorter: Git LFS's specification
MAX_CONTROL_FRACTION = 0.05  # control bytes but tab, newline, carriage return, form feed, backspace, escape
MIN_ZERO_FRACTION = 0.30  # of the bytes at even or at odd places, for UTF-16 without a mark; source code has over .9
MAX_OTHER_ZERO_FRACTION = 0.01  # of the bytes at the other places

# Signatures of formats that are never source code, and that short files may carry without a single NUL.
_MAGIC = (
    b"%PDF-", b"GIF87a", b"GIF89a", b"\x89PNG", b"\xff\xd8\xff", b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"BZh9",
    b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"wOFF",
    b"wOF2", b"OggS", b"ID3\x03", b"ID3\x04", b"SQLite format 3", b"\x00asm", b"!<arch>\n", b"\x93NUMPY", b"PAR1",
    b"\xd0\xcf\x11\xe0",
)  # fmt: skip
_UTF8_MARK = b"\xef\xbb\xbf"
_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32-le", "UTF-32LE"),
    (b"\x00\x00\xfe\xff", "utf-32-be", "UTF-32BE"),
    (_UTF8_MARK, "utf-8", "UTF-8-SIG"),
    (b"\xff\xfe", "utf-16-le", "UTF-16LE"),
    (b"\xfe\xff", "utf-16-be", "UTF-16BE"),
)
_SPECIAL = (*_MAGIC, *(mark for mark, _, _ in _MARKS), LFS_POINTER[:16])


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """One row a file. Exactly one of `content` and `refused` is null; `encoding` is null with the content."""

    content: pa.LargeStringArray  # byte-order mark removed, line ends untouched
    encoding: pa.StringArray  # "UTF-8" (ASCII too), "UTF-8-SIG", "UTF-16LE", "GB18030", "Shift_JIS", "ISO-8859-1" ...
    refused: pa.StringArray  # "binary", "empty", "lfs_pointer", "undecodable"


def decode_batch(raw: pa.LargeBinaryArray) -> Decoded:
    """Text, encoding or reason for every file of a batch; a null file is empty. Never raises on any bytes."""
    is_special = _find_special(raw)
    utf8 = _as_utf8(raw, is_special)
    encoding: list[str | None] = [None if special else "UTF-8" for special in is_special.tolist()]
    refused: list[str | None] = [None] * len(raw)
    texts: list[str] = []
    take = np.arange(len(raw))
    for at in np.flatnonzero(is_special).tolist():
        text, encoding[at], refused[at] = decode_one(raw[at].as_py() or b"")
        if text is not None:
            take[at] = len(raw) + len(texts)
            texts.append(text)
    content = utf8
    if texts:
        content = pa.concat_arrays([utf8, pa.array(texts, pa.large_string())]).take(pa.array(take))
    return Decoded(content=content, encoding=pa.array(encoding, pa.string()), refused=pa.array(refused, pa.string()))


def decode_one(data: bytes) -> tuple[str | None, str | None, str | None]:
    """Text, encoding and reason for one file, of which text or reason is None."""
    text, encoding = None, None
    if len(data) < LFS_POINTER_BYTES and data.startswith(LFS_POINTER):
        return None, None, "lfs_pointer"
    if mark := next((mark for mark in _MARKS if data.startswith(mark[0])), None):
        text, encoding = _try(data[len(mark[0]) :], mark[1]), mark[2]
    elif data.startswith(_MAGIC):
        return None, None, "binary"
    elif b"\x00" in data:
        codec = _utf16_by_zeros(data)
        text, encoding = (_try(data, codec), codec.upper().replace("UTF-16-", "UTF-16")) if codec else (None, None)
        if text is None:
            return None, None, "binary"
    else:
        text, encoding = _try(data, "utf-8"), "UTF-8"
        if text is None and _is_mostly_control(data):
            return None, None, "binary"
        if text is None and (found := decode_legacy(data)):
            text, encoding = found
    if text is None:
        return None, None, "undecodable"
    if not text:
        return None, None, "empty"
    if "\x00" in text or _is_mostly_control(text.encode("utf-8")):
        return None, None, "binary"
    return text, encoding, None


def _find_special(raw: pa.LargeBinaryArray) -> np.ndarray:
    """Rows (bool) that need a look of their own, apart from those that turn out not to be UTF-8."""
    offsets, data = offsets_and_bytes(raw)
    n_bytes = np.diff(offsets) if len(raw) else np.zeros(0, np.int64)
    n_zeros, n_control = _count_control(offsets, data)
    special = (n_bytes == 0) | (n_zeros > 0) | (n_control > MAX_CONTROL_FRACTION * n_bytes)
    special |= raw.is_null().to_numpy(zero_copy_only=False)
    view = data.data
    starts = offsets[:-1].tolist()
    for at, (start, length) in enumerate(zip(starts, n_bytes.tolist(), strict=True)):
        if bytes(view[start : start + min(16, length)]).startswith(_SPECIAL):
            special[at] = True
    return special


def _as_utf8(raw: pa.LargeBinaryArray, is_special: np.ndarray) -> pa.LargeStringArray:
    """The rows as text, null where special; rows that aren't UTF-8 are marked special (in place) and null."""
    candidates = _without(raw, is_special)
    to_check = [(0, len(raw))]
    while to_check:  # halving finds the few bad rows of a batch with few casts, which cost 50 us/MB
        start, end = to_check.pop()
        try:
            candidates.slice(start, end - start).cast(pa.large_string())
        except pa.ArrowInvalid:
            middle = (start + end) // 2
            if end - start == 1:
                is_special[start] = True
            else:
                to_check += [(start, middle), (middle, end)]
    return _without(raw, is_special).cast(pa.large_string())


def _without(raw: pa.LargeBinaryArray, is_special: np.ndarray) -> pa.LargeBinaryArray:
    """The column itself where no row is special (no copy), else with nulls in their places."""
    if not is_special.any():
        return raw
    return pc.if_else(pa.array(is_special), pa.scalar(None, raw.type), raw)


def _try(data: bytes, codec: str) -> str | None:
    """The text, None where the bytes don't fit."""
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return None


def _utf16_by_zeros(data: bytes) -> str | None:
    """The codec of UTF-16 without a mark: zeros fill the high halves of ASCII characters and hardly any other place."""
    if len(data) % 2:
        return None
    halves = np.frombuffer(data, np.uint8).reshape(-1, 2)
    even, odd = (halves == 0).mean(axis=0).tolist()
    if odd >= MIN_ZERO_FRACTION and even <= MAX_OTHER_ZERO_FRACTION:
        return "utf-16-le"
    if even >= MIN_ZERO_FRACTION and odd <= MAX_OTHER_ZERO_FRACTION:
        return "utf-16-be"
    return None


def _is_mostly_control(data: bytes) -> bool:
    """Whether more than MAX_CONTROL_FRACTION of the bytes are controls that text doesn't use."""
    _, n_control = _count_control(np.array([0, len(data)]), np.frombuffer(data, np.uint8))
    return bool(n_control[0] > MAX_CONTROL_FRACTION * len(data))


@njit(cache=True, nogil=True)
def _count_control(offsets: np.ndarray, data: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """NULs and other control bytes (int64) of every row."""
    n_rows = len(offsets) - 1
    n_zeros = np.zeros(n_rows, np.int64)
    n_control = np.zeros(n_rows, np.int64)
    for row in range(n_rows):
        zeros = 0
        control = 0
        for at in range(offsets[row], offsets[row + 1]):
            byte = data[at]
            zeros += byte == 0
            # 8 to 10, 12 and 13 are backspace to newline, form feed and carriage return; 27 is escape
            control += (byte < 32) & ((byte < 8) | (byte == 11) | (byte > 13)) & (byte != 27) | (byte == 127)
        n_zeros[row] = zeros
        n_control[row] = control
    return n_zeros, n_control
