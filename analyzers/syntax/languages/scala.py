"""Scala 2 and 3. Function literals and partial functions are lambdas of the function around them."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Scala",
    grammar="scala",
    tier="B",
    comments=("comment", "block_comment"),
    marks=(b"//", b"/*"),
    doc_marks=(b"/**",),
    functions=("function_definition",),
    lambdas=("lambda_expression",),
    classes=("class_definition", "object_definition", "trait_definition", "enum_definition", "package_object"),
    parameter_lists=("parameters",),
    parameters=("parameter",),
    ifs=("if_expression",),
    elses=("'else",),
    loops=("for_expression", "while_expression", "do_while_expression"),
    switches=("match_expression",),
    cases=("case_clause",),
    default_cases=(b"case _ =>", b"case _=>"),
    catches=("catch_clause",),
    nests=("try_expression",),
    binaries=("infix_expression",),
    operators=("operator_identifier",),
    boolean_texts=(b"&&", b"||"),
    imports=("import_declaration",),
    strings=("string", "interpolated_string_expression", "character_literal"),
    barren=("identifier", "type_identifier", "integer_literal", "floating_point_literal", "boolean_literal",
            "null_literal", "comment", "stable_identifier", "package_identifier", "import_declaration",
            "access_modifier", "operator_identifier", "escape_sequence"),
)  # fmt: skip
