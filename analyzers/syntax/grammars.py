"""Grammars by name, from wheels that carry their parsers: nothing is fetched.

tree-sitter-language-pack 0.13.0 has 173 of them and is the last version that ships them. Kotlin and Scala come from
their own wheels, which parse more and faster. A specification names kinds of nodes, so that a grammar which changes
under it would measure nothing in silence: `kinds_hash` is what a test compares.
"""

from __future__ import annotations

from functools import cache

import xxhash
from tree_sitter import Language


def load(name: str) -> Language:
    """The grammar of that name; LookupError where no wheel has it."""
    return _load(name)


@cache
def _load(name: str) -> Language:
    if name == "kotlin":
        import tree_sitter_kotlin

        return Language(tree_sitter_kotlin.language())
    if name == "scala":
        import tree_sitter_scala

        return Language(tree_sitter_scala.language())
    from tree_sitter_language_pack import get_language

    return get_language(name)  # type: ignore[arg-type]


def kinds_of(grammar: Language) -> list[tuple[str, bool]]:
    """Name and whether named, of every kind id in order. Several ids may share a name."""
    n_kinds = grammar.node_kind_count
    return [(grammar.node_kind_for_id(kind) or "", grammar.node_kind_is_named(kind)) for kind in range(n_kinds)]


def kinds_hash(grammar: Language) -> str:
    """xxh3-64 over all kinds in order, and over all field names: 16 hex characters."""
    fields = [grammar.field_name_for_id(field) for field in range(1, grammar.field_count + 1)]
    return xxhash.xxh3_64_hexdigest(repr((kinds_of(grammar), fields)).encode())
