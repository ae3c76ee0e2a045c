"""GLSL: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="GLSL",
    grammar="glsl",
    tier="C",
    comments=("comment",),
    marks=(b"//", b"/*"),
    nests=("if_statement", "for_statement", "while_statement", "do_statement", "switch_statement"),
)  # fmt: skip
