"""Gleam: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Gleam",
    grammar="gleam",
    tier="C",
    comments=("comment", "module_comment", "statement_comment"),
    marks=(b"//",),
    block_marks=(),
    nests=("case", "anonymous_function"),
)  # fmt: skip
