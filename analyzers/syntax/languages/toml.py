"""TOML: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="TOML",
    grammar="toml",
    tier="C",
    comments=("comment",),
    marks=(b"#",),
    block_marks=(),
    nests=("array", "inline_table"),
)  # fmt: skip
