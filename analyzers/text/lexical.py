"""Comments, strings and telling words: the signals of group `lexical`, from one pass of a lexer over each file.

It knows no grammar. Known gaps: interpolated code counts as string; regular expressions are read as code, so that a
quote in one may open a string (to the end of its line at most, and not where no quote closes it there); here-documents
and the raw strings of C++ and Rust are read as code and plain strings.
A docstring is a string that stands first on its line, after a colon or after nothing, and alone on the line unless it
is triple-quoted: StarCoder counts docstrings with the comments. On 1,500 Python files all but one agree with CPython's
parser to the character.
A string is counted with its delimiters, a comment with its marks, a line comment without the line's end. Every line is
code, comment or blank; one with code and comment is code.
"""

from __future__ import annotations

from analyzers.text import lex_tables as lex
from analyzers.text.codepoints import byte_at, count_chars, space_width
from analyzers.text.kernel import inlined, kernel
from analyzers.text.lexer import (
    ASCII_ONLY,
    AT_LINE_START,
    BLIND,
    COMMENT_CHARS,
    LAST_INK,
    LINES,
    LONG_WORD_CHARS,
    SEEN,
    STRING_CHARS,
    STRING_END,
    add_chars,
    end_line,
    find_mark,
    is_word_byte,
    says_assert,
    says_todo,
    scan,
    take_region,
    words_at,
)
from analyzers.text.lines import after_line_end

_TAB, _LF, _CR, _SPACE, _HASH, _COLON, _BACKSLASH = 9, 10, 13, 32, 35, 58, 92
_QUOTES = (34, 39)


@inlined
def _is_line_end(b):
    return b in (_LF, _CR)


@inlined
def _mark_at(data, i, start, end, language, tables, state):
    """The mark that starts at i, or -1."""
    if tables.first_mark[language, byte_at(data, i)] < 0:
        return -1
    return find_mark(
        data, i, start, end, language, state[AT_LINE_START], state[BLIND], tables.first_mark, tables.marks,
        tables.mark_bytes,
    )  # fmt: skip


@inlined
def _see_words(data, i, start, end, language, tables, state):
    """Sees the telling words that start at i, if a word can start there."""
    if tables.first_word[language, byte_at(data, i)] < 0:
        return
    if i == start or not (is_word_byte(byte_at(data, i)) and is_word_byte(byte_at(data, i - 1))):
        state[SEEN] |= words_at(
            data, i, start, end, language, state[AT_LINE_START], tables.first_word, tables.words, tables.word_bytes
        )


@inlined
def _see_last_ink(data, start, end, state):
    """Remembers the last byte above a blank in data[start:end], of which the first is one."""
    while end > start + 1 and byte_at(data, end - 1) <= _SPACE:
        end -= 1
    state[LAST_INK] = byte_at(data, end - 1)


@inlined
def _take_code(data, i, start, end, language, tables, state):
    """(end, mark) of the code from i to the next line end (mark -1), comment or string."""
    first, m = i, -1
    state[SEEN] |= lex.CODE
    _see_words(data, i, start, end, language, tables, state)
    state[AT_LINE_START] = 0
    i = scan(data, i + 1, end, tables.rows, language)
    while i < end:
        b = byte_at(data, i)
        if _is_line_end(b):
            break
        m = _mark_at(data, i, start, end, language, tables, state)
        if m >= 0:
            break
        if (b | 0x20) == 115 and says_assert(data, i, start, end):
            state[SEEN] |= lex.ASSERT
        _see_words(data, i, start, end, language, tables, state)
        i = scan(data, i + 1, end, tables.rows, language)
    _see_last_ink(data, first, i, state)
    return i, m


@inlined
def _take_line_comment(data, i, end, m, tables, state):
    """The end of the line comment of mark m at i."""
    first, row = i, tables.marks[m, lex.ROW]
    state[SEEN] |= lex.COMMENT
    i = scan(data, i + tables.marks[m, lex.OPEN_BYTES], end, tables.rows, row)
    while i < end and not _is_line_end(byte_at(data, i)):
        if says_todo(data, i, end):
            state[SEEN] |= lex.TODO
        i = scan(data, i + 1, end, tables.rows, row)
    add_chars(data, first, i, COMMENT_CHARS, state)
    return i


@inlined
def _take_comment(data, i, at, end, m, tables, classes, state):
    """The end of the block comment or docstring of mark m at `at`; a docstring's prefix starts at i."""
    state[SEEN] |= lex.COMMENT
    stop, _ = take_region(
        data, at + tables.marks[m, lex.OPEN_BYTES], end, m, tables.marks[m, lex.DOC_ROW], lex.COMMENT, classes,
        tables.rows, tables.marks, tables.mark_bytes, state,
    )  # fmt: skip
    add_chars(data, i, stop, COMMENT_CHARS, state)
    return stop


@inlined
def _take_string(data, i, end, language, m, tables, classes, state):
    """The end of the string of mark m at i; or i, if it is none, since nothing closes it on its line.

    In that case the rest of the line holds no one-line string either: one try a line keeps the time linear.
    """
    seen, before, n_lines, long_chars = state[SEEN], state[STRING_END], state[LINES], state[LONG_WORD_CHARS]
    state[SEEN] |= lex.CODE
    stop, closed = take_region(
        data, i + tables.marks[m, lex.OPEN_BYTES], end, m, tables.marks[m, lex.ROW], lex.CODE, classes, tables.rows,
        tables.marks, tables.mark_bytes, state,
    )  # fmt: skip
    if not closed and state[LINES] == n_lines and not tables.marks[m, lex.RULES] & lex.OVER_LINES:
        state[SEEN], state[LONG_WORD_CHARS], state[BLIND] = seen, long_chars, stop
        return i
    add_chars(data, i, stop, STRING_CHARS, state)
    if before >= 0 and _joined(data, before, i, tables.joins[language]):
        state[SEEN] |= lex.JOINS
    state[AT_LINE_START] = 0
    state[STRING_END] = stop
    state[LAST_INK] = byte_at(data, i)
    return stop


@kernel
def _joined(data, i, stop, joins):
    """Whether only the operator, whitespace and at most two letters of a prefix lie between two literals."""
    while i < stop and byte_at(data, i) <= _SPACE:
        i += 1
    if i == stop or byte_at(data, i) != joins[0]:
        return False
    i += 1
    if joins[1] and (i == stop or byte_at(data, i) != joins[1]):
        return False
    i += joins[1] != 0
    while i < stop and byte_at(data, i) <= _SPACE:
        i += 1
    prefix = i
    while i < stop and i - prefix < 2 and is_word_byte(byte_at(data, i)):
        i += 1
    return i == stop


@inlined
def _after_prefix(data, i, end):
    """Where a docstring's quotes would stand: behind one letter of a prefix (r, u), or at i."""
    b = byte_at(data, i) | 0x20
    if (b == 114 or b == 117) and i + 1 < end and byte_at(data, i + 1) in _QUOTES:
        return i + 1
    return i


@kernel
def _stands_alone(data, i, end, row, rows):
    """Whether the one-line string whose text starts at i is closed, and followed by nothing but a comment."""
    i = scan(data, i, end, rows, row)
    while i < end and byte_at(data, i) == _BACKSLASH:
        i = scan(data, min(i + 2, end), end, rows, row)
    if i == end or _is_line_end(byte_at(data, i)):
        return False
    i += 1
    while i < end and (byte_at(data, i) == _SPACE or byte_at(data, i) == _TAB):
        i += 1
    return i == end or _is_line_end(byte_at(data, i)) or byte_at(data, i) == _HASH


@inlined
def _is_docstring(data, at, end, m, tables, state):
    """Whether a string of mark m at `at` is a docstring where the lexer stands."""
    if m < 0 or not tables.marks[m, lex.RULES] & lex.DOC or not state[AT_LINE_START] or state[LAST_INK] != _COLON:
        return False
    over_lines = tables.marks[m, lex.RULES] & lex.OVER_LINES
    return over_lines or _stands_alone(data, at + 1, end, tables.marks[m, lex.ROW], tables.rows)


@inlined
def _take_token(data, i, start, end, language, m, tables, classes, state):
    """The end of the comment, string or code at i, where mark m starts (-1: not known), and the mark found there."""
    at = i
    if m < 0:
        at = _after_prefix(data, i, end) if state[AT_LINE_START] else i
        m = _mark_at(data, at, start, end, language, tables, state)
    is_doc = _is_docstring(data, at, end, m, tables, state)
    kind = tables.marks[m, lex.KIND] if m >= 0 and (at == i or is_doc) else -1
    if kind == lex.LINE_COMMENT:
        return _take_line_comment(data, i, end, m, tables, state), -1
    if kind == lex.BLOCK_COMMENT or is_doc:
        return _take_comment(data, i, at, end, m, tables, classes, state), -1
    if kind == lex.STRING:
        stop = _take_string(data, i, end, language, m, tables, classes, state)
        if stop > i:
            return stop, -1
    return _take_code(data, i, start, end, language, tables, state)


@kernel
def lex_file(data, start, end, language, tables, classes, state):
    """Adds up the lines and characters of data[start:end] in state (int64, STATE_SIZE)."""
    state[:] = 0
    state[AT_LINE_START], state[STRING_END], state[BLIND] = 1, -1, start
    state[LAST_INK] = _COLON  # at the start of a file a docstring may stand, as after a colon
    n_chars = count_chars(data, start, end)
    state[ASCII_ONLY] = n_chars == end - start
    i, m = start, -1
    while i < end:
        b = byte_at(data, i)
        if m >= 0:
            i, m = _take_token(data, i, start, end, language, m, tables, classes, state)
        elif _is_line_end(b):
            end_line(state)
            i = after_line_end(data, i, end)
        elif b == _SPACE:
            i += 1
            while i < end and byte_at(data, i) == _SPACE:
                i += 1
        else:
            blank = space_width(data, i, end, classes)
            i += blank
            if not blank:
                i, m = _take_token(data, i, start, end, language, -1, tables, classes, state)
    if end > start and not _is_line_end(byte_at(data, end - 1)):
        end_line(state)
    return n_chars


@kernel
def measure_lexical(offsets, data, languages, tables, classes, state, out):
    """Fills out[signal, row] with the signals of group `lexical`, in the order of the table.

    languages: int32 (rows,), numbers in LANGUAGES, or -1 for rows to leave alone. Scratch: state int64 (STATE_SIZE,).
    """
    for row in range(len(offsets) - 1):
        if languages[row] < 0:
            continue
        n_chars = lex_file(data, offsets[row], offsets[row + 1], languages[row], tables, classes, state)
        code_lines = max(state[0], 1)
        code_chars = max(n_chars - state[COMMENT_CHARS], 1)
        out[0, row] = state[COMMENT_CHARS] / max(n_chars, 1)
        out[1, row] = state[STRING_CHARS] / code_chars
        out[2, row] = state[0]
        out[3, row] = state[1]
        out[4, row] = state[2] / max(state[LINES], 1)
        for k in range(3, 9):  # assert, print, import, pass, preprocessor, goto
            out[k + 2, row] = state[k] / code_lines
        out[11, row] = state[9]
        out[12, row] = state[10] / code_lines
        out[13, row] = state[LONG_WORD_CHARS] / code_chars
        out[14, row] = state[11] / code_lines
