"""One thing written in several languages, side by side in one document (A Practical Guide to Code Intelligence, 2025:
such documents teach more than the same files shuffled).

    <repo_name>R<file_sep>python/quick_sort.py\n...<file_sep>java/QuickSort.java\n...

Files of a repository are counterparts where their paths say the same once the names of languages are taken out of them,
and their words are alike: `python/search/binary_search.py`, `java/src/search/BinarySearch.java`. Rosetta Code, and
every data set that can be laid out as LANGUAGE/TASK.EXTENSION, is of that kind. Which language comes first is drawn, so
that each is translated into each.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from train.chance import chance
from train.renderers.document import RenderConfig, Row

_JVM, _NET = {"jvm"}, {"net", "dotnet"}
NAMES: dict[str, set[str]] = {
    "Ada": {"ada"}, "C": {"c", "c++", "cpp", "cc", "cxx", "objc", "cuda"}, "C#": {"c#", "cs", "csharp"} | _NET,
    "Clojure": {"clojure", "clj"} | _JVM, "Common Lisp": {"lisp", "commonlisp"}, "Crystal": {"crystal"}, "D": {"d"},
    "Dart": {"dart"}, "Elixir": {"elixir"}, "Erlang": {"erlang"}, "F#": {"f#", "fs", "fsharp"} | _NET,
    "Fortran": {"fortran"}, "Go": {"go", "golang"}, "Groovy": {"groovy"} | _JVM, "Haskell": {"haskell", "hs"},
    "Java": {"java"} | _JVM, "JavaScript": {"javascript", "js", "node", "nodejs"}, "Julia": {"julia"},
    "Kotlin": {"kotlin", "kt"} | _JVM, "Lua": {"lua"}, "MATLAB": {"matlab"}, "Nim": {"nim"}, "OCaml": {"ocaml", "ml"},
    "PHP": {"php"}, "Pascal": {"pascal", "delphi"}, "Perl": {"perl", "pl"},
    "Python": {"python", "py", "python2", "python3"}, "R": {"r"}, "Racket": {"racket"}, "Ruby": {"ruby", "rb"},
    "Rust": {"rust", "rs"}, "Scala": {"scala"} | _JVM, "Scheme": {"scheme"}, "Standard ML": {"sml"},
    "Swift": {"swift"}, "Tcl": {"tcl"}, "TypeScript": {"typescript", "ts"}, "V": {"v"}, "Zig": {"zig"},
}  # fmt: skip
"""Languages in which things are programmed, and what paths call them."""

FAMILIES: dict[str, str] = {
    **{name: name for name in NAMES},
    **dict.fromkeys(("C++", "Objective-C", "Objective-C++", "Cuda"), "C"),  # a header is no counterpart
    "Cython": "Python",
}
"""What counts as one language."""

_OF_LANGUAGES = frozenset(name for names in NAMES.values() for name in names)
_OF_BUILDS = frozenset({"src", "main", "lib", "source", "sources", "pkg", "cmd", "code", "solution", "solutions"})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_NAME = re.compile(r"[^\W\d]\w+")

MIN_ALIKE = 0.25
"""Least share of the words of the file with fewer that its counterpart has too, words of languages aside."""

MIN_WORDS = 5  # different ones that a file must have to be judged
MAX_FILES = 12  # of a document; one thing in more files is a template


def counterparts(rows: Sequence[Row], config: RenderConfig) -> Iterator[list[Row]]:
    """The files of one repository as groups of counterparts, and every other one alone; in the order of their first."""
    by_key: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        key = path_key(row["path"], row["language"]) if row["repo"] else None
        by_key[key or ("", row["file_id"])].append(row)
    for group in by_key.values():
        alike = _alike(group)
        if len({FAMILIES[row["language"]] for row in alike}) > 1:
            yield _ordered(alike, config)
            chosen = {row["file_id"] for row in alike}
            yield from ([row] for row in group if row["file_id"] not in chosen)
        else:
            yield from ([row] for row in group)


def path_key(path: str, language: str) -> tuple[str, ...] | None:
    """A path's parts without what names languages and builds. None where no part names the file's own language, where
    nothing else is left, and for declarations of what another file holds."""
    own = NAMES.get(FAMILIES.get(language, ""), set())
    *folders, name = path.split("/")
    parts = [_plain(part) for part in folders]
    stem = [word.lower() for word in _WORD.findall(name.partition(".")[0])]
    if own.isdisjoint((*parts, *stem)) or name.endswith(".d.ts"):
        return None
    words = [word for word in stem if word not in _OF_LANGUAGES]
    if stem[:1] in (["main"], ["index"], ["mod"], ["init"], ["solution"], ["lib"]) and len(words) == 1:
        words = []  # the folder is its name
    left = [part for part in parts if part not in _OF_BUILDS and part not in _OF_LANGUAGES]
    key = (*left, "".join(words))
    return key if any(key) else None


def _plain(part: str) -> str:
    return "".join(one for one in part.lower() if one.isalnum() or one in "+#")


def words_of(text: str) -> frozenset[str]:
    """The words that names in a text are made of."""
    return frozenset(word.lower() for name in set(_NAME.findall(text)) for word in _WORD.findall(name) if len(word) > 2)


def _alike(group: list[Row]) -> list[Row]:
    """Those that share words with one of another language. A text with too few words is like none."""
    if len(group) < 2 or len(group) > MAX_FILES:
        return []
    words = [words_of(row["content"]) for row in group]
    common = [set[int]() for _ in group]
    for one in range(len(group)):
        for two in range(one):
            least = min(len(words[one]), len(words[two]))
            is_other = FAMILIES[group[one]["language"]] != FAMILIES[group[two]["language"]]
            if is_other and least >= MIN_WORDS and len(words[one] & words[two]) >= MIN_ALIKE * least:
                common[one].add(two)
                common[two].add(one)
    return [row for row, others in zip(group, common, strict=True) if others]


def _ordered(group: list[Row], config: RenderConfig) -> list[Row]:
    """Languages in an order that is drawn, files of one language by their paths."""
    first = min(row["content_id"] for row in group)
    return sorted(group, key=lambda row: (chance(config.seed, "side", first, FAMILIES[row["language"]]), row["path"]))
