"""Shell, as Bash reads it. Parameters have no names, so that every function has none."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Shell",
    grammar="bash",
    tier="B",
    comments=("comment",),
    marks=(b"#",),
    block_marks=(),
    functions=("function_definition",),
    ifs=("if_statement",),
    elifs=("elif_clause",),
    elses=("else_clause",),
    ternaries=("ternary_expression",),
    loops=("for_statement", "c_style_for_statement", "while_statement"),
    switches=("case_statement",),
    cases=("case_item",),
    default_cases=(b"*)",),
    binaries=("list", "binary_expression"),
    booleans=("&&", "||"),
    strings=("string_content", "raw_string", "ansi_c_string", "heredoc_body", "regex"),
    barren=("word", "variable_name", "comment", "number", "special_variable_name", "simple_expansion",
            "file_descriptor", "test_operator", "heredoc_start", "heredoc_end"),
)  # fmt: skip
