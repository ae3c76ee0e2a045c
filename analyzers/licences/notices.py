"""Licences by what is said of them: the notices that stand at the head of source files, and in short licence files."""

from __future__ import annotations

import re

from analyzers.licences.expression import PROPRIETARY, PUBLIC_DOMAIN, joined, normalise

MOST_CHARS = 6_000  # of a notice; the MPL 1.1's, with its two alternatives, has 1,900

_SPDX = re.compile(r"spdx-license-identifier:[ \t]*([^\r\n]{1,300})", re.IGNORECASE)
_SPDX_END = re.compile(r"\s*(?:\*/|-->|#}|%>|\*\)|\"\"\"|'''|\]\]|<br|</|\\n|[\"'`,;])")
_LATER = r"(?: only)?(?P<later>(?: \w+){0,3} or (?:\(at your option\) )?(?:any )?later|\+| or newer| or above)?"
_VERSION = r"(?:,? ?(?:either )?(?:version|v|ver|v\.|version:)? ?(?P<number>[123](?:\.[0-9])?))?"
_GNU = re.compile(
    rf"gnu (?:(?P<kind>lesser|library|affero) )?(?:general )?public license(?:,? ?\(?(?:[al]?gpl)\)?)?"
    rf"(?: as published by the free software foundation[,;:.]?)?{_VERSION}{_LATER}"
)
_GNU_SHORT = re.compile(rf"\b(?P<kind>[al]?)gpl[- ]?{_VERSION}{_LATER}")
_KINDS = {"": "GPL", "lesser": "LGPL", "library": "LGPL", "affero": "AGPL", "a": "AGPL", "l": "LGPL"}
_OLDEST = {"GPL": "1.0", "LGPL": "2.0", "AGPL": "3.0"}

# (words without which the pattern cannot match, pattern, expression), on lower-case text with single spaces; "license"
# is written so by all. Where several are said all bind, unless the text gives the choice.
_SAID: tuple[tuple[str, re.Pattern[str], str], ...] = tuple(
    (words, re.compile(pattern), expression)
    for words, pattern, expression in (
        ("llvm", r"apache license,? v(?:ersion )?2\.0 with llvm exceptions?", "Apache-2.0 WITH LLVM-exception"),
        ("apache", r"apache (?:software )?license,? ?\(?(?:version |v\.? ?)?2(?:\.0)?(?!\.?\d)(?! with llvm)|"
         r"apache\.org/licenses/license-2\.0(?!.{0,200}llvm exc)", "Apache-2.0"),
        ("mozilla", r"mozilla public license,? (?:\(?mpl\)?,? )?(?:version |v\.? ?)2\.0|mozilla\.org/mpl/2\.0",
         "MPL-2.0"),
        ("mozilla", r"mozilla public license,? (?:version |v\.? ?)1\.1", "MPL-1.1"),
        ("eclipse", r"eclipse public license,? ?(?:-|version|v\.?)? ?2\.0", "EPL-2.0"),
        ("eclipse", r"eclipse public license,? ?(?:-|version|v\.?)? ?1\.0", "EPL-1.0"),
        ("common development and", r"common development and distribution license", "CDDL-1.0"),
        ("boost software", r"boost software license", "BSL-1.0"),
        ("free of charge", r"permission is hereby granted, free of charge, to any person obtaining a copy.{0,900}"
         r"copyright notice.{0,60}permission notice", "MIT"),
        ("license", r"(?:under|of|with|by|is|the|use) (?:the )?(?:terms of )?(?:the )?\[?(?:mit|expat)"
         r"[- ]?(?:style )?license|"
         r"licensed?:? (?:under )?(?:the )?mit\b|^(?:the )?mit license", "MIT"),
        ("fee is hereby granted", r"permission to use, copy, modify,? (?:and|and/or|or)? ?distribute this software"
         r"(?: and its documentation)? for any purpose with or without fee is hereby granted, provided", "ISC"),
        ("fee is hereby granted", r"permission to use, copy, modify,? (?:and|and/or|or)? ?distribute this software for "
         r"any purpose with or without fee is hereby granted\.", "0BSD"),
        ("advertising materials", r"redistribution and use in source and binary forms", "BSD-4-Clause"),
        ("binary forms", r"redistribution and use in source and binary forms(?!.{0,900}advertising materials)"
         r".{0,1200}(?:neither the name|may not be used to endorse|names? of .{0,80}endorse)", "BSD-3-Clause"),
        ("binary forms", r"redistribution and use in source and binary forms(?!.{0,1200}(?:neither the name|endorse))",
         "BSD-2-Clause"),
        ("bsd", r"(?:3|three)-clause bsd|bsd[- ]3[- ]clause|(?:new|modified) bsd license|"
         r"(?:under|by) (?:the terms of )?(?:a|the) bsd(?:-style)? license", "BSD-3-Clause"),
        ("bsd", r"(?:2|two)-clause bsd|bsd[- ]2[- ]clause|simplified bsd license", "BSD-2-Clause"),
        ("provided 'as-is'", r"without any express or implied warranty", "Zlib"),
        ("unencumbered software", r"released into the public domain", "Unlicense"),
        ("cc0 1.0", r"cc0", "CC0-1.0"),
        ("cc0-1.0", r"cc0", "CC0-1.0"),
        ("publicdomain/zero", r"creativecommons\.org/publicdomain/zero/1\.0", "CC0-1.0"),
        ("what the fuck", r"do what the fuck you want to public license", "WTFPL"),
        ("perl", r"same terms as ?perl(?: 5)?(?: itself)?", "Artistic-1.0-Perl OR GPL-1.0-or-later"),
        ("psf", r"licensed to psf under a contributor agreement", "PSF-2.0"),
        ("python software", r"python software foundation license", "PSF-2.0"),
        ("server side public", r"server side public license", "SSPL-1.0"),
        ("business source", r"business source license", "BUSL-1.1"),
        ("elastic license", r"elastic license 2\.0", "Elastic-2.0"),
        ("licenses/by-nc-sa", r"creativecommons\.org/licenses/by-nc-sa/4\.0", "CC-BY-NC-SA-4.0"),
        ("licenses/by-nc/", r"creativecommons\.org/licenses/by-nc/4\.0", "CC-BY-NC-4.0"),
        ("licenses/by-sa/4", r"creativecommons\.org/licenses/by-sa/4\.0", "CC-BY-SA-4.0"),
        ("licenses/by-sa/3", r"creativecommons\.org/licenses/by-sa/3\.0", "CC-BY-SA-3.0"),
        ("licenses/by/4", r"creativecommons\.org/licenses/by/4\.0", "CC-BY-4.0"),
        ("public domain", r"(?:placed|released|is|put|are|dedicated)(?: \w+){0,3} (?:in|into|to) the public domain"
         r"(?! \(?where)", PUBLIC_DOMAIN),
        ("confidential", r"proprietary and confidential|confidential and proprietary|company confidential",
         PROPRIETARY),
        ("unauthori", r"unauthori[sz]ed copying of this", PROPRIETARY),
    )
)  # fmt: skip
_NEEDED = ("licens", "permission", "binary forms", "public", "cc0", "confidential", "unauthori", "perl", "as-is")
"""One of them is in everything that any pattern matches."""

# The same for families: what is in the brackets is a part of the identifier.
_FAMILIES = tuple(
    (words, re.compile(pattern), form)
    for words, pattern, form in (
        ("academic free", r"academic free license,? (?:version|v\.?) ?([123]\.[0-9])", "AFL-{}"),
        ("open software", r"open software license,? (?:version|v\.?) ?([123]\.[0-9])", "OSL-{}"),
        ("educational community", r"educational community license,? (?:version|v\.?) ?([12]\.0)", "ECL-{}"),
        ("mulan", r"mulan psl v([12])\b", "MulanPSL-{}.0"),
        ("gnu free", r"gnu free documentation license,? (?:version|v\.?) ?(1\.[123])", "GFDL-{}-or-later"),
        ("apple public", r"apple public source license,? (?:version|v\.?) ?([12]\.[0-2])", "APSL-{}"),
        ("mozilla", r"mozilla public license,? (?:version|v\.?) ?(1\.0)", "MPL-{}"),
    )
)
_CHOICE = re.compile(
    r"\balternatively\b|dual[- ]licen[cs]|\beither\b.{0,120}\bor\b|\bat your (?:option|choice)\b(?!\)? any later)|"
    r"license,? or (?:the )?"
)
_NOT_CHOICE = re.compile(
    r"either version [0-9.]+ of the license,? or \(at your option\)|\(at your option\) any later version"
)
_EXCEPTIONS = (
    (re.compile(r"llvm exceptions to the apache 2\.0 license"), "LLVM-exception", "Apache"),
    (re.compile(r"gcc runtime library exception"), "GCC-exception-3.1", "GPL-3"),
    (re.compile(r"permission to link this library with independent modules|classpath\W{1,2}exception"),
     "Classpath-exception-2.0", "GPL"),
    (re.compile(r"configuration script generated by autoconf"), "Autoconf-exception-generic", "GPL"),
    (re.compile(r"larger work that contains part or all of the bison parser"), "Bison-exception-2.2", "GPL"),
)  # fmt: skip
"""(words, exception, the licences it belongs to)"""


def tagged(text: str) -> str | None:
    """The expression of SPDX tags: of several lines all bind (REUSE's rule for one file)."""
    if "SPDX-" not in text and "spdx-" not in text:
        return None
    found = [_SPDX_END.split(tag)[0] for tag in _SPDX.findall(text)]
    known = [expression for tag in found if (expression := normalise(tag))]
    return joined(known, "AND")


def noticed(text: str) -> str | None:
    """The expression that a notice in plain words comes to; None where it names no licence.

    `text` is without comment marks. Several licences are joined by AND, or by OR where the words give the choice
    ("either ... or", "at your option", "alternatively").
    """
    plain = " ".join(text[:MOST_CHARS].lower().split()).replace("licence", "license")
    if not any(word in plain for word in _NEEDED):
        return None
    found = [expression for words, pattern, expression in _SAID if words in plain and pattern.search(plain)]
    for words, pattern, form in _FAMILIES:
        if words in plain and (said := pattern.search(plain)):
            found.append(form.format(said[1]))
    if "gnu" in plain or "gpl" in plain:
        found += _gnu(plain)
    if len(found) > 1 and PUBLIC_DOMAIN in found:
        found.remove(PUBLIC_DOMAIN)  # "or to the extent possible": the words around a licence that was found
    if len(found) > 1 and _CHOICE.search(_NOT_CHOICE.sub(" ", plain)):
        return joined(found, "OR")
    return joined(found, "AND")


def _gnu(plain: str) -> list[str]:
    """GNU's licences: the version may stand before or after "as published by the Free Software Foundation"."""
    named = list(_GNU.finditer(plain)) or (list(_GNU_SHORT.finditer(plain)) if "licen" in plain else [])
    found: dict[str, str] = {}
    for name in named:
        kind = _KINDS[name["kind"] or ""]
        number, later = name["number"], bool(name["later"])
        if number is None and kind not in found:
            after = re.match(rf".{{0,80}}?version {_VERSION.removesuffix('?')}", plain[name.end() :])
            number = after["number"] if after else None
        if number is not None and not later:
            later = (
                re.search(r"any later version|or later|or \(at your option\) any", plain[name.end() :][:260])
                is not None
            )
        if number is not None:
            number = number if "." in number else f"{number}.0"
            found.setdefault(kind, f"{kind}-{number}-{'or-later' if later else 'only'}")
    for kind in {_KINDS[name["kind"] or ""] for name in named} - found.keys():
        if not found:  # named without any version: the choice of all
            found[kind] = f"{kind}-{_OLDEST[kind]}-or-later"
    exception = exception_of(plain, list(found.values()))
    return [f"{one} WITH {exception[1]}" if exception and one == exception[0] else one for one in found.values()]


def exception_of(text: str, licences: list[str]) -> tuple[str, str] | None:
    """The exception that a text grants, with the one of its licences that it belongs to."""
    plain = " ".join(text.lower().split())
    for pattern, name, prefix in _EXCEPTIONS:
        licence = next((one for one in licences if one.startswith(prefix)), None)
        if licence and pattern.search(plain):
            return licence, name
    return None
