"""Julia. Known gaps: a short definition f(x) = x is no function here."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Julia",
    grammar="julia",
    tier="B",
    comments=("line_comment", "block_comment"),
    marks=(b"#",),
    block_marks=(b"#=",),
    functions=("function_definition", "macro_definition"),
    declarators=("signature", "type_head", "call_expression", "where_expression", "typed_expression"),
    names=("identifier", "field_expression", "operator"),
    lambdas=("arrow_function_expression", "do_clause"),
    classes=("struct_definition", "abstract_definition"),
    containers=(),
    parameter_lists=("argument_list",),
    parameters=("identifier", "assignment", "typed_expression", "splat_expression", "tuple_expression",
                "unary_typed_expression"),
    ifs=("if_statement",),
    elifs=("elseif_clause", "if_clause", "for_clause"),
    elses=("else_clause",),
    ternaries=("ternary_expression",),
    loops=("for_statement", "while_statement"),
    catches=("catch_clause",),
    nests=("try_statement", "let_statement"),
    binaries=("binary_expression",),
    operators=("operator",),
    boolean_texts=(b"&&", b"||"),
    imports=("import_statement", "using_statement"),
    strings=("string_literal", "prefixed_string_literal", "character_literal", "command_literal"),
    barren=("identifier", "integer_literal", "float_literal", "boolean_literal", "line_comment", "block_comment",
            "operator", "import_statement", "using_statement", "export_statement"),
)  # fmt: skip
