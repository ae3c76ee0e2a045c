"""Which pairs of code and comment teach nothing: CodeFuse-13B's rules (2.3), each with a reason of its own.

The paper gives the limits; its keyword rules for meaningless comments are not published, these are ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class PairRules:
    """Limits on a pair, all inclusive; None switches one off. CF: CodeFuse-13B, 2.3."""

    min_code_lines: int | None = 3  # CF: code under 3 lines
    min_code_line_fraction: float | None = 0.6  # CF: lines with code, neither blank nor only comment / all lines
    max_comment_chars: int | None = 512  # CF: comments over 512 characters
    max_code_bytes: int | None = 20_000  # ours: more is no sample of 8,192 tokens any more
    min_comment_words: int | None = 2  # ours: a word says what the name says; ideographs count one each
    drop_accessors: bool = True  # CF: generated setters and getters
    drop_meaningless: bool = True  # CF: meaningless comments
    drop_bodiless: bool = True  # ours: declarations, abstract methods
    drop_broken: bool = True  # ours: code with a syntax error in it
    keep_dropped: bool = False  # whether dropped pairs come along, with their reason
    fasttext_model: str | None = None  # path of a language model for fastText, in place of the built-in statistics


_WORDS = re.compile(r"[^\W\d_]+")
_IDEOGRAPHS = re.compile(r"[぀-ヿ㐀-鿿가-힯]")
_TODO = re.compile(r"^\W*(?:todo|fixme|xxx|hack|tbd|wip)\b(?:\([^)]*\))?[^\n]{0,80}$", re.I)
_STUB = re.compile(
    r"auto[- ]?generated (?:method|constructor|catch|function|member|class) ?(?:stub|block)|"
    r"^\W*auto[- ]?generated\b|"
    r"^\W*(?:this \w+ (?:was|is|has been) )?(?:automatically |auto[- ]?)?generated (?:by|from|code)\b|自动生成|"
    r"generated[^\n]*do not (?:edit|modify)|"
    r"^(?:insert|put|add|your) (?:your )?(?:code|description|documentation) here",
    re.I,
)
_INHERITED = re.compile(
    r"\{?@inheritdoc\}?|<inheritdoc[^>]*>|\(non-javadoc\)|^see (?:super|base|parent)\b|#:nodoc:", re.I
)
_LICENCE = re.compile(
    r"copyright (?:\(c\)|©|\d{4})|spdx-license|licen[sc]ed under|all rights reserved|permission is hereby granted|"
    r"redistribution and use in source|gnu (?:lesser )?general public",
    re.I,
)
_PRAGMA = re.compile(
    r"^[^\w{]*(?:@(?:override|deprecated|suppresswarnings|ts-ignore|ts-nocheck|ts-expect-error|internal|private|public|"
    r"protected|hide|api|ignore|see|type|this|const|constructor|class|final|nocollapse)\b[^\n]*|"
    r"(?:eslint|jshint|jslint|tslint|pylint|flake8|noqa|nolint|nosec|noinspection|istanbul|rubocop|yapf|isort|"
    r"shellcheck|phpcs|codingstandards|lcov|nocov|checkstyle|ktlint|detekt|swiftlint|resharper|stylecop|go:\w+|"
    r"\+build|prettier-ignore|c8 ignore|type: ?ignore|clang-format (?:on|off)|fmt: ?(?:on|off|skip)|pragma mark|"
    r"(?:mypy|pragma|coverage|lint|spotless|sourcery):)(?![^\W_])[^\n]*|"
    r"(?-i:#?(?:end)?region)(?: \S+){0,3})\s*$",
    re.I,
)
_AT_LINE = re.compile(r"^\s*@[^\n]*", re.M)
_CODE_LINE = re.compile(
    r"[;{]\s*$|^\s*\}|^\s*(?:if|for|while|else|elif|return|import|from|def|class|func|fn|var|let|const|public|private|"
    r"static|print|#include|#define)\b.*[()=:;{]|^\s*[\w.\[\]>-]+\s*(?:=|\+=|-=|:=)\s*\S|^\s*[\w.:>-]+\([^)]*\);?\s*$"
)
_ACCESSOR = re.compile(r"^(?!_*set_?[Uu]p)_*(?:get|set|is|has)(?=[A-Z_])|^_*(?:getter|setter|get|set)$")
_ONE_FIELD = re.compile(
    r"(?:\{|:|\)|=>|=|\n)\s*(?:(?:return\s+)?[&*@$]*(?:(?:self|this)\s*(?:\.|->)\s*)?\w+"
    r"|[\w.@$>-]+\s*:?=\s*\$?[^\W\d]\w*\s*;?(?:\s*return\s+\$?(?:this|self))?)\s*;?\s*(?:\}|end)?\s*$"
)
# Lines of an accessor beside its first and the one that does the work.
_BESIDE = re.compile(r"\s*(?:[{}]*|end|@\w[^\n]*|return\s+\$?(?:this|self)\s*;?)\s*")
_MOST_ACCESSOR_CHARS, _MOST_ACCESSOR_LINES = 400, 2
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+")
_LICENCE_WORDS = ("copyright", "licen", "all rights", "permission", "redistribution", "gnu ")
_STUB_WORDS = ("generated", "自动生成", " here")
_INHERITED_WORDS = ("inheritdoc", "(non-javadoc)", "see ", ":nodoc:")
_LEAST_OWN_WORDS = 3
_CODE_MARKS = frozenset("(){}=;:")
_MOST_LINES_READ = 20
_MOST_CHARS_READ = 400
_NOISE = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "this",
        "that",
        "to",
        "for",
        "in",
        "is",
        "it",
        "method",
        "function",
        "class",
        "constructor",
        "ctor",
        "getter",
        "setter",
        "get",
        "set",
        "gets",
        "sets",
        "return",
        "returns",
        "sub",
        "procedure",
        "func",
        "fn",
        "def",
    ]
)


def comment_reason(comment: str, name: str, rules: PairRules) -> str | None:
    """Why a comment is worth no pair; None where it is."""
    if rules.max_comment_chars is not None and len(comment) > rules.max_comment_chars:
        return "comment_too_long"
    if rules.drop_meaningless and (reason := _meaningless(comment, name)) is not None:
        return reason
    if rules.min_comment_words is not None and not _has_words(comment, rules.min_comment_words):
        return "comment_too_short"
    return None


def _has_words(comment: str, least: int) -> bool:
    """Whether there are so many: what stands between blanks and has a letter, or is an ideograph."""
    n_words = sum(_WORDS.search(word) is not None for word in comment.split(None, 4 * least)[: 4 * least])
    if n_words < least and not comment.isascii():
        n_words += len(_IDEOGRAPHS.findall(comment))
    return n_words >= least


def _meaningless(comment: str, name: str) -> str | None:
    """What kind of nothing a comment says. Words are looked for first: the expressions cost more."""
    if _WORDS.search(comment) is None:
        return "comment_empty"  # separators and figures
    lower = comment.lower()
    if any(map(lower.__contains__, _LICENCE_WORDS)) and _LICENCE.search(comment):
        return "comment_licence"
    if any(map(lower.__contains__, _STUB_WORDS)) and _STUB.search(comment):
        return "comment_stub"
    if any(map(lower.__contains__, _INHERITED_WORDS)) and _INHERITED.search(comment):
        own = _AT_LINE.sub("", _INHERITED.sub("", comment))
        if len(_WORDS.findall(own)) < _LEAST_OWN_WORDS:
            return "comment_inherited"
    lines = [line for line in comment.split("\n") if line.strip()]
    if all(map(_TODO.match, lines)):
        return "comment_todo"
    if all(map(_PRAGMA.match, lines)):
        return "comment_pragma"
    if _is_code(lines):
        return "comment_code"
    return "comment_repeats_name" if _repeats(comment, name) else None


def _is_code(lines: list[str]) -> bool:
    """Whether most lines read as code that was commented out."""
    lines = lines[:_MOST_LINES_READ]
    n_code = sum(_CODE_LINE.search(line) is not None for line in lines if not _CODE_MARKS.isdisjoint(line))
    return n_code > len(lines) / 2 and n_code >= min(2, len(lines))


def _repeats(comment: str, name: str) -> bool:
    """Whether the comment has no word beyond those of the name and empty ones."""
    of_name: set[str] = set()
    for word in _WORDS.findall(comment[:_MOST_CHARS_READ]):
        lower = word.lower()
        if lower in _NOISE:
            continue
        of_name = of_name or {name.lower(), *map(str.lower, _PARTS.findall(name))}
        if lower not in of_name and not of_name.issuperset(map(str.lower, _PARTS.findall(word) or [word])):
            return False
    return True


def code_reason(n_lines: int, n_code_lines: int, rules: PairRules) -> str | None:
    """Why code is worth no pair by its lines; None where it is."""
    if rules.min_code_lines is not None and n_lines < rules.min_code_lines:
        return "code_too_short"
    if rules.min_code_line_fraction is not None and n_code_lines < rules.min_code_line_fraction * n_lines:
        return "low_code_line_fraction"
    return None


def is_accessor(name: str, code: str) -> bool:
    """Whether a function is a getter or setter that a tool would write: named so, and all it does is hand out or take
    over one field."""
    if len(code) > _MOST_ACCESSOR_CHARS or _ACCESSOR.match(name) is None:
        return False
    lines = [line for line in code.split("\n") if _BESIDE.fullmatch(line) is None]
    return len(lines) <= _MOST_ACCESSOR_LINES and _ONE_FIELD.search(code) is not None
