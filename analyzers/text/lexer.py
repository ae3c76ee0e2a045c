"""The lexer's steps, as kernels: to the next stop, which mark starts here, which words, to the end of a region.

They know tables (lex_tables.py) and no language.
"""

from __future__ import annotations

import numpy as np

from analyzers.text import lex_tables as lex
from analyzers.text.codepoints import byte_at, count_chars
from analyzers.text.kernel import inlined, kernel
from analyzers.text.lines import after_line_end, is_blank

LINES, COMMENT_CHARS, STRING_CHARS, LONG_WORD_CHARS = 12, 13, 14, 15
"""Places in `state` after the counts of lines with each of the twelve flags: what is counted."""
SEEN, AT_LINE_START, STRING_END, LAST_INK, BLIND, ASCII_ONLY = 16, 17, 18, 19, 20, 21
"""And where the lexer stands: the flags seen on this line; whether only blanks and comments stood on it so far; the end
of its last string, or -1; the last visible byte of code; up to where no one-line string opens; whether the file is
ASCII."""
STATE_SIZE = 22

LONG_STRING_WORDS = 20
LONG_WORD_LENGTH = 20
"""OpenCoder's limits: strings of more words, and words of more characters."""

_LF, _CR, _BACKSLASH = 10, 13, 92
_TODO, _FIXME, _YOUR_CODE = (np.frombuffer(text, np.uint8) for text in (b"todo", b"fixme", b"your code here"))


@inlined
def scan(data, i, end, rows, row):
    """The first stop at or after i, by the given row; `end` where there is none. There must be a byte before i."""
    mask = rows[row, byte_at(data, i - 1)] >> lex.FOLLOW_SHIFT
    while i < end:
        kind = rows[row, byte_at(data, i)]
        if kind & mask:
            return i
        mask = kind >> lex.FOLLOW_SHIFT
        i += 1
    return end


@inlined
def is_word_byte(b):
    """As lex_tables.is_word_byte."""
    return b >= 0x80 or 97 <= (b | 0x20) <= 122 or 48 <= b <= 57 or b == 95


@inlined
def starts_with(data, i, end, text, length):
    """Whether the first `length` bytes of `text` stand at i."""
    if i + length > end:
        return False
    for k in range(length):  # noqa: SIM110  (a kernel has no generators)
        if byte_at(data, i + k) != text[k]:
            return False
    return True


@kernel
def _says(data, i, end, text):
    """Whether `text` (lower-case) stands at i in any case, as whole words."""
    n = len(text)
    if i + n > end:
        return False
    for k in range(n):
        b = byte_at(data, i + k)
        if (b | 0x20 if 65 <= b <= 90 else b) != text[k]:
            return False
    return i + n == end or not is_word_byte(byte_at(data, i + n))


@kernel
def says_todo(data, i, end):
    """Whether a word at i asks for work to be done."""
    return _says(data, i, end, _TODO) or _says(data, i, end, _FIXME) or _says(data, i, end, _YOUR_CODE)


@kernel
def says_assert(data, i, start, end):
    """Whether the second s of `assert`, in any case, stands at i."""
    return (
        i - start >= 2
        and i + 3 < end
        and (byte_at(data, i - 2) | 0x20) == 97
        and (byte_at(data, i + 1) | 0x20) == 101
        and (byte_at(data, i + 2) | 0x20) == 114
        and (byte_at(data, i + 3) | 0x20) == 116
    )


@inlined
def end_line(state):
    """Counts the line by what was seen on it, and starts the next."""
    seen = state[SEEN]
    state[LINES] += 1
    state[0] += seen & lex.CODE
    state[1] += (seen & (lex.CODE | lex.COMMENT)) == lex.COMMENT
    if seen > (lex.CODE | lex.COMMENT):
        for k in range(2, LINES):
            state[k] += (seen >> k) & 1
    state[SEEN] = 0
    state[AT_LINE_START] = 1
    state[STRING_END] = -1


@inlined
def add_chars(data, start, end, place, state):
    """Adds the characters of data[start:end] to a count."""
    state[place] += end - start if state[ASCII_ONLY] else count_chars(data, start, end)


@inlined
def _rules_allow(rules, data, i, start, at_line_start):
    """Whether a mark with these rules may stand at i."""
    if rules & lex.LINE_START and not at_line_start:
        return False
    if i == start:
        return True
    before = byte_at(data, i - 1)
    if rules & lex.SPACE_BEFORE:
        return before <= 32
    if rules & lex.APART:
        return not is_word_byte(before)
    if rules & lex.NO_WORD_BEFORE:
        return not (is_word_byte(before) or before == 41 or before == 93)
    if rules & lex.NO_DIGIT_BEFORE and 48 <= before <= 57:
        return i - start >= 2 and byte_at(data, i - 2) == 117  # 1'000 holds no string, u8'x' does
    return True


@inlined
def find_mark(data, i, start, end, language, at_line_start, blind, first_mark, marks, mark_bytes):
    """The row of the mark that starts at i, or -1. No one-line string opens before `blind`."""
    m = first_mark[language, byte_at(data, i)]
    while m >= 0:
        if starts_with(data, i, end, mark_bytes[m, 0], marks[m, lex.OPEN_BYTES]):
            kind, rules = marks[m, lex.KIND], marks[m, lex.RULES]
            allowed = _rules_allow(rules, data, i, start, at_line_start)
            if kind == lex.STRING:
                if i < blind and not rules & lex.OVER_LINES:
                    allowed = False
                if i > start and byte_at(data, i - 1) == 39 and i + 1 < end and byte_at(data, i + 1) == 39:
                    allowed = first_mark[language, 39] >= 0 and allowed  # '"' where ' opens no string is a character
            elif kind == lex.LINE_COMMENT and i > start and byte_at(data, i - 1) == _BACKSLASH:
                allowed = False  # \% and \#
            if allowed:
                return m
        m = m + 1 if marks[m, lex.MORE] else -1
    return -1


@kernel
def _defines_main(data, i, end, start):
    """Whether the word main at i stands between int, void or auto and a parenthesis."""
    after = i + 4
    while after < end and byte_at(data, after) <= 32:
        after += 1
    if after == end or byte_at(data, after) != 40:
        return False
    k = i
    while k > start and byte_at(data, k - 1) <= 32:
        k -= 1
    if k == i or k - start < 3:
        return False
    is_int = byte_at(data, k - 3) == 105 and byte_at(data, k - 2) == 110 and byte_at(data, k - 1) == 116
    first = k - 3 if is_int else k - 4
    if not is_int:
        if k - start < 4:
            return False
        a, b, c, d = byte_at(data, k - 4), byte_at(data, k - 3), byte_at(data, k - 2), byte_at(data, k - 1)
        if not ((a == 118 and b == 111 and c == 105 and d == 100) or (a == 97 and b == 117 and c == 116 and d == 111)):
            return False
    return first == start or not is_word_byte(byte_at(data, first - 1))


@inlined
def words_at(data, i, start, end, language, at_line_start, first_word, words, word_bytes):
    """The line flags of the telling words that start at i."""
    flags = 0
    w = first_word[language, byte_at(data, i)]
    after_dot = i > start and byte_at(data, i - 1) == 46
    while w >= 0:
        rules, stop = words[w, lex.WORD_RULES], i + words[w, lex.WORD_BYTES]
        if (
            (at_line_start or not rules & lex.ONLY_AT_LINE_START)
            and (not after_dot or rules & lex.MAY_FOLLOW_DOT)
            and starts_with(data, i, end, word_bytes[w], stop - i)
            and (rules & lex.MAY_GO_ON or stop == end or not is_word_byte(byte_at(data, stop - 1))
                 or not is_word_byte(byte_at(data, stop)))
        ):  # fmt: skip
            flag = words[w, lex.FLAG]
            if flag != lex.MAIN or _defines_main(data, i, end, start):
                flags |= flag
        w = w + 1 if words[w, lex.WORD_MORE] else -1
    return flags


@kernel
def long_words(data, start, end):
    """(words, characters in words over LONG_WORD_LENGTH that hold no ://) of string text on one line.

    Words end at whitespace and at the escapes \\n, \\r and \\t.
    """
    n_words = total = 0
    i = start
    while i < end:
        first, is_url = i, False
        while i < end and byte_at(data, i) > 32:
            if byte_at(data, i) == _BACKSLASH and i + 1 < end:
                escape = byte_at(data, i + 1)
                if escape == 110 or escape == 114 or escape == 116:
                    break
                i += 1
            elif byte_at(data, i) == 58 and i + 2 < end and byte_at(data, i + 1) == 47 and byte_at(data, i + 2) == 47:
                is_url = True
            i += 1
        if i > first:
            n_words += 1
            if i - first > LONG_WORD_LENGTH and not is_url:
                chars = count_chars(data, first, i)
                total += chars if chars > LONG_WORD_LENGTH else 0
        if i < end:
            i += 1 if byte_at(data, i) <= 32 else 2
    return n_words, total


@inlined
def _end_segment(data, first, i, flag, classes, state):
    """Sees the part of a region between first and i, which lies on one line."""
    if flag == lex.CODE and i - first > LONG_WORD_LENGTH:
        n_words, chars = long_words(data, first, i)
        state[LONG_WORD_CHARS] += chars
        state[SEEN] |= flag | lex.LONG_STRING if n_words > LONG_STRING_WORDS else flag
    elif not state[SEEN] & flag and not is_blank(data, first, i, classes):
        state[SEEN] |= flag


@kernel
def take_region(data, i, end, m, row, flag, classes, rows, marks, mark_bytes, state):
    """(end, whether it closed) of the comment or string of mark m whose inside starts at i; flag is CODE or COMMENT.

    Lines that end inside are counted. A string that may not run over lines ends before its line's end, unless a
    backslash stands there.
    """
    rules, close_bytes = marks[m, lex.RULES], marks[m, lex.CLOSE_BYTES]
    over_lines = rules & lex.OVER_LINES or marks[m, lex.KIND] == lex.BLOCK_COMMENT
    escapes = marks[m, lex.KIND] == lex.STRING and not rules & lex.RAW
    depth, first = 1, i
    i = scan(data, i, end, rows, row)
    while i < end:
        b = byte_at(data, i)
        escaped = escapes and b == _BACKSLASH and i + 1 < end
        if escaped:
            i += 1
            b = byte_at(data, i)
        if b in (_LF, _CR):
            _end_segment(data, first, i, flag, classes, state)
            if not over_lines and not escaped:
                return i, False
            end_line(state)
            first = i = after_line_end(data, i, end)
        elif escaped:
            i += 1
        elif starts_with(data, i, end, mark_bytes[m, 1], close_bytes):
            i += close_bytes
            depth -= 1
            if depth == 0:
                _end_segment(data, first, i - close_bytes, flag, classes, state)
                state[SEEN] |= flag
                return i, True
        elif rules & lex.NESTED and starts_with(data, i, end, mark_bytes[m, 0], marks[m, lex.OPEN_BYTES]):
            depth += 1
            i += marks[m, lex.OPEN_BYTES]
        else:
            if flag == lex.COMMENT and says_todo(data, i, end):
                state[SEEN] |= lex.TODO
            i += 1
        i = scan(data, i, end, rows, row)
    _end_segment(data, first, end, flag, classes, state)
    return end, False
