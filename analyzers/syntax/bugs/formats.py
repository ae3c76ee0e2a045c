"""Formats and the arguments they ask for."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache

from tree_sitter import Node

from analyzers.syntax.bugs.dialects import DIALECTS
from analyzers.syntax.bugs.source_file import SourceFile, first_child

_PERCENT = re.compile(rb"%(?:%|[-+ #0']*(\*|\d+)?(?:\.(\*|\d+)?)?(?:hh|h|ll|l|L|q|j|z|t|I64|w)?([a-zA-Z]))")
_JAVA = re.compile(rb"%(?:[%n]|[-#+ 0,(]*\d*(?:\.\d+)?(?:[tT])?[a-zA-Z])")
_BRACES = re.compile(rb"\{\{|\}\}|\{(\d*)[^{}]*\}")
_MOST_CALLEE = 40


def format_arguments(node: Node, file: SourceFile) -> Sequence[Node]:
    """`printf("%d %d", a)`, `"%s %s" % (a,)`, `"{1}".format(a)`: a format asks for other arguments than it gets.

    Why it is bad: it fails when it runs, or prints what happens to stand in memory.
    Example: `fmt.Printf("%s: %d\\n", name)`.
    Not reported: formats that are not one literal, with numbered or named arguments, or given a list as it is. C#'s and
    Python's `format` may get more than they ask for.
    """
    if not file.source.startswith(_beginnings(file.language), node.start_byte):
        return ()
    if file.language == "Python":
        return _python_format(node, file) if node.kind_id in file.kinds["calls"] else _python_percent(node, file)
    if node.kind_id not in file.kinds["calls"]:
        return ()
    place = file.dialect.printf.get(_callee(node, file))
    arguments = node.child_by_field_name("arguments")
    if place is None or arguments is None:
        return ()
    given = [child for child in arguments.named_children if child.kind_id not in file.plan.comments]
    if len(given) <= place:
        return ()
    literal, rest = given[place], given[place + 1 :]
    if file.language == "C#" and literal.named_child_count:
        inner = first_child(literal)
        literal = literal if inner is None else inner
    if literal.kind_id not in file.kinds["strings"] or b"..." in file.source[literal.end_byte : node.end_byte]:
        return ()
    n_given = len(rest)
    if file.language == "C#":
        last = _highest_place(file.text(literal))
        return (node,) if last is not None and last >= n_given and n_given > 1 else ()
    n_asked = _JAVA_OR_PERCENT.get(file.language, _asked)(file.text(literal))
    if n_asked is None or n_asked == n_given or (file.language == "Java" and n_given == 1):
        return ()
    return (node,)


@cache
def _beginnings(language: str) -> tuple[bytes, ...]:
    """What the source of a call with a format begins with: most calls need no second look."""
    return (b"'", b'"', b"r'", b'r"', b"u'", b'u"') if language == "Python" else tuple(DIALECTS[language].printf)


def _callee(node: Node, file: SourceFile) -> bytes:
    arguments = node.child_by_field_name("arguments")
    end = node.end_byte if arguments is None else arguments.start_byte
    start = node.start_byte
    return file.source[start:end].strip() if end - start <= _MOST_CALLEE else b""


def _asked(text: bytes) -> int | None:
    """How many arguments C's and Go's formats take; None where it cannot be told."""
    n_asked = 0
    rest = _PERCENT.sub(b"", text)
    if b"%" in rest:  # numbered, cut, or of a dialect
        return None
    for found in _PERCENT.finditer(text):
        if found.group() == b"%%":
            continue
        stars = (found[1] == b"*") + (found[2] == b"*")
        n_asked += stars + (found[3] != b"m")
    return n_asked


def _asked_in_java(text: bytes) -> int | None:
    if b"%" in _JAVA.sub(b"", text):
        return None
    return sum(found.group() not in (b"%%", b"%n") for found in _JAVA.finditer(text))


_JAVA_OR_PERCENT: dict[str, Callable[[bytes], int | None]] = {"Java": _asked_in_java}


def _highest_place(text: bytes) -> int | None:
    """The largest number in braces, -1 for none; None where braces have names or none at all."""
    highest = -1
    for found in _BRACES.finditer(text):
        if found.group() in (b"{{", b"}}"):
            continue
        if not found[1]:
            return None
        highest = max(highest, int(found[1]))
    return highest


def _python_percent(node: Node, file: SourceFile) -> Sequence[Node]:
    operands = file.operands(node)
    if operands is None or operands[1] != "%" or operands[0].kind_id not in file.kinds["strings"]:
        return ()
    right = operands[2]
    text = file.text(operands[0])
    if right.kind_id not in file.kinds["always"] or b"%(" in text or b"*" in file.text(right) or text[:1] in b"fF":
        return ()
    n_asked = _asked(text)
    return (
        (node,) if n_asked is not None and n_asked != right.named_child_count and not _has_comment(right, file) else ()
    )


def _has_comment(node: Node, file: SourceFile) -> bool:
    return any(child.kind_id in file.plan.comments for child in node.named_children)


def _python_format(node: Node, file: SourceFile) -> Sequence[Node]:
    function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    if function is None or arguments is None or function.kind_id not in file.kinds["members"]:
        return ()
    holder, name = function.child_by_field_name("object"), function.child_by_field_name("attribute")
    if holder is None or name is None or holder.kind_id not in file.kinds["strings"] or file.text(name) != b"format":
        return ()
    given = file.text(arguments)
    if b"*" in given or b"for" in given or _has_comment(arguments, file) or b"\\" in file.text(holder):
        return ()
    n_given = sum(file.plan.tokens[child.kind_id] != "keyword_argument" for child in arguments.named_children)
    n_asked = _places_asked(file.text(holder))
    return (node,) if n_asked is not None and n_asked > n_given else ()


def _places_asked(text: bytes) -> int | None:
    plain = numbered = 0
    for found in _BRACES.finditer(text):
        mark = found.group()
        if mark in (b"{{", b"}}"):
            continue
        if found[1]:
            numbered = max(numbered, int(found[1]) + 1)
        elif mark == b"{}" or mark[1:2] in b":!":
            plain += 1
    rest = _BRACES.sub(b"", text)
    return None if b"{" in rest or b"}" in rest or (plain and numbered) else plain + numbered
