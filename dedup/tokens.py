"""Code as a row of tokens: words, identifiers, numbers, and every CJK character by itself; as 64-bit hashes.

A token is a maximal run of the bytes A-Z a-z 0-9 _ and all bytes from 0x80 up, so that other scripts in UTF-8 are word
matter and no sequence of bytes can break anything. A character whose UTF-8 form is led by 0xE3..0xED or 0xF0 (U+3000 to
U+DFFF and U+10000 to U+3FFFF: Chinese, Japanese, Korean, also Yi and emoji) is a token of its own, as these scripts put
no spaces between words. Everything else separates. 3.14 is two tokens.

Splitting identifiers adds: `_` separates, and a capital begins a token after a small letter or digit (parseJson) or
when a small letter follows it (HTTPServer -> HTTP, Server). Digits stay with their letters (utf8, x86).

The kernel has no branches. One table gives the class of a byte, another 64 random bits for it (those of the small
letter, where capitals do not count). h <- rotate(h) ^ bits runs along the token, g <- g + h beside it: a rotation alone
has a period of 64 bytes, the sum has none. What a token would be if it ended here is stored at every byte; the place to
store moves on where one does end.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from dedup.buffers import Text, offsets_and_bytes
from dedup.kernel import inlined, kernel, rotated

CHUNK_BYTES = 16_384
"""Scanned at a time, so that tokens and shingles stay in the processor's cache, however long the file."""
_SEGMENT_BYTES = np.uint64(512)
"""Looked through for bytes beyond ASCII at a time."""

_WORD, _CONTINUES, _LEADS, _CAPITAL, _SMALL, _LETTER = (np.uint64(bit) for bit in range(6))
"""Bits of a byte's class. _SMALL: a small letter or digit; _LETTER: a small letter."""
_ONE = np.uint64(1)
_TURN, _SUM_TURN = 5, 29
_SPREAD = np.uint64(0x9E3779B97F4A7C15)

H, G, BEFORE, ALONE, N_STATE = range(5)
"""The scan's state between chunks: hash, sum, class of the byte before, whether the token is a CJK character."""


class Tables(NamedTuple):
    """Of each byte, uint64[256]."""

    classes: np.ndarray
    letters: np.ndarray  # random bits, 0 for what separates
    masks: np.ndarray  # all ones for what belongs to a token, else 0


@dataclass(frozen=True, kw_only=True)
class Tokenizer:
    """What counts as a token, and as the same one."""

    lower: bool = True
    """ASCII capitals count as small letters."""
    split_identifiers: bool = False
    """camelCase and snake_case fall into their words."""

    @property
    def name(self) -> str:
        """The part of a signature's version that names the tokenizer."""
        return "code1" + "-lower" * self.lower + "-split" * self.split_identifiers

    @property
    def tables(self) -> Tables:
        """What the scan looks up."""
        return _tables(self.lower, self.split_identifiers)


class Tokens(NamedTuple):
    """Tokens of a batch: those of row i are offsets[i]:offsets[i + 1] of the others."""

    offsets: np.ndarray  # int64[rows + 1]
    hashes: np.ndarray  # uint64[tokens]
    starts: np.ndarray  # int64[tokens], in bytes from the row's begin
    ends: np.ndarray  # int64[tokens], exclusive


@cache
def _tables(lower: bool, split_identifiers: bool) -> Tables:
    classes = np.zeros(256, np.uint64)
    for byte in range(256):
        character = chr(byte)
        is_ascii = byte < 0x80
        bits = (
            (_WORD, not is_ascii or character.isalnum() or (character == "_" and not split_identifiers)),
            (_CONTINUES, 0x80 <= byte < 0xC0),
            (_LEADS, 0xE3 <= byte <= 0xED or byte == 0xF0),
            (_CAPITAL, split_identifiers and is_ascii and character.isupper()),
            (_SMALL, split_identifiers and is_ascii and (character.islower() or character.isdigit())),
            (_LETTER, split_identifiers and is_ascii and character.islower()),
        )
        classes[byte] = sum(_ONE << bit for bit, holds in bits if holds)
    # splitmix64 of the byte's number: part of the signature's definition, so no library's generator.
    with np.errstate(over="ignore"):
        letters = np.arange(1, 257, dtype=np.uint64) * _SPREAD
        letters = (letters ^ (letters >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        letters = (letters ^ (letters >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        letters ^= letters >> np.uint64(31)
    if lower:
        letters[ord("A") : ord("Z") + 1] = letters[ord("a") : ord("z") + 1]
    masks = np.where(classes & _ONE, ~np.uint64(0), np.uint64(0))
    return Tables(classes, letters & masks, masks)


@inlined
def token_hash(raw):
    """What `scan` stores, spread over 64 bits."""
    raw *= _SPREAD
    return raw ^ (raw >> np.uint64(32))


@inlined
def _is_ascii(data, start, stop):
    seen = np.uint8(0)
    for i in range(start, stop):
        seen = np.uint8(seen | data[i])
    return seen < 0x80


@inlined
def _scan(data, start, stop, end, tables, state, raw, n, starts, ends, split, spans):
    """Scans data[start:stop] of a file that ends at `end`; stores from raw[n] on and gives n after the last token.

    raw needs room for one more than the bytes. A token that runs on at `stop` is in the state, unless the file ends.
    """
    classes, letters, masks = tables.classes, tables.letters, tables.masks
    h, g, before, alone = state[H], state[G], state[BEFORE], state[ALONE]
    # Unsigned, as a signed index costs a comparison with 0 each time.
    n, at, stop, last = np.uint64(n), np.uint64(start), np.uint64(stop), np.uint64(end) - _ONE
    while at < stop:
        to = min(at + _SEGMENT_BYTES, stop)
        if not split and not spans and _is_ascii(data, at, to):
            # The same with what ASCII needs: a third of the operations.
            raw[n] = h ^ rotated(g, _SUM_TURN)
            n += alone
            was_word = np.uint64(0) - (((before >> _WORD) & _ONE) & (alone ^ _ONE))
            h, g, alone = h & was_word, g & was_word, np.uint64(0)
            for i in range(at, to):
                byte = data[i]
                word = masks[byte]
                raw[n] = h ^ rotated(g, _SUM_TURN)
                n += (was_word & ~word) & _ONE
                h = (rotated(h, _TURN) & word) ^ letters[byte]
                g = (g & word) + h
                was_word = word
            before = classes[data[to - _ONE]]
            at = to
            continue
        now = classes[data[at]]
        for i in range(at, to):
            after = classes[data[min(i + _ONE, last)]]
            word = (now >> _WORD) & _ONE
            was_word = (before >> _WORD) & _ONE
            continues = (now >> _CONTINUES) & _ONE
            leads = (now >> _LEADS) & (after >> _CONTINUES) & _ONE
            begins = (was_word ^ _ONE) | leads | (alone & (continues ^ _ONE))
            if split:
                begins |= (now >> _CAPITAL) & ((before >> _SMALL) | ((before >> _CAPITAL) & (after >> _LETTER))) & _ONE
            begins &= word
            raw[n] = h ^ rotated(g, _SUM_TURN)
            if spans:
                ends[n] = i
            n += was_word & (begins | (word ^ _ONE))
            if spans and begins:
                starts[n] = i
            goes_on = np.uint64(0) - (word & (begins ^ _ONE))
            h = (rotated(h, _TURN) & goes_on) ^ letters[data[i]]
            g = (g & goes_on) + h
            alone = leads | (continues & alone)
            before, now = now, after
        at = to
    if stop == np.uint64(end):
        raw[n] = h ^ rotated(g, _SUM_TURN)
        if spans:
            ends[n] = end
        n += (before >> _WORD) & _ONE
        h = g = before = alone = np.uint64(0)
    state[H], state[G], state[BEFORE], state[ALONE] = h, g, before, alone
    return np.int64(n)


@inlined
def scan(data, start, stop, end, tables, split, state, raw, n, none):
    """`_scan` without spans. `none`: an empty int64 array."""
    if split:
        return _scan(data, start, stop, end, tables, state, raw, n, none, none, True, False)
    return _scan(data, start, stop, end, tables, state, raw, n, none, none, False, False)


@kernel
def _tokenize(offsets, data, tables, split, state, token_offsets, hashes, starts, ends):
    n = 0
    for row in range(offsets.size - 1):
        begin, end = offsets[row], offsets[row + 1]
        token_offsets[row] = n
        first = n
        n = _scan(data, begin, end, end, tables, state, hashes, n, starts, ends, split, True)
        for k in range(first, n):
            hashes[k] = token_hash(hashes[k])
            starts[k] -= begin
            ends[k] -= begin
    token_offsets[offsets.size - 1] = n


def tokenize(content: Text, tokenizer: Tokenizer | None = None) -> Tokens:
    """Hashes and byte spans of all tokens of a batch. Takes 24 bytes of scratch for each byte of text."""
    tokenizer = tokenizer or Tokenizer()
    offsets, data = offsets_and_bytes(content)
    room = int(offsets[-1] - offsets[0]) + len(content) + 1
    token_offsets = np.zeros(len(content) + 1, np.int64)
    hashes, starts, ends = np.empty(room, np.uint64), np.empty(room, np.int64), np.empty(room, np.int64)
    state = np.zeros(N_STATE, np.uint64)
    split = tokenizer.split_identifiers
    _tokenize(offsets, data, tokenizer.tables, split, state, token_offsets, hashes, starts, ends)
    n = token_offsets[-1]
    return Tokens(token_offsets, hashes[:n].copy(), starts[:n].copy(), ends[:n].copy())
