"""Heads of definitions: a function's parameters, a class's bases, and the type that a method is written for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from tree_sitter import Node

from analyzers.syntax.facts.spec import FactSpec
from analyzers.syntax.facts.walk import FactTable
from analyzers.syntax.kinds import KindTable

_MOST_DECLARATORS = 32  # as in analyzers.syntax.shape
_AROUND_NAMES = ("typed", "reference", "pointer", "spread", "parenthesized")
_MOST_BYTES = 200  # of a name or a type that are kept
_MOST_HEAD = 4_000  # of a class's bases that are read
_NAME_FIELDS = ("name", "pattern", "left", "declarator")
_BRACKETS = re.compile(r"<[^<>]*>|\[[^\[\]]*\]|\{[^{}]*\}")
_MOST_BRACKETS = 8  # levels of type arguments that are taken off
_NO_BASES = frozenset(
    [
        "extends",
        "implements",
        "public",
        "private",
        "protected",
        "internal",
        "virtual",
        "with",
        "where",
        "class",
        "struct",
        "new",
        "final",
        "sealed",
        "dyn",
        "const",
        "mut",
        "ref",
        "typename",
    ]
)
_PATH = re.compile(r"[^\W\d][\w$]*(?:(?:\.|::|\\)[^\W\d][\w$]*)*$")


class Parameter(NamedTuple):
    """One parameter as written; a pattern's name is its text."""

    name: str | None
    type: str | None
    place: int  # of the name, or of the parameter


def text_of(node: Node, source: bytes, most: int = _MOST_BYTES) -> str:
    """A node's text as written, blanks made one, cut at `most` bytes."""
    return " ".join(
        source[node.start_byte : min(node.end_byte, node.start_byte + most)].decode("utf-8", "replace").split()
    )


def parameters_of(function: Node, source: bytes, table: KindTable) -> list[Parameter]:
    """The parameters, as many as the report counts."""
    found = _list_of(function, table)
    if found is None:
        single = _field(function, table.parameter_field)
        return [] if single is None else [Parameter(text_of(single, source), None, single.start_byte)]
    rows: list[Parameter] = []
    for child in found.children:
        kind = child.kind_id
        if kind in table.parameter_groups:
            written = _type_of(child, source)
            names = [inner for inner in child.children if inner.kind_id in table.group_names]
            rows += [Parameter(text_of(name, source), written, name.start_byte) for name in names]
            if not names:
                rows.append(Parameter(None, written or text_of(child, source), child.start_byte))
        elif kind in table.parameters:
            # C#'s `params` stands in the list itself, with its type and name.
            rows.append(_parameter(child if child.is_named or child.type == "..." else found, source))
    return rows


def _list_of(function: Node, table: KindTable) -> Node | None:
    """The node whose children are the parameters, as analyzers.syntax.shape counts them."""
    itself = function if "" in table.spec.parameter_lists else None
    node = function
    for _ in range(_MOST_DECLARATORS):
        found = _field(node, table.parameters_field)
        if found is not None and found.kind_id in table.parameter_lists:
            return found
        inner = None
        for child in node.children:
            if child.kind_id in table.parameter_lists:
                return child
            if inner is None and child.kind_id in table.declarators:
                inner = child
        inner = _field(node, table.declarator_field) or inner
        if inner is None:
            break
        node = inner
    return itself


def _field(node: Node, field: int | None) -> Node | None:
    return None if field is None else node.child_by_field_id(field)


def _parameter(node: Node, source: bytes) -> Parameter:
    named = node if node.type == "self_parameter" else _name_in(node)
    name = None if named is None else text_of(named, source)
    written = _type_of(node, source)
    if named is not None and node.child_by_field_name("declarator") is not None:  # C: the type stands around the name
        before, after = source[node.start_byte : named.start_byte], source[named.end_byte : node.end_byte]
        around = (before[:_MOST_BYTES] + b" " + after.partition(b"=")[0][:_MOST_BYTES]).decode("utf-8", "replace")
        written = " ".join(around.split()) or None
    elif written is None and named is not None and named.start_byte > node.start_byte and node.child_count > 1:
        first = node.children[0]
        written = text_of(first, source) if first.is_named and first != named and "type" in first.type else None
    return Parameter(name, written, (named or node).start_byte)


def _name_in(node: Node) -> Node | None:
    """The name of a parameter: down the fields that hold one, past stars and references."""
    if not node.child_count:
        return node if node.is_named or node.type == "..." else None
    for _ in range(_MOST_DECLARATORS):
        inner = next(filter(None, (node.child_by_field_name(field) for field in _NAME_FIELDS)), None)
        if inner is None and node.named_child_count and ("splat" in node.type or "rest" in node.type):
            inner = node.named_child(0)
        if inner is None and node.named_child_count and node.type.startswith(_AROUND_NAMES):
            inner = node.named_child(node.named_child_count - 1 if node.type.startswith("spread") else 0)
        if inner is None:
            break
        node = inner
    return node if node.is_named and (node.child_count == 0 or "pattern" in node.type or "tuple" in node.type) else None


def _type_of(node: Node, source: bytes) -> str | None:
    written = node.child_by_field_name("type")
    return None if written is None else text_of(written, source).lstrip(": ") or None


def bases_of(node: Node, source: bytes, table: FactTable) -> Iterator[str]:
    """Names of the bases of a class as written, without type arguments."""
    if not table.heritage:
        return
    heads = [child for child in node.children if child.kind_id in table.heritage]
    body = node.child_by_field_name("type") if table.spec.embedded else None  # Go: members without a name
    if body is not None:
        members = body.named_child(0) if body.named_child_count and body.type == "struct_type" else body
        for member in members.children if members is not None else ():
            if member.kind_id in table.heritage or (
                member.type == table.spec.embedded and member.child_by_field_name("name") is None
            ):
                heads.append(member)
    for head in heads:
        yield from bases_in(
            source[head.start_byte : min(head.end_byte, head.start_byte + _MOST_HEAD)].decode("utf-8", "replace")
        )


def bases_in(text: str) -> Iterator[str]:
    """Paths in the text of a heritage: what remains of its parts without brackets, keywords and arguments."""
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1]
    for _ in range(_MOST_BRACKETS):
        text, changed = _BRACKETS.subn("", text)
        if not changed:
            break
    depth, part = 0, ""
    for token in [*re.split(r"([(),+|&`])|\b(extends|implements)\b", text), ","]:
        if token is None:
            continue
        if token == "(":
            depth += 1
            part += "(" if depth == 1 else ""
        elif token == ")":
            depth -= 1
        elif depth <= 0 and token in (",", "+", "|", "&", "extends", "implements"):
            yield from _base(part)
            part = ""
        elif depth <= 0:
            part += token
    return


def _base(part: str) -> Iterator[str]:
    path = part.partition("(")[0] if not part.strip().startswith("(") else ""
    words = [word.lstrip("?") for word in re.split(r"(?<!:):(?!:)|[\s*]+", path)]
    words = [word for word in words if word and word not in _NO_BASES]
    if len(words) == 1 and _PATH.match(words[0]) and "=" not in part:
        yield words[0]


def trait_of(container: Node, source: bytes) -> str | None:
    """The trait that a Rust `impl` brings to its type."""
    found = container.child_by_field_name("trait")
    return None if found is None else next(bases_in(text_of(found, source)), None)


_TYPE_NAME = re.compile(r"[^\W\d]\w*(?:(?:::|\.)[^\W\d]\w*)*")


def receiver_of(node: Node, source: bytes, spec: FactSpec) -> str | None:
    """The type that a Go method or a Rust `impl` is written for; None where it is for none."""
    for field in spec.receivers:
        found = node.child_by_field_name(field)
        if found is not None:
            words = _TYPE_NAME.findall(_BRACKETS.sub("", text_of(found, source)))
            return words[-1] if words else None
    return None
