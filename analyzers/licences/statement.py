"""What a licence file or manifest says of the folder it lies in, and what several of them come to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from analyzers.licences.expression import UNKNOWN, ids, joined, normalise
from analyzers.licences.manifests import declared, is_manifest
from analyzers.licences.notices import exception_of, noticed, tagged
from analyzers.licences.texts import recognise

Kind = Literal["text", "manifest", "notice"]
"""A licence's text, a package's manifest, or what has to be passed on and grants nothing (NOTICE, third parties)."""

MOST_STATEMENTS = 16  # of one folder; more are a collection of licences, of which the first by name are taken

_TEXT = re.compile(
    r"^(?:[\w.]*[-_. ])?(?:(?:un)?licen[cs]e|copying|licen[cs]es?-?(?:mit|apache|bsd|gpl|lgpl|agpl|mpl|isc))"
    r"(?:[-_ .]?[\w+.\-]*)?$"
)
_NOTICE = re.compile(
    r"^(?:notices?|licen[cs]es|authors|(?:.*[-_. ])?(?:third|3rd)[-_. ]?part(?:y|ies).*)(?:\.(?:txt|md|rst))?$"
)
_OTHERS = re.compile(r"third|3rd|vendor|bundled|external|depend|template|header|check|plugin|config")
# A name may end in a licence's (LICENSE.MIT) and not in a programming language's (license.py).
_SUFFIX = re.compile(
    r"\.(?:txt|md|markdown|rst|html?|adoc|text|mit|apache[0-9.]*|bsd[0-9]*|[al]?gpl[v0-9.]*|mpl[0-9.]*|lesser|lib|isc|"
    r"boost|runtime|psf|cc0|public)$"
)
_NAMED_CHOICE = re.compile(
    r"^licen[cs]e[-_.](?!txt$|md$|rst$|markdown$|html?$)[\w.\-]+$|^[\w.]+[-_]licen[cs]e(?:\.txt|\.md)?$"
)


class Statement(NamedTuple):
    """What one file says: its name, its kind, and the SPDX expression; None where it grants nothing."""

    name: str
    kind: Kind
    licence: str | None


def kind_of(path: str) -> Kind | None:
    """The kind by the file's name; None for all files that are about anything else."""
    folders, _, name = path.rpartition("/")
    kind = _kind_of_name(name.lower())
    # debian/copyright only: elsewhere a file of that name is a text
    return "text" if kind == "manifest" and name.lower() == "copyright" and not folders.endswith("debian") else kind


@lru_cache(maxsize=16_384)
def _kind_of_name(name: str) -> Kind | None:
    if is_manifest(name):
        return "manifest"
    if _NOTICE.match(name):
        return "notice"
    if _TEXT.match(name) and ("." not in name or _SUFFIX.search(name)):
        return "notice" if _OTHERS.search(name) else "text"
    return None


def statement(path: str, text: str) -> Statement | None:
    """What a file says of its folder, by its name and text; None for a file that is of no kind, or says nothing."""
    kind, name = kind_of(path), path.rpartition("/")[2]
    if kind is None:
        return None
    if kind == "notice":
        return Statement(name, kind, None)
    if kind == "manifest":
        licence = declared(name, text)
        return Statement(name, kind, licence) if licence else None
    return Statement(name, kind, licence_of(text))


def licence_of(text: str) -> str:
    """The expression of a licence file: its tags, the licences whose text it holds, or those that it names."""
    tag = tagged(text[:4_000])
    if tag is not None:
        return tag
    held = [one for one in (normalise(name) for name in recognise(text)) if one]
    if held:
        exception = exception_of(text, ids(" AND ".join(held)))
        return (
            joined([f"{one} WITH {exception[1]}" if exception and one == exception[0] else one for one in held], "AND")
            or UNKNOWN
        )
    return noticed(text) or UNKNOWN


def of_folder(statements: Sequence[Statement]) -> str | None:
    """What all statements of a folder come to; None where none grants anything.

    A manifest knows what a text cannot tell (a choice, "or later") and is believed where it speaks of the same
    licences; where they differ, both bind. Of texts alone all bind, unless their names say that they are a choice
    (LICENSE-MIT and LICENSE-APACHE, Rust's custom). The GPL beside the LGPL is a part of that.
    """
    given = sorted({one for one in statements if one.licence})[:MOST_STATEMENTS]
    manifests = joined([str(one.licence) for one in given if one.kind == "manifest"], "AND")
    texts = [one for one in given if one.kind == "text"]
    known = [one for one in texts if one.licence != UNKNOWN]
    if not known:
        return manifests or (UNKNOWN if texts else None)
    named = len(known) > 1 and all(_NAMED_CHOICE.match(one.name.lower()) for one in known)
    licences = [str(one.licence) for one in known]
    if any(one.startswith("LGPL") for one in licences):
        licences = [one for one in licences if not one.startswith("GPL")]
    of_texts = joined(licences, "OR" if named else "AND")
    if manifests is None or manifests == UNKNOWN or of_texts is None:
        return of_texts
    if _families(manifests) & _families(of_texts):
        return manifests
    return joined([manifests, of_texts], "AND")


def _families(expression: str) -> set[str]:
    """Identifiers without "only" and "or later"."""
    return {re.sub(r"-(?:only|or-later)$", "", one) for one in ids(expression)}
