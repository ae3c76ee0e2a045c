"""Elixir: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Elixir",
    grammar="elixir",
    tier="C",
    comments=("comment",),
    marks=(b"#",),
    block_marks=(),
    nests=("do_block", "anonymous_function"),
)  # fmt: skip
