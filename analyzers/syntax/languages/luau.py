"""Luau, Lua with types."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Luau",
    grammar="luau",
    tier="B",
    comments=("comment", "hash_bang_line"),
    marks=(b"--",),
    block_marks=(b"--[[", b"--[="),
    doc_marks=(b"---",),
    functions=("function_declaration", "function_definition"),
    name_givers=("assignment_statement", "field", "variable_declaration"),
    parameter_lists=("parameters",),
    parameters=("parameter", "vararg_expression"),
    ifs=("if_statement",),
    elifs=("elseif_statement", "elseif_clause"),
    elses=("else_statement", "else_clause"),
    ternaries=("if_expression",),
    loops=("for_statement", "while_statement", "repeat_statement"),
    binaries=("binary_expression",),
    booleans=("and", "or"),
    strings=("string",),
    barren=("identifier", "comment", "comment_content", "number", "true", "false", "nil", "string_content",
            "escape_sequence", "builtin_type"),
)  # fmt: skip
