"""Java, up to pattern switches. Initialiser blocks count for the file."""

from __future__ import annotations

from analyzers.syntax.spec import QUOTE, TRIPLE, Spec

SPEC = Spec(
    language="Java",
    grammar="java",
    tier="A",
    comments=("line_comment", "block_comment"),
    marks=(b"//", b"/*"),
    doc_marks=(b"/**",),
    functions=("method_declaration", "constructor_declaration", "compact_constructor_declaration"),
    lambdas=("lambda_expression",),
    classes=("class_declaration", "interface_declaration", "enum_declaration", "record_declaration",
             "annotation_type_declaration"),
    parameter_lists=("formal_parameters",),
    parameters=("formal_parameter", "spread_parameter"),
    ifs=("if_statement",),
    elses=("'else",),
    ternaries=("ternary_expression",),
    loops=("for_statement", "enhanced_for_statement", "while_statement", "do_statement"),
    switches=("switch_expression",),
    cases=("'case",),
    catches=("catch_clause",),
    nests=("try_statement", "try_with_resources_statement", "synchronized_statement"),
    binaries=("binary_expression",),
    booleans=("&&", "||"),
    imports=("import_declaration",),
    quotes=((b'"', QUOTE + TRIPLE), (b"'", QUOTE)),
        barren=("identifier", "escape_sequence", "string_literal", "string_fragment", "type_identifier",
            "scoped_identifier", "integral_type", "decimal_integer_literal", "line_comment", "block_comment",
            "null_literal", "import_declaration", "hex_integer_literal", "void_type", "marker_annotation", "this",
            "boolean_type", "false", "throws", "true", "super", "scoped_type_identifier", "wildcard",
            "floating_point_type", "package_declaration", "character_literal", "decimal_floating_point_literal",
            "catch_type", "class_literal", "break_statement", "continue_statement", "asterisk", "type_list",
            "type_parameter", "type_parameters", "super_interfaces", "type_arguments", "generic_type"),
    signs=(b"{", b"->", b"&&", b"||", b"?", b"if", b"for", b"while", b"switch", b"case", b"try", b"synchronized",
               b"import", b"else"),
    literals=b"=,({[]",
    blocks=("block", "constructor_body", "array_initializer", "if_statement", "for_statement",
                "enhanced_for_statement", "while_statement"),
)  # fmt: skip
