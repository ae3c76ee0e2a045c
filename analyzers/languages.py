"""The languages this house knows, one row each: the only place where a language is named, spelt or described.

The rows themselves stand in three tables beside this file; what a row may say is in analyzers/language.py.
"""

from __future__ import annotations

from analyzers.language import Kind, Language
from analyzers.language_table_domain import DOMAIN
from analyzers.language_table_general import GENERAL
from analyzers.language_table_text import TEXT

__all__ = ["AMBIGUOUS", "BY_NAME", "LANGUAGES", "UNKNOWN", "Kind", "Language", "canonical"]

UNKNOWN = "Unknown"

LANGUAGES: tuple[Language, ...] = GENERAL + DOMAIN + TEXT

BY_NAME: dict[str, Language] = {language.name: language for language in LANGUAGES}

AMBIGUOUS: dict[str, tuple[str, ...]] = {
    ".bas": ("VBA", "BASIC"),
    ".cgi": ("Perl", "Python", "Shell"),
    ".cl": ("OpenCL", "Common Lisp"),
    ".cls": ("Apex", "TeX", "VBA"),
    ".d": ("D", "Makefile"),
    ".f": ("Fortran", "Forth"),
    ".fcgi": ("Perl", "Lua", "Shell"),
    ".fs": ("F#", "GLSL", "Forth"),
    ".h": ("C", "C++", "Objective-C"),
    ".inc": ("PHP", "C++", "Assembly", "Pascal"),
    ".l": ("Lex", "Common Lisp", "Roff"),
    ".m": ("Objective-C", "MATLAB", "Mathematica", "Mercury"),
    ".ml": ("OCaml", "Standard ML"),
    ".mod": ("Modula-2", "XML"),
    ".pl": ("Perl", "Prolog", "Raku"),
    ".pm": ("Perl", "Raku"),
    ".pp": ("Puppet", "Pascal"),
    ".pro": ("QMake", "Prolog", "IDL", "INI"),
    ".r": ("R", "Rebol"),
    ".s": ("Unix Assembly", "Assembly"),
    ".sql": ("SQL", "PLSQL", "PLpgSQL", "TSQL"),
    ".t": ("Perl", "Raku", "Terra"),
    ".ts": ("TypeScript", "XML"),
    ".v": ("Verilog", "Coq", "V"),
}
"""Extensions that several languages claim, the default first: what a name alone can't settle."""


def _fold(spelling: str) -> str:
    """One form for spellings that differ in case, blanks, underscores or hyphens only."""
    return spelling.strip().lower().replace("_", "-").replace(" ", "-")


_BY_SPELLING: dict[str, str] = {_fold(alias): row.name for row in LANGUAGES for alias in row.aliases}
_BY_SPELLING.update({_fold(row.name): row.name for row in LANGUAGES})


def canonical(spelling: str) -> str | None:
    """Linguist's name for any outside spelling ("c-sharp", "CPP", "Jupyter_Notebook"); None where none is known.

    Case, blanks, underscores and hyphens make no difference. Folder names of The Stack, OpenCoder's names, Vim's file
    types and Emacs's modes (without "-mode") are among the spellings.
    """
    return _BY_SPELLING.get(_fold(spelling))
