"""OCaml: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="OCaml",
    grammar="ocaml",
    tier="C",
    comments=("comment",),
    marks=(b"(*",),
    block_marks=(b"(*",),
    nests=("if_expression", "match_expression", "for_expression", "while_expression", "try_expression",
           "fun_expression", "function_expression"),
)  # fmt: skip
