"""A column of texts to token ids, with a memory for pieces.

Most pieces of text have been seen before. The memory is a table of lines of 64 bytes, as the processor fetches them: up
to 32 bytes of a piece, its length, and up to 7 ids. A piece has one line that it may be in, and takes it from whatever
is there: the memory never grows, and what it holds decides on speed alone, as the whole piece is compared. Pieces that
are longer, or make more ids, are merged each time.
"""

from __future__ import annotations

import os
import threading

import numpy as np
import pyarrow as pa

from train.bpe import TokenRows
from train.bpe.classes import classes
from train.bpe.kernel import eight_bytes, inlined, kernel
from train.bpe.merges import SHORT, Merges, Scratch, merge_long, merge_short
from train.bpe.pieces import offsets_and_bytes, piece_end

MEMORY_BITS = 17
"""2^17 lines, 8 MiB."""
MAX_PIECE_BYTES = 32
MAX_IDS = 7
_LINE = 8  # words of 64 bits: four of text; length, number of ids << 8, first id << 32; three of two ids each

_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_LENGTH = np.uint64(0xFF)
_LOW = np.uint64(0xFFFFFFFF)
_MASKS = np.array([(1 << 8 * n) - 1 for n in range(9)], np.uint64)
"""The lowest n bytes of a word."""


_TURN = threading.Lock()
"""Held while any memory is in use; a process is forked between two turns, so that its child finds it free and all
memories whole."""
os.register_at_fork(before=_TURN.acquire, after_in_parent=_TURN.release, after_in_child=_TURN.release)


class Encoder:
    """Texts to ids by one vocabulary's merges. Threads and forked processes may share one; threads take turns."""

    def __init__(self, merges: Merges, memory_bits: int = MEMORY_BITS):
        self.merges = merges
        self.memory = np.zeros((1 << memory_bits, _LINE), np.uint64)

    def encode(self, texts: pa.LargeStringArray) -> TokenRows:
        """Ids of each text. Takes four bytes for each byte of text, and for each of the longest text 32 where all of it
        is one piece."""
        offsets, data = offsets_and_bytes(texts)
        lengths = np.diff(offsets)
        token_offsets = np.zeros(len(texts) + 1, np.int64)
        ids = np.empty(int(offsets[-1] - offsets[0]), np.uint32)
        scratch = Scratch.of(int(lengths.max(initial=0)))
        with _TURN:
            _encode(offsets, data, classes(), self.merges, self.memory, _MASKS, scratch, token_offsets, ids)
        return TokenRows(token_offsets, ids[: token_offsets[-1]])


@inlined
def _word(data, at, n, masks):
    """The first n bytes (at most 8; none below 1) from `at` on as one word, zeros above."""
    if n <= 0:
        return np.uint64(0)
    if at + 8 <= data.size:
        return eight_bytes(data, at) & masks[min(n, 8)]
    word = np.uint64(0)
    for i in range(min(n, 8)):
        word |= np.uint64(data[at + i]) << np.uint64(8 * i)
    return word


@inlined
def _line_of(first, second, third, fourth, n, shift):
    """The number of a piece's line."""
    word = (first ^ np.uint64(n)) * _SPREAD
    word ^= word >> np.uint64(29)
    if n > 8:
        word = (word ^ second) * _SPREAD
        word ^= word >> np.uint64(29)
    if n > 16:
        word = (word ^ third) * _SPREAD
        word ^= word >> np.uint64(29)
        word = (word ^ fourth) * _SPREAD
        word ^= word >> np.uint64(29)
    return (word * _SPREAD) >> np.uint64(shift)


@inlined
def _remember(memory, line, first, second, third, fourth, n, out, begin, n_ids):
    """A piece's ids, out[begin:begin + n_ids], into its line."""
    memory[line, 0], memory[line, 1], memory[line, 2], memory[line, 3] = first, second, third, fourth
    memory[line, 4] = np.uint64(n) | np.uint64(n_ids) << np.uint64(8) | np.uint64(out[begin]) << np.uint64(32)
    for k in range((n_ids) // 2):
        low = np.uint64(out[begin + 1 + 2 * k])
        high = np.uint64(out[begin + 2 + 2 * k]) if 2 * k + 2 < n_ids else np.uint64(0)
        memory[line, 5 + k] = low | high << np.uint64(32)


@inlined
def _recall(memory, line, out, n_out):
    """The ids of a line into `out`; gives how many ids `out` has then."""
    head = memory[line, 4]
    n_ids = np.int64((head >> np.uint64(8)) & _LENGTH)
    out[n_out] = np.uint32(head >> np.uint64(32))
    for k in range(n_ids // 2):
        both = memory[line, 5 + k]
        out[n_out + 1 + 2 * k] = np.uint32(both & _LOW)
        if 2 * k + 2 < n_ids:
            out[n_out + 2 + 2 * k] = np.uint32(both >> np.uint64(32))
    return n_out + n_ids


@inlined
def _short_piece(data, start, n, merges, memory, shift, masks, scratch, out, n_out):
    """The ids of a piece that may have a line."""
    first = _word(data, start, n, masks)
    second = _word(data, start + 8, n - 8, masks)
    third = _word(data, start + 16, n - 16, masks)
    fourth = _word(data, start + 24, n - 24, masks)
    line = _line_of(first, second, third, fourth, n, shift)
    if (
        memory[line, 0] == first
        and memory[line, 4] & _LENGTH == np.uint64(n)
        and memory[line, 1] == second
        and memory[line, 2] == third
        and memory[line, 3] == fourth
    ):
        return _recall(memory, line, out, n_out)
    n_after = merge_short(data, start, n, merges, scratch, out, n_out)
    if n_after - n_out <= MAX_IDS:
        _remember(memory, line, first, second, third, fourth, n, out, n_out, n_after - n_out)
    return n_after


@kernel
def _encode(offsets, data, tables, merges, memory, masks, scratch, token_offsets, out):
    shift = 64
    lines = memory.shape[0]
    while lines > 1:
        lines //= 2
        shift -= 1
    n_out = 0
    for row in range(offsets.size - 1):
        token_offsets[row] = n_out
        at, end = offsets[row], offsets[row + 1]
        while at < end:
            stop = piece_end(data, at, end, tables)
            n = stop - at
            if n <= MAX_PIECE_BYTES:
                n_out = _short_piece(data, at, n, merges, memory, shift, masks, scratch, out, n_out)
            elif n <= SHORT:
                n_out = merge_short(data, at, n, merges, scratch, out, n_out)
            else:
                n_out = merge_long(data, at, n, merges, scratch, out, n_out)
            at = stop
    token_offsets[offsets.size - 1] = n_out
