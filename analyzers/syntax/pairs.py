"""Functions, methods and classes with the comments that document them, in one structure for all languages.

A pair is made of every definition that has a comment directly above or a docstring; what makes it worth nothing as
training data is its `drop_reason` (pairs_rules.py). Known gaps: Julia's docstrings, and comments above attributes that
go over several lines where these are no part of the definition (Rust, TypeScript's methods).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from typing import NamedTuple

import xxhash
from tree_sitter import Node

from analyzers.syntax.comment_language import comment_language, fasttext_language
from analyzers.syntax.comment_text import comment_text, docstring_text
from analyzers.syntax.outline import Outline, body_of, has_code, node_at
from analyzers.syntax.pairs_rules import PairRules, code_reason, comment_reason, is_accessor
from analyzers.syntax.report import Definition, Report
from analyzers.syntax.segments import Segment
from analyzers.syntax.segments_scopes import scope_table
from analyzers.syntax.shape import parameters_of

DEFAULT_RULES = PairRules()
_STYLES = {
    "Java": "javadoc", "Kotlin": "kdoc", "Scala": "scaladoc", "JavaScript": "jsdoc", "TypeScript": "jsdoc",
    "TSX": "jsdoc", "Rust": "rustdoc", "C#": "xmldoc", "PHP": "phpdoc", "Swift": "swiftdoc", "Lua": "luadoc",
    "Luau": "luadoc", "R": "roxygen", "Haskell": "haddock", "Solidity": "natspec", "C": "doxygen", "C++": "doxygen",
    "Objective-C": "doxygen",
}  # fmt: skip
_UNMARKED_STYLES = {"Go": "godoc", "Ruby": "rdoc"}  # any comment above is documentation there
_INNER_MARKS = {"Rust": (b"//!", b"/*!")}  # document what they stand in
_ANNOTATION = re.compile(
    r"(?:@(?!interface\b|implementation\b|protocol\b)[\w.:]+(?:\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))?"
    r"|#\[[^\]]*\]|\[[^\]]*\])\s*"
)
_METHODS = ("method_declaration",)  # Go's stand in no class
_MOST_ACCESSOR_LINES = 6
_MOST_DEPTH = 64  # of definitions in definitions: finding one costs as much as it is deep
_MOST_MARK_CHARS = 6  # that make a line of a comment one
_BLANKS = b" \t\r\f\v"


class Pair(NamedTuple):
    """A definition and its comment, in plain values. Texts are without the indentation of their first line."""

    pair_id: str  # xxh3-128 of kind, name, comment and code: equal pairs have one id, wherever they stand
    segment_id: str | None  # of the innermost segment of code that holds it
    kind: str  # function, method, class
    name: str
    signature: str  # to the body, on one line, without annotations and comments
    parameters: tuple[str, ...]
    doc_style: str  # docstring, javadoc, godoc ...; plain where nothing marks the comment
    comment: str
    comment_language: str  # English, Chinese, other, unknown
    code: str
    code_with_comment: str
    start: int  # of comment and code together
    end: int
    drop_reason: str | None  # a dropped pair has no texts, parameters and ids, unless the rules keep them


class _Extent(NamedTuple):
    start: int  # of the code: decorators, `export` and the like
    end: int
    doc_start: int
    doc_end: int


def pairs_of(
    report: Report, source: bytes, outline: Outline, segments: list[Segment], rules: PairRules = DEFAULT_RULES
) -> list[Pair]:
    """All pairs by start, dropped ones among them. `outline` and `segments` are the file's own."""
    found: list[Pair] = []
    if report.definitions is None:
        return found
    members = {one.definition: one for one in outline.members if one.definition >= 0}
    holders = _holders(report.definitions, segments)
    speaks = comment_language if rules.fasttext_model is None else fasttext_language(rules.fasttext_model)
    inner = _INNER_MARKS.get(report.language, ())
    depths: list[int] = []
    for place, one in enumerate(report.definitions):
        depths.append(depths[one.parent] + 1 if one.parent >= 0 else 0)
        if depths[-1] > _MOST_DEPTH:
            continue
        member = members.get(place)
        doc_start, doc_end = (one.doc_start, one.doc_end) if member is None else (member.doc_start, member.doc_end)
        if doc_start < 0 or not one.name or (inner and source.startswith(inner, doc_start)):
            continue
        node, start, end = (
            node_at(outline, one.start, one.end) if member is None else (outline.nodes[place], member.start, member.end)
        )
        extent = _Extent(start, end, doc_start, doc_end)
        found.append(_pair(one, node, extent, report, source, outline, holders[place], speaks, rules))
    return found


def _pair(
    one: Definition, node: Node | None, extent: _Extent, report: Report, source: bytes, outline: Outline,
    holder: str | None, speaks: Callable[[str], str], rules: PairRules,
) -> Pair:  # fmt: skip
    name = one.name or ""
    kind = "method" if node is not None and node.type in _METHODS and one.kind == "function" else one.kind
    start, end = min(extent.start, extent.doc_start), extent.end
    raw = source[extent.doc_start : extent.doc_end].decode("utf-8", "replace")
    if not rules.keep_dropped and _is_surely_too_long(raw, rules):
        return _dropped("comment_too_long", kind, name, start, end, holder)
    is_docstring = extent.doc_start > one.start
    if is_docstring:
        comment, style = docstring_text(raw), "docstring"
    else:
        comment, style = comment_text(raw, report.language), _style(raw, report, outline)
    body = _body(node, outline)
    pieces: list[bytes] = []
    reason = comment_reason(comment, name, rules)
    if reason is None and rules.drop_bodiless and body is None:
        reason = "no_body"
    if reason is None and _is_too_long(extent, rules):
        reason = "code_too_long"
    if reason is None:
        pieces = _pieces(extent, is_docstring, source)
        reason = _code_reason(one, extent, pieces, report, source, rules)
    if reason is not None and not rules.keep_dropped:
        return _dropped(reason, kind, name, start, end, holder)
    code = _dedented(b"".join(pieces or _pieces(extent, is_docstring, source)), extent.start, source)
    parameters = () if node is None or one.kind == "class" else parameters_of(node, source, outline.table)
    text = "\0".join((kind, name, comment, code))
    return Pair(
        pair_id=xxhash.xxh3_128_hexdigest(text.encode("utf-8", "replace")),
        segment_id=holder,
        kind=kind,
        name=name,
        signature=_signature(one, extent, body, report, source),
        parameters=tuple(parameters),
        doc_style=style,
        comment=comment,
        comment_language=speaks(comment),
        code=code,
        code_with_comment=_dedented(source[start:end], start, source),
        start=start,
        end=end,
        drop_reason=reason,
    )


def _dropped(reason: str, kind: str, name: str, start: int, end: int, holder: str | None) -> Pair:
    return Pair("", holder, kind, name, "", (), "", "", "unknown", "", "", start, end, reason)


def _is_surely_too_long(raw: str, rules: PairRules) -> bool:
    """Whether a comment is over the limit whatever its marks are; most that are need not be read to tell."""
    most = rules.max_comment_chars
    if most is None or len(raw) < 2 * most or "\\" in raw or "<" in raw:
        return False
    return sum(map(len, raw.split())) > most + _MOST_MARK_CHARS * (raw.count("\n") + 1)


def _style(raw: str, report: Report, outline: Outline) -> str:
    marks = outline.table.spec.doc_marks
    if marks and raw.startswith(tuple(mark.decode() for mark in marks)):
        return _STYLES.get(report.language, "plain")
    return _UNMARKED_STYLES.get(report.language, "plain")


def _pieces(extent: _Extent, is_docstring: bool, source: bytes) -> list[bytes]:
    """The code without its docstring: what comes before, `pass` where nothing else is in the body, what comes after."""
    if extent.doc_start < extent.start:
        return [source[extent.start : extent.end]]
    before, after = source[extent.start : extent.doc_start], source[extent.doc_end : extent.end]
    if not is_docstring:  # between an attribute and its item
        return [before, after.lstrip(_BLANKS + b"\n")]
    rest = after.lstrip(_BLANKS)
    if not has_code(rest):
        return [before, b"pass", after]
    if rest.startswith(b";"):
        rest = rest[1:].lstrip(_BLANKS)
        if rest[:1] not in (b"\n", b"#"):
            return [before, rest]
    line = before.rfind(b"\n") + 1
    if before[line:].strip():  # def f(): "..."
        return [before, rest.lstrip(_BLANKS + b"\n")]
    if rest.startswith(b"#"):  # a remark behind the docstring stays, on the line
        return [before, rest]
    while rest.startswith(b"\n"):
        after, _, rest = rest, b"", rest[1:].lstrip(_BLANKS)
    return [before[:line], after.lstrip(b"\n")]


def _is_too_long(extent: _Extent, rules: PairRules) -> bool:
    n_bytes = extent.end - extent.start
    if extent.doc_start >= extent.start:
        n_bytes -= extent.doc_end - extent.doc_start
    return rules.max_code_bytes is not None and n_bytes > rules.max_code_bytes


def _code_reason(
    one: Definition, extent: _Extent, pieces: list[bytes], report: Report, source: bytes, rules: PairRules
) -> str | None:
    if rules.drop_broken and report.errors:
        last = bisect_left(report.errors, (extent.end,)) - 1
        if last >= 0 and report.errors[last][1] > extent.start:
            return "syntax_error"
    n_lines = sum(piece.count(b"\n") for piece in pieces) + 1
    n_code_lines = _n_code_lines(extent, report, source)
    if rules.drop_accessors and one.kind != "class" and n_code_lines <= _MOST_ACCESSOR_LINES:
        bare_name = (one.name or "").rpartition("::")[2].rpartition(".")[2]
        if is_accessor(bare_name, b"".join(pieces).decode("utf-8", "replace")):
            return "accessor"
    return code_reason(n_lines, n_code_lines, rules)


def _n_code_lines(extent: _Extent, report: Report, source: bytes) -> int:
    """Lines of the code with something other than comments and blanks."""
    comments = report.comments
    at, pieces = extent.start, []
    for place in range(bisect_left(comments, (extent.start,)), len(comments)):
        start, end = comments[place][:2]
        if start >= extent.end:
            break
        pieces.append(source[at:start])
        at = end - source.endswith(b"\n", start, end)
    pieces.append(source[at : extent.end])
    return sum(map(bool, map(bytes.strip, b"".join(pieces).split(b"\n"))))


def _dedented(text: bytes, start: int, source: bytes) -> str:
    """Text that begins at `start`, without the indentation of its first line on the others."""
    indent = source[source.rfind(b"\n", 0, start) + 1 : start]
    if indent and not indent.strip():
        text = text.replace(b"\n" + indent, b"\n")
    return text.decode("utf-8", "replace")


def _body(node: Node | None, outline: Outline) -> Node | None:
    scopes = scope_table(outline.table)
    return None if node is None or scopes is None else body_of(node, scopes)


def _signature(one: Definition, extent: _Extent, body: Node | None, report: Report, source: bytes) -> str:
    begins = one.start if report.language == "Python" else extent.start  # decorators go without saying
    ends = one.end if body is None else body.start_byte
    pieces, at = [], begins
    for place in range(bisect_left(report.comments, (begins,)), len(report.comments)):
        start, end = report.comments[place][:2]
        if start >= ends:
            break
        pieces.append(source[at:start])
        at = end
    pieces.append(source[at:ends])
    text = " ".join(b" ".join(pieces).decode("utf-8", "replace").split())
    while (annotation := _ANNOTATION.match(text)) is not None:
        text = text[annotation.end() :]
    return text


def _holders(definitions: tuple[Definition, ...], segments: list[Segment]) -> list[str | None]:
    """For each definition the id of the innermost segment of code around it."""
    code = [one for one in segments if one.kind == "code"]
    holders: list[str | None] = []
    stack: list[Segment] = []
    at = 0
    for one in definitions:
        while at < len(code) and code[at].start <= one.start:
            stack.append(code[at])
            at += 1
        while stack and stack[-1].end <= one.start:
            stack.pop()
        holders.append(stack[-1].segment_id if stack and one.end <= stack[-1].end else None)
    return holders
