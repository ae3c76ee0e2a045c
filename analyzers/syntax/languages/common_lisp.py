"""Common Lisp: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Common Lisp",
    grammar="commonlisp",
    tier="C",
    comments=("comment", "block_comment"),
    marks=(b";", b"#|"),
    block_marks=(b"#|",),
    nests=("list_lit",),
)  # fmt: skip
