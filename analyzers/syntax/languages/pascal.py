"""Pascal: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Pascal",
    grammar="pascal",
    tier="C",
    comments=("comment",),
    marks=(b"{", b"(*", b"//"),
    block_marks=(b"{", b"(*"),
    nests=("if", "for", "while", "repeat", "case", "try"),
)  # fmt: skip
