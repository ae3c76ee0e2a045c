r"""Text cut into pieces as our pattern cuts it: a scanner over UTF-8 that gives the end of each piece.

The six alternatives are tried in their order at each place. None of them can fail late: what follows a run never makes
it shorter, but for `\s+(?!\S)`, which leaves its last character. So one look ahead decides, and the time is linear.
Unpaired or cut bytes, which are no UTF-8, count as signs, so that nothing can lead the scanner out of its text.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from train.bpe.classes import BLANK, HAN, LEADS, NEWLINE, NUMBER, SIGN, SPACE, WORD, classes
from train.bpe.kernel import inlined, kernel


class Pieces(NamedTuple):
    """Pieces of a column: those of text i end at ends[offsets[i]:offsets[i + 1]], in bytes from the text's begin."""

    offsets: np.ndarray  # int64[texts + 1]
    ends: np.ndarray  # int64[pieces]


@inlined
def _beyond_ascii(data, at, end, tables):
    """Classes and length in bytes of the character at `at`, whose first byte is 0x80 or more."""
    lead = np.int64(data[at])
    n_bytes = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
    if at + n_bytes > end:
        return np.int64(SIGN | LEADS), end - at
    if n_bytes == 2:
        point = (lead & 0x1F) << 6 | (np.int64(data[at + 1]) & 0x3F)
    elif n_bytes == 3:
        point = (lead & 0x0F) << 12 | (np.int64(data[at + 1]) & 0x3F) << 6 | (np.int64(data[at + 2]) & 0x3F)
    else:
        point = (lead & 0x07) << 18 | (np.int64(data[at + 1]) & 0x3F) << 12
        point |= (np.int64(data[at + 2]) & 0x3F) << 6 | (np.int64(data[at + 3]) & 0x3F)
    return np.int64(tables.inside[tables.blocks[point >> 8], point & 0xFF]), n_bytes


@inlined
def _character(data, at, end, tables):
    """Classes and length in bytes of the character at `at`."""
    byte = data[at]
    if byte < 0x80:
        return np.int64(tables.ascii[byte]), np.int64(1)
    return _beyond_ascii(data, at, end, tables)


@inlined
def _run_end(data, at, end, tables, wanted):
    """Where characters of these classes end."""
    while at < end:
        bits, n_bytes = _character(data, at, end, tables)
        if not bits & wanted:
            break
        at += n_bytes
    return at


@inlined
def _space_end(data, start, at, end, tables):
    r"""The end of white space that begins at `start` and of which one character is read: `\s+(?!\S)|\s+`."""
    last = start
    while at < end:
        bits, n_bytes = _character(data, at, end, tables)
        if not bits & SPACE:
            return last if last > start else at
        last = at
        at += n_bytes
    return end


@inlined
def piece_end(data, start, end, tables):
    """The end of the piece that begins at `start`, which is before `end`."""
    first, n_bytes = _character(data, start, end, tables)
    at = start + n_bytes
    if first & NUMBER:
        return at
    if first & WORD:
        return _run_end(data, at, end, tables, WORD)
    if at >= end:
        return end
    second, n_bytes = _character(data, at, end, tables)
    if first & LEADS and second & WORD:
        return _run_end(data, at + n_bytes, end, tables, WORD)
    if first & HAN:
        return _run_end(data, at, end, tables, HAN)
    if first & SIGN or (first & BLANK and second & SIGN):
        at = _run_end(data, at, end, tables, SIGN)
        return _run_end(data, at, end, tables, NEWLINE)
    return _space_end(data, start, at, end, tables)


@kernel
def _cut(offsets, data, tables, piece_offsets, ends):
    n = 0
    for row in range(offsets.size - 1):
        piece_offsets[row] = n
        start, end = offsets[row], offsets[row + 1]
        at = start
        while at < end:
            at = piece_end(data, at, end, tables)
            ends[n] = at - start
            n += 1
    piece_offsets[offsets.size - 1] = n


def cut(texts: pa.LargeStringArray) -> Pieces:
    """All pieces of a column. Takes 8 bytes of scratch for each byte of text."""
    offsets, data = offsets_and_bytes(texts)
    piece_offsets = np.zeros(len(texts) + 1, np.int64)
    ends = np.empty(int(offsets[-1] - offsets[0]), np.int64)
    _cut(offsets, data, classes(), piece_offsets, ends)
    return Pieces(piece_offsets, ends[: piece_offsets[-1]].copy())


def offsets_and_bytes(texts: pa.LargeStringArray) -> tuple[np.ndarray, np.ndarray]:
    """Offsets (int64, texts + 1) and bytes (uint8) of a column, without a copy where no text is null. The bytes of text
    i are data[offsets[i]:offsets[i + 1]]; a slice's offsets do not start at 0, a null text is empty."""
    if not pa.types.is_large_string(texts.type):
        raise TypeError(f"a large_string column is needed, not {texts.type}: cast it first")
    if texts.null_count:
        texts = texts.fill_null("")  # bytes may lie behind a null
    _, held_offsets, held = texts.buffers()
    offsets, data = np.zeros(1, np.int64), np.zeros(0, np.uint8)
    if len(texts) and held_offsets is not None:
        offsets = np.frombuffer(held_offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
        data = data if held is None else np.frombuffer(held, np.uint8)
    for array in (offsets, data):
        array.flags.writeable = False  # whatever its buffer allows: kernels are compiled for one kind
    return offsets, data
