"""Which files of a repository an import names: paths against modules, by the rules of each language.

Only paths are asked, no build file: what a language decides by its build (class paths, module prefixes, aliases of
bundlers) is told by the ends of paths. An import that fits nothing names a package from outside. Not told: C#'s
namespaces and Swift's modules, which have no place in paths, Rust's `mod`, which is no import in the facts, and what
stands for a package by its manifest's name (npm's workspaces).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from posixpath import dirname, join, normpath
from typing import NamedTuple

_ROOTS = ("", "src", "lib", "python")  # folders below which Python's modules may begin
_INCLUDES = ("", "include", "src", "inc")  # folders that a compiler's -I may name
_SCRIPTS = (".ts", ".tsx", ".d.ts", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".vue", ".svelte", ".json", ".sol")
_COMPILED = re.compile(r"\.[cm]?jsx?$")  # what TypeScript's imports call the file that is a .ts
_MOST_TARGETS = 200  # of one import: a star or a Go package of more files says too little


class Import(NamedTuple):
    """A row of the relation `import` of the facts."""

    module: str
    name: str | None


class Paths:
    """The paths of a repository, found by themselves, by their last part, and by folder."""

    def __init__(self, paths: Sequence[str]):
        self.paths = paths
        self.place = {path: place for place, path in enumerate(paths)}
        self.by_name: dict[str, list[int]] = defaultdict(list)
        self.in_folder: dict[str, list[int]] = defaultdict(list)
        for place, path in enumerate(paths):
            self.by_name[path.rpartition("/")[2]].append(place)
            self.in_folder[dirname(path)].append(place)
        self.folders: dict[str, list[str]] = defaultdict(list)
        for folder in sorted(self.in_folder):
            self.folders[folder.rpartition("/")[2]].append(folder)

    def first(self, candidates: Iterable[str]) -> list[int]:
        """The place of the first candidate that is there."""
        found = next((self.place[one] for one in candidates if one in self.place), None)
        return [] if found is None else [found]

    def ending(self, tail: str, near: str) -> list[int]:
        """The path that ends in these parts and has most folders in common with `near`; the first one of several."""
        found = [
            place
            for place in self.by_name.get(tail.rpartition("/")[2], ())
            if self.paths[place] == tail or self.paths[place].endswith("/" + tail)
        ]
        return [max(found, key=lambda place: (_shared(self.paths[place], near), -place))] if found else []

    def folder_ending(self, tail: str) -> list[str]:
        """Folders that end in these parts."""
        candidates = self.folders.get(tail.rpartition("/")[2], ())
        return [folder for folder in candidates if folder == tail or folder.endswith("/" + tail)]


def _shared(one: str, two: str) -> int:
    """How many folders two paths have in common from the beginning."""
    count = 0
    for a, b in zip(one.split("/")[:-1], two.split("/")[:-1], strict=False):
        if a != b:
            break
        count += 1
    return count


def _above(folder: str) -> Iterator[str]:
    """A folder and those above it, the repository's own last."""
    while folder:
        yield folder
        folder = dirname(folder)
    yield ""


def _python(paths: Paths, path: str, one: Import) -> list[int]:
    """Relative to the package, else below the folders that are on the path: the first above the file that is no
    package itself, and so on upwards."""
    dots = len(one.module) - len(one.module.lstrip("."))
    parts = [part for part in one.module[dots:].split(".") if part]
    folder = dirname(path)
    if dots:
        for _ in range(dots - 1):
            folder = dirname(folder)
        roots: Iterable[str] = [folder]
    else:
        outside = (above for above in _above(folder) if join(above, "__init__.py") not in paths.place)
        roots = (join(above, root) for above in outside for root in _ROOTS)
    tails = [[*parts, one.name]] if one.name not in (None, "*") else []
    tails.append(parts)
    for root in roots:
        for tail in tails:
            base = join(root, *tail) if tail else root
            candidates = (f"{base}.py", f"{base}.pyi", f"{base}/__init__.py", f"{base}.pyx")
            if found := paths.first(one.removeprefix("/") for one in candidates):
                return found
    return []


def _jvm(paths: Paths, path: str, one: Import) -> list[int]:
    """A class by the end of its path, or the class around a static member; all files of a package for a star."""
    parts = one.module.split(".")
    if one.name == "*":
        folders = paths.folder_ending("/".join(parts))
        if folders:
            return [place for folder in folders for place in paths.in_folder[folder] if paths.paths[place] != path]
    elif one.name:
        parts.append(one.name)
    for least in (len(parts), len(parts) - 1):
        for suffix in (".java", ".kt", ".scala", ".groovy"):
            if least > 1 and (found := paths.ending("/".join(parts[:least]) + suffix, path)):
                return found
    return []


def _ecmascript(paths: Paths, path: str, one: Import) -> list[int]:
    """A path relative to the file; `@/`, `~/` and `src/` from the nearest folder of sources above it."""
    module = one.module
    if module.startswith("."):
        bases = [normpath(join(dirname(path), module))]
    elif module.startswith(("@/", "~/", "src/")):
        tail = module.partition("/")[2]
        bases = [join(above, root, tail) for above in _above(dirname(path)) for root in ("src", "")]
    else:
        return []
    for base in bases:
        stem = _COMPILED.sub("", base)
        candidates = [base, *(base + suffix for suffix in _SCRIPTS)]
        candidates += [stem + suffix for suffix in _SCRIPTS] if stem != base else []
        candidates += [join(base, "index" + suffix) for suffix in _SCRIPTS]
        if found := paths.first(candidates):
            return found
    return []


def _go(paths: Paths, path: str, one: Import) -> list[int]:
    """All files but tests of the longest folder that the import ends in; the standard library has no dot in its first
    part. A folder of one part counts only where the rest of the import is no deeper than host/owner/name."""
    parts = one.module.split("/")
    if "." not in parts[0]:
        return []
    for start in range(1, len(parts)):
        tail = "/".join(parts[start:])
        if tail in paths.in_folder and (len(parts) - start > 1 or start <= 3):
            return [place for place in paths.in_folder[tail] if paths.paths[place].endswith(".go")
                    and not paths.paths[place].endswith("_test.go")]  # fmt: skip
    return []


def _include(paths: Paths, path: str, one: Import) -> list[int]:
    """Beside the file, below a folder of headers above it, or wherever a path of several parts ends so."""
    candidates = [normpath(join(dirname(path), one.module))]
    candidates += [join(above, root, one.module) for above in _above(dirname(path)) for root in _INCLUDES]
    return paths.first(candidates) or (paths.ending(one.module, path) if "/" in one.module else [])


def _rust(paths: Paths, path: str, one: Import) -> list[int]:
    """The longest part of a path that is a module of this crate, or of one beside it (`_` for `-` in its name)."""
    parts = [part for part in [*one.module.split("::"), one.name] if part and part != "*"]
    crate = next((above for above in _above(dirname(path)) if above.rpartition("/")[2] == "src"), dirname(path))
    name = path.rpartition("/")[2]
    own = dirname(path) if name in ("mod.rs", "lib.rs", "main.rs") else path.removesuffix(".rs")
    if parts[0] == "crate":
        root, parts = crate, parts[1:]
    elif parts[0] in ("self", "super"):
        root = own
        while parts and parts[0] in ("self", "super"):
            root = dirname(root) if parts[0] == "super" else root
            parts = parts[1:]
    else:
        spelt = (parts[0].replace("_", "-"), parts[0])
        libraries = [place for name in spelt for place in paths.ending(f"{name}/src/lib.rs", path)]
        root = dirname(paths.paths[libraries[0]]) if libraries else ""
        parts = parts[1:]
        if not root:
            return []
    for end in range(len(parts), 0, -1):
        base = join(root, *parts[:end])
        if found := paths.first((f"{base}.rs", f"{base}/mod.rs")):
            return found
    return paths.first((f"{root}/lib.rs",)) if parts and root != crate else []


def _php(paths: Paths, path: str, one: Import) -> list[int]:
    """A file that is included, or a class by the end of its path (PSR-4), its first names being the package's."""
    if one.module.endswith((".php", ".inc")):
        return paths.first((normpath(join(dirname(path), one.module)), one.module))
    parts = [part for part in (*one.module.split("\\"), one.name) if part]
    for start in range(len(parts) - 1):
        if found := paths.ending("/".join(parts[start:]) + ".php", path):
            return found
    return []


def _by_suffix(separator: str, suffix: str) -> Callable[[Paths, str, Import], list[int]]:
    """Languages whose modules are paths: Haskell's A.B in A/B.hs, Perl's A::B in A/B.pm."""

    def find(paths: Paths, path: str, one: Import) -> list[int]:
        dotted = f"{one.module}.{one.name}" if one.name and separator == "." else one.module
        tail = "/".join(re.split(r"::|\.", dotted)) + suffix
        return paths.ending(tail, path) if "/" in tail else paths.first((join(dirname(path), tail),))

    return find


_FINDERS: dict[str, Callable[[Paths, str, Import], list[int]]] = {
    **dict.fromkeys(("Python", "Cython"), _python),
    **dict.fromkeys(("Java", "Kotlin", "Scala", "Groovy"), _jvm),
    **dict.fromkeys(("JavaScript", "TypeScript", "TSX", "Vue", "Svelte", "Solidity"), _ecmascript),
    **dict.fromkeys(("C", "C++", "Objective-C", "Objective-C++", "Cuda"), _include),
    "Go": _go,
    "Rust": _rust,
    "PHP": _php,
    "Haskell": _by_suffix(".", ".hs"),
    "Perl": _by_suffix("::", ".pm"),
}
"""How each language finds its files."""


def targets(paths: Paths, path: str, language: str, one: Import) -> list[int]:
    """Places of the files that an import of the file at `path` names, itself aside; none for a package from outside,
    or where a star names more than a few hundred."""
    finder = _FINDERS.get(language)
    found = finder(paths, path, one) if finder and one.module else []
    return [place for place in found if paths.paths[place] != path] if len(found) <= _MOST_TARGETS else []
