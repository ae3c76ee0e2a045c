"""Python, 2 and 3. Known gap: a lambda's body counts for the function around it."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Python",
    grammar="python",
    tier="A",
    comments=("comment",),
    marks=(b"#",),
    block_marks=(),
    docstrings=("string", "concatenated_string"),
    functions=("function_definition",),
    lambdas=("lambda",),
    classes=("class_definition",),
    wrappers=("decorated_definition",),
    parameter_lists=("parameters",),
    parameters=("identifier", "default_parameter", "typed_parameter", "typed_default_parameter", "list_splat_pattern",
                "dictionary_splat_pattern", "tuple_pattern"),
    ifs=("if_statement",),
    elifs=("elif_clause", "if_clause", "for_in_clause"),
    elses=("else_clause",),
    ternaries=("conditional_expression",),
    loops=("for_statement", "while_statement"),
    switches=("match_statement",),
    cases=("case_clause",),
    default_cases=(b"case _",),
    catches=("except_clause",),
    nests=("try_statement", "with_statement"),
    binaries=("boolean_operator",),
    booleans=("and", "or"),
    imports=("import_statement", "import_from_statement", "future_import_statement"),
    strings=("string_content",),
        barren=("identifier", "string_content", "string_start", "string_end", "integer", "none",
            "import_from_statement", "true", "false", "escape_sequence", "float", "relative_import", "import_prefix",
            "import_statement", "future_import_statement", "aliased_import", "dotted_name", "ellipsis",
            "line_continuation", "pass_statement", "continue_statement", "break_statement", "comment"),
)  # fmt: skip
