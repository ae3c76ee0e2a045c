"""TypeScript with JSX."""

from __future__ import annotations

from dataclasses import replace

from analyzers.syntax.languages import typescript

SPEC = replace(
    typescript.SPEC,
    language="TSX",
    grammar="tsx",
    strings=("string", "string_fragment", "regex", "jsx_text"),
)
