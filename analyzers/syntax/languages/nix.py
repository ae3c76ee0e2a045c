"""Nix: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Nix",
    grammar="nix",
    tier="C",
    comments=("comment",),
    marks=(b"#", b"/*"),
    nests=("if_expression", "let_expression", "function_expression", "attrset_expression"),
)  # fmt: skip
