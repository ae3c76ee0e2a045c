"""Racket: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Racket",
    grammar="racket",
    tier="C",
    comments=("comment", "block_comment", "sexp_comment"),
    marks=(b";", b"#|", b"#;"),
    block_marks=(b"#|",),
    nests=("list",),
)  # fmt: skip
