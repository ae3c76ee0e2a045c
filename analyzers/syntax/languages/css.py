"""CSS: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="CSS",
    grammar="css",
    tier="C",
    comments=("comment", "js_comment"),
    marks=(b"/*",),
    nests=("rule_set", "media_statement", "supports_statement"),
)  # fmt: skip
