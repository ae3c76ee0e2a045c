"""Ada: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Ada",
    grammar="ada",
    tier="C",
    comments=("comment",),
    marks=(b"--",),
    block_marks=(),
    nests=("if_statement", "loop_statement", "case_statement"),
)  # fmt: skip
