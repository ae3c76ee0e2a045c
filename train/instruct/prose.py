"""What a documentation comment says: in words alone, or with what specifies the code.

Documentation systems put tags and markup into comments: Javadoc, JSDoc, YUIDoc, PHPDoc, Doxygen and KDoc (`@since 2`,
`\\brief`), Sphinx (`:param x:`), RDoc (`:call-seq:`), HTML and XML. To somebody who asks what a function does, `@since
4.7.2` is no answer, and a comment that has nothing but tags describes nothing.
"""

from __future__ import annotations

import re
import textwrap

_WORDED = frozenset(("brief", "description", "desc", "summary", "details", "short", "remarks", "classdesc"))
_SPECIFYING = frozenset((
    "param", "params", "parameter", "arg", "argument", "return", "returns", "retval", "throws", "throw", "exception",
    "raises", "yields", "tparam", "typeparam", "pre", "post", "note", "example", "type", "property",
))  # fmt: skip
# Where any word behind @ is a tag; elsewhere it may be a decorator or Haddock's @code@, and only known ones are.
_TAGGED = frozenset((
    "Java", "Kotlin", "Scala", "Groovy", "JavaScript", "TypeScript", "PHP", "C", "C++", "Objective-C", "Lua", "C#",
))  # fmt: skip
_KNOWN = _WORDED | _SPECIFYING | {"since", "author", "version", "deprecated", "see", "todo"}
_TAG = re.compile(r"^\s*[@\\](\w+)(?![\w@.-])(?:\{[^}]*\})?\s?(.*)")
_FIELD = re.compile(
    r"^\s*:(param|parameter|arg|type|returns?|rtype|raises?|raise|yields?|ivar|var|cvar|meta)\b[^:\n]*:"
)
_DIRECTIVE = re.compile(r"^\s*\.\. (?:versionadded|versionchanged|deprecated|seealso|index)::")
_CALLS = re.compile(r"^:call-seq:[^\n]*\n(?:[ \t]+[^\n]*(?:\n|\Z)|[ \t]*\n)*", re.MULTILINE)
_BANNER = re.compile(r"^[^\w\s]{3,}$")
_INLINE = (
    (re.compile(r"\{@(?:code|literal|value)\s+([^{}]*)\}"), r"`\1`"),
    (re.compile(r"\{@\w+\s+([^{}\s]+)(?:\s+[^{}]*)?\}"), r"`\1`"),
    (re.compile(r"(?<![\w`]):[a-z:]+:`~?([^`<\n]+?)(?:\s*<[^`\n]*>)?`"), r"`\1`"),
    (re.compile(r"(?<!`)``(?!`)([^`\n]+)``(?!`)"), r"`\1`"),
)
_RDOC = re.compile(r"(?<![\w+])\+(\S+?)\+(?![\w+])")
_MARKED_UP = frozenset(("Java", "Kotlin", "Scala", "Groovy", "C#", "PHP", "JavaScript", "TypeScript"))
_HTML = (
    (re.compile(r"<(code|tt|c)>(.*?)</\1>", re.DOTALL | re.IGNORECASE), r"`\2`"),
    (re.compile(r"<(?:see|paramref|typeparamref)\s+\w+=\"(?:\w:)?([^\"]*)\"\s*/>"), r"`\1`"),
    (re.compile(r"[ \t]*<li>[ \t]*", re.IGNORECASE), "- "),
    (re.compile(r"[ \t]*<(?:p|br)\s*/?>[ \t]*", re.IGNORECASE), "\n"),
    (re.compile(r"</?(?:p|br|ul|ol|li|pre|b|i|em|strong|blockquote|summary|remarks|para|a|h\d)\b[^>]*>", re.I), ""),
)
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&nbsp;", " "), ("&amp;", "&"))


def specification(comment: str, language: str) -> str:
    """What a comment says of the code, with parameters and results, without tags of other use and without markup."""
    return _clean("\n".join(_lines(comment, language, tags=True)), language)


def description(comment: str, language: str) -> str:
    """The words of a comment alone; "" for one that is nothing but tags."""
    return _clean("\n".join(_lines(comment, language, tags=False)), language)


def _lines(comment: str, language: str, *, tags: bool) -> list[str]:
    """Lines that stay. A tag reaches to the next one, or to an empty line."""
    kept: list[str] = []
    dropping = False
    for line in _CALLS.sub("", comment).splitlines():
        tag, sphinx = _TAG.match(line), _FIELD.match(line)
        if tag and language not in _TAGGED and tag[1].lower() not in _KNOWN:
            tag = None
        if tag and tag[1].lower() in _WORDED:
            dropping = False
            kept.append(tag[2])
            continue
        if _DIRECTIVE.match(line):
            dropping = True
        elif tag or sphinx:
            dropping = not (tags and (sphinx is not None or (tag is not None and tag[1].lower() in _SPECIFYING)))
        elif not line.strip():
            dropping = False
        if not dropping:
            kept.append(line)
    return kept


def _clean(text: str, language: str) -> str:
    """Without markup, banners at either end, and empty lines side by side."""
    for pattern, plain in (*_INLINE, *(_HTML if language in _MARKED_UP else ())):
        text = pattern.sub(plain, text)
    if language in _MARKED_UP:
        for entity, character in _ENTITIES:
            text = text.replace(entity, character)
    elif language == "Ruby":
        text = _RDOC.sub(r"`\1`", text)
    elif language == "Haskell":
        text = text.lstrip("|^ ")
    lines = [line.rstrip() for line in text.splitlines()]
    while lines and (not lines[0] or _BANNER.match(lines[0].strip())):
        del lines[0]
    while lines and (not lines[-1] or _BANNER.match(lines[-1].strip())):
        del lines[-1]
    return re.sub(r"\n{3,}", "\n\n", textwrap.dedent("\n".join(lines))).strip()
