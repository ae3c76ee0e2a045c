"""Clojure: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Clojure",
    grammar="clojure",
    tier="C",
    comments=("comment",),
    marks=(b";",),
    block_marks=(),
    nests=("list_lit",),
)  # fmt: skip
