"""Erlang: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Erlang",
    grammar="erlang",
    tier="C",
    comments=("comment",),
    marks=(b"%",),
    block_marks=(),
    nests=("case_expr", "if_expr", "receive_expr", "try_expr", "anonymous_fun"),
)  # fmt: skip
