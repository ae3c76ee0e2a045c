"""C. Known gaps: K&R parameters count by name; the branches of the preprocessor are all read, and none of its #if is
counted; functions that macros make are not seen."""

from __future__ import annotations

from analyzers.syntax.spec import QUOTE, Spec

SPEC = Spec(
    language="C",
    grammar="c",
    tier="A",
    comments=("comment",),
    marks=(b"//", b"/*"),
    doc_marks=(b"/**", b"/*!", b"///", b"//!"),
    functions=("function_definition",),
    parameter_lists=("parameter_list",),
    parameters=("parameter_declaration", "variadic_parameter", "identifier"),
    ifs=("if_statement",),
    elses=("'else",),
    ternaries=("conditional_expression",),
    loops=("for_statement", "while_statement", "do_statement"),
    switches=("switch_statement",),
    cases=("'case",),
    catches=("seh_except_clause",),
    nests=("seh_try_statement",),
    binaries=("binary_expression",),
    booleans=("&&", "||"),
    jumps=("goto_statement",),
    imports=("preproc_include",),
    strings=("system_lib_string",),
    quotes=((b'"', QUOTE), (b"'", QUOTE)),
        barren=("identifier", "field_identifier", "number_literal", "type_identifier", "primitive_type", "comment",
            "string_content", "string_literal", "preproc_arg", "escape_sequence", "storage_class_specifier",
            "field_designator", "type_qualifier", "null", "statement_identifier", "system_lib_string",
            "break_statement", "goto_statement", "false", "true", "preproc_directive", "preproc_call", "char_literal",
            "character", "preproc_defined", "continue_statement", "sized_type_specifier"),
    signs=(b"{", b"&&", b"||", b"?", b"if", b"else", b"for", b"while", b"switch", b"case", b"goto", b"include",
               b"__try"),
    literals=b"=,({[",
    blocks=("compound_statement", "field_declaration_list", "initializer_list", "enumerator_list", "if_statement",
                "for_statement", "while_statement"),
)  # fmt: skip
