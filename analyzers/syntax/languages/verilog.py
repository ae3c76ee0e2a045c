"""Verilog: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Verilog",
    grammar="verilog",
    tier="C",
    comments=("comment",),
    marks=(b"//", b"/*"),
    nests=("conditional_statement", "case_statement", "loop_statement", "seq_block"),
)  # fmt: skip
