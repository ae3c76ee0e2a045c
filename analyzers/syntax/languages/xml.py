"""XML: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="XML",
    grammar="xml",
    tier="C",
    comments=("Comment",),
    marks=(b"<!--",),
    block_marks=(b"<!--",),
    nests=("element",),
)  # fmt: skip
