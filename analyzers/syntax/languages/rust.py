"""Rust. Macros are tokens to the grammar: what stands in one is not counted."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Rust",
    grammar="rust",
    tier="A",
    comments=("line_comment", "block_comment", "shebang"),
    marks=(b"//", b"/*"),
    doc_marks=(b"///", b"//!", b"/**", b"/*!"),
    functions=("function_item",),
    lambdas=("closure_expression",),
    classes=("struct_item", "enum_item", "union_item", "trait_item"),
    containers=("impl_item",),
    parameter_lists=("parameters",),
    parameters=("parameter", "self_parameter", "variadic_parameter"),
    ifs=("if_expression",),
    elses=("'else",),
    loops=("for_expression", "while_expression", "loop_expression"),
    switches=("match_expression",),
    cases=("match_arm",),
    default_cases=(b"_",),
    nests=("try_block",),
    binaries=("binary_expression", "let_chain"),
    booleans=("&&", "||"),
    imports=("use_declaration", "extern_crate_declaration"),
    strings=("string_literal", "raw_string_literal", "char_literal", "lifetime"),
        barren=("identifier", "type_identifier", "field_identifier", "line_comment", "doc_comment", "integer_literal",
            "outer_doc_comment_marker", "inner_doc_comment_marker", "string_literal", "string_content", "self",
            "primitive_type", "mutable_specifier", "boolean_literal", "crate", "metavariable", "escape_sequence",
            "use_list", "scoped_use_list", "remaining_field_pattern", "float_literal", "unit_type",
            "shorthand_field_identifier", "char_literal", "token_binding_pattern", "fragment_specifier", "super",
            "use_wildcard", "extern_crate_declaration", "token_repetition_pattern", "empty_statement",
            "use_as_clause", "removed_trait_bound", "raw_string_literal", "block_comment", "lifetime",
            "use_declaration", "scoped_identifier", "visibility_modifier"),
    signs=(b"{", b"&&", b"||", b"|", b"=>", b"if", b"else", b"for", b"while", b"loop", b"match", b"try", b"use",
               b"extern", b"struct", b"enum", b"union"),
    blocks=("block", "field_initializer_list", "field_declaration_list", "declaration_list", "if_expression",
                "for_expression", "while_expression", "loop_expression"),
    hints=b'"\'',
)  # fmt: skip
