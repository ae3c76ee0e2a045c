"""SPDX licence expressions: written one way, and the kind of terms they set.

Identifiers and their categories are those of the ScanCode LicenseDB (nexB, CC-BY-4.0), which comes inside the package
license-expression; the same package parses. Deprecated identifiers become those that replaced them.
"""

from __future__ import annotations

import json
from functools import cache, lru_cache
from importlib import resources
from typing import Any, Literal, get_args

from boolean.boolean import ParseError
from license_expression import (
    AND,
    OR,
    ExpressionError,
    LicenseWithExceptionSymbol,
    Licensing,
    get_spdx_licensing,
)

from analyzers.licences.names import of_name

Class = Literal["permissive", "weak_copyleft", "copyleft", "unknown", "proprietary", "none"]
CLASSES: tuple[Class, ...] = get_args(Class)
"""From the freest to the strictest; "none" is where nothing at all is said, and never stands inside an expression."""

UNKNOWN = "LicenseRef-unknown"
"""There is a licence, and it is none that is known."""
PROPRIETARY = "LicenseRef-proprietary"
"""All rights are kept, by the word of the file."""
PUBLIC_DOMAIN = "LicenseRef-public-domain"

MOST_CHARS = 1_000  # of an expression; the longest honest ones have a few hundred, and the parser's stack has an end

_OWN: dict[str, Class] = {PROPRIETARY.lower(): "proprietary", PUBLIC_DOMAIN.lower(): "permissive"}
_CLASS_OF_CATEGORY: dict[str, Class] = {
    "Permissive": "permissive",
    "Public Domain": "permissive",
    "Copyleft Limited": "weak_copyleft",
    "Copyleft": "copyleft",
    "Proprietary Free": "proprietary",
    "Commercial": "proprietary",
    "Free Restricted": "proprietary",  # not for every purpose
    "Source-available": "proprietary",
}
"""The others (CLA, Patent License, Unstated License) are no terms for source code: unknown."""

# Identifiers that the SPDX list gave up for an expression rather than another identifier.
_REPLACED = {
    "GPL-2.0-with-autoconf-exception": "GPL-2.0-only WITH Autoconf-exception-2.0",
    "GPL-2.0-with-bison-exception": "GPL-2.0-only WITH Bison-exception-2.2",
    "GPL-2.0-with-classpath-exception": "GPL-2.0-only WITH Classpath-exception-2.0",
    "GPL-2.0-with-font-exception": "GPL-2.0-only WITH Font-exception-2.0",
    "GPL-2.0-with-GCC-exception": "GPL-2.0-only WITH GCC-exception-2.0",
    "GPL-3.0-with-autoconf-exception": "GPL-3.0-only WITH Autoconf-exception-3.0",
    "GPL-3.0-with-GCC-exception": "GPL-3.0-only WITH GCC-exception-3.1",
    "eCos-2.0": "GPL-2.0-or-later WITH eCos-exception-2.0",
    "wxWindows": "LGPL-2.0-or-later WITH WxWindows-exception-3.1",
}


@cache
def _licensing() -> Licensing:
    return get_spdx_licensing()


@cache
def table() -> dict[str, Class]:
    """The class of every SPDX identifier, lower-case; of an exception, the class it gives to a copyleft licence."""
    index = json.loads(
        resources.files("license_expression").joinpath("data/scancode-licensedb-index.json").read_bytes()
    )
    found: dict[str, Class] = {}
    for row in index:
        for name in (row["spdx_license_key"], *row["other_spdx_license_keys"]):
            if name:
                found.setdefault(name.lower(), _CLASS_OF_CATEGORY.get(row["category"], "unknown"))
    return found | _OWN


@lru_cache(maxsize=65_536)
def normalise(text: str) -> str | None:
    """The expression as the SPDX list writes it, with names in everyday words understood ("Apache 2.0").

    None for what says nothing (empty, NONE, NOASSERTION); LicenseRef-unknown for what cannot be read as a licence.
    Never raises.
    """
    text = " ".join(text.split())[: MOST_CHARS + 1]
    if not text or text.upper() in ("NONE", "NOASSERTION", "UNKNOWN", "NULL"):
        return None
    if len(text) > MOST_CHARS:
        return UNKNOWN
    tree = _parsed(text)
    if tree is None or all(_is_unknown(part) for part in _parts(tree)):
        named = of_name(text)
        tree = _parsed(named) if named else tree
    return UNKNOWN if tree is None else _rendered(tree)


@lru_cache(maxsize=65_536)
def licence_class(expression: str | None) -> Class:
    """The class of an expression: of AND the strictest part binds, of OR one may take the freest.

    An exception to a copyleft licence (Classpath, GCC, LLVM) loosens it to weak copyleft, as far as it is a known one.
    """
    if not expression:
        return "none"
    tree = _parsed(expression[: MOST_CHARS + 1])
    return "unknown" if tree is None or len(expression) > MOST_CHARS else _class_of(tree)


def joined(expressions: list[str], operator: Literal["AND", "OR"]) -> str | None:
    """One expression of several, each once and in order; None of none."""
    parts = sorted(dict.fromkeys(expressions))
    if len(parts) < 2:
        return parts[0] if parts else None
    inner = "OR" if operator == "AND" else "AND"
    whole = f" {operator} ".join(f"({part})" if f" {inner} " in part else part for part in parts)
    return whole if len(whole) <= MOST_CHARS else UNKNOWN


def ids(expression: str) -> list[str]:
    """The identifiers of an expression without exceptions, in order."""
    tree = _parsed(expression)
    if tree is None:
        return []
    return [str(getattr(part, "license_symbol", part).key) for part in _parts(tree)]


def _parsed(text: str) -> Any | None:
    try:
        return _licensing().parse(_REPLACED.get(text, text))
    except (ExpressionError, ParseError, RecursionError, ValueError, TypeError, AttributeError, IndexError):
        return None  # the parser meets strangers' text, and tells of it in many ways


def _parts(tree: Any) -> list[Any]:
    """License symbols, those with an exception as one."""
    if isinstance(tree, (AND, OR)):
        return [part for one in tree.args for part in _parts(one)]
    return [tree]


def _operands(tree: Any) -> list[Any]:
    """What an operator joins, its own kind inside it taken apart."""
    return [one for part in tree.args for one in (_operands(part) if isinstance(part, type(tree)) else [part])]


def _rendered(tree: Any) -> str:
    """The expression, its unknown names in the form that SPDX has for them."""
    if isinstance(tree, (AND, OR)):
        operator: Literal["AND", "OR"] = "AND" if isinstance(tree, AND) else "OR"
        parts = [_rendered(part) for part in _operands(tree)]
        return joined([part for part in parts if part != UNKNOWN] + [UNKNOWN] * (UNKNOWN in parts), operator) or UNKNOWN
    if isinstance(tree, LicenseWithExceptionSymbol):
        licence = _rendered(tree.license_symbol)
        known = tree.exception_symbol.key.lower() in table()
        return f"{licence} WITH {tree.exception_symbol.key}" if known and licence != UNKNOWN else licence
    name = str(getattr(tree, "key", ""))
    if _is_unknown(tree):
        plain = name.removesuffix("+")  # "or later" of a licence that has no identifier for it
        named = plain if plain.lower() in table() else of_name(name)
        return named or (name if name.lower().startswith(("licenseref-", "documentref-")) else UNKNOWN)
    return _REPLACED.get(name, name)


def _is_unknown(part: Any) -> bool:
    licence = getattr(part, "license_symbol", part)
    return str(getattr(licence, "key", "")).lower() not in table()


def _class_of(tree: Any) -> Class:
    if isinstance(tree, (AND, OR)):
        places = [CLASSES.index(_class_of(part)) for part in tree.args]
        return CLASSES[max(places) if isinstance(tree, AND) else min(places)]
    if isinstance(tree, LicenseWithExceptionSymbol):
        own = _class_of(tree.license_symbol)
        exception = table().get(tree.exception_symbol.key.lower(), "unknown")
        return "weak_copyleft" if own == "copyleft" and exception in ("permissive", "weak_copyleft") else own
    name = str(getattr(tree, "key", ""))
    if name in _REPLACED:
        return licence_class(_REPLACED[name])
    return table().get(name.lower(), "unknown")
