"""The tags of a batch of files: dimension -> value, for all dimensions that can be told by a file alone."""

from __future__ import annotations

import marshal
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

from analyzers.languages import BY_NAME as LANGUAGES
from analyzers.portrait.bands import bands
from analyzers.portrait.dimensions import DIMENSIONS, SEPARATOR
from analyzers.portrait.domain import domain
from analyzers.portrait.frameworks import frameworks
from analyzers.portrait.imports import MANNERS, modules
from analyzers.portrait.module_kind import module_kind
from analyzers.portrait.signs import signs, spoken

TAGS = pa.map_(pa.string(), pa.string())
READS = ("content", "language", "path")
"""Columns without which there are no tags. Others are looked at where they are there."""

_STORED = tuple(dimension.name for dimension in DIMENSIONS if not dimension.of_row)


def _of(**groups: str) -> dict[str, str]:
    return {name: group for group, names in groups.items() for name in names.split(",")}


_FAMILIES = _of(
    c="C,C++,Objective-C,Objective-C++,D,Cuda,Vala", jvm="Java,Kotlin,Scala,Groovy,Clojure",
    dotnet="C#,F#,Visual Basic .NET", script="Python,Ruby,Perl,PHP,Lua,Luau,Tcl,Raku,GDScript,CoffeeScript,Cython",
    web="JavaScript,TypeScript,TSX,HTML,CSS,SCSS,Less,Vue,Svelte,Dart,WebAssembly",
    functional="Haskell,OCaml,Elixir,Erlang,Elm,Common Lisp,Scheme,Racket,Emacs Lisp,Standard ML,Gleam,PureScript",
    systems="Go,Rust,Zig,Nim,Swift,Assembly,Unix Assembly,Ada,Pascal,V,Odin,Crystal",
    science="R,Julia,MATLAB,Fortran,Mathematica,Stan,Coq,Lean", query="SQL,PLSQL,PLpgSQL,TSQL,GraphQL,SPARQL,Cypher",
    shell="Shell,PowerShell,Batchfile,Fish,AWK,Vim Script", hardware="Verilog,SystemVerilog,VHDL",
    build="CMake,Makefile,Meson,Starlark,HCL,Nix,Dockerfile,M4",
)  # fmt: skip
_TYPING = _of(
    static="C,C++,Objective-C,Objective-C++,D,Cuda,Vala,Java,Kotlin,Scala,C#,F#,Visual Basic .NET,TypeScript,TSX,"
    "Haskell,OCaml,Elm,Standard ML,Go,Rust,Zig,Nim,Swift,Ada,Pascal,V,Odin,Crystal,Fortran,Solidity,VHDL,Dart,Gleam",
    gradual="Python,PHP,Luau,Groovy,Julia,Raku,GDScript,Racket,Cython",
    dynamic="JavaScript,Ruby,Perl,Lua,R,MATLAB,Elixir,Erlang,Clojure,Common Lisp,Scheme,Emacs Lisp,CoffeeScript,"
    "PowerShell,Tcl,Vim Script",
    untyped="Shell,Assembly,Unix Assembly,Batchfile,Makefile,AWK,M4",
)
_ENCODINGS = (
    ("utf-16", re.compile("utf.?(?:16|32)")), ("utf-8", re.compile("utf.?8|ascii")),
    ("chinese", re.compile("gb|big5")), ("japanese", re.compile("jis|euc-jp|2022-jp|31j")),
    ("korean", re.compile("kr|949")), ("western", re.compile("latin|8859-1|1252|8859-15")),
)  # fmt: skip
_PLACES = (
    ("vendor", re.compile(r"(?:^|/)(?:vendor|third[-_]party|node_modules|external|deps|_vendor)/")),
    ("test", re.compile(r"(?:^|/)(?:tests?|specs?|__tests__|testing|testsuite|e2e|testdata)/")),
    ("docs", re.compile(r"(?:^|/)(?:docs?|documentation|man|help)/")),
    ("example", re.compile(r"(?:^|/)(?:examples?|samples?|demos?|tutorials?)/")),
    ("build", re.compile(r"(?:^|/)(?:build|cmake|dist|out|target|ci|\.github|packaging|debian)/")),
    ("config", re.compile(r"(?:^|/)(?:config|conf|etc|settings|\.\w+)/")),
    ("tool", re.compile(r"(?:^|/)(?:tools?|scripts?|bin|hack|utils?)/")),
    ("source", re.compile(r"(?:^|/)(?:src|lib|source|include|pkg|internal|app|core|packages?)/")),
)
_ERAS = ((2023, ">=2023"), (2020, "2020-2022"), (2015, "2015-2019"), (2010, "2010-2014"), (0, "<2010"))
_PERSONAL = frozenset({"email", "ipv4", "ipv6", "phone", "user_in_path", "person", "credit_card", "iban", "ssn"})


def tags(batch: pa.RecordBatch) -> pa.MapArray:
    """Tags of each row, of type TAGS, in the order of DIMENSIONS. Needs READS; a null content is an empty one."""
    columns = bands(batch)
    there = {name: batch.column(name).to_pylist() for name in _OPTIONAL if name in batch.schema.names}
    texts = zip(*(batch.column(name).to_pylist() for name in READS), strict=True)
    offsets, keys, values = [0], [], []
    for row, (text, language, path) in enumerate(texts):
        told = of_text(path or "", language or "Unknown", text or "")
        for name, column in there.items():
            told |= _OPTIONAL[name](column[row])
        for name, words in columns.items():
            told[name] = words[row]
        for name in _STORED:
            value = told.get(name)
            if value is not None:
                keys.append(name)
                values.append(value)
        offsets.append(len(keys))
    return pa.MapArray.from_arrays(
        pa.array(offsets, pa.int32()), pa.array(keys, pa.string()), pa.array(values, pa.string())
    )


def of_text(path: str, language: str, text: str) -> dict[str, str | None]:
    """The dimensions that path, language and text tell."""
    imported = modules(text, language)
    used = frameworks(imported, path, text, language)
    shaping = next((one for one in used if one.role != "test"), None)
    row = LANGUAGES.get(language)
    lowered = path.lower()
    told: dict[str, str | None] = {
        "language_kind": "unknown" if row is None else row.kind,
        "language_family": _FAMILIES.get(language, "other"),
        "typing": _TYPING.get(language),
        "module_kind": module_kind(path, language, text),
        "domain": domain(used, path, language),
        "framework": shaping and shaping.name,
        "libraries": SEPARATOR.join(sorted(one.name for one in used)) or None,
        "framework_role": used[0].role if used else "none" if language in MANNERS else None,
        "test_framework": next((one.name for one in used if one.role == "test"), None),
        "database": next((one.name for one in used if one.role == "db"), None),
        "comment_language": spoken(text, language),
        "depth": _depth(path.count("/")),
        "place": _place(lowered),
    }
    if language in MANNERS:
        own = all(name.startswith(".") for name in imported)
        told["dependencies"] = "none" if not imported else "own" if own else "library"
    return told | signs(text, language)


def _depth(n_folders: int) -> str:
    return "0" if n_folders == 0 else "1-2" if n_folders < 3 else "3-5" if n_folders < 6 else "6+"


def _place(path: str) -> str:
    if "/" not in path:
        return "root"
    return next((name for name, pattern in _PLACES if pattern.search(path)), "other")


def _encoding(name: str | None) -> dict[str, str | None]:
    if name is None:
        return {}
    lowered = name.lower()
    return {"encoding": next((group for group, pattern in _ENCODINGS if pattern.search(lowered)), "other")}


def _redacted(redactions: Sequence[Any] | None) -> dict[str, str | None]:
    kinds = {one["kind"] for one in redactions or ()}
    return {"redacted": "none" if not kinds else "personal" if kinds <= _PERSONAL else "secret"}


def _pairs(packed: bytes | None) -> dict[str, str | None]:
    if packed is None:
        return {}
    n_pairs = len(marshal.loads(packed))
    return {"pairs": "none" if not n_pairs else "1-3" if n_pairs < 4 else "4+"}


def _age(when: datetime | None) -> dict[str, str | None]:
    return {} if when is None else {"age": next(name for year, name in _ERAS if when.year >= year)}


def _tree(error_bytes_fraction: float | None) -> dict[str, str | None]:
    return {"tree": "none" if error_bytes_fraction is None else "errors" if error_bytes_fraction else "parsed"}


_OPTIONAL: dict[str, Callable[[Any], dict[str, str | None]]] = {
    "encoding": _encoding, "redactions": _redacted, "pairs": _pairs, "committed_at": _age,
    "error_bytes_fraction": _tree,
}  # fmt: skip
"""Columns that earlier stages may have written, and the dimensions each tells."""
