"""Makefile: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Makefile",
    grammar="make",
    tier="C",
    comments=("comment",),
    marks=(b"#",),
    block_marks=(),
    nests=("conditional",),
)  # fmt: skip
