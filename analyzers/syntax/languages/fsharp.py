"""F#: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="F#",
    grammar="fsharp",
    tier="C",
    comments=("line_comment", "block_comment"),
    marks=(b"//", b"(*"),
    block_marks=(b"(*",),
    nests=("if_expression", "match_expression", "for_expression", "while_expression", "try_expression",
           "fun_expression"),
)  # fmt: skip
