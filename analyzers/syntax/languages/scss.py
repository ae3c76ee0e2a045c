"""SCSS: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="SCSS",
    grammar="scss",
    tier="C",
    comments=("comment", "js_comment"),
    marks=(b"//", b"/*"),
    nests=("rule_set", "media_statement", "supports_statement", "if_statement", "each_statement", "for_statement",
           "while_statement"),
)  # fmt: skip
