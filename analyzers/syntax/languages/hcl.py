"""HCL: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="HCL",
    grammar="hcl",
    tier="C",
    comments=("comment",),
    marks=(b"#", b"//", b"/*"),
    nests=("block", "object"),
)  # fmt: skip
