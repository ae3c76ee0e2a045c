"""How languages name things and how they declare them, as data: what naming.py goes by.

Conventions are those of the languages' own style guides: PEP 8, Google's for Java, the Rust API guidelines, Effective
Go, .NET's naming guidelines, Kotlin's and Swift's. Where a language has none that its users agree on (C, C++, PHP, Lua,
R, Shell), the majority of the file's own names decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from analyzers.syntax.token_stream import hash_of

N_SLOTS = 256
SNAKE, CAMEL, PASCAL, SCREAMING = 1, 2, 4, 8
"""Styles, added up: parse_line, parseLine, ParseLine, MOST_LINES. A word in small letters is snake and camel."""
OWN = 0
"""The majority of the file decides."""

# What a token is to the search for declarations.
(NOTHING, OPEN, CLOSE, COMMA, SEMICOLON, COLON, ASSIGN, DOT, STAR, BRACE, FOR, IN, DECLARES, TYPE, ARROW,
 BRACKET, END_BRACKET, GREATER, SELF) = range(19)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Convention:
    """One language. The first three are styles that are in order; OWN leaves it to the file."""

    functions: int = OWN
    classes: int = PASCAL
    variables: int = OWN
    declares: tuple[bytes, ...] = ()  # words behind which a name is declared
    assigns: tuple[bytes, ...] = ()  # operators before which one is, outside parentheses
    types: tuple[bytes, ...] = ()  # words for types; not empty: a name behind a type is declared
    name_last: bool = False  # parameters are written as type, name
    passes_by_name: bool = False  # f(x=1) declares nothing


_C_TYPES = (b"int", b"char", b"long", b"short", b"float", b"double", b"unsigned", b"signed", b"bool", b"auto", b"byte",
            b"boolean", b"var", b"size_t", b"string", b"decimal", b"object", b"uint", b"ulong", b"_Bool")  # fmt: skip
_LETS = (b"let", b"const", b"var")
_ECMA = Convention(functions=CAMEL | PASCAL, variables=CAMEL | PASCAL | SCREAMING, declares=_LETS)

CONVENTIONS: dict[str, Convention] = {
    "Python": Convention(functions=SNAKE, variables=SNAKE | SCREAMING, assigns=(b"=",), passes_by_name=True),
    "Java": Convention(functions=CAMEL, variables=CAMEL | SCREAMING, types=_C_TYPES, name_last=True),
    "JavaScript": _ECMA,
    "TypeScript": _ECMA,
    "TSX": _ECMA,
    "C": Convention(classes=OWN, types=_C_TYPES, name_last=True),
    "C++": Convention(classes=OWN, types=_C_TYPES, name_last=True),
    "Objective-C": Convention(functions=CAMEL, types=_C_TYPES, name_last=True),
    "C#": Convention(functions=PASCAL, variables=CAMEL | PASCAL, types=_C_TYPES, name_last=True),
    "Go": Convention(functions=CAMEL | PASCAL, classes=CAMEL | PASCAL, variables=CAMEL | PASCAL,
                     declares=(b"var", b"const"), assigns=(b":=",)),
    "Rust": Convention(functions=SNAKE, variables=SNAKE | SCREAMING, declares=(b"let", b"mut", b"const", b"static")),
    "Ruby": Convention(functions=SNAKE, variables=SNAKE | SCREAMING | PASCAL, assigns=(b"=",)),
    "PHP": Convention(assigns=(b"=",), name_last=True),
    "Kotlin": Convention(functions=CAMEL | PASCAL, variables=CAMEL | SCREAMING, declares=(b"val", b"var")),
    "Scala": Convention(functions=CAMEL, variables=CAMEL | PASCAL | SCREAMING, declares=(b"val", b"var")),
    "Swift": Convention(functions=CAMEL, variables=CAMEL, declares=(b"let", b"var")),
    "Lua": Convention(declares=(b"local",), assigns=(b"=",)),
    "Luau": Convention(declares=(b"local",), assigns=(b"=",)),
    "Shell": Convention(assigns=(b"=",)),
    "R": Convention(assigns=(b"<-",)),
    "Perl": Convention(assigns=(b"=",)),
    "Julia": Convention(functions=SNAKE, variables=SNAKE | SCREAMING | PASCAL, assigns=(b"=",),
                         passes_by_name=True),
    "Haskell": Convention(functions=CAMEL, variables=CAMEL),
    "Solidity": Convention(functions=CAMEL, variables=CAMEL | SCREAMING, types=(*_C_TYPES, b"address", b"uint256"),
                           name_last=True),
}  # fmt: skip
"""By Linguist's name: the languages whose functions are measured (tiers A and B)."""

_ROLES: dict[bytes, int] = {
    b"(": OPEN, b")": CLOSE, b",": COMMA, b";": SEMICOLON, b":": COLON, b".": DOT, b"->": DOT, b"?.": DOT,
    b"::": DOT, b"*": STAR, b"&": STAR, b"**": STAR, b"...": STAR, b"{": BRACE, b"for": FOR, b"foreach": FOR,
    b"in": IN, b"of": IN, b"=>": ARROW, b"[": BRACKET, b"]": END_BRACKET, b">": GREATER, b">>": GREATER, b"self": SELF,
}  # fmt: skip


@cache
def role_table(language: str) -> tuple[np.ndarray, np.ndarray]:
    """An open hash table of N_SLOTS: hashes of tokens, and what each is in this language."""
    convention = CONVENTIONS[language]
    roles = _ROLES | dict.fromkeys(convention.types, TYPE) | dict.fromkeys(convention.declares, DECLARES)
    roles |= dict.fromkeys((b"=", *convention.assigns), ASSIGN)
    if b":=" in convention.assigns:
        del roles[b"="]
    keys, values = np.zeros(N_SLOTS, np.uint64), np.zeros(N_SLOTS, np.uint8)
    for text, role in roles.items():
        value = hash_of(text)
        slot = value % N_SLOTS
        while keys[slot]:
            slot = (slot + 1) % N_SLOTS
        keys[slot], values[slot] = value, role
    return keys, values
