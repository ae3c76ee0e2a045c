"""Go. A function literal is a lambda of the function around it."""

from __future__ import annotations

from analyzers.syntax.spec import LONG, PLAIN, QUOTE, Spec

SPEC = Spec(
    language="Go",
    grammar="go",
    tier="A",
    comments=("comment",),
    marks=(b"//", b"/*"),
    functions=("function_declaration", "method_declaration"),
    lambdas=("func_literal",),
    classes=("type_spec",),
    parameter_lists=("parameter_list",),
    parameter_groups=("parameter_declaration", "variadic_parameter_declaration"),
    group_names=("identifier",),
    ifs=("if_statement",),
    elses=("'else",),
    loops=("for_statement",),
    switches=("expression_switch_statement", "type_switch_statement", "select_statement"),
    cases=("expression_case", "type_case", "communication_case"),
    binaries=("binary_expression",),
    booleans=("&&", "||"),
    jumps=("goto_statement",),
    imports=("import_spec",),
    quotes=((b'"', QUOTE), (b"'", QUOTE), (b"`", QUOTE + LONG + PLAIN)),
        barren=("identifier", "int_literal", "field_identifier", "type_identifier", "comment",
            "interpreted_string_literal", "interpreted_string_literal_content", "escape_sequence",
            "package_identifier", "nil", "slice_type", "true", "false", "raw_string_literal",
            "raw_string_literal_content", "rune_literal", "package_clause", "map_type", "continue_statement",
            "float_literal", "break_statement", "method_elem", "label_name", "qualified_type", "pointer_type"),
    signs=(b"func", b"&&", b"||", b"if", b"for", b"switch", b"select", b"goto", b"import", b"type", b"else"),
    blocks=("function_declaration", "method_declaration", "func_literal", "if_statement", "for_statement"),
    entered=("import_spec_list",),
)  # fmt: skip
