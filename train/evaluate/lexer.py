"""Source text as tokens, for as much as evaluation needs: what is comment, string, word, number, operator and space.

No grammar: enough to find the brace that ends a function, to change one operator and to leave out comments, in text
that a model wrote and that need not parse. Python's strings and comments, and those of the C family; JavaScript's
regular expressions are told from division by the token before them, as its own lexers do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_NUMBER = r"(?P<number>(?:0[xXbBoO][\da-fA-F_]+|(?:\d[\d_]*)(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?|\.\d+)[a-zA-Z]*)"
_WORD = r"(?P<word>[^\W\d]\w*)"
_SPACE = r"(?P<space>\s+)"
_QUOTED = r'"(?:\\.|[^"\\\n])*"?'
_CHARACTER = r"'(?:\\.|[^'\\\n])*'?"
_C_COMMENT = r"(?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))"
_OPERATOR = (
    r"(?P<operator>>>>=|===|!==|\*\*=|//=|<<=|>>=|>>>|&&=|\|\|=|\?\?=|\.\.\.|"
    r"==|!=|<=|>=|&&|\|\||\?\?|\?\.|\+\+|--|\+=|-=|\*=|/=|%=|&=|\|=|\^=|:=|->|=>|<-|::|<<|>>|\*\*|//|.)"
)


def _pattern(comment: str, string: str) -> re.Pattern[str]:
    return re.compile("|".join((_SPACE, comment, f"(?P<string>{string})", _NUMBER, _WORD, _OPERATOR)), re.DOTALL)


_TRIPLE = r'[rRbBfFuU]{0,2}(?:"""(?:\\.|[^\\])*?(?:"""|\Z)' + r"|'''(?:\\.|[^\\])*?(?:'''|\Z)"
_PATTERNS = {
    "Python": _pattern(r"(?P<comment>#[^\n]*)", rf"{_TRIPLE}|{_QUOTED}|{_CHARACTER})"),
    "C++": _pattern(_C_COMMENT, rf'R"(?P<mark>\w*)\(.*?\)(?P=mark)"|{_QUOTED}|{_CHARACTER}'),
    "Java": _pattern(_C_COMMENT, rf'"""(?:\\.|[^\\])*?(?:"""|\Z)|{_QUOTED}|{_CHARACTER}'),
    "JavaScript": _pattern(_C_COMMENT, rf"{_QUOTED}|{_CHARACTER}|`(?:\\.|[^`\\])*`?"),
    "Go": _pattern(_C_COMMENT, rf"{_QUOTED}|{_CHARACTER}|`[^`]*`?"),
    "Rust": _pattern(_C_COMMENT, rf"{_QUOTED}|b?'(?:\\.[^']*|[^'\\])'"),
}
_PATTERNS["TypeScript"] = _PATTERNS["JavaScript"]
_REGEX = re.compile(r"/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/\w*")
_BEFORE_REGEX = frozenset(["return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "else", "do"])


class Token(NamedTuple):
    """One token. Tokens stand side by side: their texts joined are the source."""

    kind: str  # space, comment, string, number, word, operator
    start: int  # in characters
    text: str

    @property
    def end(self) -> int:
        """Where the next token begins."""
        return self.start + len(self.text)


def tokens(text: str, language: str) -> Iterator[Token]:
    """All tokens in order. Raises ValueError for a language that is not known here."""
    if language not in _PATTERNS:
        raise ValueError(f"no lexer for {language!r}: there are {', '.join(_PATTERNS)}")
    pattern, script = _PATTERNS[language], language in ("JavaScript", "TypeScript")
    before: Token | None = None
    place = 0
    while place < len(text):
        found = _REGEX.match(text, place) if script and text[place] == "/" and _takes_regex(before) else None
        if found:
            token = Token("string", place, found[0])
        else:
            found = pattern.match(text, place)
            assert found is not None  # the last alternative takes any character
            assert found.lastgroup is not None
            token = Token(found.lastgroup, place, found[0])
        yield token
        place = token.end
        if token.kind not in ("space", "comment"):
            before = token


def _takes_regex(before: Token | None) -> bool:
    if before is None or before.text in _BEFORE_REGEX:
        return True
    return before.kind == "operator" and before.text not in (")", "]", "}", "++", "--")


def without_comments(text: str, language: str) -> str:
    """The text without comments and without lines that only held one."""
    kept = "".join(token.text for token in tokens(text, language) if token.kind != "comment")
    held = "".join(
        re.sub(r"[^\n]", "\0", token.text) if token.kind == "comment" else token.text
        for token in tokens(text, language)
    )
    if kept == held:
        return text
    lines = [line for line in held.split("\n") if not ("\0" in line and not line.replace("\0", "").strip())]
    return "\n".join(line.replace("\0", "").rstrip() for line in lines)
