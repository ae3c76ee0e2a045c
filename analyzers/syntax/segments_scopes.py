"""Where definitions stand so that one can be taken out whole: kinds of nodes, per language, as data.

A scope holds members side by side: the file, a class body, a namespace, a branch of the preprocessor. A member is a
definition, with what goes along with it (a decorator, `export`, the declaration of its name), or something else.
Languages of tier C have no entry, and no segments of code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from analyzers.syntax.grammars import kinds_of
from analyzers.syntax.kinds import COMMENT, CONTAINER, N_IDS, KindTable, ids_of
from analyzers.syntax.spec import Kinds

MEMBER, SCOPE, THROUGH, ALONG, SOLE, LEADING, FIXED, TOKEN, ENDING, NOTE = range(10)
"""What a kind is to the walk over scopes; anything that is nothing else is a member. Of THROUGH the scopes inside are
looked at. ALONG stands around one definition, SOLE is ALONG where it holds one thing only, LEADING stands before a
definition. FIXED stays: imports, packages, tags. TOKEN is punctuation, ENDING belongs to the member before it, NOTE is
a comment."""

_FIXED = re.compile(
    r"import|include|package|using|require|extern_crate|pragma|php_tag|text|use_(declaration|statement)|"
    r"namespace_use|module_|shebang|hash_bang|directive|ERROR|^header$|future"
)
_ENDINGS = (";", ";;", "&")


@dataclass(frozen=True, kw_only=True)
class Scopes:
    """Kinds of one language. The root of a file is a scope without being named."""

    scopes: Kinds = ()
    through: Kinds = ()
    along: Kinds = ()
    sole: Kinds = ()
    leading: Kinds = ()
    file_like: Kinds = ()  # scopes that hold statements as the file does, so that runs of them are blocks
    solid: Kinds = ()  # scopes that must hold something
    bodies: Kinds = ()  # bodies of definitions, where the grammar has no field `body`


_JAVASCRIPT = Scopes(
    scopes=("class_body", "statement_block"),
    along=("export_statement", "expression_statement", "assignment_expression", "variable_declarator"),
    sole=("lexical_declaration", "variable_declaration"),
    leading=("decorator",),
)
_TYPESCRIPT = Scopes(
    scopes=("class_body", "interface_body", "statement_block"),
    through=("internal_module", "module"),
    along=("export_statement", "expression_statement", "assignment_expression", "variable_declarator",
           "ambient_declaration"),
    sole=("lexical_declaration", "variable_declaration"),
    leading=("decorator", "function_signature"),
)  # fmt: skip
_PREPROCESSOR = ("preproc_if", "preproc_ifdef", "preproc_else", "preproc_elif")
_LUA = Scopes(along=("assignment_statement", "expression_list"), sole=("variable_declaration",))

SCOPES: dict[str, Scopes] = {
    "Python": Scopes(scopes=("block",), along=("decorated_definition",), solid=("block",)),
    "Java": Scopes(scopes=("class_body", "interface_body", "enum_body", "enum_body_declarations",
                           "annotation_type_body")),
    "JavaScript": _JAVASCRIPT,
    "TypeScript": _TYPESCRIPT,
    "TSX": _TYPESCRIPT,
    "C": Scopes(scopes=(*_PREPROCESSOR, "declaration_list"), through=("linkage_specification",),
                file_like=(*_PREPROCESSOR, "declaration_list")),
    "C++": Scopes(scopes=(*_PREPROCESSOR, "declaration_list", "field_declaration_list"),
                  through=("linkage_specification", "namespace_definition"), along=("template_declaration",),
                  file_like=(*_PREPROCESSOR, "declaration_list")),
    "Objective-C": Scopes(scopes=(*_PREPROCESSOR, "implementation_definition"), file_like=_PREPROCESSOR,
                          bodies=("compound_statement", "implementation_definition")),
    "Go": Scopes(sole=("type_declaration",), bodies=("field_declaration_list", "interface_type")),
    "Rust": Scopes(scopes=("declaration_list",), through=("impl_item", "mod_item"), leading=("attribute_item",)),
    "C#": Scopes(scopes=("declaration_list",), through=("namespace_declaration",)),
    "Ruby": Scopes(scopes=("body_statement",)),
    "PHP": Scopes(scopes=("declaration_list", "compound_statement"), through=("namespace_definition",)),
    "Kotlin": Scopes(scopes=("class_body", "enum_class_body"),
                     bodies=("function_body", "class_body", "enum_class_body")),
    "Scala": Scopes(scopes=("template_body",), solid=("template_body",)),
    "Swift": Scopes(scopes=("class_body", "protocol_body", "enum_class_body")),
    "Lua": _LUA,
    "Luau": _LUA,
    "Shell": Scopes(),
    "R": Scopes(along=("binary_operator",)),
    "Perl": Scopes(),
    "Julia": Scopes(scopes=("module_definition",), file_like=("module_definition",), bodies=("block",)),
    "Haskell": Scopes(scopes=("declarations",), leading=("signature",), file_like=("declarations",), bodies=("match",)),
    "Solidity": Scopes(scopes=("contract_body",)),
}  # fmt: skip
"""By Linguist's name."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ScopeTable:
    """What the walk over scopes looks up by kind id."""

    roles: bytes  # MEMBER and the like, N_IDS of them
    has_through: bool  # whether a wrapper may stand around one that holds scopes
    file_like: frozenset[int]
    solid: frozenset[int]
    bodies: frozenset[int]


@cache
def scope_table(table: KindTable) -> ScopeTable | None:
    """The scopes of the table's language; None where it has none."""
    scopes = SCOPES.get(table.spec.language)
    if scopes is None:
        return None
    roles = bytearray(N_IDS)
    for kind, (name, named) in enumerate(kinds_of(table.grammar)):
        if not named:
            roles[kind] = ENDING if name in _ENDINGS else TOKEN
        elif table.parts[kind] == COMMENT:
            roles[kind] = NOTE
        elif table.parts[kind] < CONTAINER and _FIXED.search(name):
            roles[kind] = FIXED
    roles[N_IDS - 1] = FIXED  # ERROR
    groups = ((SCOPE, scopes.scopes), (THROUGH, scopes.through), (ALONG, scopes.along), (SOLE, scopes.sole),
              (LEADING, scopes.leading))  # fmt: skip
    for role, names in groups:
        for kind in ids_of(table.grammar, names):
            roles[kind] = role
    return ScopeTable(
        roles=bytes(roles),
        has_through=bool(scopes.through),
        file_like=ids_of(table.grammar, scopes.file_like),
        solid=ids_of(table.grammar, scopes.solid),
        bodies=ids_of(table.grammar, scopes.bodies),
    )
