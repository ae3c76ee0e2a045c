"""Fortran: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Fortran",
    grammar="fortran",
    tier="C",
    comments=("comment",),
    marks=(b"!",),
    block_marks=(),
    nests=("if_statement", "do_loop_statement", "select_case_statement"),
)  # fmt: skip
