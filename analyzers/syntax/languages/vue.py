"""Vue: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Vue",
    grammar="vue",
    tier="C",
    comments=("comment",),
    marks=(b"<!--",),
    block_marks=(b"<!--",),
    nests=("element", "template_element"),
)  # fmt: skip
