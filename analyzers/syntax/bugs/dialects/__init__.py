"""The languages that have bug rules: Linguist's name and the dialect."""

from __future__ import annotations

from analyzers.syntax.bugs.dialect import Dialect
from analyzers.syntax.bugs.dialects.c import C
from analyzers.syntax.bugs.dialects.cpp import CPP
from analyzers.syntax.bugs.dialects.csharp import CSHARP
from analyzers.syntax.bugs.dialects.go import GO
from analyzers.syntax.bugs.dialects.java import JAVA
from analyzers.syntax.bugs.dialects.javascript import JAVASCRIPT, TYPESCRIPT
from analyzers.syntax.bugs.dialects.python import PYTHON
from analyzers.syntax.bugs.dialects.rust import RUST

DIALECTS: dict[str, Dialect] = {
    "Python": PYTHON,
    "Java": JAVA,
    "JavaScript": JAVASCRIPT,
    "TypeScript": TYPESCRIPT,
    "TSX": TYPESCRIPT,
    "C": C,
    "C++": CPP,
    "Go": GO,
    "Rust": RUST,
    "C#": CSHARP,
}
