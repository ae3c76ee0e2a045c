"""Dockerfile: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Dockerfile",
    grammar="dockerfile",
    tier="C",
    comments=("comment",),
    marks=(b"#",),
    block_marks=(),
    nests=("json_string_array",),
)  # fmt: skip
