"""What one language is to the walk, as data: which kinds of its grammar's nodes play which part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tier = Literal["A", "B", "C"]
Kinds = tuple[str, ...]

QUOTE, LONG, TRIPLE, PLAIN, RAW = 1, 2, 4, 8, 16
"""What a quote does, added up: it opens a string; that goes on over line ends; three of it open one that does; a
backslash is a character like others; C++: behind R it opens a raw string, between digits it means nothing."""


@dataclass(frozen=True, kw_only=True)
class Spec:
    """One language. `language` is Linguist's name, `grammar` a name that analyzers.syntax.grammars loads.

    A kind is written as the grammar writes it; where a name is both a node's and a keyword's, the node is meant, and
    "'else" (with a leading quote) means the keyword. A kind plays one part only. Tier A has every part it knows of,
    tier B functions without verified figures, tier C comments and nesting only: its functions are not measured.

    Cyclomatic complexity counts ifs, elifs, ternaries, loops, cases, catches and boolean operators. `default_cases` are
    the beginnings of a case that is the default and counts nothing.
    """

    language: str
    grammar: str
    tier: Tier

    comments: Kinds = ()
    marks: tuple[bytes, ...] = ()  # what comments begin with; needed where `barren` kinds may hold comments
    block_marks: tuple[bytes, ...] = (b"/*",)  # beginnings of those comments that have an end mark
    doc_marks: tuple[bytes, ...] = ()  # beginnings of documentation comments
    docstrings: Kinds = ()  # document where they stand first in a body

    functions: Kinds = ()
    only_named: bool = False  # a function without a field `name` is none: Haskell's arrow in types
    lambdas: Kinds = ()  # belong to the function around them; nest one deeper for cognitive complexity
    classes: Kinds = ()
    only_bodied: bool = False  # a class without a field `body` is none: C++'s struct x *
    containers: Kinds = ()  # hold methods and are no class of their own: Rust's impl
    wrappers: Kinds = ()  # stand around a definition and begin before it: decorators, templates
    name_givers: Kinds = ()  # give their name to a function without one that ends where they end: f = () => 0
    names: Kinds = ()  # children that are the name, where the grammar has no field for it
    declarators: Kinds = ()  # children that stand between a definition and its name, beside fields `declarator`
    conversions: Kinds = ()  # declarators that are a name up to their parameters: C++'s operator bool() const
    parameter_lists: Kinds = ()  # children of a function or of its declarator; "" is the function itself
    parameters: Kinds = ()  # children of a list, one parameter each
    parameter_groups: Kinds = ()  # children of a list with as many parameters as names, at least one: Go's a, b int
    group_names: Kinds = ()  # the names in a group

    ifs: Kinds = ()
    elifs: Kinds = ()  # decisions that nest nothing; clauses of a comprehension too
    elses: Kinds = ()  # an if that follows directly on one is an else-if
    ternaries: Kinds = ()
    loops: Kinds = ()
    switches: Kinds = ()
    cases: Kinds = ()
    default_cases: tuple[bytes, ...] = ()
    catches: Kinds = ()
    nests: Kinds = ()  # nest without being a decision: try, with
    binaries: Kinds = ()  # expressions that are boolean where one of `booleans` is among their children
    booleans: Kinds = ()
    operators: Kinds = ()  # where every operator is of one kind: boolean by its text, one of `boolean_texts`
    boolean_texts: tuple[bytes, ...] = ()
    jumps: Kinds = ()  # goto

    imports: Kinds = ()
    strings: Kinds = ()  # contents of strings, or whole ones where the grammar makes them leaves: one operand each
    quotes: tuple[tuple[bytes, int], ...] = ()
    """Where strings need no grammar: how they are quoted, which is many times faster; `strings` are then those that
    have other marks. A string with code inside is one operand."""
    barren: Kinds = ()
    """Kinds below which real files (tens of MB) hold no part but comments: the walk stays out. Anonymous
    tokens need no mention. Written by `python -m analyzers.syntax.barren`; leaving it empty costs only time."""
    signs: tuple[bytes, ...] = ()
    """Words and symbols one of which stands in every part's parent, the file aside, and in every boolean expression and
    name giver that matters: statements without any are not entered. Empty: the walk goes everywhere."""
    blocks: Kinds = ()  # begin with a sign of their own, if or {, which does not count
    literals: bytes = b""  # bytes behind which { begins a literal and is no sign
    entered: Kinds = ()  # looked into without a sign
    hints: bytes = b""  # bytes that strings begin with, prefixes aside; with `signs` only
