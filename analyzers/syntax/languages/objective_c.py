"""Objective-C. Blocks are lambdas of the method around them."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Objective-C",
    grammar="objc",
    tier="B",
    comments=("comment",),
    marks=(b"//", b"/*"),
    doc_marks=(b"/**", b"/*!", b"///"),
    functions=("function_definition", "method_definition"),
    names=("method_identifier", "identifier"),
    lambdas=("block_literal",),
    classes=("class_interface", "class_implementation", "struct_specifier"),
    parameter_lists=("parameter_list", ""),
    parameters=("parameter_declaration", "variadic_parameter", "method_parameter"),
    ifs=("if_statement",),
    elses=("'else",),
    ternaries=("conditional_expression",),
    loops=("for_statement", "while_statement", "do_statement"),
    switches=("switch_statement",),
    cases=("'case",),
    catches=("catch_clause",),
    nests=("try_statement",),
    binaries=("binary_expression",),
    booleans=("&&", "||"),
    jumps=("goto_statement",),
    imports=("preproc_include",),
    strings=("string_literal", "char_literal"),
    barren=("identifier", "field_identifier", "type_identifier", "primitive_type", "number_literal", "comment",
            "string_content", "preproc_arg", "escape_sequence", "storage_class_specifier", "type_qualifier"),
)  # fmt: skip
