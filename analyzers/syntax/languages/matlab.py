"""MATLAB: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="MATLAB",
    grammar="matlab",
    tier="C",
    comments=("comment",),
    marks=(b"%", b"..."),
    block_marks=(b"%{",),
    nests=("if_statement", "for_statement", "while_statement", "switch_statement", "try_statement"),
)  # fmt: skip
