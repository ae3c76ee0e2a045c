"""SQL: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="SQL",
    grammar="sql",
    tier="C",
    comments=("comment", "marginalia"),
    marks=(b"--", b"/*"),
    nests=("subquery",),
)  # fmt: skip
