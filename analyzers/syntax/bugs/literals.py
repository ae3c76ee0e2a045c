"""Keys that are given twice, and defaults that all calls share."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tree_sitter import Node

from analyzers.syntax.bugs.source_file import SourceFile, first_child

_LITERAL = re.compile(rb"""'[^'\\{]*'|"[^"\\{]*"|-?\d[\w.]*|'(?:\\.|[^\\])'""")
_NAME = re.compile(rb"[A-Za-z_$][\w$]*(?:\.[\w$]+)*")
_OPENING = re.compile(rb"[\[{(]")
_MOST_DEFAULT_BYTES, _MOST_MUTABLE, _MOST_KEY_BYTES = 2_000, 20, 400
_MUTABLE = re.compile(
    rb"\[.*\]|\{.*\}|(?:list|dict|set|bytearray|defaultdict|collections\.defaultdict)\(.*\)", re.DOTALL
)


def duplicate_key(node: Node, file: SourceFile) -> Sequence[Node]:
    """`{"a": 1, "b": 2, "a": 3}`: a literal names one key twice.

    Why it is bad: the first value is lost, or the code does not compile.
    Example: `{"x": 1, "x": 2}`.
    Not reported: keys that are no literals or plain names, and keys on both sides of something spread in between.
    """
    if node.named_child_count < 2:
        return ()
    seen: set[bytes] = set()
    found = []
    for child in node.named_children if file.language != "Java" else _java_keys(node, file):
        key = _key(child, file)
        if key is None:
            if child.kind_id not in file.kinds["pairs"] and file.plan.tokens[child.kind_id].startswith(
                ("spread", "dictionary_splat", "base_field")
            ):
                seen.clear()
            continue
        if key in seen:
            found.append(child)
        seen.add(key)
    return found


def _key(child: Node, file: SourceFile) -> bytes | None:
    if file.language == "Java":
        text = file.text(child)
        return text if _LITERAL.fullmatch(text) else None
    if file.language == "C#":
        key = _csharp_key(child, file)
    elif child.kind_id not in file.kinds["pairs"]:
        return None
    else:
        key = child.child_by_field_name("key") or child.child_by_field_name("field")
        if file.language in ("C", "C++"):
            return _designated(child, file)
    if key is None or key.end_byte - key.start_byte > _MOST_KEY_BYTES:
        return None
    text = file.text(key)
    if _LITERAL.fullmatch(text):
        is_script = file.language in ("JavaScript", "TypeScript", "TSX")
        return text[1:-1] if (is_script or file.language == "Python") and text[:1] in b"'\"" else b"=" + text
    named = file.language in ("JavaScript", "TypeScript", "TSX", "Go", "Rust", "C#")
    return text if named and _NAME.fullmatch(text) and text != b"__proto__" else None


def _designated(pair: Node, file: SourceFile) -> bytes | None:
    """All designators of a C initializer; None where there is none, or a range of them."""
    value = pair.child_by_field_name("value")
    if value is None or value.start_byte - pair.start_byte > _MOST_KEY_BYTES:
        return None
    text = file.source[pair.start_byte : value.start_byte].rstrip(b"= \t\r\n")
    return None if b"..." in text or text[:1] not in (b"[", b".") else text


def _csharp_key(child: Node, file: SourceFile) -> Node | None:
    if child.kind_id in file.kinds["dictionaries"]:
        return first_child(child) if child.named_child_count == 2 else None
    return child.child_by_field_name("left") if child.kind_id in file.kinds["assignments"] else None


def _java_keys(node: Node, file: SourceFile) -> list[Node]:
    """Arguments at even places of Map.of."""
    arguments, holder = node.child_by_field_name("arguments"), node.child_by_field_name("object")
    name = node.child_by_field_name("name")
    if arguments is None or holder is None or name is None:
        return []
    is_map = file.text(name) == b"of" and file.text(holder) in (b"Map", b"ImmutableMap")
    return file.statements(arguments)[::2] if is_map else []


def mutable_default(node: Node, file: SourceFile) -> Sequence[Node]:
    """Python's `def f(a=[])`.

    Why it is bad: the default is made once; what one call puts in, the next finds there.
    Example: `def add(x, to=[]): to.append(x)`. Instead: `to=None`.
    Not reported: parameters that the function never changes in a way that shows: no method of theirs is called, no
    item or attribute is set, and they are not returned. Lambdas are not looked at.
    """
    function = file.plan.tokens[node.kind_id]
    parameters = node.child_by_field_name("parameters")
    body = node.child_by_field_name("body")
    if function != "function_definition" or parameters is None or body is None:
        return ()
    first = file.source.find(b"=", parameters.start_byte, parameters.end_byte)
    if first < 0 or _OPENING.search(file.source, first, parameters.end_byte) is None:
        return ()  # no default that could be mutable
    found, n_mutable = [], 0
    for child in parameters.named_children:
        name, value = child.child_by_field_name("name"), child.child_by_field_name("value")
        if name is None or value is None or value.end_byte - value.start_byte > _MOST_DEFAULT_BYTES:
            continue
        if not _MUTABLE.fullmatch(file.text(value)):
            continue
        n_mutable += 1
        if n_mutable <= _MOST_MUTABLE and _changes(file.text(name), body, file):
            found.append(child)
    return found


def _changes(name: bytes, body: Node, file: SourceFile) -> bool:
    methods = rb"append|extend|insert|remove|pop|popitem|clear|update|setdefault|add|discard|sort|reverse"
    word = rb"(?<![\w.])" + re.escape(name)
    pattern = word + rb"(?:\.(?:" + methods + rb")\(|\[[^\]\n]*\]\s*[-+*|]?=[^=]|\s*\+=)|(?:return|yield)\s+"
    pattern += re.escape(name) + rb"\s*(?:\n|$)|\bdel\s+" + re.escape(name) + rb"\["
    rebound = re.search(word + rb"\s*=[^=]", file.text(body))
    return rebound is None and re.search(pattern, file.text(body)) is not None


def assert_on_tuple(node: Node, file: SourceFile) -> Sequence[Node]:
    """Python's `assert (x, "message")`, `assert "text"`: the assertion always holds.

    Why it is bad: it tests nothing.
    Example: `assert (n > 0, "n is not positive")`. Instead: `assert n > 0, "n is not positive"`.
    """
    asserted = first_child(node)
    if asserted is None:
        return ()
    constant = asserted.kind_id in file.kinds["always"] and asserted.named_child_count > 0
    text = asserted.kind_id in file.kinds["strings"] and asserted.named_child_count > 2
    return (node,) if constant or text else ()


def init_returns_value(node: Node, file: SourceFile) -> Sequence[Node]:
    """`return x` in Python's `__init__`.

    Why it is bad: making the object fails with a TypeError.
    Example: `def __init__(self): return self`.
    """
    value = first_child(node)
    frame = file.function()
    if value is None or frame is None or file.text(value) == b"None" or value.kind_id in file.kinds["calls"]:
        return ()
    name = frame.node.child_by_field_name("name")
    return (node,) if name is not None and file.text(name) == b"__init__" else ()
