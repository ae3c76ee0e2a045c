"""Name and parameters of a definition, read from the few nodes at its head."""

from __future__ import annotations

from tree_sitter import Node

from analyzers.syntax.kinds import COMMENT, KindTable

_MOST_DECLARATORS = 32  # pointers to functions that return pointers to ...
_MOST_NAME_BYTES = 200
_NAME_FIELDS = ("name", "pattern", "declarator", "left")
_NAMED_LAST = ("spread_parameter", "method_parameter")  # Java: String... names; Objective-C: at:(int)index
_SPLAT_PATTERNS = ("list_splat_pattern", "dictionary_splat_pattern", "rest_pattern", "assignment_pattern")


def name_of(node: Node, giver: Node | None, source: bytes, table: KindTable) -> str | None:
    """The name as written ("Type::method", "operator==", "a.b"), None for a definition without one."""
    named = _named(node, table)
    if named is None and giver is not None:
        named = _field(giver, table.name_field) or giver.child(0)
    if named is None:
        return None
    end = min(_end_of_name(named, table), named.start_byte + _MOST_NAME_BYTES)
    return source[named.start_byte : end].rstrip().decode("utf-8", "replace")


def _end_of_name(named: Node, table: KindTable) -> int:
    """Where the node ends, or in one that is a conversion, qualified or not, where its parameters begin."""
    last: Node | None = named if table.conversions else None
    for _ in range(_MOST_DECLARATORS):
        if last is None or last.kind_id in table.conversions:
            break
        last = _field(last, table.name_field)
    found = None if last is None else _parameter_list(last, table)
    return named.end_byte if found is None else found.start_byte


def _named(node: Node, table: KindTable) -> Node | None:
    """The field `name`, else what C's kind of declarators end in: names stand inside what they are declared to be."""
    named = _field(node, table.name_field)
    if named is not None and named.is_named:
        return named
    found = None
    for _ in range(_MOST_DECLARATORS):
        inner = _declarator(node, table)
        if inner is None:
            break
        found = node = inner
        if node.kind_id in table.conversions:
            return node
    return _first_of(node, table.names) or found


def _declarator(node: Node, table: KindTable) -> Node | None:
    return _field(node, table.declarator_field) or _first_of(node, table.declarators)


def _field(node: Node, field: int | None) -> Node | None:
    return None if field is None else node.child_by_field_id(field)


def _first_of(node: Node, wanted: frozenset[int]) -> Node | None:
    if not wanted:
        return None
    return next((child for child in node.children if child.kind_id in wanted), None)


def n_parameters_of(node: Node, source: bytes, table: KindTable) -> int:
    """How many parameters a function takes; 0 where it has no list of them."""
    found = _parameter_list(node, table)
    if found is not None:
        return _count(found, source, table)
    return int(_field(node, table.parameter_field) is not None)


def _parameter_list(node: Node, table: KindTable) -> Node | None:
    itself = node if "" in table.spec.parameter_lists else None
    for _ in range(_MOST_DECLARATORS):
        found = _field(node, table.parameters_field)
        if found is None or found.kind_id not in table.parameter_lists:
            found = _first_of(node, table.parameter_lists)
        if found is not None:
            return found
        inner = _declarator(node, table)
        if inner is None:
            break
        node = inner
    return itself


def parameters_of(node: Node, source: bytes, table: KindTable) -> list[str]:
    """Names of the parameters in order, without stars, types and defaults; a pattern as written; unnamed ones are left
    out."""
    found = _parameter_list(node, table)
    if found is None:
        single = _field(node, table.parameter_field)
        return [] if single is None else [_text(single, source)]
    names = []
    for child in found.children:
        kind = child.kind_id
        if kind in table.parameter_groups:
            names += [_text(inner, source) for inner in child.children if inner.kind_id in table.group_names]
        elif kind in table.parameters and not child.is_named and source[child.start_byte : child.end_byte] != b"...":
            names.append(_text(found.named_children[-1], source))  # C#: params string[] names, always the last
        elif kind in table.parameters and (name := _parameter_name(child, source, table)):
            names.append(name)
    return names


def _parameter_name(node: Node, source: bytes, table: KindTable) -> str | None:
    if node.type == "self_parameter":
        return "self"
    for _ in range(_MOST_DECLARATORS):
        if not node.named_child_count or _is_pattern(node):
            break
        inner = next((found for field in _NAME_FIELDS if (found := node.child_by_field_name(field)) is not None), None)
        if inner is None:
            if node.child_by_field_name("type") is not None and table.declarator_field is not None:
                return None  # int f(char *)
            inner = node.named_children[-1 if node.type in _NAMED_LAST else 0]
        node = inner
    name = _text(node, source)
    return name if any(map(str.isalnum, name)) or name in ("...", "_") else None  # "*" of an unnamed pointer


def _is_pattern(node: Node) -> bool:
    return node.type.endswith("_pattern") and node.type not in _SPLAT_PATTERNS


def _text(node: Node, source: bytes) -> str:
    end = min(node.end_byte, node.start_byte + _MOST_NAME_BYTES)
    return source[node.start_byte : end].decode("utf-8", "replace")


def _count(node: Node, source: bytes, table: KindTable) -> int:
    n_parameters = 0
    for child in node.children:
        kind = child.kind_id
        if kind in table.parameter_groups:
            n_parameters += max(1, sum(inner.kind_id in table.group_names for inner in child.children))
        elif kind in table.parameters:
            n_parameters += 1
    if n_parameters == 1 and source[node.start_byte : node.end_byte].strip(b"() \t\r\n") == b"void":
        return 0
    return n_parameters


def docstring_of(body: Node | None, source: bytes, table: KindTable) -> Node | None:
    """The string that stands alone as the first statement of a body, or of a file; None where none does.

    Bytes and formatted strings document nothing, in Python's own reading.
    """
    if body is None or not body.named_child_count:
        return None
    first: Node | None = body.named_child(0)
    if first is not None and table.parts[first.kind_id] == COMMENT:
        first = next((child for child in body.named_children if table.parts[child.kind_id] != COMMENT), None)
    if first is None or first.kind_id not in table.docstrings:
        return None
    strings = [first] if first.child_count and not first.children[0].child_count else first.named_children
    prefixes = [source[string.start_byte : string.start_byte + 3] for string in strings]
    letters = [prefix.partition(b'"')[0].partition(b"'")[0].lower() for prefix in prefixes]
    return None if set(b"".join(letters)) & set(b"bf") else first
