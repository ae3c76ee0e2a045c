"""R. A function has the name it is assigned to. Known gap: && and || are not counted."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="R",
    grammar="r",
    tier="B",
    comments=("comment",),
    marks=(b"#",),
    block_marks=(),
    doc_marks=(b"#'",),
    functions=("function_definition",),
    name_givers=("binary_operator", "argument"),
    parameter_lists=("parameters",),
    parameters=("parameter",),
    ifs=("if_statement",),
    elses=("'else",),
    loops=("for_statement", "while_statement", "repeat_statement"),
    strings=("string_content",),
    barren=("identifier", "comment", "float", "integer", "true", "false", "null", "string", "string_content",
            "escape_sequence", "namespace_operator", "comma", "next"),
)  # fmt: skip
