"""C++. Known gaps as in C; a requires-expression is no decision."""

from __future__ import annotations

from dataclasses import replace

from analyzers.syntax.languages import c
from analyzers.syntax.spec import QUOTE, RAW

SPEC = replace(
    c.SPEC,
    language="C++",
    grammar="cpp",
    lambdas=("lambda_expression",),
    classes=("class_specifier", "struct_specifier", "union_specifier"),
    only_bodied=True,
    wrappers=("template_declaration",),
    declarators=("function_declarator", "pointer_declarator", "reference_declarator"),  # behind &
    conversions=("operator_cast",),
    parameters=("parameter_declaration", "optional_parameter_declaration", "variadic_parameter_declaration",
                "'...", "explicit_object_parameter_declaration"),
    loops=("for_statement", "for_range_loop", "while_statement", "do_statement"),
    catches=("catch_clause", "seh_except_clause"),
    nests=("try_statement", "seh_try_statement"),
    booleans=("&&", "||", "and", "or"),
    imports=("preproc_include", "import_declaration", "using_declaration"),
    quotes=((b'"', QUOTE + RAW), (b"'", QUOTE + RAW)),
        barren=("identifier", "type_identifier", "number_literal", "namespace_identifier", "field_identifier",
            "comment", "primitive_type", "type_qualifier", "preproc_arg", "string_content", "string_literal",
            "char_literal", "escape_sequence", "storage_class_specifier", "system_lib_string", "statement_identifier",
            "preproc_directive", "preproc_call", "goto_statement", "abstract_reference_declarator", "character",
            "preproc_defined", "this", "access_specifier", "operator_name", "auto", "placeholder_type_specifier",
            "false", "null", "virtual_specifier", "true", "using_declaration", "break_statement",
            "continue_statement", "destructor_name", "explicit_function_specifier",
            "sized_type_specifier", "raw_string_literal"),
    signs=(b"{", b"&&", b"||", b"and", b"or", b"?", b"if", b"else", b"for", b"while", b"switch", b"case", b"try",
               b"goto", b"include", b"import", b"using", b"=", b"template", b"__try"),
    literals=b"=,({[",
    blocks=("compound_statement", "initializer_list", "enumerator_list", "if_statement", "for_statement",
                "for_range_loop", "while_statement"),
)  # fmt: skip
