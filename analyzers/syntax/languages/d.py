"""D: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="D",
    grammar="d",
    tier="C",
    comments=("comment",),
    marks=(b"//", b"/*", b"/+"),
    block_marks=(b"/*", b"/+"),
    nests=("if_statement", "for_statement", "foreach_statement", "while_statement", "do_statement",
           "switch_statement", "try_statement"),
)  # fmt: skip
