"""The modules that a file imports, told from its text alone: no tree is needed, and none of most languages is there.

One pattern for each manner of writing imports. Names come with `/` between their parts, as paths do, so that one
table look-up serves all languages: `django.db` is django/db, `tokio::net` tokio/net, `Qt/QObject` Qt/QObject. What is
commented out or quoted in a docstring at the start of a line counts as well; a tree would know better.
"""

from __future__ import annotations

import re

MOST_MODULES = 200  # of a file that are looked at
MOST_CHARS = 65_536  # of a file that are read: imports stand at its head, or there are enough of them there

_M = re.MULTILINE
_PATTERNS: dict[str, re.Pattern[str]] = {
    "python": re.compile(r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import\b|import[ \t]+(\w[\w., \t]*))", _M),
    "javascript": re.compile(r"""\b(?:from|import|require)\s*\(?\s*["']([^"'\n]+)["']"""),
    "jvm": re.compile(r"^[ \t]*import[ \t]+(?:static[ \t]+)?(\w[\w.]+)", _M),
    "c": re.compile(r"""^[ \t]*(?:#[ \t]*(?:include|import)[ \t]*[<"]([^>"\n]+)|@import[ \t]+([\w.]+))""", _M),
    "dotnet": re.compile(
        r"^[ \t]*(?:global[ \t]+)?(?:using|open|Imports)[ \t]+(?:static[ \t]+)?(?:\w+[ \t]*=[ \t]*)?([A-Z][\w.]*)", _M
    ),
    "go": re.compile(r"""^[ \t]*(?:import[ \t]+)?(?:[\w.]+[ \t]+)?"([\w./~-]+)"[ \t]*(?://.*)?$""", _M),
    "rust": re.compile(r"^[ \t]*(?:pub[ \t]+)?(?:use|extern[ \t]+crate)[ \t]+(?:::)?(\w+(?:::\w+)*)", _M),
    "php": re.compile(r"^[ \t]*(?:use|namespace)[ \t]+(?:function[ \t]+|const[ \t]+)?\\?([A-Z][\w\\]*)", _M),
    "ruby": re.compile(r"""^[ \t]*require[ \t]*\(?[ \t]*["']([^"'\n]+)""", _M),
    "perl": re.compile(r"^[ \t]*(?:use|require)[ \t]+([A-Z]\w*(?:::\w+)*)", _M),
    "lua": re.compile(r"""\brequire\s*\(?\s*["']([\w./-]+)["']"""),
    "swift": re.compile(r"^[ \t]*(?:@\w+[ \t]+)?import[ \t]+(?:(?:class|struct|func|enum)[ \t]+)?(\w+)", _M),
    "dart": re.compile(r"""^[ \t]*import[ \t]+["']package:([^"'\n]+)""", _M),
    "elixir": re.compile(r"^[ \t]*(?:use|import|alias|require)[ \t]+([A-Z][\w.]*)", _M),
    "erlang": re.compile(r"""^-(?:include_lib\("|behaviou?r\()([\w/]+)""", _M),
    "r": re.compile(r"""\b(?:library|require|requireNamespace)[ \t]*\([ \t]*["']?(\w[\w.]*)|\b(\w[\w.]*):::?\w"""),
    "julia": re.compile(r"^[ \t]*(?:using|import)[ \t]+(\w[\w., \t]*)", _M),
    "haskell": re.compile(r"^import[ \t]+(?:safe[ \t]+)?(?:qualified[ \t]+)?([A-Z][\w.]*)", _M),
    "solidity": re.compile(r"""^[ \t]*import\b[^"';\n]*["']([^"'\n]+)["']""", _M),
}

MANNERS: dict[str, str] = {
    **dict.fromkeys(("Python", "Cython", "Mojo", "Starlark"), "python"),
    **dict.fromkeys(("JavaScript", "TypeScript", "TSX", "Vue", "Svelte", "CoffeeScript", "Astro"), "javascript"),
    **dict.fromkeys(("Java", "Kotlin", "Scala", "Groovy"), "jvm"),
    **dict.fromkeys(("C", "C++", "Objective-C", "Objective-C++", "Cuda", "Metal"), "c"),
    **dict.fromkeys(("C#", "F#", "Visual Basic .NET"), "dotnet"),
    "Go": "go", "Rust": "rust", "PHP": "php", "Ruby": "ruby", "Crystal": "ruby", "Perl": "perl",
    "Lua": "lua", "Luau": "lua", "Swift": "swift", "Dart": "dart", "Elixir": "elixir", "Erlang": "erlang",
    "R": "r", "Julia": "julia", "Haskell": "haskell", "Solidity": "solidity",
}  # fmt: skip
"""How a language writes its imports; languages that are not named here have none that are told."""

_DOTTED = frozenset({"python", "jvm", "dotnet", "elixir", "haskell", "lua"})
_LISTS = frozenset({"python", "julia"})  # several modules after one word


def modules(text: str, language: str) -> list[str]:
    """Modules in the order in which they are first imported, each once; relative ones begin with `.`."""
    manner = MANNERS.get(language)
    if manner is None:
        return []
    head = text[:MOST_CHARS]
    if manner == "go":
        head = head.partition("\nfunc ")[0]
    found: dict[str, None] = {}
    for match in _PATTERNS[manner].finditer(head):
        named = match[match.lastindex or 0]
        for name in named.split(",") if manner in _LISTS else (named,):
            found[_path(name, manner)] = None
        if len(found) >= MOST_MODULES:
            break
    found.pop("", None)
    return list(found)


def _path(name: str, manner: str) -> str:
    name = name.partition(" as ")[0].strip()
    if name.startswith(".") and manner in _DOTTED:
        return "./" + name.lstrip(".").replace(".", "/")
    if manner in _DOTTED:
        name = name.replace(".", "/")
    return name.replace("::", "/").replace("\\", "/")
