"""Licences by the names that people write: "Apache 2.0", "GNU GPL v3 or later", "The MIT License (MIT)"."""

from __future__ import annotations

import re
from functools import lru_cache

# What a name is without the words that every licence has.
_FILLER = re.compile(
    r"\b(?:the|licen[cs]es?|licen[cs]ed|software|version|ver|under|of|terms|osi approved|dual|open source|inc)\b"
)
_SHORT = re.compile(
    r"(?:gnu )?(?P<kind>a|l|)gpl(?:icense)?[ \-]*v?\.? ?(?P<number>[123](?:\.[0-9])?)?"
    r"(?P<later> ?\+| ?,? or (?:later|newer|above|any later|greater)\b.*| only)?"
)
_LONG = re.compile(
    r"(?:gnu )?(?P<kind>affero |lesser |library |)general public(?: gnu)?[ \-]*v?\.? ?(?P<number>[123](?:\.[0-9])?)?"
    r"(?P<later> ?\+| ?,? or (?:later|newer|above|any later|greater)\b.*| only)?"
)
_KINDS = {"": "GPL", "a": "AGPL", "affero": "AGPL", "l": "LGPL", "lesser": "LGPL", "library": "LGPL"}
_OLDEST = {"GPL": "1.0", "AGPL": "3.0", "LGPL": "2.0"}  # a name without a number leaves the choice of all

_NAMES = {
    "mit": "MIT", "expat": "MIT", "mit expat": "MIT", "mit x11": "MIT", "x11": "X11", "x11 mit": "MIT",
    "mit mit": "MIT",
    "mit style": "MIT", "mit like": "MIT", "mit 0": "MIT-0", "mit no attribution": "MIT-0",
    "apache": "Apache-2.0", "apache 2": "Apache-2.0", "apache 2.0": "Apache-2.0", "apache2": "Apache-2.0",
    "apache2.0": "Apache-2.0", "asl 2.0": "Apache-2.0", "apache v2": "Apache-2.0", "apache v2.0": "Apache-2.0",
    "asl2": "Apache-2.0", "asl": "Apache-2.0", "apache 2.0 apache 2.0": "Apache-2.0", "al2": "Apache-2.0",
    "apache 1.1": "Apache-1.1", "apache foundation": "Apache-2.0", "apache 2.0 with llvm exceptions":
    "Apache-2.0 WITH LLVM-exception",
    "bsd": "BSD-3-Clause", "new bsd": "BSD-3-Clause", "modified bsd": "BSD-3-Clause", "revised bsd": "BSD-3-Clause",
    "3 clause bsd": "BSD-3-Clause", "bsd 3 clause": "BSD-3-Clause", "bsd 3": "BSD-3-Clause", "bsd3": "BSD-3-Clause",
    "three clause bsd": "BSD-3-Clause", "bsd new": "BSD-3-Clause", "bsd style": "BSD-3-Clause", "bsd like":
    "BSD-3-Clause", "bsd 3 clause new or revised": "BSD-3-Clause", "bsd 3 clause new": "BSD-3-Clause",
    "2 clause bsd": "BSD-2-Clause", "bsd 2 clause": "BSD-2-Clause", "bsd 2": "BSD-2-Clause", "bsd2": "BSD-2-Clause",
    "simplified bsd": "BSD-2-Clause", "freebsd": "BSD-2-Clause", "bsd 2 clause simplified": "BSD-2-Clause",
    "original bsd": "BSD-4-Clause", "bsd 4 clause": "BSD-4-Clause", "bsd4": "BSD-4-Clause", "0bsd": "0BSD",
    "bsd zero clause": "0BSD", "zero clause bsd": "0BSD",
    "isc": "ISC", "isc iscl": "ISC", "iscl": "ISC",
    "mpl": "MPL-2.0", "mpl 2": "MPL-2.0", "mpl 2.0": "MPL-2.0", "mplv2": "MPL-2.0", "mpl v2": "MPL-2.0", "mpl2":
    "MPL-2.0", "mozilla public": "MPL-2.0", "mozilla public 2.0": "MPL-2.0", "mozilla public 2.0 mpl 2.0": "MPL-2.0",
    "mpl 1.1": "MPL-1.1", "mozilla public 1.1": "MPL-1.1", "mozilla public 1.1 mpl 1.1": "MPL-1.1",
    "psf": "PSF-2.0", "psfl": "PSF-2.0", "python": "Python-2.0", "python foundation": "PSF-2.0",
    "psf 2.0": "PSF-2.0",
    "gnu library or lesser general public lgpl": "LGPL-2.0-or-later", "zlib": "Zlib", "zlib libpng": "Zlib",
    "boost": "BSL-1.0", "boost 1.0": "BSL-1.0", "bsl 1.0": "BSL-1.0",
    "boost 1.0 bsl 1.0": "BSL-1.0", "unlicense": "Unlicense", "unlicense unlicense": "Unlicense",
    "wtfpl": "WTFPL", "do what the fuck you want to public": "WTFPL", "zpl 2.1": "ZPL-2.1", "zope public": "ZPL-2.1",
    "public domain": "LicenseRef-public-domain", "publicdomain": "LicenseRef-public-domain", "cc0": "CC0-1.0",
    "cc0 1.0": "CC0-1.0", "cc0 1.0 universal cc0 1.0 public domain dedication": "CC0-1.0", "cc0 1.0 universal":
    "CC0-1.0", "cc by 4.0": "CC-BY-4.0", "cc by sa 4.0": "CC-BY-SA-4.0", "cc by sa 3.0": "CC-BY-SA-3.0",
    "cc by 3.0": "CC-BY-3.0", "cc by nc 4.0": "CC-BY-NC-4.0", "cc by nc sa 4.0": "CC-BY-NC-SA-4.0",
    "eclipse public": "EPL-1.0", "eclipse public 1.0": "EPL-1.0", "eclipse public v1.0": "EPL-1.0", "epl": "EPL-1.0",
    "epl 1.0": "EPL-1.0", "eclipse public 1.0 epl 1.0": "EPL-1.0", "eclipse public v 1.0": "EPL-1.0",
    "eclipse public 2.0": "EPL-2.0", "eclipse public v2.0": "EPL-2.0", "epl 2.0": "EPL-2.0", "eclipse public v 2.0":
    "EPL-2.0", "eclipse public 2.0 epl 2.0": "EPL-2.0", "edl 1.0": "BSD-3-Clause", "eclipse distribution v 1.0":
    "BSD-3-Clause", "cddl": "CDDL-1.0", "cddl 1.0": "CDDL-1.0", "cddl 1.1": "CDDL-1.1",
    "perl": "Artistic-1.0-Perl OR GPL-1.0-or-later",
    "perl 5": "Artistic-1.0-Perl OR GPL-1.0-or-later", "same as perl": "Artistic-1.0-Perl OR GPL-1.0-or-later",
    "artistic": "Artistic-1.0", "artistic 2": "Artistic-2.0", "artistic 2.0": "Artistic-2.0", "ruby": "Ruby",
    "ruby's": "Ruby", "php": "PHP-3.01", "hpnd": "HPND", "historical permission notice and disclaimer hpnd": "HPND",
    "upl": "UPL-1.0", "universal permissive upl": "UPL-1.0", "ecl 2.0": "ECL-2.0", "osl 3.0": "OSL-3.0", "afl 3.0":
    "AFL-3.0", "european union public 1.2 eupl 1.2": "EUPL-1.2", "eupl 1.2": "EUPL-1.2", "eupl": "EUPL-1.2",
    "bsl 1.1": "BUSL-1.1", "business source 1.1": "BUSL-1.1", "busl 1.1": "BUSL-1.1", "elastic 2.0": "Elastic-2.0",
    "proprietary": "LicenseRef-proprietary", "commercial": "LicenseRef-proprietary", "unlicensed":
    "LicenseRef-proprietary", "all rights reserved": "LicenseRef-proprietary", "other proprietary":
    "LicenseRef-proprietary", "private": "LicenseRef-proprietary", "closed": "LicenseRef-proprietary",
    "nvidia proprietary": "LicenseRef-proprietary",
}  # fmt: skip
_SEPARATORS = re.compile(r"\s*(?:/|,(?!\s*v)|;|\||\bor\b)\s*", re.IGNORECASE)
"""Between names, where they are no expression: npm's and crates' old form is a choice ("MIT/Apache-2.0")."""


@lru_cache(maxsize=16_384)
def of_name(name: str) -> str | None:
    """The SPDX expression of a name, None where it names nothing known. Case, dashes and filler words do not count."""
    name = name.split(" :: ")[-1]
    found = _one(name)
    if found is not None or len(name) > 200:
        return found
    parts = [_one(part) or _id(part) for part in _SEPARATORS.split(name) if part]
    known = sorted({part for part in parts if part})
    return " OR ".join(known) if len(parts) > 1 and all(parts) else None


def _id(part: str) -> str | None:
    """What looks like an identifier is left for the parser to know."""
    return part if re.fullmatch(r"[A-Za-z]+[A-Za-z0-9]*-[A-Za-z0-9.\-]+", part) else None


def _one(name: str) -> str | None:
    plain = " ".join(_FILLER.sub(" ", re.sub(r"[^a-z0-9.+']+", " ", name.lower())).split())
    plain = plain.strip(" .")
    if plain in _NAMES:
        return _NAMES[plain]
    return _gnu(plain)


def _gnu(plain: str) -> str | None:
    """GPL, LGPL and AGPL in all their spellings; in brackets the short name may follow the long one."""
    for pattern in (_LONG, _SHORT):
        found = pattern.match(plain)
        if not found:
            continue
        rest = plain[found.end() :].strip()
        if rest and not _SHORT.fullmatch(rest):
            continue
        again = _SHORT.fullmatch(rest) if rest else None
        kind = _KINDS[found["kind"].strip()]
        number = found["number"] or (again["number"] if again else None)
        later = found["later"] or (again["later"] if again else None)
        if number is None:
            return f"{kind}-{_OLDEST[kind]}-or-later"
        number = number if "." in number else f"{number}.0"
        return f"{kind}-{number}-{'or-later' if later and later.strip() != 'only' else 'only'}"
    return None
