"""What a comment says, without the marks that make it one: stars, slashes, quotes and the indentation they stand in.

XML documentation (C#) becomes text: a parameter is "name: what it is", a reference is the name it refers to. Tags of
Javadoc, JSDoc and the like (@param) stay as written: they are words that a reader knows, and tell what is documented.
"""

from __future__ import annotations

import ast
import re
import warnings
from html import unescape

_BLOCKS = (("{-", "-}"), ("--[[", "]]"), ("--[=[", "]=]"), ("#=", "=#"), ("=begin", "=end"), ("<#", "#>"),
           ("(*", "*)"), ("<!--", "-->"), ("%{", "%}"), ("#|", "|#"))  # fmt: skip
_LINE_MARKS = ("//", "# ", "#'", "##", "-- ", "---", ";")
_BOX = re.compile(r"(?m)(?<=[ \t])\*+$")
_INDENT = re.compile(r"(?m)^([ \t]*)\S")
_BLANK_ENDS = re.compile(r"\A(?:[ \t]*\n)+")
_LINE_MARK = re.compile(r"(?m)^[ \t]*(?://[/!]*<?|#+['!|:]?|--+(?: ?[|^](?= ))?|;+|%+|')")
_STAR = re.compile(r"(?m)^[ \t]*(?:\*+(?=\s|$)|\*(?![*/]))")
_LITERAL = re.compile(r"""[rRuU]{0,2}('''|\"""|'|")""")

_DIRECTIVE = re.compile(
    r"^[ \t]*(?:~[\^|v]|go:\w+|\+build|nolint|eslint-|prettier-|@ts-(?:ignore|nocheck|expect)|istanbul |"
    r"c8 ignore|tslint:|jshint |"
    r"pylint:|noqa|type: ?ignore|mypy:|pragma:|rubocop:|shellcheck |clang-format |NOLINT|noinspection )[^\n]*(?:\n|$)",
    re.M,
)
_DRAWN_WITH, _LEAST_DRAWN = "-=*#~_/+", 3
_DRAWN = tuple(_LEAST_DRAWN * mark for mark in _DRAWN_WITH)

_XML_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_XML_REFERENCE = re.compile(
    r"""<(?:see|seealso|paramref|typeparamref)\s+(?:cref|name|langword|href)\s*=\s*["'](?:[A-Z]:)?([^"']*)["']\s*/?>"""
)
_XML_NAMED = re.compile(r"""<(param|typeparam|exception)\s+(?:name|cref)\s*=\s*["'](?:[A-Z]:)?([^"']*)["']\s*>""")
_XML_RETURNS = re.compile(r"<(?:returns|value)>\s*")


def docstring_text(literal: str) -> str:
    """The value of a Python string, dedented as `inspect.cleandoc` does."""
    return cleandoc(_value(literal))


def _value(literal: str) -> str:
    opening = _LITERAL.match(literal)
    if opening is not None:
        quote = opening.group(1)
        inner = literal[opening.end() : -len(quote)]
        if literal.endswith(quote) and quote[0] not in inner and "\\" not in inner:
            return inner.replace("\r\n", "\n")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # escapes that Python does not know are no matter here
        try:
            value = ast.literal_eval("(" + literal + "\n)")  # several strings in a row may go over line ends
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            return literal.strip("rRuU\"'")  # Python 2's ur""
    return value if isinstance(value, str) else literal


def cleandoc(text: str) -> str:
    """A docstring by PEP 257: tabs expanded, the common indentation of all lines but the first removed, no blank lines
    at either end."""
    lines = text.expandtabs().split("\n")
    margin = min([len(line) - len(rest) for line in lines[1:] if (rest := line.lstrip())], default=0)
    lines = [lines[0].lstrip(), *[line[margin:] for line in lines[1:]]]
    return _without_blank_ends(lines)


def comment_text(raw: str, language: str) -> str:
    """The text of a comment, or of lines of comment that follow each other, with their marks in `raw`. Lines that speak
    to a tool (//go:noinline, # pylint: disable) and drawn ones are left out."""
    raw = raw.replace("\r\n", "\n").strip()
    text = _block_text(raw)
    if text is None:
        text = _LINE_MARK.sub("", raw)
        if _DIRECTIVE.search(text) is not None:
            text = _DIRECTIVE.sub("", text)
        text = _without_margin(_without_drawings(text))
    text = _BLANK_ENDS.sub("", text.rstrip())
    return xml_text(text) if language == "C#" and "<" in text else text


def _block_text(raw: str) -> str | None:
    """The text of a comment between marks, without the marks and the stars that lead lines; None for other comments."""
    if raw.startswith("/*"):
        inner = raw[2:].lstrip("*!<") if raw.strip("*/") else ""
        inner = inner.removesuffix("*/").rstrip("*")
        first, end, others = inner.partition("\n")
        others = _without_margin(_without_drawings(_BOX.sub("", _STAR.sub("", others)))) if end else ""
        return _without_drawing(_BOX.sub("", first.strip())) + end + others
    if raw.startswith(_LINE_MARKS):
        return None
    for opening, closing in _BLOCKS:
        if raw.startswith(opening):
            first, end, others = raw[len(opening) :].removesuffix(closing).lstrip(" \t|^!").partition("\n")
            return first.strip() + end + _without_margin(others)
    return None


def _without_margin(text: str) -> str:
    """The text without the indentation that all its lines have."""
    margin = min(map(len, _INDENT.findall(text)), default=0)
    return "\n".join([line[margin:].rstrip() for line in text.split("\n")])


def _without_drawings(text: str) -> str:
    if not any(map(text.__contains__, _DRAWN)):
        return text
    return "\n".join(map(_without_drawing, text.split("\n")))


def _without_drawing(line: str) -> str:
    """The line without three or more marks that begin or end it, as boxes and rules do."""
    body = line.rstrip(_DRAWN_WITH)
    if len(line) - len(body) >= _LEAST_DRAWN:
        line = body.rstrip()
    start = line.lstrip()
    body = start.lstrip(_DRAWN_WITH)
    return body.lstrip() if len(start) - len(body) >= _LEAST_DRAWN and body[:1].isspace() else line


def _without_blank_ends(lines: list[str]) -> str:
    first, last = 0, len(lines)
    while last > first and not lines[last - 1]:
        last -= 1
    while first < last and not lines[first]:
        first += 1
    return "\n".join(lines[first:last])


def xml_text(text: str) -> str:
    """XML documentation as text."""
    text = _XML_REFERENCE.sub(r"\1", text)
    text = _XML_NAMED.sub(r"\2: ", text)
    text = _XML_RETURNS.sub("Returns: ", text)
    text = unescape(_XML_TAG.sub("", text))
    return "\n".join(line.strip() for line in text.split("\n") if line.strip())
