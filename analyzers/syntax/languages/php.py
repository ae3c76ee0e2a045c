"""PHP. A file starts as HTML: text outside its tags is no code and no error."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="PHP",
    grammar="php",
    tier="B",
    comments=("comment",),
    marks=(b"#", b"//", b"/*"),
    doc_marks=(b"/**",),
    functions=("function_definition", "method_declaration"),
    lambdas=("anonymous_function", "arrow_function"),
    classes=("class_declaration", "interface_declaration", "trait_declaration", "enum_declaration",
             "anonymous_class"),
    parameter_lists=("formal_parameters",),
    parameters=("simple_parameter", "variadic_parameter", "property_promotion_parameter"),
    ifs=("if_statement",),
    elifs=("else_if_clause",),
    elses=("'else",),
    ternaries=("conditional_expression",),
    loops=("for_statement", "foreach_statement", "while_statement", "do_statement"),
    switches=("switch_statement", "match_expression"),
    cases=("case_statement", "match_conditional_expression"),
    catches=("catch_clause",),
    nests=("try_statement",),
    binaries=("binary_expression",),
    booleans=("&&", "||", "and", "or"),
    jumps=("goto_statement",),
    imports=("namespace_use_declaration", "include_expression", "include_once_expression", "require_expression",
             "require_once_expression"),
    strings=("string", "encapsed_string", "heredoc", "nowdoc", "text", "shell_command_expression"),
    barren=("comment", "name", "variable_name", "qualified_name", "namespace_name", "integer", "float", "null",
            "boolean", "string_content", "escape_sequence", "php_tag", "php_end_tag", "primitive_type", "named_type",
            "visibility_modifier", "static_modifier", "namespace_use_declaration", "string"),
)  # fmt: skip
