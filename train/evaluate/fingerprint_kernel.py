"""Fingerprints looked for in a column of texts by a kernel: what `Fingerprints.found` tells, without arrays in between.

A text is read once, byte by byte. Each word's hash moves the hashes of the last 12 and 8 words on by one word, and
those that a table of bits knows are searched for among the anchors.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from train.bpe.kernel import inlined, kernel
from train.bpe.pieces import offsets_and_bytes
from train.evaluate.word_windows import BASE, STEP, VALUE, WIDTHS

_LONG, _SHORT = WIDTHS
_FILTER_BITS = 20  # 128 KiB, which one in a hundred windows passes
_ROOM = 1 << 16  # (text, anchored text) pairs told at a time

_BASE, _STEP = np.uint64(BASE), np.uint64(STEP)
_LONG_STEP, _SHORT_STEP = np.uint64(pow(STEP, _LONG, 1 << 64)), np.uint64(pow(STEP, _SHORT, 1 << 64))
_LONG_WIDTH = np.uint64(_LONG * pow(STEP, _LONG, 1 << 64) % (1 << 64))
_SHORT_WIDTH = np.uint64(_SHORT * pow(STEP, _SHORT, 1 << 64) % (1 << 64))
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_LETTER, _LEAD = 1, 2

_byte = np.arange(256)
_KIND = np.where(_byte >= 192, _LEAD, np.where((_byte < 128) & (VALUE > 0), _LETTER, 0)).astype(np.uint8)
"""A lead byte begins a word, and so does a letter that follows none; all other bytes go on with what there is."""


class Sought(NamedTuple):
    """Anchors as the kernel takes them."""

    values: np.ndarray  # uint64[256], of bytes
    kinds: np.ndarray  # uint8[256], of bytes
    bits: np.ndarray  # uint64[2^14]: which last 20 bits any hash has
    hashes: np.ndarray  # uint64, sorted
    texts: np.ndarray  # uint16, of each hash its text
    needed: np.ndarray  # uint8, of each text how many of its anchors must be there

    @classmethod
    def of(cls, hashes: np.ndarray, texts: np.ndarray, needed: np.ndarray) -> Sought:
        """With the table of bits."""
        bits = np.zeros(1 << _FILTER_BITS, np.uint8)
        bits[hashes & np.uint64((1 << _FILTER_BITS) - 1)] = 1
        packed = np.packbits(bits, bitorder="little").view("<u8").astype(np.uint64)
        return cls(VALUE, _KIND, packed, hashes, texts, needed)


class _Scratch(NamedTuple):
    """What was hit last where."""

    ring: np.ndarray  # uint64[16], hashes of the last words
    hit_in: np.ndarray  # int64, of each anchor the piece that it was hit in last
    counted_in: np.ndarray  # int64, of each text the piece that `hits` is of
    hits: np.ndarray  # int64, of each text its anchors in that piece
    told_in: np.ndarray  # int64, of each text the row that it was told for last


def find(texts: pa.LargeStringArray, sought: Sought, longest: int) -> np.ndarray:
    """Rows of the column and the anchored texts that they hold, int64[found, 2]. Rows are looked through in pieces of
    `longest` bytes, each for itself."""
    offsets, data = offsets_and_bytes(texts)
    n_texts, n_hashes = len(sought.needed), len(sought.hashes)
    scratch = _Scratch(
        np.zeros(16, np.uint64), np.full(n_hashes, -1), np.full(n_texts, -1), np.zeros(n_texts, np.int64),
        np.full(n_texts, -1),
    )  # fmt: skip
    found = np.empty((max(_ROOM, n_texts), 2), np.int64)
    told: list[np.ndarray] = []
    row = 0
    while row < len(texts):
        row, n_found = _find(offsets, data, row, longest, sought, scratch, found)
        told.append(found[:n_found].copy())
    return np.concatenate(told) if told else found[:0]


@inlined
def _mixed(value):
    """As train.evaluate.word_windows."""
    value = (value ^ (value >> np.uint64(30))) * _FIRST
    value = (value ^ (value >> np.uint64(27))) * _SECOND
    return value ^ (value >> np.uint64(31))


@inlined
def _hit(window, row, piece, sought, scratch, found, n_found):
    """Counts a window's anchors for their texts, and tells those of which enough are there."""
    low, high = 0, sought.hashes.size
    while low < high:
        middle = (low + high) // 2
        if sought.hashes[middle] < window:
            low = middle + 1
        else:
            high = middle
    while low < sought.hashes.size and sought.hashes[low] == window:
        if scratch.hit_in[low] != piece:
            scratch.hit_in[low] = piece
            text = sought.texts[low]
            if scratch.counted_in[text] != piece:
                scratch.counted_in[text], scratch.hits[text] = piece, 0
            scratch.hits[text] += 1
            if scratch.hits[text] >= sought.needed[text] and scratch.told_in[text] != row:
                scratch.told_in[text] = row
                found[n_found, 0], found[n_found, 1] = row, text
                n_found += 1
        low += 1
    return n_found


@inlined
def _known(window, sought):
    last = window & np.uint64((1 << _FILTER_BITS) - 1)
    return (sought.bits[last >> np.uint64(6)] >> (last & np.uint64(63))) & np.uint64(1)


@inlined
def _look_through(data, start, end, row, piece, sought, scratch, found, n_found):
    """One piece; gives how many pairs `found` has then."""
    ring = scratch.ring
    ring[:] = 0
    inside = long = short = np.uint64(0)
    power = np.uint64(1)
    before, n_words = np.uint8(0), 0
    for at in range(start, end + 1):
        value, kind = np.uint64(0), np.uint8(_LEAD)  # what stands behind the piece ends its last word
        if at < end:
            value, kind = sought.values[data[at]], sought.kinds[data[at]]
        if kind == _LEAD or (kind == _LETTER and before != _LETTER):
            if n_words:
                word = _mixed(inside)
                long = long * _STEP + word - ring[(n_words - _LONG) & 15] * _LONG_STEP
                short = short * _STEP + word - ring[(n_words - _SHORT) & 15] * _SHORT_STEP
                ring[n_words & 15] = word
                if n_words >= _SHORT:
                    window = _mixed(short + _SHORT_WIDTH)
                    if _known(window, sought):
                        n_found = _hit(window, row, piece, sought, scratch, found, n_found)
                if n_words >= _LONG:
                    window = _mixed(long + _LONG_WIDTH)
                    if _known(window, sought):
                        n_found = _hit(window, row, piece, sought, scratch, found, n_found)
            n_words += 1
            inside, power = np.uint64(0), np.uint64(1)
        inside += value * power
        power *= _BASE
        before = kind
    return n_found


@kernel
def _find(offsets, data, row, longest, sought, scratch, found):
    """Looks through rows from `row` on, while there is room for all that one may hold; gives the next, and how many
    pairs were told."""
    n_found = 0
    while row < offsets.size - 1 and n_found + sought.needed.size <= found.shape[0]:
        at, end = offsets[row], offsets[row + 1]
        while at < end:
            stop = min(at + longest, end)
            n_found = _look_through(data, at, stop, row, at, sought, scratch, found, n_found)
            at = stop
        row += 1
    return row, n_found
