"""Names and parameters of functions, and what is said before them, from the nodes at their head."""

from __future__ import annotations

from tree_sitter import Node

from analyzers.syntax.bugs.source_file import SourceFile, first_child

_MOST_DECLARATORS = 16
_FIELDS = ("name", "pattern", "declarator", "left")


def declared_name(node: Node | None, file: SourceFile) -> Node | None:
    """The one identifier that a declarator or parameter declares; None for patterns of several and for none."""
    identifiers = file.kinds["identifiers"]
    for _ in range(_MOST_DECLARATORS):
        if node is None or node.kind_id in identifiers:
            return node
        inner = next((one for one in map(node.child_by_field_name, _FIELDS) if one is not None), None)
        if inner is None and node.named_child_count in (1, 2):
            inner = first_child(node)
            if inner is not None and inner.kind_id not in identifiers and inner.named_child_count == 0:
                return None
        node = inner
    return None


def name_of(function: Node, file: SourceFile) -> Node | None:
    """The name in a definition, an identifier or what stands for one; None for a function without a name."""
    name = function.child_by_field_name("name")
    if name is not None:
        return name
    node: Node | None = function.child_by_field_name("declarator")
    for _ in range(_MOST_DECLARATORS):
        inner = None if node is None else node.child_by_field_name("declarator")
        if inner is None:
            break
        node = inner
    return node


def parameter_list(function: Node, file: SourceFile) -> Node | None:
    """The list of a function's parameters."""
    node: Node | None = function
    for _ in range(_MOST_DECLARATORS):
        if node is None:
            break
        found = node.child_by_field_name("parameters")
        if found is not None:
            return found if found.kind_id in file.kinds["parameters"] else None
        node = node.child_by_field_name("declarator")
    return None


def parameters_in(parameters: Node, file: SourceFile) -> list[Node]:
    """The names in a list of parameters; destructured ones and those without a name are left out."""
    found = []
    possible = file.kinds["parameter"]
    for child in parameters.named_children:
        if child.kind_id in file.plan.comments or (possible and child.kind_id not in possible):
            continue
        names = child.children_by_field_name("name")
        several = names if len(names) > 1 else [child]
        for one in several:
            name = declared_name(one, file)
            if name is not None and (file.language != "Go" or names):
                found.append(name)
    return found


def head(function: Node, file: SourceFile) -> bytes:
    """The bytes from a definition's first to its body's: modifiers, type, name, parameters."""
    body = function.child_by_field_name("body")
    return file.source[function.start_byte : function.end_byte if body is None else body.start_byte]


def is_decorated(node: Node, file: SourceFile) -> bool:
    """Whether a decorator, attribute or annotation stands before a definition, on the same line or the one above."""
    before = file.source[max(0, node.start_byte - 200) : node.start_byte].rstrip().rpartition(b"\n")[2].strip()
    return before.startswith((b"@", b"#[", b"[")) or before.endswith((b"]", b"async", b"default"))
