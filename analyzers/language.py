"""What one language is, as data, and the few ways of writing comments and strings that most languages share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypedDict

Kind = Literal["programming", "markup", "data", "prose"]


@dataclass(frozen=True, kw_only=True)
class Language:
    """One language as data. `name` is Linguist's; extensions start with a dot; nothing here is case-folded.

    Comment marks and delimiters are those that a lexer without a grammar can trust: it takes the longest mark that
    fits, and a string outside `multiline_strings` ends with its line. A quote that mostly isn't a string (Rust's
    lifetimes, Lisp's quote, the apostrophes of prose in markup) is left out.
    """

    name: str
    kind: Kind
    extensions: tuple[str, ...] = ()  # an upper-case letter means that the case decides: ".C" is C++
    filenames: tuple[str, ...] = ()
    interpreters: tuple[str, ...] = ()  # of a #! line, without version digits
    aliases: tuple[str, ...] = ()  # spellings in modelines and in other people's data sets, lower-case
    line_comments: tuple[str, ...] = ()
    block_comments: tuple[tuple[str, str], ...] = ()
    strings: tuple[str, ...] = ()  # delimiters, longest first: '"""', '"', "'"
    multiline_strings: tuple[str, ...] = ()  # those of `strings` that may run over line ends
    nested_comments: bool = False


class Comments(TypedDict, total=False):
    """The comment fields of a Language, shared by a family."""

    line_comments: tuple[str, ...]
    block_comments: tuple[tuple[str, str], ...]
    nested_comments: bool


class Strings(TypedDict, total=False):
    """The string fields of a Language, shared by a family."""

    strings: tuple[str, ...]
    multiline_strings: tuple[str, ...]


SLASHES: Comments = {"line_comments": ("//",), "block_comments": (("/*", "*/"),)}
SLASHES_NESTED: Comments = {**SLASHES, "nested_comments": True}
STARRED: Comments = {"block_comments": (("/*", "*/"),)}
HASH: Comments = {"line_comments": ("#",)}
HASH_SLASHES: Comments = {"line_comments": ("#", "//"), "block_comments": (("/*", "*/"),)}
PERCENT: Comments = {"line_comments": ("%",)}
SEMICOLON: Comments = {"line_comments": (";",)}
LISP: Comments = {"line_comments": (";",), "block_comments": (("#|", "|#"),), "nested_comments": True}
ML: Comments = {"block_comments": (("(*", "*)"),), "nested_comments": True}
HASKELL: Comments = {"line_comments": ("--",), "block_comments": (("{-", "-}"),), "nested_comments": True}
DASHES: Comments = {"line_comments": ("--",)}
SQL_COMMENTS: Comments = {"line_comments": ("--",), "block_comments": (("/*", "*/"),)}
ANGLE: Comments = {"block_comments": (("<!--", "-->"),)}

QUOTES: Strings = {"strings": ('"', "'")}
QUOTES_OVER_LINES: Strings = {"strings": ('"', "'"), "multiline_strings": ('"', "'")}
DOUBLE: Strings = {"strings": ('"',)}
DOUBLE_OVER_LINES: Strings = {"strings": ('"',), "multiline_strings": ('"',)}
SINGLE: Strings = {"strings": ("'",)}
TRIPLE_DOUBLE: Strings = {"strings": ('"""', '"', "'"), "multiline_strings": ('"""',)}
TRIPLE_BOTH: Strings = {"strings": ('"""', "'''", '"', "'"), "multiline_strings": ('"""', "'''")}
BACKTICK: Strings = {"strings": ('"', "'", "`"), "multiline_strings": ("`",)}
SQL_STRINGS: Strings = {"strings": ("'", '"'), "multiline_strings": ("'",)}
