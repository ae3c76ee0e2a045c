"""YAML: comments and nesting."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="YAML",
    grammar="yaml",
    tier="C",
    comments=("comment",),
    marks=(b"#",),
    block_marks=(),
    nests=("block_mapping", "block_sequence", "flow_mapping", "flow_sequence"),
)  # fmt: skip
