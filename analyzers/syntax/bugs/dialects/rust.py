"""Rust. Macros are tokens to the grammar: what stands in one is used, and is never looked at for bugs."""

from __future__ import annotations

from analyzers.syntax.bugs.dialect import Dialect

RUST = Dialect(
    functions=("function_item",),
    lambdas=("closure_expression", "async_block"),
    classes=("impl_item", "trait_item"),
    scopes=("source_file", "declaration_list"),
    blocks=("block",),
    labels=("function_item", "struct_item", "enum_item", "use_declaration", "const_item", "static_item", "impl_item",
            "macro_definition", "attribute_item", "macro_invocation", "type_item", "trait_item", "mod_item"),
    expression_statements=("expression_statement",),
    ifs=("if_expression",),
    else_clauses=("else_clause",),
    whiles=("while_expression", "loop_expression"),
    foreachs=("for_expression",),
    switches=("match_expression",),
    cases=("match_arm",),
    error_tests=("if_expression", "match_arm"),
    returns=("return_expression",),
    jumps=("return_expression", "break_expression", "continue_expression"),
    breaks=("break_expression",),
    empties=("empty_statement",),
    imports=("use_declaration",),
    identifiers=("identifier",),
    members=("field_expression",),
    parens=("parenthesized_expression",),
    binaries=("binary_expression",),
    unaries=("unary_expression",),
    assignments=("assignment_expression",),
    augmented=("compound_assignment_expr",),
    calls=("call_expression",),
    dictionaries=("field_initializer_list",),
    pairs=("field_initializer",),
    declarations=("let_declaration",),
    parameters=("parameters", "closure_parameters"),
    parameter=("parameter", "identifier"),
    strings=("string_literal",),
    numbers=("integer_literal", "float_literal"),
    constants=("boolean_literal",),
    exits=rb"\b(?:return|break|await|yield)\b|[?!]",
    error_pattern=rb"(?:let\s+)?Err\s*\(\s*\w+\s*\)\s*(?:=[^=].*)?",
    pure_calls=frozenset(
        (b".trim", b".to_string", b".to_owned", b".clone", b".len", b".is_empty", b".to_uppercase", b".to_lowercase",
         b".is_some", b".is_none", b".is_ok", b".is_err", b".starts_with", b".ends_with")
    ),
    receivers=(b"self", b"Self"),
)  # fmt: skip
