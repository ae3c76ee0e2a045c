"""JavaScript and TypeScript, JSX included."""

from __future__ import annotations

from dataclasses import replace

from analyzers.syntax.bugs.dialect import Dialect

JAVASCRIPT = Dialect(
    functions=("function_declaration", "function_expression", "generator_function", "generator_function_declaration",
               "method_definition", "arrow_function"),
    classes=("class_declaration", "class"),
    scopes=("program", "statement_block", "class_body"),
    blocks=("program", "statement_block", "switch_case", "switch_default"),
    labels=("labeled_statement", "function_declaration", "generator_function_declaration", "class_declaration"),
    guards=("try_statement",),
    expression_statements=("expression_statement",),
    ifs=("if_statement",),
    else_clauses=("else_clause",),
    whiles=("while_statement",),
    fors=("for_statement",),
    foreachs=("for_in_statement",),
    switches=("switch_statement",),
    cases=("switch_case", "switch_default"),
    catches=("catch_clause",),
    finallys=("finally_clause",),
    returns=("return_statement",),
    jumps=("return_statement", "throw_statement", "break_statement", "continue_statement"),
    breaks=("break_statement",),
    throws=("throw_statement",),
    empties=("empty_statement",),
    imports=("import_statement",),
    identifiers=("identifier",),
    members=("member_expression",),
    parens=("parenthesized_expression",),
    binaries=("binary_expression",),
    unaries=("unary_expression",),
    ternaries=("ternary_expression",),
    assignments=("assignment_expression",),
    augmented=("augmented_assignment_expression",),
    updates=("update_expression",),
    calls=("call_expression",),
    creations=("new_expression",),
    dictionaries=("object",),
    pairs=("pair",),
    declarations=("lexical_declaration", "variable_declaration"),
    declarators=("variable_declarator",),
    parameters=("formal_parameters",),
    strings=("string",),
    numbers=("number",),
    constants=("true", "false", "null", "undefined", "number", "string"),
    identity_literals=("array", "object"),
    foreign=(rb"@flow\b",),  # its types look like comparisons
    word_extras=b"$",
    exits=rb"\b(?:return|break|throw|yield|await)\b",
    identity_operators=("==", "!=", "===", "!=="),
    pure_calls=frozenset(
        (b".trim", b".toUpperCase", b".toLowerCase", b".substring", b".concat", b".slice", b".padStart", b".padEnd",
         b".toFixed", b".startsWith", b".endsWith", b".hasOwnProperty")
    ),
    builtins=frozenset((b"undefined", b"NaN", b"Infinity", b"eval", b"arguments", b"parseInt", b"isNaN", b"JSON",
                        b"Math", b"Array", b"Object", b"String", b"Number", b"Boolean")),
    receivers=(b"this",),
)  # fmt: skip

TYPESCRIPT = replace(
    JAVASCRIPT,
    foreign=(),
    classes=(*JAVASCRIPT.classes, "abstract_class_declaration"),
    labels=(*JAVASCRIPT.labels, "type_alias_declaration", "interface_declaration", "enum_declaration",
            "internal_module", "ambient_declaration", "function_signature", "abstract_class_declaration"),
)  # fmt: skip
