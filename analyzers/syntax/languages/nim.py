"""Nim: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Nim",
    grammar="nim",
    tier="C",
    comments=("comment", "block_comment", "documentation_comment", "block_documentation_comment"),
    marks=(b"#",),
    block_marks=(b"#[", b"##["),
    nests=("if", "case", "for", "while", "try"),
)  # fmt: skip
