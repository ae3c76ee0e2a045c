"""Python. Expressions stand in blocks as they are: the grammar has no node for an expression statement."""

from __future__ import annotations

from analyzers.syntax.bugs.dialect import Dialect

PYTHON = Dialect(
    functions=("function_definition",),
    lambdas=("lambda",),
    classes=("class_definition",),
    scopes=("module", "block"),
    blocks=("module", "block"),
    guards=("try_statement", "with_statement"),
    ifs=("if_statement",),
    elifs=("elif_clause",),
    else_clauses=("else_clause",),
    whiles=("while_statement",),
    foreachs=("for_statement",),
    switches=("match_statement",),
    cases=("case_clause",),
    case_labels=("case_pattern",),
    catches=("except_clause",),
    finallys=("finally_clause",),
    returns=("return_statement",),
    jumps=("return_statement", "raise_statement", "break_statement", "continue_statement"),
    breaks=("break_statement",),
    throws=("raise_statement",),
    empties=("pass_statement",),
    imports=("import_statement", "import_from_statement"),
    asserts=("assert_statement",),
    identifiers=("identifier",),
    members=("attribute",),
    parens=("parenthesized_expression",),
    binaries=("comparison_operator", "binary_operator", "boolean_operator"),
    unaries=("not_operator", "unary_operator"),
    ternaries=("conditional_expression",),
    assignments=("assignment",),
    augmented=("augmented_assignment",),
    calls=("call",),
    declarations=("assignment",),
    dictionaries=("dictionary",),
    pairs=("pair",),
    parameters=("parameters", "lambda_parameters"),
    strings=("string",),
    numbers=("integer", "float"),
    always=("tuple",),
    constants=("true", "false", "none", "integer", "float", "string"),
    identity_literals=("string", "concatenated_string", "integer", "float", "list", "dictionary", "tuple"),
    exits=rb"\b(?:return|break|raise|yield|await)\b",
    identity_operators=("is", "is not"),
    error_pattern=rb"except\s*(?:\(?\s*(?:Base)?Exception\s*\)?(?:\s+as\s+\w+)?\s*)?:\s*pass\s*",
    pure_calls=frozenset(
        (b".strip", b".lstrip", b".rstrip", b".lower", b".upper", b".capitalize", b".split", b".startswith",
         b".endswith", b"sorted", b"reversed", b"len")
    ),
    builtins=frozenset(
        (b"list", b"dict", b"set", b"tuple", b"str", b"int", b"float", b"bool", b"bytes", b"len", b"range", b"print",
         b"sorted", b"map", b"zip", b"enumerate", b"isinstance", b"super", b"object", b"open")
    ),
    receivers=(b"self", b"cls"),
)  # fmt: skip
