"""GraphQL: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="GraphQL",
    grammar="graphql",
    tier="C",
    comments=("comment",),
    marks=(b"#",),
    block_marks=(),
    nests=("selection_set",),
)  # fmt: skip
