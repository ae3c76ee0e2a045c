"""Why only one of the two finds a function: lizard's readers of tokens and our trees differ in what they call one.

A cause is told by what the other side has at the same place (same end, same name, around it), else by the text and by
what the tree has there. What none of that accounts for is `other`; `python -m benchmarks.agreement --show` prints it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from tree_sitter import Node

from benchmarks.agreement_causes import OTHER, code_of

_KEYWORDS = frozenset({
    "if", "for", "while", "switch", "catch", "return", "else", "do", "sizeof", "foreach", "using", "lock", "match",
    "loop", "synchronized", "elif", "with", "except", "get", "set", "add", "remove", "init",
})  # fmt: skip
_MACRO_KINDS = (
    "token_tree", "macro_definition", "macro_invocation", "macro_rule", "preproc_arg", "preproc_function_def",
    "preproc_def", "preproc_call",
)  # fmt: skip
_TEXT_KINDS = ("comment", "string", "template_string", "raw_string_literal", "regex", "line_comment", "block_comment")
_DECLARED_KINDS = (
    "interface_type", "interface_declaration", "interface_body", "object_type", "function_type", "func_type",
    "type_alias_declaration", "ambient_declaration", "delegate_declaration", "function_signature", "method_signature",
    "abstract_method_signature", "function_signature_item", "foreign_mod_item", "method_elem", "method_spec",
)  # fmt: skip
_VALUE_KINDS = ("pair", "object", "dictionary", "composite_literal", "argument_list", "arguments", "initializer_list")
_PREPROCESSED = ("C", "C++", "C#")


class Extent(NamedTuple):
    """A function as one side has it. Lines count from 1, the last one inclusive."""

    name: str  # "" for none
    start: int
    end: int


class Place(NamedTuple):
    """A function that one side alone has, and where."""

    language: str
    one: Extent
    lines: list[str]  # of the file
    root: Node

    @property
    def code(self) -> str:
        """Its text without comments and strings."""
        return code_of(self.language, "\n".join(self.lines[self.one.start - 1 : self.one.end]))


def of_ours(place: Place, theirs: Sequence[Extent], ours: Sequence[Extent]) -> str:
    """Why lizard has no such function. `theirs` and `ours`: all that the two have of the file."""
    one, code = place.one, place.code
    if (cause := _nearby(one, theirs, "lizard finds it without a name")) is not None:
        return cause
    head = code.partition("{")[0]
    if not _has_body(place.language, code):
        return "no body (abstract, defaulted, of an interface): only we count it"
    if "=>" in head or re.search(r"=\s*(?:async\s+)?function\b", code):
        return "a function that a variable or field is given: lizard finds none"
    if any(_holds(each, one) for each in theirs):
        if any(_holds(each, one) and each != one for each in ours):
            return "inside another function, or a class there: lizard leaves it to the outer one"
        return "lizard's function before it does not end in time and takes it in"
    if place.language in _PREPROCESSED and _near_directive(place):
        return "near #if, #else or #define, where lizard loses count of braces"
    if place.language in ("C", "C++") and re.search(r"\b[A-Z][A-Z0-9_]{2,}\b", head):
        return "a macro in its head that lizard does not pass"
    if re.search(r"\boperator\b|~\s*\w+\s*\(", head):
        return "an operator or a destructor: lizard finds none"
    if not any(each.start > one.end for each in theirs):
        return "lizard finds no more functions from some line of the file on"
    return OTHER


def of_theirs(place: Place, theirs: Sequence[Extent], ours: Sequence[Extent]) -> str:
    """Why we have no such function. `theirs` and `ours`: all that the two have of the file."""
    one = place.one
    if one.name.startswith("anonymous__"):
        return "Go's function literals: we count them in the function around"
    if one.name in _KEYWORDS:
        return "a statement, or an accessor of a property: only lizard takes it for a function"
    if (cause := _nearby(one, ours, "we find it without a name")) is not None:
        return cause
    kinds = _kinds_around(place)
    if kinds & set(_MACRO_KINDS):
        return "in a macro, where the tree has tokens alone: only lizard counts it"
    if kinds & set(_TEXT_KINDS):
        return "in a comment or string: only lizard counts it"
    code = place.code
    if kinds & set(_DECLARED_KINDS) or not _has_body(place.language, code) or _is_declared(place.language, code):
        return "a declaration without a body, or a type of functions: only lizard counts it"
    if place.language in ("C", "C++") and re.fullmatch(r"[A-Z][A-Z0-9_]*", one.name):
        return "a macro's use: only lizard takes it for a function"
    if kinds & set(_VALUE_KINDS):
        return "a function that is a value in a literal or argument: lizard gives it a name, we none"
    return OTHER


def _nearby(one: Extent, others: Sequence[Extent], unnamed: str) -> str | None:
    """What the other side has at the same place, under another name or with another end; None for nothing."""
    for other in others:
        if other.end == one.end and abs(other.start - one.start) <= _slack(one) and other.name != one.name:
            return "found by both, under different names" if other.name else unnamed
    if any(other.name == one.name and other.start <= one.end and one.start <= other.end for other in others):
        return "found by both, with different ends"
    return None


def _holds(outer: Extent, inner: Extent) -> bool:
    """Whether an extent begins before another and goes on at its beginning."""
    return outer.start <= inner.start <= outer.end


def _slack(one: Extent) -> int:
    """Lines by which two starts of one function differ: annotations, templates, a type on a line of its own."""
    return max(3, (one.end - one.start) // 2)


def _has_body(language: str, code: str) -> bool:
    if language == "Python":
        return True
    head = code.rstrip().rstrip(";").rstrip()
    return "{" in code or "=>" in head


def _is_declared(language: str, code: str) -> bool:
    """Whether a declaration ends before any body begins. In C, parameters may be declared between the two."""
    head, brace, _ = code.partition("{")
    return language not in ("Python", "C", "C++") and bool(brace) and ";" in head


def _near_directive(place: Place) -> bool:
    """Whether the preprocessor has a say in the function, or in a hundred lines before it."""
    before = place.lines[max(0, place.one.start - 100) : place.one.end]
    return any(re.match(r"[ \t]*#[ \t]*(?:if|else|elif|endif|define)", line) for line in before)


def _kinds_around(place: Place) -> set[str]:
    """Kinds of the nodes around the name, where it first stands in the function's lines."""
    name = re.split(r"::|\.", place.one.name)[-1]
    for row in range(place.one.start - 1, min(place.one.end, len(place.lines))):
        column = place.lines[row].find(name)
        if column >= 0:
            point = (row, len(place.lines[row][:column].encode()))
            node = place.root.descendant_for_point_range(point, point)
            kinds = set[str]()
            while node is not None and node.parent is not None:
                kinds.add(node.type)
                node = node.parent
            return kinds
    return set()
