"""Vim Script: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Vim Script",
    grammar="vim",
    tier="C",
    comments=("comment",),
    marks=(b'"',),
    block_marks=(),
    nests=("if_statement", "for_loop", "while_loop", "try_statement"),
)  # fmt: skip
