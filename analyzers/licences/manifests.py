"""Package manifests: the licence that they declare for the folder they lie in.

Each is read by a parser of its format. What cannot be parsed, or is no manifest after all, declares nothing; nothing
here raises, whatever the bytes.
"""

from __future__ import annotations

import ast
import configparser
import json
import re
import tomllib
import warnings
from collections.abc import Callable
from email.parser import HeaderParser
from typing import Any
from xml.etree import ElementTree

from analyzers.licences.expression import PROPRIETARY, UNKNOWN, joined, normalise

MOST_BYTES = 1_000_000  # a larger file is no manifest that somebody wrote
_MOST_NESTING = 200  # brackets; the JSON and TOML parsers recurse

_NO_DOCTYPE = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_GEMSPEC = re.compile(
    r"^\s*\w+\.licen[cs]es?\s*=\s*(?:\[\s*)?((?:['\"][^'\"\n]{1,100}['\"](?:\.freeze)?\s*,?\s*){1,8})", re.MULTILINE
)
_QUOTED = re.compile(r"['\"]([^'\"\n]+)['\"]")
_CABAL = re.compile(r"^licen[cs]e:[ \t]*([^\n]+)$", re.IGNORECASE | re.MULTILINE)
_R_FILE = re.compile(r"\+?\s*file\s+LICEN[CS]E", re.IGNORECASE)
_R_VERSION = re.compile(r"\b([AL]?GPL)(?:-| )?(?:\(\s*(>=?|==)\s*)?([23](?:\.[0-9])?)\)?")
_SEE = re.compile(r"^see (?:license|licence)", re.IGNORECASE)


def declared(name: str, text: str) -> str | None:
    """The SPDX expression that a manifest of that file name declares; None where it declares none or is no manifest."""
    reader = _reader(name)
    if reader is None or len(text) > MOST_BYTES:
        return None
    try:
        return reader(text.removeprefix("\ufeff"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, MemoryError, SyntaxError):
        return None  # ValueError: JSON, TOML, INI; SyntaxError: Python, XML
    except (configparser.Error, ElementTree.ParseError):
        return None


def is_manifest(name: str) -> bool:
    """Whether a file name is one of a manifest that is read."""
    return _reader(name) is not None


def _reader(name: str) -> Callable[[str], str | None] | None:
    lower = name.lower()
    return _BY_NAME.get(lower) or _BY_SUFFIX.get(lower.rpartition(".")[2] if "." in lower else "")


def _all_of(found: Any, operator: Any = "AND") -> str | None:
    """One expression of a value that a manifest holds: a text, or a list of texts."""
    if isinstance(found, str):
        return None if _SEE.match(found.strip()) else normalise(found)
    if isinstance(found, list):
        known = [one for item in found[:50] if (one := _all_of(item, operator))]
        return joined(known, operator)
    if isinstance(found, dict):  # npm's old form
        return _all_of(found.get("type") or found.get("name"), operator)
    return None


def _flat(text: str) -> str:
    """The text, ValueError where it nests deeper than a parser's stack should go."""
    depth = deepest = 0
    for mark in re.findall(r"[\[\]{}]", text):
        depth += 1 if mark in "[{" else -1
        deepest = max(deepest, depth)
    if deepest > _MOST_NESTING:
        raise ValueError(f"{deepest} brackets deep")
    return text


def _npm(text: str) -> str | None:
    fields = json.loads(_flat(text))
    said = fields.get("license", fields.get("licenses", fields.get("licence")))
    if isinstance(said, str) and said.strip().upper() == "UNLICENSED":  # npm's word for: all rights kept
        return PROPRIETARY
    return _all_of(said, "OR")


def _composer(text: str) -> str | None:
    """Composer: a list is a choice."""
    said = json.loads(_flat(text)).get("license")
    return PROPRIETARY if said == "proprietary" else _all_of(said, "OR")


def _cargo(text: str) -> str | None:
    return _all_of(tomllib.loads(_flat(text))["package"].get("license"))


def _pyproject(text: str) -> str | None:
    fields = tomllib.loads(_flat(text))
    project = fields.get("project") or {}
    said = project.get("license", fields.get("tool", {}).get("poetry", {}).get("license"))
    if isinstance(said, dict):
        said = said.get("text")
    return _python(said, project.get("classifiers"))


def _python(said: Any, classifiers: Any) -> str | None:
    """What `license` says where it is short, else the classifiers."""
    if isinstance(said, str) and "\n" not in said.strip() and len(said) <= 300:
        found = _all_of(said)
        if found and found != UNKNOWN:
            return found
    named = classifiers if isinstance(classifiers, list) else []
    licences = [one for one in named if isinstance(one, str) and one.startswith("License ::")]
    found = _all_of([one for one in licences if not one.endswith(":: OSI Approved")])
    return found or (_all_of(said) if isinstance(said, str) and len(said) <= 300 else None)


def _setup_cfg(text: str) -> str | None:
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    parser.read_string(text)
    said = parser.get("metadata", "license", fallback=None)
    classifiers = (parser.get("metadata", "classifiers", fallback=None) or "").splitlines()
    return _python(said, [line.strip() for line in classifiers])


def _setup_py(text: str) -> str | None:
    """Literal arguments of the call of setup(); nothing is run."""
    if not re.search(r"\blicen[cs]e|License ::", text):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a stranger's escapes
        tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", None)) == "setup":
            given = {one.arg: one.value for one in node.keywords}
            return _python(_literal(given.get("license")), _literal(given.get("classifiers")))
    return None


def _literal(node: ast.expr | None) -> Any:
    try:
        return None if node is None else ast.literal_eval(node)
    except ValueError:
        return None


def _metadata(text: str) -> str | None:
    """METADATA and PKG-INFO of an installed Python package."""
    fields = HeaderParser().parsestr(text[:100_000])
    said = fields.get("License-Expression")
    return normalise(str(said)) if said else _python(fields.get("License"), fields.get_all("Classifier"))


def _xml(text: str) -> ElementTree.Element:
    """The root, without a document type: so no entity is ever defined, let alone expanded."""
    if _NO_DOCTYPE.search(text):
        raise ValueError("a document type")
    return ElementTree.fromstring(text)


def _local(node: ElementTree.Element) -> str:
    return node.tag.rpartition("}")[2].lower() if isinstance(node.tag, str) else ""


def _pom(text: str) -> str | None:
    """Maven: the names of project/licenses/license; of several one may choose."""
    names = []
    for part in _xml(text):
        if _local(part) == "licenses":
            for licence in part:
                by_name = {_local(field): (field.text or "").strip() for field in licence}
                names.append(by_name.get("name") or by_name.get("url") or "")
    return _all_of(names, "OR")


def _nuget(text: str) -> str | None:
    """nuspec's `license type="expression"`, or a project's PackageLicenseExpression."""
    for node in _xml(text).iter():
        if _local(node) == "packagelicenseexpression" or (
            _local(node) == "license" and node.get("type") == "expression"
        ):
            return _all_of((node.text or "").strip())
    return None


def _gemspec(text: str) -> str | None:
    """Ruby is not run: literal texts only. Several are a choice."""
    found = _GEMSPEC.search(text)
    return _all_of(_QUOTED.findall(found[1]), "OR") if found else None


def _description(text: str) -> str | None:
    """R's DESCRIPTION: `GPL (>= 2)`, `MIT + file LICENSE`, `GPL-2 | GPL-3`."""
    fields = HeaderParser().parsestr(text[:100_000])
    if "Package" not in fields or not fields.get("License"):
        return None
    said = _R_FILE.sub("", " ".join(str(fields["License"]).split())).strip()
    if said.lower() == "unlimited":
        return UNKNOWN
    return _all_of([_r_name(one.strip()) for one in said.split("|") if one.strip()], "OR")


def _r_name(said: str) -> str:
    found = _R_VERSION.fullmatch(said)
    if not found:
        return {"BSD_2_clause": "BSD-2-Clause", "BSD_3_clause": "BSD-3-Clause"}.get(said, said)
    number = found[3] if "." in found[3] else f"{found[3]}.0"
    return f"{found[1]}-{number}-{'or-later' if (found[2] or '').startswith('>') else 'only'}"


def _cabal(text: str) -> str | None:
    found = _CABAL.search(text)
    return _all_of(found[1].strip()) if found else None


_DEBIAN = {"expat": "MIT", "apache-2": "Apache-2.0", "zlib/libpng": "Zlib", "public-domain": "public domain"}


def _debian(text: str) -> str | None:
    """debian/copyright (DEP-5): the licence of `Files: *`, or else all of them together."""
    if "Format:" not in text[:2_000]:
        return None
    found: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text[:200_000]):
        fields = HeaderParser().parsestr(paragraph)
        if fields.get("Files") and fields.get("License"):
            short = str(fields["License"]).splitlines()[0].strip()
            one = normalise(" ".join(_debian_word(word) for word in short.split()))
            if str(fields["Files"]).split() == ["*"]:
                return one
            found += [one] if one else []
    return joined(found, "AND")


def _debian_word(word: str) -> str:
    plain = word.strip(",").lower()
    gnu = re.fullmatch(r"([al]?gpl)-([123](?:\.[0-9])?)(\+?)", plain)
    if gnu:
        number = gnu[2] if "." in gnu[2] else f"{gnu[2]}.0"
        return f"{gnu[1].upper()}-{number}-{'or-later' if gnu[3] else 'only'}"
    return plain.upper() if plain in ("or", "and", "with") else _DEBIAN.get(plain, word)


_BY_NAME: dict[str, Callable[[str], str | None]] = {
    "package.json": _npm,
    "bower.json": _npm,
    "composer.json": _composer,
    "cargo.toml": _cargo,
    "pyproject.toml": _pyproject,
    "setup.cfg": _setup_cfg,
    "setup.py": _setup_py,
    "metadata": _metadata,
    "pkg-info": _metadata,
    "pom.xml": _pom,
    "description": _description,
    "copyright": _debian,
}
_BY_SUFFIX: dict[str, Callable[[str], str | None]] = {
    "nuspec": _nuget,
    "csproj": _nuget,
    "fsproj": _nuget,
    "gemspec": _gemspec,
    "cabal": _cabal,
}
