"""The marked fixtures of bug rules, for tests of this folder.

A marker at the end of a line is about that line, one that stands alone on its line is about the next:
`# BUG: rule, rule` must be reported there, `# OK: rule` is a look-alike that must not.
"""

from __future__ import annotations

import re
from pathlib import Path

from tree_sitter import Parser, Tree

from analyzers.syntax.bugs.plan import plan_of

FOLDER = Path(__file__).parents[3] / "fixtures" / "bugs"
FILES = {
    "Python": "python.txt",
    "Java": "java.java",
    "JavaScript": "javascript.js",
    "TypeScript": "typescript.ts",
    "TSX": "tsx.tsx",
    "C": "c.c",
    "C++": "cpp.cpp",
    "Go": "go.go",
    "Rust": "rust.rs",
    "C#": "csharp.cs",
}
_MARKER = re.compile(r"(?:#|//|/\*) (BUG|OK): ([\w, -]*\w)")


def fixture(language: str) -> bytes:
    """The marked file of a language."""
    return (FOLDER / FILES[language]).read_bytes()


def marked(language: str, kind: str) -> set[tuple[int, str]]:
    """Lines and rules that are marked BUG, or OK."""
    found = set()
    for number, line in enumerate(fixture(language).decode().split("\n"), 1):
        marker = _MARKER.search(line)
        if marker and marker[1] == kind:
            alone = not line[: marker.start()].strip()
            found |= {(number + alone, rule) for rule in marker[2].split(", ")}
    return found


def parsed(language: str, source: bytes) -> Tree:
    """The tree of a source."""
    plan = plan_of(language)
    assert plan is not None
    return Parser(plan.grammar).parse(source)
