"""Dart: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Dart",
    grammar="dart",
    tier="C",
    comments=("comment", "documentation_comment"),
    marks=(b"//", b"/*"),
    nests=("if_statement", "for_statement", "while_statement", "do_statement", "switch_statement", "try_statement"),
)  # fmt: skip
