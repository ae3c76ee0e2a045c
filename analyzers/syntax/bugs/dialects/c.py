"""C. What macros expand to is not known: a statement that is a call may not come back, a loop of a macro is a call."""

from __future__ import annotations

from analyzers.syntax.bugs.dialect import Dialect

PREPROCESSOR = ("preproc_if", "preproc_ifdef", "preproc_call", "preproc_def", "preproc_function_def", "preproc_include")

C = Dialect(
    functions=("function_definition",),
    scopes=("translation_unit",),
    blocks=("compound_statement", "case_statement"),
    labels=("labeled_statement", "case_statement", *PREPROCESSOR),
    expression_statements=("expression_statement",),
    ifs=("if_statement",),
    else_clauses=("else_clause",),
    whiles=("while_statement",),
    fors=("for_statement",),
    switches=("switch_statement",),
    cases=("case_statement",),
    returns=("return_statement",),
    jumps=("return_statement", "break_statement", "continue_statement", "goto_statement"),
    breaks=("break_statement",),
    empties=("';",),
    identifiers=("identifier",),
    members=("field_expression",),
    parens=("parenthesized_expression",),
    binaries=("binary_expression",),
    unaries=("unary_expression",),
    ternaries=("conditional_expression",),
    assignments=("assignment_expression",),
    updates=("update_expression",),
    calls=("call_expression",),
    dictionaries=("initializer_list",),
    pairs=("initializer_pair",),
    declarations=("declaration",),
    declarators=("init_declarator", "pointer_declarator", "array_declarator", "identifier"),
    parameters=("parameter_list",),
    parameter=("parameter_declaration",),
    strings=("string_literal",),
    numbers=("number_literal",),
    constants=("true", "false", "null", "number_literal", "string_literal"),
    identity_literals=("string_literal",),
    foreign=(rb"::\w", rb"template\s*<", rb"namespace\s+\w+\s*\{", rb"class\s+\w+[^;(){}]*\{", rb"@interface\b",
             rb"@protocol\b"),
    identity_operators=("==", "!="),
    pure_calls=frozenset((b"strlen", b"strcmp", b"strncmp", b"memcmp", b"abs", b"labs", b"sqrt", b"toupper", b"tolower",
                          b"isdigit", b"isspace", b"strchr", b"strstr")),
    printf={b"printf": 0, b"fprintf": 1, b"sprintf": 1, b"snprintf": 2, b"printk": 0, b"dprintf": 1},
)  # fmt: skip
