"""Lua. A function given to a name has that name."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Lua",
    grammar="lua",
    tier="B",
    comments=("comment", "hash_bang_line"),
    marks=(b"--",),
    block_marks=(b"--[[", b"--[="),
    doc_marks=(b"---",),
    functions=("function_declaration", "function_definition"),
    name_givers=("assignment_statement", "field", "variable_declaration"),
    parameter_lists=("parameters",),
    parameters=("identifier", "vararg_expression"),
    ifs=("if_statement",),
    elifs=("elseif_statement",),
    elses=("else_statement",),
    loops=("for_statement", "while_statement", "repeat_statement"),
    binaries=("binary_expression",),
    booleans=("and", "or"),
    jumps=("goto_statement",),
    strings=("string",),
    barren=("identifier", "comment", "comment_content", "number", "true", "false", "nil", "string", "string_content",
            "escape_sequence"),
)  # fmt: skip
