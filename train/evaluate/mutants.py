"""Mutants: a program with one token changed, by a small table of changes, the same ones each time.

They ask whether tests can tell a right program from one that is nearly right. The operators are those usual in mutation
testing (Offutt et al. 1996; PIT's defaults): comparisons negated and moved by their boundary, arithmetic exchanged,
logical connectives exchanged, a negation left out, numbers and truth values changed, `break` and `continue` exchanged,
and, where a language is not typed, a returned value lost. Text in strings and comments is never touched.

A mutant may be equivalent to its original, or not compile; running it tells the second, only reading the first.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from train.evaluate.lexer import Token, tokens

_COMPARISONS = {
    "==": ("!=",), "!=": ("==",), "===": ("!==",), "!==": ("===",),
    "<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"),
}  # fmt: skip
_ARITHMETIC = {"+": "-", "-": "+", "*": "+", "/": "*", "%": "*", "//": "*", "**": "*"}
_UPDATES = {"+=": "-=", "-=": "+=", "*=": "+=", "++": "--", "--": "++"}
_LOGICAL = {"and": "or", "or": "and", "&&": "||", "||": "&&"}
_WORDS = {"True": "False", "False": "True", "true": "false", "false": "true", "break": "continue", "continue": "break"}
_LOST = {"Python": "None", "JavaScript": "undefined", "TypeScript": "undefined"}
_TYPED = ("C++", "Java", "Rust", "TypeScript")
_TYPE = re.compile(
    r"[A-Z]|(?:unordered_)?(?:map|set)$|multi(?:map|set)$|vector|pair|list|queue|stack|deque|tuple|array|::"
)
_NO_VALUE = frozenset((
    "return", "in", "and", "or", "not", "if", "else", "elif", "while", "case", "yield", "lambda", "print", "assert",
    "const", "let", "var",
))  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One changed program."""

    kind: str  # comparison, arithmetic, update, logical, negation, constant, jump, return
    line: int  # from 1
    before: str  # the line as it was, without space at its ends
    after: str
    text: str  # the whole program


def mutants(text: str, language: str, most: int | None = None, seed: int = 0) -> list[Mutant]:
    """Mutants of a program in the order of its text; at most so many, chosen by a hash of the seed and the place."""
    found = list(_changes(text, list(tokens(text, language)), language))
    if most is not None and len(found) > most:
        found = sorted(sorted(found, key=lambda change: _chance(seed, text, change))[:most])
    return [_mutant(text, *change) for change in found]


def fate(outcome: str, detail: str) -> str:
    """What a verdict on a mutant says: killed, survived, stillborn (it does not compile), or unknown."""
    if outcome == "passed":
        return "survived"
    if outcome == "infrastructure":
        return "unknown"
    return "stillborn" if detail.startswith("does not compile") or "SyntaxError" in detail else "killed"


def _chance(seed: int, text: str, change: tuple[int, int, str, str]) -> bytes:
    return hashlib.sha256(f"{seed}\0{text}\0{change}".encode()).digest()


def _mutant(text: str, start: int, end: int, new: str, kind: str) -> Mutant:
    changed = text[:start] + new + text[end:]
    line = text.count("\n", 0, start)
    before, after = text.split("\n")[line].strip(), changed.split("\n")[line].strip()
    return Mutant(kind=kind, line=line + 1, before=before, after=after, text=changed)


def _changes(text: str, found: Sequence[Token], language: str) -> Iterator[tuple[int, int, str, str]]:
    """(start, end, replacement, kind) of every change that the table has for these tokens."""
    told = [token for token in found if token.kind not in ("space", "comment")]
    types = _type_brackets(told) if language in _TYPED else set()
    for place, token in enumerate(told):
        if place in types:
            continue
        before = told[place - 1] if place else None
        after = told[place + 1] if place + 1 < len(told) else None
        for new, kind in _replacements(before, token, after, language):
            yield token.start, token.end, new, kind
        if token.text == "return" and language in _LOST and after is not None:
            value = re.compile(r"[^\S\n]*([^\s;}#/][^\n;#]*)").match(text, token.end)
            single = value and all(value[1].count(a) == value[1].count(b) for a, b in ("()", "[]", "{}"))
            if value and single and value[1].strip() != _LOST[language]:
                yield value.start(1), value.end(1), _LOST[language], "return"


def _replacements(before: Token | None, token: Token, after: Token | None, language: str) -> Iterator[tuple[str, str]]:
    """What a token may become, and the kind of change."""
    word = token.text
    if token.kind == "number":
        if word.isdigit() and not (before and before.text in (".", "#")):
            yield str(int(word) + 1), "constant"
    elif token.kind == "word":
        if word in _WORDS:
            yield _WORDS[word], "jump" if word in ("break", "continue") else "constant"
        elif word in _LOGICAL and language == "Python":
            yield _LOGICAL[word], "logical"
        elif word == "not" and language == "Python" and not (after and after.text == "in"):
            yield "", "negation"
    elif token.kind == "operator":
        if word in _COMPARISONS:
            yield from ((new, "comparison") for new in _COMPARISONS[word])
        elif word in _ARITHMETIC and _is_value(before) and after is not None and after.text not in ("=", ",", ")"):
            yield _ARITHMETIC[word], "arithmetic"
        elif word in _UPDATES:
            yield _UPDATES[word], "update"
        elif word in _LOGICAL:
            yield _LOGICAL[word], "logical"
        elif word == "!":
            yield "", "negation"


def _type_brackets(told: Sequence[Token]) -> set[int]:
    """Places of angle brackets that hold a type's parameters: after a type's name, without space, and balanced."""
    found: set[int] = set()
    for place, token in enumerate(told):
        before = told[place - 1] if place else None
        if token.text != "<" or before is None or before.end != token.start or not _TYPE.match(before.text):
            continue
        depth, inside = 0, []
        for at in range(place, len(told)):
            text = told[at].text
            if (
                text.strip("<>")
                and told[at].kind == "operator"
                and text not in (",", "?", "::", "[", "]", "*", "&", ".")
            ):
                break
            if not text.strip("<>"):
                depth += text.count("<") - text.count(">")
                inside.append(at)
            if depth <= 0:
                found.update(inside)
                break
    return found


def _is_value(before: Token | None) -> bool:
    """Whether an operator after this token has a left side: else it is a sign or a pointer."""
    if before is None or before.text in _NO_VALUE:
        return False
    return before.kind in ("word", "number", "string") or before.text in (")", "]")
