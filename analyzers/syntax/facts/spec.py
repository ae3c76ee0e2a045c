"""What one language is to the extraction of facts, beside what analyzers.syntax.spec says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analyzers.syntax.spec import Kinds


@dataclass(frozen=True, kw_only=True)
class FactSpec:
    """Kinds of a grammar and manners of a language, as data. What is left out is not extracted."""

    names: Kinds = ()  # identifiers of values
    types: Kinds = ()  # identifiers of types, where the grammar tells
    members: Kinds = ()  # identifiers behind a dot
    calls: Kinds = ()
    arguments: Kinds = ()  # the child of a call that holds its arguments
    one_argument: Kinds = ()  # a child in their place that is one argument
    tokens: Kinds = ()  # arguments of macros, tokens to the grammar: they are not counted
    heritage: Kinds = ()  # children of a class, or of its body, that name its bases
    embedded: str = ""  # kind of the members by which a class takes over another one whole: Go
    receivers: tuple[str, ...] = ()  # fields of a function or container that name the type it is for
    self_names: tuple[str, ...] = ()  # the object or class a method is in
    super_names: tuple[str, ...] = ("super",)
    implicit_self: bool = False  # methods of the class are called by name alone
    self_is_parameter: bool = False  # methods list it among their parameters
    separator: str = "."
    binds_by_statement: bool = False
    """Only declarations and assignments bind names: functions in objects and arguments have one as well, by which
    nothing calls them."""
    module_names: Literal["", "first", "last"] = ""  # which part of its path a module is called by when imported whole
    imports: str = ""  # how an import is read, a key of analyzers.syntax.facts.imports.READERS


NOTHING = FactSpec()
