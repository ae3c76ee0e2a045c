"""Runs of tokens of a text as 64-bit hashes, twice over: as they are written, and with names blotted out.

**As written.** Tokens are the words of dedup.tokens, capitals as small letters, signs left out: so a text stays the
same when its lines are broken elsewhere, set behind comment marks or quoted in Markdown. Text in scripts without spaces
goes by its characters.

**Renamed.** Every token is taken with the signs before it, and a name by where it stood before (dedup.renaming):
renaming it everywhere changes nothing, and exchanging two names does. What keeps its spelling in a copy counts as
written: keywords, numbers, and what follows a dot. Comments are left out where the caller says how they are marked;
white space, quotes, commas, semicolons, braces and backslashes always.

A backslash with n, r or t is a line break or white space in both, as in source inside JSON or a notebook. There is no
lexer and there are no strings: a mark of a comment within quotes begins one. That is the same in a text and its copy.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from dedup.buffers import Text, offsets_and_bytes
from dedup.kernel import inlined, kernel, mix, rotated
from dedup.renaming import RING, Names, NameTables, forget, is_fixed, name_tables, names, rolled, window_hash
from dedup.tokens import Tokenizer, token_hash

WRITTEN_TOKENS = 10
"""Tokens of an n-gram as written: the usual 10 of OpenCoder, DeepSeek-Coder and Qwen2.5-Coder."""
RENAMED_TOKENS = 8
"""Tokens of a renamed n-gram; with the signs between them 15 to 20 of a lexer's. Of the 1,648 solutions of the
benchmarks that come along, 95 are too short for 10 and 19 for 8."""
WIDTHS = (WRITTEN_TOKENS, RENAMED_TOKENS)
HASH_COMMENTS, SLASH_COMMENTS, TAGS = 1, 2, 4
"""Bits of a row's marks: # begins a comment up to the line's end; // does, and /* */ are one; <...> is a tag, which
does not count, and &...; a character, as in HTML."""

_WORD, _LEAD, _SIGN, _BACKSLASH, _SLASH, _HASH, _NEWLINE, _STAR, _LESS, _AMPERSAND = range(1, 11)
"""Kinds of bytes; 0 is what never counts."""
_IGNORED_SIGNS = b" \t\r\v\f\0,;{}\"'`"
_LINE, _BLOCK = 1, 2
_MOST_TAG_BYTES, _MOST_ENTITY_BYTES = 1_000, 10
_ROLL_TURN, _SIGN_TURN, _SUM_TURN, _TURN = 13, 7, 29, 5
AT, ROLL, N_WRITTEN, RENAMED_ROLL, N_RENAMED, SIGNS, COMMENT, N_STATE = range(8)
ROOM = 4_096
"""N-grams of a kind that are found before they are looked at."""


class Tables(NamedTuple):
    """What the scan looks up."""

    kinds: np.ndarray  # uint8[256]
    letters: np.ndarray  # uint64[256], of dedup.tokens
    names: NameTables


class Work(NamedTuple):
    """Scratch of one thread."""

    state: np.ndarray  # uint64[N_STATE], of the file being read
    words: np.ndarray  # uint64[RING], the last tokens as written
    names: Names  # the last tokens that are in no comment
    written: np.ndarray  # uint64[ROOM + 1]
    renamed: np.ndarray  # uint64[ROOM + 1]


class NGrams(NamedTuple):
    """Both kinds for a batch, in order and with repetitions: row i has written[written_offsets[i]:...[i + 1]]."""

    written_offsets: np.ndarray  # int64[rows + 1]
    written: np.ndarray  # uint64
    renamed_offsets: np.ndarray  # int64[rows + 1]
    renamed: np.ndarray  # uint64


@cache
def tables() -> Tables:
    """Of the one tokenizer that is used here."""
    words = Tokenizer().tables
    kinds = np.zeros(256, np.uint8)
    for byte in range(256):
        is_word = byte >= 0x80 or chr(byte).isalnum() or byte == ord("_")
        kinds[byte] = _WORD if is_word else 0 if byte in _IGNORED_SIGNS else _SIGN
    kinds[[*range(0xE3, 0xEE), 0xF0]] = _LEAD
    special = {"\\": _BACKSLASH, "/": _SLASH, "#": _HASH, "\n": _NEWLINE, "*": _STAR, "<": _LESS, "&": _AMPERSAND}
    for character, kind in special.items():
        kinds[ord(character)] = kind
    return Tables(kinds, words.letters, name_tables())


def work() -> Work:
    """A new one, about 70 kB."""
    state, words = np.zeros(N_STATE, np.uint64), np.zeros(RING, np.uint64)
    return Work(state, words, names(), np.zeros(ROOM + 1, np.uint64), np.zeros(ROOM + 1, np.uint64))


@inlined
def begin(work, at):
    """Forgets the file before; the next begins at byte `at`."""
    for k in range(work.state.size):
        work.state[k] = 0
    work.state[AT] = np.uint64(at)
    for k in range(RING):
        work.words[k] = 0
    forget(work.names)


@inlined
def _is_letter(byte):
    return 97 <= byte | 32 <= 122


@inlined
def _is_digit(byte):
    return 48 <= byte <= 57


@inlined
def _is_attribute(data, start, at):
    """Whether a single dot stands right before."""
    return at > start and data[at - 1] == 46 and (at - 1 == start or data[at - 2] != 46)


@inlined
def _continues(data, at, end):
    """Whether a byte that is no first one of a character in UTF-8 stands there."""
    return at < end and data[at] & 0xC0 == 0x80


@inlined
def _token(data, at, end, kinds, letters):
    """(hash, where it is over) of the token that begins at `at`, as dedup.tokens has it."""
    h = letters[data[at]]
    g = h
    alone = kinds[data[at]] == _LEAD and _continues(data, at + 1, end)
    at += 1
    while at < end:
        kind = kinds[data[at]]
        if alone:
            if not _continues(data, at, end):
                break
        elif kind != _WORD and (kind != _LEAD or _continues(data, at + 1, end)):
            break
        h = rotated(h, _TURN) ^ letters[data[at]]
        g += h
        at += 1
    return token_hash(h ^ rotated(g, _SUM_TURN)), at


@inlined
def _behind_tag(data, at, end):
    """Where a tag is over whose < stands before `at`; `at` where there is none."""
    if at < end and (_is_letter(data[at]) or data[at] == 47 or data[at] == 33):  # / and !
        for k in range(at, min(at + _MOST_TAG_BYTES, end)):
            if data[k] == 62:
                return k + 1
    return at


@inlined
def _entity(data, at, end):
    """(sign, where it is over) of a character reference whose & stands before `at`: 0 for one that is no sign."""
    for k in range(at, min(at + _MOST_ENTITY_BYTES, end)):
        if data[k] == 59:
            first = data[at]
            if first == 108 or first == 103:  # lt, gt
                return np.uint8(60 if first == 108 else 62), k + 1
            return np.uint8(38 if first == 97 and data[at + 1] == 109 else 0), k + 1  # amp
        if not (_is_letter(data[k]) or _is_digit(data[k]) or data[k] == 35):
            break
    return np.uint8(38), at


@inlined
def next_ngrams(data, start, end, marks, widths, tables, work):
    """Goes on in the file data[start:end] until it ends or ROOM is full; gives how many of each kind are in `work`.

    The file is at its end when state[AT] is `end`.
    """
    kinds, state = tables.kinds, work.state
    width, renamed_width = widths
    at: Any = np.int64(state[AT])
    comment: Any = np.int64(state[COMMENT])
    signs = state[SIGNS]
    roll, n_words = state[ROLL], np.int64(state[N_WRITTEN])
    renamed_roll, n_names = state[RENAMED_ROLL], np.int64(state[N_RENAMED])
    leaving = np.uint64(_ROLL_TURN * width % 64)
    n_written = n_renamed = 0
    while at < end and n_written < ROOM and n_renamed < ROOM:
        byte = data[at]
        kind = kinds[byte]
        if kind == _WORD or kind == _LEAD:  # noqa: SIM109  (Numba)
            first = at
            word, at = _token(data, at, end, kinds, tables.letters)
            roll = rotated(roll, _ROLL_TURN) ^ word ^ rotated(work.words[(n_words - width) & (RING - 1)], leaving)
            work.words[n_words & (RING - 1)] = word
            n_words += 1
            work.written[n_written] = mix(roll)
            n_written += n_words >= width
            if not comment:
                keeps = _is_digit(byte) or _is_attribute(data, start, first) or is_fixed(word, tables.names)
                renamed_roll = rolled(
                    word, keeps, signs, n_names, renamed_width, renamed_roll, tables.names, work.names
                )
                n_names += 1
                signs = np.uint64(0)
                work.renamed[n_renamed] = window_hash(renamed_roll)
                n_renamed += n_names >= renamed_width
            continue
        at += 1
        if kind == 0:
            continue
        after = data[at] if at < end else np.uint8(0)
        if kind == _BACKSLASH:
            if after == 110 or after == 114 or after == 116:  # n, r, t
                at += 1
                if after == 110 and comment == _LINE:
                    comment = 0
        elif kind == _NEWLINE:
            if comment == _LINE:
                comment = 0
        elif comment:
            if comment == _BLOCK and kind == _STAR and after == 47:
                comment = 0
                at += 1
        elif kind == _HASH and marks & HASH_COMMENTS:
            comment = _LINE
        elif kind == _SLASH and marks & SLASH_COMMENTS and (after == 47 or after == 42):
            comment = _LINE if after == 47 else _BLOCK
            at += 1
        else:
            if marks & TAGS and kind == _LESS:
                behind = _behind_tag(data, at, end)
                byte, at = (byte, at) if behind == at else (np.uint8(0), behind)
            elif marks & TAGS and kind == _AMPERSAND:
                byte, at = _entity(data, at, end)
            if byte:  # not swallowed
                signs = rotated(signs, _SIGN_TURN) ^ mix(np.uint64(byte))
    state[AT], state[SIGNS], state[COMMENT] = np.uint64(at), signs, np.uint64(comment)
    state[ROLL], state[N_WRITTEN] = roll, np.uint64(n_words)
    state[RENAMED_ROLL], state[N_RENAMED] = renamed_roll, np.uint64(n_names)
    return n_written, n_renamed


@kernel
def _collect(offsets, data, marks, widths, tables, work, written_offsets, written, renamed_offsets, renamed):
    n = m = 0
    for row in range(offsets.size - 1):
        written_offsets[row], renamed_offsets[row] = n, m
        begin(work, offsets[row])
        while np.int64(work.state[AT]) < offsets[row + 1]:
            found, others = next_ngrams(data, offsets[row], offsets[row + 1], marks[row], widths, tables, work)
            for k in range(found):
                written[n + k] = work.written[k]
            for k in range(others):
                renamed[m + k] = work.renamed[k]
            n += found
            m += others
    written_offsets[offsets.size - 1], renamed_offsets[offsets.size - 1] = n, m


def ngrams(content: Text, marks: np.ndarray | None = None) -> NGrams:
    """All n-grams of a batch. `marks`: uint8 of each row, by default none. 16 bytes of scratch for each of text."""
    offsets, data = offsets_and_bytes(content)
    room = int(offsets[-1] - offsets[0]) + 1
    marks = np.zeros(len(content), np.uint8) if marks is None else marks
    written, renamed = np.empty(room, np.uint64), np.empty(room, np.uint64)
    written_offsets, renamed_offsets = np.zeros(len(content) + 1, np.int64), np.zeros(len(content) + 1, np.int64)
    _collect(
        offsets, data, marks, WIDTHS, tables(), work(),
        written_offsets, written, renamed_offsets, renamed,
    )  # fmt: skip
    n, m = written_offsets[-1], renamed_offsets[-1]
    return NGrams(written_offsets, written[:n].copy(), renamed_offsets, renamed[:m].copy())
