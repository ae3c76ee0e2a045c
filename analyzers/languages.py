"""The languages this house knows, one row each: the only place where a language is named, spelt or described."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["programming", "markup", "data", "prose"]


@dataclass(frozen=True, kw_only=True)
class Language:
    """One language as data. `name` is Linguist's; extensions start with a dot; nothing here is case-folded."""

    name: str
    kind: Kind
    extensions: tuple[str, ...] = ()
    filenames: tuple[str, ...] = ()
    interpreters: tuple[str, ...] = ()  # of a #! line, without version digits
    aliases: tuple[str, ...] = ()  # spellings in modelines and in other people's data sets, lower-case
    line_comments: tuple[str, ...] = ()
    block_comments: tuple[tuple[str, str], ...] = ()
    strings: tuple[str, ...] = ()  # delimiters, longest first: '"""', '"', "'"
    multiline_strings: tuple[str, ...] = ()  # those of `strings` that may run over line ends
    nested_comments: bool = False


_C_STRINGS = ('"', "'")

LANGUAGES: tuple[Language, ...] = (
    Language(name="Python", kind="programming", extensions=(".py", ".pyi"), interpreters=("python",), aliases=("py",),
             line_comments=("#",), strings=('"""', "'''", '"', "'"), multiline_strings=('"""', "'''")),
    Language(name="C", kind="programming", extensions=(".c", ".h"), line_comments=("//",),
             block_comments=(("/*", "*/"),), strings=_C_STRINGS),
)

BY_NAME: dict[str, Language] = {language.name: language for language in LANGUAGES}
