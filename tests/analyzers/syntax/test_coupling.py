"""Modules, calls and types that a file leans on, and how maintainable its functions are."""

from __future__ import annotations

from math import log, log2

import pytest
from streams import HOSTILE, read

from analyzers.syntax import coupling, maintainability
from analyzers.syntax.coupling import Coupling, modules_of
from analyzers.syntax.maintainability import index


def measured(language: str, text: str) -> Coupling:
    source = text.encode()
    stream, report, _ = read(language, source)
    found = coupling.measure(stream, report, source)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("language", "text", "modules", "is_wildcard"),
    [
        ("Python", "import os.path as p, sys", {"os.path", "sys"}, False),
        ("Python", "from . import a", {"."}, False),
        ("Python", "from a.b import *", {"a.b"}, True),
        ("Java", "import static java.util.List.of;", {"java.util.List.of"}, False),
        ("Java", "import java.util.*;", {"java.util"}, True),
        ("JavaScript", 'import React, { useState } from "react";', {"react"}, False),
        ("JavaScript", "import './a.css'", {"./a.css"}, False),
        ("C", "#include <sys/types.h>", {"sys/types.h"}, False),
        ("Go", 'f "net/http"', {"net/http"}, False),
        ("Rust", "pub use std::collections::{HashMap, hash_map};", {"std::collections"}, False),
        ("Rust", "use super::*;", {"super"}, True),
        ("C#", "using A = B.C;", {"B.C"}, False),
        ("Kotlin", "import a.b.c as d", {"a.b.c"}, False),
        ("Scala", "import a.b._", {"a.b"}, True),
        ("PHP", "use A\\B as C;", {"A\\B"}, False),
        ("Haskell", "import qualified Data.Map as M", {"Data.Map"}, False),
    ],
)
def test_modules_of_imports(language: str, text: str, modules: set[str], is_wildcard: bool) -> None:
    assert modules_of(text, language) == (modules, is_wildcard)


@pytest.mark.parametrize(
    ("language", "text", "n_modules", "n_top", "n_wildcards"),
    [
        ("Python", "import a.b\nimport a.c, d\nfrom .e import f\nfrom .. import g\nfrom h import *\n", 6, 4, 1),
        ("Java", "import java.util.List;\nimport java.util.*;\nimport org.a.B;\nclass C {}\n", 3, 2, 1),
        ("JavaScript", 'import "@a/b/c"; import d from "@a/b"; import "./e"; import "f/g";\n', 4, 3, 0),
        ("Go", 'package a\nimport (\n"net/http"\n"net/url"\n"github.com/b/c"\n)\n', 3, 2, 0),
        ("C", '#include <sys/a.h>\n#include <sys/b.h>\n#include "c.h"\n', 3, 2, 0),
    ],
)
def test_modules_of_files(language: str, text: str, n_modules: int, n_top: int, n_wildcards: int) -> None:
    found = measured(language, text)
    assert (found.n_modules, found.n_top_modules, found.n_wildcard_imports) == (n_modules, n_top, n_wildcards)


def test_calls() -> None:
    found = measured(
        "Python", "def f(a):\n    return g(a) + h(g(f(1)))\n\n\nclass A:\n    def b(self):\n        f(2)\n"
    )
    assert (found.n_calls, found.n_external_calls, found.n_different_external_calls) == (5, 3, 2)


def test_types() -> None:
    text = "class Alpha extends Base { Part p; Part q; void f(Other o) { new Thing(MOST, Alpha.x); } } class B {}\n"
    found = measured("Java", text)
    assert (found.n_types, found.max_class_types, found.max_function_types) == (5, 4, 3)
    assert measured("C", "int a;").n_types is None


def test_maintainability_by_the_formula() -> None:
    source = b"def f(a):\n    return a + 1\n"
    stream, report, _ = read("Python", source)
    found = maintainability.measure(stream, report)
    assert found is not None
    volume = 10 * log2(9)  # def f ( a ) : return a + 1
    assert found.mean == found.lowest == pytest.approx(index(volume, 1, 2))
    assert index(volume, 1, 2) == pytest.approx((171 - 5.2 * log(volume) - 0.23 - 16.2 * log(2)) * 100 / 171)


def test_maintainability_of_functions_and_of_a_file_without() -> None:
    simple, hard = "def f():\n    return 1\n", "def g(a):\n" + "    if a: a = f(a, 1)\n" * 60
    stream, report, _ = read("Python", (simple + hard).encode())
    found = maintainability.measure(stream, report)
    assert found is not None
    assert 0 <= found.lowest < found.mean < 100
    stream, report, _ = read("Python", b"x = 1\n")
    assert maintainability.measure(stream, report) is not None
    assert index(1e12, 1e6, 10**6) == 0


def test_a_language_without_functions_has_none() -> None:
    stream, report, _ = read("JSON", b'{"a": 1}')
    assert coupling.measure(stream, report, b'{"a": 1}') is None
    assert maintainability.measure(stream, report) is None


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("language", ["Python", "JavaScript", "C"])
def test_hostile_files_pass(language: str, what: str) -> None:
    source = HOSTILE[what]
    stream, report, _ = read(language, source)
    found = coupling.measure(stream, report, source)
    assert found is not None
    assert 0 <= found.n_different_external_calls <= found.n_external_calls <= found.n_calls
    graded = maintainability.measure(stream, report)
    assert graded is None or 0 <= graded.lowest <= graded.mean <= 100
