"""Solidity."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Solidity",
    grammar="solidity",
    tier="B",
    comments=("comment",),
    marks=(b"//", b"/*"),
    doc_marks=(b"///", b"/**"),
    functions=("function_definition", "modifier_definition", "constructor_definition", "fallback_receive_definition"),
    classes=("contract_declaration", "interface_declaration", "library_declaration", "struct_declaration"),
    parameter_lists=("",),
    parameters=("parameter",),
    ifs=("if_statement",),
    elses=("'else",),
    ternaries=("ternary_expression",),
    loops=("for_statement", "while_statement", "do_while_statement"),
    catches=("catch_clause",),
    nests=("try_statement",),
    binaries=("binary_expression",),
    booleans=("&&", "||"),
    imports=("import_directive",),
    strings=("string_literal",),
    barren=("identifier", "comment", "number_literal", "boolean_literal", "primitive_type", "pragma_directive",
            "visibility", "state_mutability", "string_literal"),
)  # fmt: skip
