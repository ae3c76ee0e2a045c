"""Zig: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Zig",
    grammar="zig",
    tier="C",
    comments=("line_comment", "doc_comment", "container_doc_comment"),
    marks=(b"//",),
    block_marks=(),
    nests=("IfStatement", "ForStatement", "WhileStatement", "SwitchExpr"),
)  # fmt: skip
