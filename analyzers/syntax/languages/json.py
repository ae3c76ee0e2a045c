"""JSON: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="JSON",
    grammar="json",
    tier="C",
    comments=("comment",),
    marks=(b"//", b"/*"),
    nests=("object", "array"),
)  # fmt: skip
