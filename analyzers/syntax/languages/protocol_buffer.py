"""Protocol Buffer: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Protocol Buffer",
    grammar="proto",
    tier="C",
    comments=("comment",),
    marks=(b"//", b"/*"),
    nests=("message", "enum", "oneof"),
)  # fmt: skip
