"""Imports that nothing uses: by the words of the file, as in unused.py."""

from __future__ import annotations

from collections.abc import Sequence

from tree_sitter import Node

from analyzers.syntax.bugs.heads import is_decorated
from analyzers.syntax.bugs.source_file import SourceFile, first_child

_MOST_NAMES = 1_000  # in one import


def unused_import(node: Node, file: SourceFile) -> Sequence[Node]:
    """A name is imported and never used.

    Why it is bad: the reader and the linker look for what is not there.
    Example: `import os` in a file that never says os.
    Not reported: imports with an effect of their own, under a condition or in a try; `as` the same name and files that
    are nothing but imports, by which names are handed on; names in comments, where documentation links to them; Rust's
    types and traits, which may bring methods; React, of which JSX is made; Go's without an alias, whose package may
    have another name than its path. Known gaps: a macro that another macro of the same import expands to;
    a package's `__init__` that defines something beside its imports.
    """
    if node.has_error or _is_conditional(node, file):
        return ()
    found = []
    for name in _imported(node, file):
        is_private = file.source.startswith(b"_", name.start_byte)
        if not is_private and file.words.is_alone(name.start_byte, 0, len(file.source)):
            found.append(name)
    if not found or file.hands_names_on:
        return ()
    return [name for name in found if file.text(name) not in file.comment_words]


def _is_conditional(node: Node, file: SourceFile) -> bool:
    """Whether an import stands indented, or is handed on by its own words."""
    line = file.source.rfind(b"\n", max(0, node.start_byte - 200), node.start_byte) + 1
    indented = file.source[line : node.start_byte].strip(b"\xef\xbb\xbf") != b"" and file.language not in ("Go", "Rust")
    text = file.source[node.start_byte : min(node.end_byte, node.start_byte + 400)]
    after = file.source[node.end_byte : file.source.find(b"\n", node.end_byte) % (len(file.source) + 1)][:200]
    return (
        indented
        or text.startswith((b"pub", b"export"))
        or b"noqa" in after
        or b"NOLINT" in after
        or (file.language == "Rust" and is_decorated(node, file))
    )


def _imported(node: Node, file: SourceFile) -> list[Node]:
    """The words that an import puts into the file's names."""
    identifiers = file.kinds["identifiers"]
    if file.language == "Python":
        return _imported_in_python(node, file)
    if file.language == "Java":
        text = file.text(node)
        path = first_child(node)
        name = None if path is None else path.child_by_field_name("name")
        return [] if name is None or text.startswith(b"import static") or b"*" in text else [name]
    if file.language == "Go":
        name = node.child_by_field_name("name")
        return [] if name is None or file.text(name) in (b"_", b".") else [name]
    if file.language == "C++":
        return []
    found, waiting = [], list(node.named_children)
    for _ in range(_MOST_NAMES):
        if not waiting:
            break
        one = waiting.pop()
        if one.kind_id in identifiers:
            found.append(one)
            continue
        name = one.child_by_field_name("alias") or one.child_by_field_name("name")
        if name is not None:
            found.append(name)
        elif file.language == "Rust" and one.child_by_field_name("list") is not None:
            waiting += one.child_by_field_name("list").named_children  # type: ignore[union-attr]
        elif file.plan.tokens[one.kind_id] in ("import_clause", "named_imports", "namespace_import"):
            waiting += one.named_children
    if file.language == "Rust":
        return [name for name in found if name.kind_id in identifiers and file.text(name)[:1].islower()]
    return [name for name in found if file.text(name) not in (b"React", b"h", b"jsx")]  # JSX is made of them


def _imported_in_python(node: Node, file: SourceFile) -> list[Node]:
    found = []
    for one in node.children_by_field_name("name"):
        alias = one.child_by_field_name("alias")
        if alias is not None:
            original = one.child_by_field_name("name")
            if original is not None and file.text(original) != file.text(alias):
                found.append(alias)
        elif one.named_child_count:
            first = first_child(one)
            if first is not None and one.named_child_count == 1:
                found.append(first)
    return found
