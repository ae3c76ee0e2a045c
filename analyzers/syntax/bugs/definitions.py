"""Names that are defined twice, or hide what they should not."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tree_sitter import Node

from analyzers.syntax.bugs.heads import is_decorated, name_of, parameters_in
from analyzers.syntax.bugs.plan import CLASS
from analyzers.syntax.bugs.source_file import SourceFile, first_child

_SPECIAL = frozenset((b"_", b"init", b"main", b"__"))
_WORDS = re.compile(rb"[^\W\d]\w*")
_ACCESSOR = re.compile(
    rb"\b(?:get|set|static|overload|partial|extern|abstract|declare|default)\b|#\s*(?:if|else|endif)"
)


def duplicate_parameter(node: Node, file: SourceFile) -> Sequence[Node]:
    """`def f(a, a)`: two parameters have one name.

    Why it is bad: it does not compile, or the first is lost.
    Example: `function f(x, x)`.
    Not reported: _.
    """
    if file.source.find(b",", node.start_byte, node.end_byte) < 0:
        return ()
    words = _WORDS.findall(file.source, node.start_byte, node.end_byte)
    if len(set(words)) == len(words):
        return ()
    seen: set[bytes] = set()
    found = []
    for parameter in parameters_in(node, file):
        name = file.text(parameter)
        if name in seen and name != b"_" and name != b"...":
            found.append(parameter)
        seen.add(name)
    return found


def redefined_function(node: Node, file: SourceFile) -> Sequence[Node]:
    """Two functions of one name side by side in one scope.

    Why it is bad: only the last one counts, or the code does not compile.
    Example: two methods `save` in one class.
    Not reported: functions with decorators, attributes or annotations; overloads, accessors, branches of #if; a name
    that something between the two uses; Python's and Go's special names.
    """
    functions = file.let_go(node, "functions")
    if len(functions) < 2:
        return ()
    seen: dict[bytes, Node] = {}
    found = []
    for child in functions:
        key = _signature(child, file)
        name = name_of(child, file)
        if not key or name is None:
            continue
        before = seen.get(key)
        if before is not None and not _used_between(before, name, file):
            found.append(name)
        seen[key] = child
    return found


def _signature(function: Node, file: SourceFile) -> bytes:
    """What a function may share with no other in its scope; empty where it may."""
    name = name_of(function, file)
    body = function.child_by_field_name("body")
    if name is None or body is None:
        return b""
    start, text = function.start_byte, file.text(name)
    before = file.source[start : name.start_byte]
    if (
        text in _SPECIAL
        or _ACCESSOR.search(before)
        or b"@" in before
        or b"#[" in before
        or is_decorated(function, file)
    ):
        return b""
    if file.dialect.overloads:
        return re.sub(rb"\s+", b" ", file.source[name.start_byte : body.start_byte].strip())
    if file.language == "Go":
        receiver = function.child_by_field_name("receiver")
        kind = b"" if receiver is None else re.sub(rb".*[\s*]", b"", file.text(receiver).strip(b"()"), flags=re.DOTALL)
        return kind + b"." + text
    return text


def _used_between(before: Node, name: Node, file: SourceFile) -> bool:
    """Whether a name occurs after the end of its first definition and before its second."""
    word = file.words.at(name.start_byte)
    return word < 0 or file.words.before(word) >= before.end_byte


def shadowed_builtin(node: Node, file: SourceFile) -> Sequence[Node]:
    """`list = [1]`: a name that the language gives a meaning to is used for something else.

    Why it is bad: whoever calls the builtin below gets a list.
    Example: `str = str(x)`.
    Not reported: attributes and methods; parameters and keyword arguments, which callers name; names such as id, type,
    input or file that are taken every day.
    """
    if not file.source.startswith(file.plan.builtins, node.start_byte):
        return ()  # what is declared stands first
    name = node.child_by_field_name("left") or node.child_by_field_name("name") or node.child_by_field_name("pattern")
    if name is not None and file.plan.tokens[name.kind_id] == "expression_list" and name.named_child_count == 1:
        name = first_child(name)
    if name is None or name.kind_id not in file.kinds["identifiers"] or file.text(name) not in file.dialect.builtins:
        return ()
    frame = file.frame
    return () if frame is None or frame.part == CLASS else (name,)
