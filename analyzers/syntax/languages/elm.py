"""Elm: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Elm",
    grammar="elm",
    tier="C",
    comments=("line_comment", "block_comment"),
    marks=(b"--", b"{-"),
    block_marks=(b"{-",),
    nests=("if_else_expr", "case_of_expr", "let_in_expr"),
)  # fmt: skip
