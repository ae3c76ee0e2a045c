"""CMake: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="CMake",
    grammar="cmake",
    tier="C",
    comments=("line_comment", "bracket_comment"),
    marks=(b"#",),
    block_marks=(b"#[",),
    nests=("if_condition", "foreach_loop", "while_loop", "function_def", "macro_def"),
)  # fmt: skip
