"""Kotlin. Function literals are lambdas of the function around them; an else in `when` is its default."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Kotlin",
    grammar="kotlin",
    tier="B",
    comments=("line_comment", "block_comment", "shebang"),
    marks=(b"//", b"/*"),
    doc_marks=(b"/**",),
    functions=("function_declaration", "secondary_constructor", "getter", "setter", "anonymous_function"),
    lambdas=("lambda_literal",),
    classes=("class_declaration", "object_declaration", "companion_object"),
    parameter_lists=("function_value_parameters",),
    parameters=("parameter",),
    ifs=("if_expression",),
    loops=("for_statement", "while_statement", "do_while_statement"),
    switches=("when_expression",),
    cases=("when_entry",),
    default_cases=(b"else",),
    catches=("catch_block",),
    nests=("try_expression",),
    binaries=("binary_expression",),
    booleans=("&&", "||"),
    imports=("import",),
    strings=("string_content", "character_literal"),
    barren=("identifier", "user_type", "line_comment", "block_comment", "number_literal", "import", "package_header",
            "visibility_modifier", "member_modifier", "qualified_identifier", "escape_sequence"),
)  # fmt: skip
