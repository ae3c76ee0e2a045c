"""Svelte: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Svelte",
    grammar="svelte",
    tier="C",
    comments=("comment",),
    marks=(b"<!--",),
    block_marks=(b"<!--",),
    nests=("element", "if_statement", "each_statement", "await_statement"),
)  # fmt: skip
