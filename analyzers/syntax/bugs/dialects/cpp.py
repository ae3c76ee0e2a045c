"""C++. Known gaps as in C; of local variables only those of a primitive type are looked at: others may be guards."""

from __future__ import annotations

from dataclasses import replace

from analyzers.syntax.bugs.dialect import Dialect
from analyzers.syntax.bugs.dialects.c import C

CPP: Dialect = replace(
    C,
    lambdas=("lambda_expression",),
    classes=("class_specifier", "struct_specifier", "union_specifier"),
    scopes=("translation_unit", "declaration_list", "field_declaration_list"),
    guards=("try_statement",),
    foreachs=("for_range_loop",),
    catches=("catch_clause",),
    jumps=(*C.jumps, "throw_statement", "co_return_statement"),
    throws=("throw_statement",),
    imports=("using_declaration",),
    parens=("parenthesized_expression", "condition_clause"),
    creations=("call_expression",),
    declarators=(*C.declarators, "reference_declarator"),
    parameter=("parameter_declaration", "optional_parameter_declaration"),
    foreign=(rb"@interface\b", rb"@protocol\b", rb"@implementation\b"),
    exits=rb"\b(?:return|break|throw|goto|co_\w+)\b",
    identity_literals=(),
    pure_calls=C.pure_calls | {b"std::abs", b"std::sqrt", b"std::max", b"std::min", b".c_str", b".substr"},
    printf={**C.printf, b"std::printf": 0, b"std::fprintf": 1, b"std::snprintf": 2},
    overloads=True,
    receivers=(b"this",),
)
