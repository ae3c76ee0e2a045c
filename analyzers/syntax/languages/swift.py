"""Swift. The grammar knows no guard with several conditions in one line everywhere: see its error share."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Swift",
    grammar="swift",
    tier="B",
    comments=("comment", "multiline_comment", "shebang_line"),
    marks=(b"//", b"/*"),
    doc_marks=(b"///", b"/**"),
    functions=("function_declaration", "init_declaration", "deinit_declaration", "subscript_declaration",
               "computed_getter", "computed_setter"),
    lambdas=("lambda_literal",),
    classes=("class_declaration", "protocol_declaration"),
    parameter_lists=("",),
    parameters=("parameter",),
    ifs=("if_statement", "guard_statement"),
    elses=("else",),
    ternaries=("ternary_expression",),
    loops=("for_statement", "while_statement", "repeat_while_statement"),
    switches=("switch_statement",),
    cases=("switch_entry",),
    default_cases=(b"default", b"@unknown default"),
    catches=("catch_block",),
    nests=("do_statement",),
    binaries=("conjunction_expression", "disjunction_expression"),
    booleans=("&&", "||"),
    imports=("import_declaration",),
    strings=("line_str_text", "multi_line_str_text", "raw_string_literal", "regex_literal", "str_escaped_char"),
    barren=("simple_identifier", "type_identifier", "user_type", "comment", "multiline_comment", "integer_literal",
            "boolean_literal", "real_literal", "import_declaration", "visibility_modifier", "type_annotation"),
)  # fmt: skip
