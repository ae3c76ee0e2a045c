"""What an import brings in, read from its own text: (module, name, alias), None where it says none.

One reader for each manner of writing imports, so that languages share them. `import a.b as c` is ("a.b", None, "c");
`from a import b` is ("a", "b", None); a star is the name "*"; what a module exports by default is the name "default".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

Import = tuple[str, str | None, str | None]
MOST_BYTES = 10_000  # of one import that are read; real ones take some hundreds

_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_HASH = re.compile(r"#[^\n]*")
_WORD = r"[^\W\d][\w$]*"
_QUOTED = re.compile(r"""["'`<]([^"'`>\n]*)["'`>]""")


def _renamed(item: str) -> tuple[str, str | None]:
    """`a as b` in its two parts."""
    name, _, alias = " ".join(item.split()).partition(" as ")
    return name.strip(), alias.strip() or None


def _python(text: str) -> Iterator[Import]:
    text = _HASH.sub("", text).replace("\\\n", " ").replace("\\\r\n", " ")
    source = re.match(r"\s*from\s+([\w.\s]*?)\s*\bimport\b(.*)", text, re.DOTALL)
    if source:
        for item in source[2].replace("(", " ").replace(")", " ").split(","):
            name, alias = _renamed(item)
            if name:
                yield re.sub(r"\s", "", source[1]), name, alias
        return
    for item in re.sub(r"^\s*import\b", "", text).split(","):
        name, alias = _renamed(item)
        if name:
            yield re.sub(r"\s", "", name), None, alias


def _dotted(text: str) -> Iterator[Import]:
    """`import [static] a.b.C [as D]`: Java, Kotlin, Scala, Swift, Haskell, Perl."""
    text = _COMMENT.sub("", text).strip().rstrip(";")
    text = re.sub(
        r"^(@\w+\s+)*(import|use|using|no|require)\b(\s+(static|qualified|func|class|struct|enum)\b)*", "", text
    )
    path, alias = _renamed(text)
    group = re.match(r"(.*?)[.]?[{(](.*)[)}]", path, re.DOTALL)
    if group:  # Scala's a.{b, c => d}; Haskell's A (b, c)
        for item in group[2].split(","):
            name, _, renamed = item.replace("=>", " as ").partition(" as ")
            if name.strip():
                yield group[1].strip(), name.strip(), renamed.strip() or None
        return
    found = re.match(r"[\w$.:]+[*]?", path)
    if found:
        path = found[0]
        module, dot, name = path.rpartition(".")
        yield (module, "*" if name == "_" else name, alias) if dot else (path, None, alias)


def _ecmascript(text: str) -> Iterator[Import]:
    text = _COMMENT.sub("", text)
    quoted = list(_QUOTED.finditer(text))
    if not quoted:
        return
    module, clause = quoted[-1][1], text[: quoted[-1].start()]
    clause = re.sub(r"^\s*import\b(\s+type\b(?!\s*,|\s+from\b))?", "", clause)
    clause = re.sub(r"\bfrom\s*$", "", clause).strip()
    if not clause:
        yield module, None, None
        return
    braces = re.search(r"\{(.*)\}", clause, re.DOTALL)
    for item in braces[1].split(",") if braces else ():
        name, alias = _renamed(re.sub(r"^\s*type\s+(?=\S)", "", item))
        if name:
            yield module, name, alias
    for item in re.sub(r"\{.*\}", "", clause, flags=re.DOTALL).split(","):
        name, alias = _renamed(item)
        if name == "*":
            yield module, "*", alias
        elif name:
            required = re.match(rf"({_WORD})\s*=\s*require", name)  # import a = require("b")
            yield (module, None, required[1]) if required else (module, "default", name)


def _include(text: str) -> Iterator[Import]:
    """`#include <a.h>`; C++'s `using std::x` and `import m`."""
    quoted = _QUOTED.search(text)
    if quoted:
        yield quoted[1], None, None
        return
    named = re.match(r"\s*(?:#\s*include|#\s*import|@?import|using(?:\s+namespace)?)\s+([\w:.]+)", text)
    if named:
        module, colons, name = named[1].rpartition("::")
        yield (module, name, None) if colons and "namespace" not in text[: named.end(1)] else (named[1], None, None)


def _go(text: str) -> Iterator[Import]:
    quoted = _QUOTED.search(text)
    if quoted:
        alias = text[: quoted.start()].strip()
        yield quoted[1], "*" if alias == "." else None, alias if alias not in ("", ".") else None


def _using(text: str) -> Iterator[Import]:
    """C#: a namespace, whose names are not told; an alias; a static class, all of it."""
    text = _COMMENT.sub("", text).strip().rstrip(";")
    found = re.match(rf"(?:global\s+)?(?:using|extern\s+alias)\s+(static\s+)?(?:({_WORD})\s*=\s*)?([\w.:]+)", text)
    if found:
        yield found[3], "*" if found[1] else None, found[2]


def _rust(text: str) -> Iterator[Import]:
    text = _COMMENT.sub("", text).strip().rstrip(";")
    text = re.sub(r"^(pub\s*(\([^)]*\))?\s*)?(use|extern\s+crate)\s+", "", text)
    yield from _tree(text, "::", "self")


def _php(text: str) -> Iterator[Import]:
    text = _COMMENT.sub("", text).strip().rstrip(";")
    quoted = _QUOTED.search(text)
    if quoted:  # include "a.php"
        yield quoted[1], None, None
        return
    yield from _tree(re.sub(r"^use\s+((function|const)\s+)?", "", text), "\\", "")


def _tree(text: str, separator: str, itself: str) -> Iterator[Import]:
    """Paths with groups in braces, at any depth: `a::{b, c::{d as e, *}}`, `A\\{B, C as D}`."""
    prefixes: list[str] = []
    prefix, item = "", ""
    for token in re.split(r"([{},])", text):
        if token == "{":
            prefixes.append(prefix)
            prefix, item = (prefix + item.strip())[:MOST_BYTES], ""
        elif token in ("}", ","):
            yield from _leaf(prefix, item, separator, itself)
            item = ""
            if token == "}" and prefixes:
                prefix = prefixes.pop()
        else:
            item = token
    yield from _leaf(prefix, item, separator, itself)


def _leaf(prefix: str, item: str, separator: str, itself: str) -> Iterator[Import]:
    path, alias = _renamed(item)
    if not path:
        return
    if path == itself:
        yield prefix.removesuffix(separator), None, alias
        return
    module, found, name = (prefix + path).strip(separator).rpartition(separator)
    yield (module, name, alias) if found else (name, None, alias)


READERS: dict[str, Callable[[str], Iterator[Import]]] = {
    "python": _python,
    "dotted": _dotted,
    "ecmascript": _ecmascript,
    "include": _include,
    "go": _go,
    "using": _using,
    "rust": _rust,
    "php": _php,
}
"""Readers of one import by the name that a language's FactSpec gives."""


def imported(text: bytes, reader: str) -> list[Import]:
    """What one import brings in; nothing where its language has no reader or the text is none."""
    if not reader:
        return []
    return list(READERS[reader](text[:MOST_BYTES].decode("utf-8", "replace")))


_REQUIRE = re.compile(rf"(?:const|let|var|,)\s*({_WORD}|\{{[^{{}}]*\}})\s*=\s*$")


def required(before: bytes, module: str) -> list[Import]:
    """CommonJS: what `require` of a module is given to, by the text before it."""
    found = _REQUIRE.search(before.decode("utf-8", "replace"))
    if found is None:
        return [(module, None, None)]
    if not found[1].startswith("{"):
        return [(module, None, found[1])]
    items = [item.partition(":") for item in found[1].strip("{}").split(",") if item.strip()]
    return [(module, name.strip(), alias.strip() or None) for name, _, alias in items]
