"""Every dimension of the portrait, one row each: its name, its values, what it means and what it is told by.

The values of a dimension are few, so that files can be counted and crossed by them. A dimension is missing from a
file's tags where it was not measured or does not apply. `many` ones hold several values, separated by `; `.
"""

from __future__ import annotations

from typing import NamedTuple

from analyzers.portrait.bands import BANDS, FLAGS
from analyzers.portrait.domain import DOMAINS
from analyzers.portrait.module_kind import KINDS

SEPARATOR = "; "
_YES_NO = ("yes", "no")


class Dimension(NamedTuple):
    """One dimension. `values` is empty where they are names out of a table that is too long to be listed here.
    `of_row` ones stand in a column of the ledger, where later stages may settle them; the others in its `tags`."""

    name: str
    values: tuple[str, ...]
    meaning: str
    source: str
    many: bool = False
    of_row: bool = False


_TOLD = (
    Dimension("language", (), "language", "column language", of_row=True),
    Dimension("licence", (), "SPDX expression", "column licence", of_row=True),
    Dimension("licence_class", ("permissive", "weak_copyleft", "copyleft", "proprietary", "unknown", "none"),
              "what the licence asks", "column licence", of_row=True),
    Dimension("language_kind", ("programming", "markup", "data", "prose", "unknown"), "what the language is for",
              "language table"),
    Dimension("language_family", ("c", "jvm", "dotnet", "script", "web", "functional", "systems", "science", "query",
              "shell", "hardware", "build", "other"), "languages that are alike", "language"),
    Dimension("typing", ("static", "dynamic", "gradual", "untyped"), "when types are checked", "language"),
    Dimension("module_kind", KINDS, "the part it plays in its project", "path, head"),
    Dimension("domain", DOMAINS, "the field it is from", "imports, path, language"),
    Dimension("framework", (), "the framework or library that shapes it", "imports, head"),
    Dimension("libraries", (), "all known frameworks and libraries it uses", "imports, head", many=True),
    Dimension("framework_role", ("web", "ui", "mobile", "game", "ml", "data", "db", "rpc", "task", "cli", "cloud",
              "net", "sec", "doc", "sci", "platform", "lib", "test", "none"), "what its framework is for", "imports"),
    Dimension("test_framework", (), "the framework it tests with", "imports"),
    Dimension("database", (), "the database or mapper it uses", "imports"),
    Dimension("dependencies", ("none", "own", "library"), "whether imports name own modules only, or also others",
              "imports"),
    Dimension("dialect", (), "edition of the language that it shows signs of", "head"),
    Dimension("paradigm", ("objects", "functional", "mixed", "procedural"), "manner of programming", "head"),
    Dimension("async", _YES_NO, "asynchronous code", "head"),
    Dimension("typed", _YES_NO, "type annotations where the language leaves them free", "head"),
    Dimension("entry_point", _YES_NO, "where a program starts", "head"),
    Dimension("header", _YES_NO, "copyright or licence told at its head", "head"),
    Dimension("shebang", _YES_NO, "begins with #!", "head"),
    Dimension("comment_language", ("English", "Chinese", "other", "unknown"), "language of its first comments", "head"),
    Dimension("encoding", ("utf-8", "utf-16", "western", "chinese", "japanese", "korean", "other"),
              "encoding it came in", "column encoding"),
    Dimension("depth", ("0", "1-2", "3-5", "6+"), "folders above it", "path"),
    Dimension("place", ("root", "source", "test", "docs", "example", "build", "config", "tool", "vendor", "other"),
              "the folder it lies in", "path"),
    Dimension("tree", ("parsed", "errors", "none"), "whether there is a syntax tree", "stage syntax"),
    Dimension("redacted", ("none", "personal", "secret"), "what was replaced", "stage redact"),
    Dimension("pairs", ("none", "1-3", "4+"), "function-comment pairs", "stage syntax"),
    Dimension("age", ("<2010", "2010-2014", "2015-2019", "2020-2022", ">=2023"), "year of its last commit",
              "column committed_at"),
)  # fmt: skip

DIMENSIONS: tuple[Dimension, ...] = (
    *_TOLD,
    *(Dimension(band.dimension, band.words, band.meaning, f"column {band.column}") for band in BANDS),
    *(Dimension(name, _YES_NO, meaning, f"column {column}") for name, (column, meaning) in FLAGS.items()),
)
BY_NAME = {dimension.name: dimension for dimension in DIMENSIONS}
