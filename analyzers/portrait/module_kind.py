"""What part a file plays in its project: test, model, controller, configuration, documentation, build ...

Rules are tried in order and the first that holds names the kind, so that they run from what a path proves to what a
text suggests. A rule looks at the lower-cased path, its name, the languages, or the text's head. What no rule names is
`library` where it is code, `data` or `docs` where it is none.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from analyzers.languages import BY_NAME
from analyzers.portrait.found import Patterns
from analyzers.portrait.module_kind_table import CODE, RULES

HEAD_CHARS = 16_384


KINDS = (*dict.fromkeys(rule.kind for rule in RULES), "library", "data")
_OF_LANGUAGE = {"programming": "library", "markup": "docs", "prose": "docs", "data": "data"}
_MARKUP = {"XML": "data", "SVG": "data"}

_FORWARDS = re.compile(
    r"""\A\s*(?:(?:/\*[\s\S]*?\*/|//[^\n]*|["']use\ strict["'];?|
    (?:var|const|let)\s+[\w{}$,:\s]+=\s*(?:\w+\()?require\([^)\n]*\)\)?[\w.]*;?|require\([^)\n]*\);?|import\s[^;\n]*;?|
    export\s+(?:\*|\{[^}]*\})\s*(?:as\s+\w+\s+)?from\s[^;\n]*;?|module\.exports\s*=\s*[\w.(]*(?:require\([^)]*\))?[\w.)]*;?|
    export\s+(?:default\s+\w+|\{[^}]*\});?|Object\.defineProperty\(exports[^;]*;)\s*)+\Z""",
    re.VERBOSE,
)
_FORWARDING = frozenset({"JavaScript", "TypeScript", "TSX"})
_FORWARD_CHARS = 2_000


class _Compiled(NamedTuple):
    kind: str
    path: int | None  # its place in _PATHS
    not_path: int | None
    text: int | None  # in _TEXTS
    not_text: int | None


_PATHS = tuple(dict.fromkeys(path for rule in RULES for path in (rule.path, rule.not_path) if path))
_TEXTS = tuple(dict.fromkeys(text for rule in RULES for text in (rule.text, rule.not_text) if text))


@cache
def _patterns() -> tuple[Patterns, Patterns]:
    """What any rule looks for in paths and in texts."""
    return Patterns(_PATHS), Patterns(_TEXTS)


@cache
def _rules(language: str) -> tuple[_Compiled, ...]:
    """The rules that can hold for a language."""
    row = BY_NAME.get(language)
    names = {language, CODE} if row is None or row.kind == "programming" else {language}
    return tuple(
        _Compiled(
            rule.kind,
            _PATHS.index(rule.path) if rule.path else None,
            _PATHS.index(rule.not_path) if rule.not_path else None,
            _TEXTS.index(rule.text) if rule.text else None,
            _TEXTS.index(rule.not_text) if rule.not_text else None,
        )
        for rule in RULES
        if not rule.languages or not names.isdisjoint(rule.languages.split(","))
    )


def module_kind(path: str, language: str, text: str) -> str:
    """One of KINDS. `text` may be the file's head only."""
    of_path, of_text = _patterns()
    there = of_path.found(f"/{path.lower()}".encode("utf-8", "replace"))
    found: set[int] | None = None  # most files are told by their path
    for rule in _rules(language):
        if (rule.path is not None and rule.path not in there) or rule.not_path in there:
            continue
        if rule.text is None:
            return rule.kind
        if found is None:
            found = of_text.found(text[:HEAD_CHARS].encode("utf-8", "replace"))
        if rule.text in found and rule.not_text not in found:
            return rule.kind
    if language in _FORWARDING and len(text) <= _FORWARD_CHARS and _FORWARDS.match(text):
        return "index"
    row = BY_NAME.get(language)
    return _MARKUP.get(language) or ("data" if row is None else _OF_LANGUAGE[row.kind])
