"""HTML: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="HTML",
    grammar="html",
    tier="C",
    comments=("comment",),
    marks=(b"<!--",),
    block_marks=(b"<!--",),
    nests=("element",),
)  # fmt: skip
