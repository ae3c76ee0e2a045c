"""Languages compiled for the lexer: byte classes, comment marks, string delimiters and telling words as arrays.

A row of `rows` has one byte for each byte value. Its low bits say when a scan stops there (always, at the start of a
word, or at the second s of a pair), its high bits which of these can happen at the byte after it. So a scan is one
load, one test and one shift a byte, whatever the language.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from analyzers.languages import LANGUAGES, Language
from analyzers.text.keywords import CONCATENATION, IMPORT, PASSING, PREPROCESSED, PRINT

ALWAYS, AT_WORD, AFTER_S = 1, 2, 4
"""Reasons to stop: the low bits of a row, and shifted by FOLLOW_SHIFT those of the byte that follows."""
FOLLOW_SHIFT = 4

LINE_COMMENT, BLOCK_COMMENT, STRING = 0, 1, 2

KIND, OPEN_BYTES, CLOSE_BYTES, RULES, MORE, ROW, DOC_ROW = range(7)
"""Columns of `marks`. MORE: the next row starts with the same byte. ROW: stops inside; DOC_ROW: as a docstring."""

OVER_LINES, RAW, NESTED, LINE_START, SPACE_BEFORE, NO_WORD_BEFORE, NO_DIGIT_BEFORE, DOC, APART = (
    1 << k for k in range(9)
)  # fmt: skip
"""RULES. RAW: no backslash escapes. APART: a mark made of letters, which starts a word. DOC: can open a docstring."""

WORD_BYTES, FLAG, WORD_RULES, WORD_MORE = range(4)
"""Columns of `words`."""
ONLY_AT_LINE_START, MAY_GO_ON, MAY_FOLLOW_DOT = 1, 2, 4
"""Rules of words."""

CODE, COMMENT, TODO, ASSERT, PRINTS, IMPORTS, PASSES, PREPROCESSOR, GOTO, MAIN, LONG_STRING, JOINS = (
    1 << k for k in range(12)
)  # fmt: skip
"""What is seen on a line."""

MAX_MARK_BYTES = 24

_DOCSTRINGS = frozenset({"Python", "Cython", "Sage", "Mojo", "Starlark"})
_TRANSPOSE = frozenset({"MATLAB", "Scilab"})
_HASH_NEEDS_SPACE = frozenset(
    {"Shell", "Tcsh", "fish", "Nushell", "Perl", "YAML", "Dockerfile", "BitBake", "Tcl", "INI", "Java Properties",
     "EditorConfig", "Git Attributes", "Ignore List", "Dotenv", "Pip Requirements", "Nginx", "ApacheConf",
     "Unix Assembly", "Gettext Catalog", "CoffeeScript", "AppleScript"}
)  # fmt: skip
"""Where # also has other meanings inside words ($#, ${x#y}, a URL's fragment), and a comment starts after a blank."""

_BASIC_LIKE = frozenset({"Pascal", "Ada", "Fortran", "VBA", "VBScript", "Visual Basic .NET", "BASIC", "MATLAB", "COBOL",
                         "Batchfile", "ABAP", "J", "APL", "Smalltalk", "PowerShell", "SQL", "PLSQL", "PLpgSQL", "TSQL",
                         "Inno Setup", "RPGLE", "Modula-2", "Eiffel", "G-code", "SAS", "Scilab"})  # fmt: skip
_RAW: dict[str, tuple[str, ...]] = {
    "Go": ("`",), "D": ("`",), "Odin": ("`",), "Shell": ("'",), "Tcsh": ("'",), "YAML": ("'",), "Vim Script": ("'",),
    "TOML": ("'''", "'"), "Kotlin": ('"""',), "Scala": ('"""',), "Nix": ("''",), "Dhall": ("''",), "Bicep": ("'''",),
    "Open Policy Agent": ("`",), "C#": ('"""',), "F#": ('"""',), "Meson": ("'''",),
}  # fmt: skip
"""Delimiters between which a backslash is a backslash. All of them, for the languages above."""


class LexTables(NamedTuple):
    """All languages in one set of arrays; languages are numbered as in LANGUAGES."""

    rows: np.ndarray  # uint8 (n, 256): one for each language, then those of marks
    first_mark: np.ndarray  # int16 (languages, 256): first row of `marks` that starts with a byte, or -1
    marks: np.ndarray  # int32 (n, 7)
    mark_bytes: np.ndarray  # uint8 (n, 2, MAX_MARK_BYTES): opening and closing
    first_word: np.ndarray  # int16 (languages, 256)
    words: np.ndarray  # int32 (n, 4)
    word_bytes: np.ndarray  # uint8 (n, MAX_MARK_BYTES)
    joins: np.ndarray  # uint8 (languages, 2): the operator between string literals


def is_word_byte(b: int) -> bool:
    """Letters, digits and underscore; every byte beyond ASCII, as if it were a letter."""
    return b >= 0x80 or chr(b).isalnum() or b == 0x5F


def scan_row(*, always: Iterable[int], at_word: Iterable[int] = (), asserts: bool = False) -> np.ndarray:
    """A row of stops: at the bytes of `always`, and at those of `at_word` where a word starts."""
    row = np.zeros(256, np.uint8)
    for b in range(256):
        row[b] = (ALWAYS if is_word_byte(b) else ALWAYS | AT_WORD) << FOLLOW_SHIFT
    row[list(always)] |= ALWAYS
    row[list(at_word)] |= AT_WORD
    if asserts:
        row[list(b"sS")] |= AFTER_S | AFTER_S << FOLLOW_SHIFT
    return row


class _Mark(NamedTuple):
    kind: int
    open: bytes
    close: bytes
    rules: int


def _marks_of(language: Language) -> list[_Mark]:
    """The comment marks and string delimiters of a language, by first byte and then the longest first."""
    marks = []
    for mark in language.line_comments:
        marks.append(_Mark(LINE_COMMENT, mark.lstrip(" ").encode(), b"", _comment_rules(language, mark)))
    nested = NESTED if language.nested_comments else 0
    for opening, closing in language.block_comments:
        rules = nested | (LINE_START if opening.startswith("=") else 0)
        marks.append(_Mark(BLOCK_COMMENT, opening.encode(), closing.encode(), rules))
    for mark in language.strings:
        marks.append(_Mark(STRING, mark.encode(), mark.encode(), _string_rules(language, mark)))
    return sorted(marks, key=lambda mark: (mark.open[0], -len(mark.open)))


def _comment_rules(language: Language, mark: str) -> int:
    rules = 0
    if mark[0] in '=. "@' or mark == "::" or (mark == "!" and language.name != "Fortran"):
        rules |= LINE_START
    if mark == "#" and language.name in _HASH_NEEDS_SPACE:
        rules |= SPACE_BEFORE
    if mark[0].isalpha():
        rules |= APART
    return rules


def _string_rules(language: Language, mark: str) -> int:
    rules = 0
    if mark in language.multiline_strings:
        rules |= OVER_LINES
    if language.name in _BASIC_LIKE or mark in _RAW.get(language.name, ()):
        rules |= RAW
    if mark == "'":
        rules |= NO_WORD_BEFORE if language.name in _TRANSPOSE else NO_DIGIT_BEFORE
    if language.name in _DOCSTRINGS:
        rules |= DOC
    return rules


def _code_row(openings: Sequence[bytes], words: Sequence[bytes]) -> np.ndarray:
    starts = {word[0] for word in words}
    always = {10, 13} | {opening[0] for opening in openings} | {b for b in starts if not is_word_byte(b)}
    return scan_row(always=always, at_word=[b for b in starts if is_word_byte(b)], asserts=True)


def _inner_row(mark: _Mark, *, comment: bool) -> bytes:
    always = {10, 13}
    always.update(mark.close[:1])
    if mark.rules & NESTED:
        always.add(mark.open[0])
    if mark.kind == STRING and not mark.rules & RAW:
        always.add(92)
    return scan_row(always=always, at_word=b"tTfFyY" if comment else b"").tobytes()


def _words_of(language: Language) -> list[tuple[bytes, int, int]]:
    """(word, flag, rules) of a language, sorted by first byte."""
    entries = [(entry, PRINTS) for entry in PRINT.get(language.name, ())]
    entries += [(entry, IMPORTS) for entry in IMPORT.get(language.name, ())]
    if language.name in PASSING:
        entries.append(("pass", PASSES))
    if language.name in PREPROCESSED:
        entries += [("^#*", PREPROCESSOR), ("goto", GOTO), ("main", MAIN)]
    words = []
    for entry, flag in entries:
        word = entry.removeprefix("^").removesuffix("*")
        rules = ONLY_AT_LINE_START if entry.startswith("^") else 0
        rules |= MAY_GO_ON if entry.endswith("*") else 0
        rules |= MAY_FOLLOW_DOT if "." in word else 0
        words.append((word.encode(), flag, rules))
    return sorted(words)


def _padded(text: bytes) -> np.ndarray:
    if len(text) > MAX_MARK_BYTES:
        raise ValueError(f"{text!r} is longer than the {MAX_MARK_BYTES} bytes that a mark or word may have")
    return np.frombuffer(text.ljust(MAX_MARK_BYTES, b"\0"), np.uint8)


def _firsts(texts: Sequence[bytes], offset: int) -> np.ndarray:
    """For each byte value the number of the first text that starts with it, or -1."""
    first = np.full(256, -1, np.int16)
    for k in reversed(range(len(texts))):
        first[texts[k][0]] = offset + k
    return first


def _more(texts: Sequence[bytes], k: int) -> int:
    return int(k + 1 < len(texts) and texts[k + 1][0] == texts[k][0])


@cache
def lex_tables() -> LexTables:
    """The arrays for all of LANGUAGES."""
    rows: dict[bytes, int] = {}  # row -> number among those of marks, which languages share
    code_rows, first_mark, first_word, joins = [], [], [], []
    marks: list[tuple[int, ...]] = []
    mark_bytes: list[tuple[np.ndarray, np.ndarray]] = []
    words: list[tuple[int, ...]] = []
    word_bytes: list[np.ndarray] = []
    for language in LANGUAGES:
        its_marks, its_words = _marks_of(language), _words_of(language)
        openings, spellings = [mark.open for mark in its_marks], [word for word, _, _ in its_words]
        first_mark.append(_firsts(openings, len(marks)))
        first_word.append(_firsts(spellings, len(words)))
        code_rows.append(_code_row(openings, spellings))
        for k, mark in enumerate(its_marks):
            numbers = [rows.setdefault(_inner_row(mark, comment=c), len(rows)) for c in (mark.kind != STRING, True)]
            own, doc = (len(LANGUAGES) + number for number in numbers)
            marks.append((mark.kind, len(mark.open), len(mark.close), mark.rules, _more(openings, k), own, doc))
            mark_bytes.append((_padded(mark.open), _padded(mark.close)))
        for k, (word, flag, rules) in enumerate(its_words):
            words.append((len(word), flag, rules, _more(spellings, k)))
            word_bytes.append(_padded(word))
        joins.append(np.frombuffer(CONCATENATION.get(language.name, "+").encode().ljust(2, b"\0"), np.uint8))
    inner = [np.frombuffer(row, np.uint8) for row in rows]
    return LexTables(
        np.array(code_rows + inner), np.array(first_mark), np.array(marks, np.int32), np.array(mark_bytes),
        np.array(first_word), np.array(words, np.int32), np.array(word_bytes), np.array(joins),
    )  # fmt: skip
