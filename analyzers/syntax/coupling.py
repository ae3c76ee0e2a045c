"""What a file leans on: modules it imports, calls to what it does not define, types its classes and functions name.

All by tokens, so that it costs next to nothing; facts/ knows more, for those who pay for it. Modules are read from the
text of imports: `top` is the first part of a path (numpy of numpy.linalg, java of java.util.List, react-dom of
react-dom/client), relative imports being one, ".". A call is a name before a parenthesis that is no keyword; what is
called is external where no definition of the file bears that name (methods of other objects are, therefore). A type is
a name in PascalCase that is no definition's own name: the count of coupled classes (CBO) of Chidamber and Kemerer
1994, approximated; only in TYPED languages, where convention makes such names types.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from analyzers.syntax.report import Definition, Report
from analyzers.syntax.token_stream import IDENTIFIER, Stream, hash_of
from analyzers.text.kernel import inlined, kernel

TYPED = frozenset({"Python", "Java", "JavaScript", "TypeScript", "TSX", "C++", "Rust", "C#", "Kotlin", "Scala",
                   "Swift", "PHP"})  # fmt: skip
"""Languages whose types are in PascalCase, and little else; Go's exported functions are, too."""
_MOST_IMPORT = 4_000  # bytes of one import that are read
_QUOTED = re.compile(r"""["'<]([^"'<>\s]+)["'>]""")
_PYTHON_FROM = re.compile(r"from\s+(\.*[\w.]*)\s+import\s*(\*?)")
_ALIAS = re.compile(r"\s+as\s+\w+|\s*=>\s*\w+")
_LEAD = re.compile(
    r"^\s*(?:pub(?:\([^)]*\))?\s+)?(?:global\s+)?(?:import|using|use|include|require|library|extern\s+crate|open)?"
    r"\s*(?:static|type|function|const|qualified|unsafe)?\s+",
)
_PARTS = re.compile(r"[.:\\/]+")
_OPEN = np.uint64(hash_of(b"("))


class Coupling(NamedTuple):
    """Counts of one file. None where the language has no such thing that is known."""

    n_modules: int  # different modules imported
    n_top_modules: int  # different first parts of them
    n_wildcard_imports: int  # that import every name there is
    n_calls: int
    n_external_calls: int
    n_different_external_calls: int  # fan-out: different names called that the file does not define
    n_types: int | None  # different types named in the file
    max_class_types: int | None  # of one class that stands in no other; 0 without classes
    max_function_types: int | None  # of one function that stands in no other


def measure(stream: Stream, report: Report, source: bytes) -> Coupling | None:
    """Coupling of a file; None for a language whose functions are not measured."""
    if report.definitions is None or report.imports is None:
        return None
    modules: set[str] = set()
    n_wildcards = 0
    for start, end in report.imports:
        text = source[start : min(end, start + _MOST_IMPORT)].decode("utf-8", "replace")
        named, is_wildcard = modules_of(text, report.language)
        modules |= named
        n_wildcards += is_wildcard
    tops = {_top(module, report.language) for module in modules}
    n_tokens = len(stream.kinds)
    size = 1 << max(4, (2 * (n_tokens + len(stream.names))).bit_length())
    found, is_type = np.zeros(3, np.int64), np.zeros(n_tokens, np.bool_)
    tokens = stream.data, stream.kinds, stream.starts, stream.ends, stream.hashes
    scratch = np.zeros(size, np.uint64), np.zeros(size, np.bool_)
    _find(*tokens, stream.name_hashes, _OPEN, *scratch, found, is_type)
    n_calls, n_external, n_different = found.tolist()
    # The head of a function looks like a call of it: one for each definition that has its name there.
    n_heads = sum(one.kind != "class" and one.name is not None for one in report.definitions)
    n_calls = max(n_external, n_calls - n_heads)
    types = _types(stream, is_type, report.definitions) if report.language in TYPED else (None, None, None)
    return Coupling(len(modules), len(tops), n_wildcards, n_calls, n_external, n_different, *types)


@lru_cache(maxsize=8192)  # files of a project import alike
def modules_of(text: str, language: str) -> tuple[frozenset[str], bool]:
    """The modules that the text of one import names, and whether it imports all that is in one."""
    if language == "Python":
        if (found := _PYTHON_FROM.match(text)) is not None:
            return frozenset({found[1]}), found[2] == "*"
        parts = _ALIAS.sub("", text.removeprefix("import")).split(",")
        return frozenset(part.strip() for part in parts if part.strip()), False
    if quoted := _QUOTED.findall(text):
        return frozenset(quoted[-1:]), False
    path = _LEAD.sub("", text, count=1).strip().rstrip(";").strip()
    path = _ALIAS.sub("", path.split("{")[0].split("(")[0])
    path = path.rpartition("=")[2].strip()  # C#: using A = B.C
    is_wildcard = path.endswith(("*", "._"))
    path = path.removesuffix("*").removesuffix("_") if is_wildcard else path
    path = path.split()[0] if path.split() else ""
    path = path.strip(".:\\/")
    return frozenset({path} if path else ()), is_wildcard


def _top(module: str, language: str) -> str:
    """The first part of a module's path; "." for relative ones; of npm's scopes and Go's hosts the first two."""
    if module.startswith("."):
        return "."
    parts = [part for part in module.split("/") if part] or [""]
    if language in ("C", "C++", "Objective-C"):
        return parts[0]
    if "/" in module and (module.startswith("@") or (language == "Go" and "." in parts[0])):
        return "/".join(parts[:2])
    return _PARTS.split(parts[0] if language != "Go" else module)[0]


@inlined
def _slot_of(table, value):
    """Where a hash stands in an open table, or could."""
    mask = np.uint64(len(table) - 1)
    slot = (value ^ (value >> np.uint64(29))) & mask
    while table[slot] != 0 and table[slot] != value:
        slot = (slot + np.uint64(1)) & mask
    return slot


@kernel
def _find(data, kinds, starts, ends, hashes, own, opening, table, of_file, calls, is_type):
    """Counts calls, those of names that are not `own`, and different ones of these; marks what may be a type: a name in
    PascalCase of more than one letter. `table` and `of_file` are zeroed, of a power of two long."""
    for value in own:
        slot = _slot_of(table, value)
        table[slot], of_file[slot] = value, True
    for i in range(len(kinds)):
        if kinds[i] != IDENTIFIER:
            continue
        start, end = starts[i], ends[i]
        if 65 <= data[start] <= 90:
            for k in range(start + 1, end):
                if data[k] == 95:
                    is_type[i] = False
                    break
                is_type[i] = is_type[i] or 97 <= data[k] <= 122
        if i + 1 < len(kinds) and hashes[i + 1] == opening:
            slot = _slot_of(table, hashes[i])
            calls[0] += 1
            calls[1] += not of_file[slot]
            calls[2] += table[slot] == 0
            table[slot] = hashes[i]


@kernel
def _count_types(hashes, is_type, first, last, own, places, table, stamps, out):
    """Different types among the tokens of the definitions at these places, their own names aside, and of the file."""
    mask = np.uint64(len(table) - 1)
    for place in range(len(places) + 1):
        stamp = place + 1
        begin, end, name = 0, len(hashes), np.uint64(0)
        if place < len(places):
            begin, end, name = first[places[place]], last[places[place]], own[places[place]]
        for i in range(begin, end):
            if not is_type[i] or hashes[i] == name:
                continue
            slot = (hashes[i] ^ (hashes[i] >> np.uint64(29))) & mask
            while stamps[slot] == stamp and table[slot] != hashes[i]:
                slot = (slot + np.uint64(1)) & mask
            if stamps[slot] != stamp:
                stamps[slot], table[slot] = stamp, hashes[i]
                out[place] += 1


def _outermost(definitions: tuple[Definition, ...], are_classes: bool) -> list[int]:
    """Places of classes, or of functions, that stand in none of their kind: no token is in two of them."""
    found, last_end = [], -1
    for place, one in enumerate(definitions):
        if (one.kind == "class") == are_classes and one.start >= last_end:
            found.append(place)
            last_end = one.end
    return found


def _types(
    stream: Stream, is_type: np.ndarray, definitions: tuple[Definition, ...]
) -> tuple[int | None, int | None, int | None]:
    """Different types of the file, and the most of a class and of a function that stand in none of their kind."""
    classes, functions = _outermost(definitions, True), _outermost(definitions, False)
    places = np.array(classes + functions, np.int64)
    size = 1 << max(4, (2 * len(is_type)).bit_length())
    scratch, out = (np.empty(size, np.uint64), np.zeros(size, np.int32)), np.zeros(len(places) + 1, np.int64)
    _count_types(stream.hashes, is_type, stream.first, stream.last, stream.name_hashes, places, *scratch, out)
    counts = out.tolist()
    return counts[-1], max(counts[: len(classes)], default=0), max(counts[len(classes) : -1], default=0)
