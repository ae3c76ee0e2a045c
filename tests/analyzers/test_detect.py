"""Which language a file is in: one table of names and heads, and what must hold for any name and any bytes."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.detect import HEAD_BYTES, TAIL_BYTES, detect, detect_batch
from analyzers.languages import AMBIGUOUS, BY_NAME, LANGUAGES

BY_EXTENSION = """
a.py Python | a.pyi Python | a.pyw Python | a.pyx Cython | a.java Java | a.js JavaScript | a.mjs JavaScript
a.jsx JavaScript | a.ts TypeScript | a.mts TypeScript | a.d.ts TypeScript | a.tsx TSX | a.c C | a.h C | a.cpp C++
a.cc C++ | a.hpp C++ | a.C C++ | a.H C++ | a.cs C# | a.go Go | a.rs Rust | a.rb Ruby | a.gemspec Ruby | a.php PHP
a.phtml PHP | a.kt Kotlin | a.kts Kotlin | a.scala Scala | a.sbt Scala | a.swift Swift | a.m Objective-C
a.mm Objective-C++ | a.lua Lua | a.sh Shell | a.zsh Shell | a.bats Shell | a.R R | a.r R | a.pl Perl | a.pm Perl
a.t Perl | a.jl Julia | a.dart Dart | a.hs Haskell | a.lhs Literate_Haskell | a.ml OCaml | a.mli OCaml | a.fs F#
a.fsx F# | a.ex Elixir | a.exs Elixir | a.erl Erlang | a.clj Clojure | a.lisp Common_Lisp | a.scm Scheme
a.rkt Racket | a.el Emacs_Lisp | a.f Fortran | a.F90 Fortran | a.adb Ada | a.pas Pascal | a.asm Assembly
a.s Unix_Assembly | a.S Unix_Assembly | a.cu Cuda | a.v Verilog | a.sv SystemVerilog | a.vhd VHDL | a.groovy Groovy
a.ps1 PowerShell | a.bat Batchfile | a.CMD Batchfile | a.sql SQL | a.pks PLSQL | a.tcl Tcl | a.zig Zig | a.nim Nim
a.cr Crystal | a.d D | a.vala Vala | a.sol Solidity | a.glsl GLSL | a.hlsl HLSL | a.prolog Prolog | a.sml Standard_ML
a.coq Coq | a.lean Lean | a.agda Agda | a.idr Idris | a.vb Visual_Basic_.NET | a.cbl COBOL | a.awk AWK | a.mk Makefile
a.cmake CMake | a.dockerfile Dockerfile | a.nix Nix | a.bzl Starlark | a.vim Vim_Script | a.ipynb Jupyter_Notebook
a.html HTML | a.xhtml HTML | a.css CSS | a.scss SCSS | a.less Less | a.xml XML | a.csproj XML | a.svg SVG
a.json JSON | a.yml YAML | a.toml TOML | a.ini INI | a.csv CSV | a.md Markdown | a.rst reStructuredText | a.tex TeX
a.txt Text | a.smt2 SMT | a.dot Graphviz_(DOT) | a.gv Graphviz_(DOT) | a.proto Protocol_Buffer | a.diff Diff
a.po Gettext_Catalog | a.erb HTML+ERB | a.html.erb HTML+ERB | a.blade.php Blade | a.jsp Java_Server_Pages | a.vue Vue
a.svelte Svelte | a.graphql GraphQL | a.tf HCL | a.thrift Thrift | a.gradle Gradle | a.properties Java_Properties
a.wat WebAssembly | a.ll LLVM | a.g4 ANTLR | a.y Yacc | a.l Lex | a.metal Metal | a.gd GDScript | a.purs PureScript
a.elm Elm | a.coffee CoffeeScript | a.mat Unknown | a.stan Stan | a.do Stata | a.sas SAS | a.thy Isabelle
a.als Alloy | a.bsv Bluespec | a.aug Augeas | a.mpl Maple | a.js.map JSON | a.tar.py Python | a.min.js JavaScript
a.b.c.d.go Go | MAIN.C C | MAIN.PY Python | a.cls Apex | a.inc PHP | a.pro QMake | a.h.in C | a.py.in Python
a.Rmd RMarkdown | noextension Unknown | a.unheardof Unknown | a. Unknown | .py Python | src/a.b/c Unknown
dir.py/file Unknown | ünïcode.rs Rust | a.cgi Perl | a.lds.S Linker_Script
"""

BY_FILENAME = """
Makefile Makefile | src/makefile Makefile | GNUmakefile Makefile | Makefile.am Makefile | Makefile.linux Makefile
CMakeLists.txt CMake | Dockerfile Dockerfile | docker/Dockerfile.dev Dockerfile | meson.build Meson
BUILD.bazel Starlark | WORKSPACE Starlark | Rakefile Ruby | Gemfile Ruby | Jenkinsfile Groovy | SConstruct Python
.bashrc Shell | configure.ac M4 | .vimrc Vim_Script | .emacs Emacs_Lisp | go.mod Go_Module | go.sum Go_Checksums
Cargo.lock TOML | package.json JSON | tsconfig.json JSON_with_Comments | .gitignore Ignore_List
.editorconfig EditorConfig | LICENSE Text | LICENSE.rst reStructuredText | README Text | README.unheardof Text
requirements.txt Pip_Requirements | Kconfig Kconfig | Gemfile.lock Unknown | makefile.pl Perl | Makefile.PL Perl
"""

BY_HEAD = [
    ("run", b"#!/usr/bin/python3.11\n", "Python"),
    ("run", b"#!/usr/bin/env python\n", "Python"),
    ("run", b"#!/usr/bin/env -S python3 -u\n", "Python"),
    ("run", b"#!/usr/bin/env -Spython3 -u\n", "Python"),
    ("run", b"#! /usr/bin/env LANG=C PATH=/bin perl -w\n", "Perl"),
    ("run", b"#!/usr/local/bin/perl5.30.1\n", "Perl"),
    ("run", b"#!/bin/sh\n", "Shell"),
    ("run", b"#!/bin/bash -e\r\n", "Shell"),
    ("run", b"#!/usr/bin/env node\n", "JavaScript"),
    ("run", b"#!/usr/bin/env ruby2.7\n", "Ruby"),
    ("run", b"#!/usr/bin/Rscript --vanilla\n", "R"),
    ("run", b"#!/usr/bin/tclsh8.6\n", "Tcl"),
    ("run", b"#!/usr/bin/env lua5.3\n", "Lua"),
    ("run", b"#!/usr/bin/make -f\n", "Makefile"),
    ("run", b"#!/usr/bin/awk -f\n", "AWK"),
    ("run", b"#!/usr/bin/env escript\n", "Erlang"),
    ("run", b"#!/usr/bin/env runhaskell\n", "Haskell"),
    ("run", b"#!C:\\Python\\python.exe\n", "Python"),
    ("run", b"#!/usr/bin/env m4\n", "M4"),
    ("run", b"#!/usr/bin/z3\n", "SMT"),
    ("run", b'#!/bin/sh\n# \\\nexec tclsh8.5 "$0" "$@"\n', "Tcl"),
    ("run", b"#!/bin/sh\nexec unheardof $0\n", "Shell"),
    ("run", b"#!/bin/sh\nexec /opt/tool --flag\n", "Shell"),
    ("run", b"#!/opt/unheardof\n", None),
    ("run", b"#!", None),
    ("run", b"#!/usr/bin/env\n", None),
    ("run", b"#!/usr/bin/env -i\n", None),
    ("a.cgi", b"#!/usr/bin/python\n", "Python"),
    ("a.pl", b"#!/usr/bin/env swipl\n", "Prolog"),
    ("a.rs", b"#![allow(dead_code)]\n", "Rust"),
    ("a.h", b"/* -*- C++ -*- */\n", "C++"),
    ("a.h", b"/* -*- mode: c++; tab-width: 4 -*- */\n", "C++"),
    ("a.h", b"/* -*- Mode: C++-mode; -*- */\n", "C++"),
    ("a.h", b"// -*- tab-width: 4; mode: objc -*-\n", "Objective-C"),
    ("a.py", b"# -*- coding: utf-8 -*-\n", "Python"),
    ("a.py", b"# -*- unheardof -*-\n", "Python"),
    ("a.txt", b"\n\n\n\n-*- ruby -*-\n", "Ruby"),
    ("a.txt", b"\n\n\n\n\n-*- ruby -*-\n" + b"\n.\n.\n.\n.\n.\n.\n", "Text"),
    ("a.txt", b"*help.txt* vim:tw=78:ts=8:ft=help:norl:\n", "Vim Help File"),
    ("conf", b"# vim: set ft=dosini :\n", "INI"),
    ("conf", b"# vim: ts=4 filetype=python\n", "Python"),
    ("conf", b"// vim: syntax=javascript\n", "JavaScript"),
    ("conf", b"# vi: set ft=sh :\n", "Shell"),
    ("conf", b"# ex: set ft=perl:\n", "Perl"),
    ("conf", b"# vim600: set ft=php:\n", "PHP"),
    ("conf", b"# vim: ft=yaml.ansible\n", "YAML"),
    ("conf", b"let ft=python\n", None),
    ("Makefile", b"# -*- cmake -*-\n", "CMake"),
    ("a.py", b"#!/bin/sh\n# vim: ft=ruby\n", "Ruby"),
    ("Rakefile", b"#!/bin/sh\n", "Ruby"),
    ("script.py", b"#!/bin/sh\n", "Shell"),
    ("ls.1", b'.\\" a page\n.TH LS 1\n', "Roff"),
    ("printf.3", b"'\\\" t\n.Dd today\n", "Roff"),
    ("notes-4.2", b"What is new in 4.2\n", None),
    ("libc.so.6", b"", None),
]


def rows(table: str) -> list[tuple[str, str | None]]:
    pairs = [cell.split() for line in table.strip().splitlines() for cell in line.split("|")]
    return [(path, None if name == "Unknown" else name.replace("_", " ")) for path, name in pairs]


@pytest.mark.parametrize(("path", "language"), [*rows(BY_EXTENSION), *rows(BY_FILENAME)])
def test_by_name(path: str, language: str | None) -> None:
    assert detect(path, b"") == language
    assert detect(f"some/folder/{path}", b"x = 1\n") == language


@pytest.mark.parametrize(("path", "head", "language"), BY_HEAD)
def test_by_head(path: str, head: bytes, language: str | None) -> None:
    assert detect(path, head) == language


def test_a_modeline_at_the_end_counts_in_the_last_five_lines_only() -> None:
    head = b"int x;\n" * 300
    assert detect("a.h", head, b"}\n\n// Local\n// vim: ft=cpp\n\n") == "C++"
    assert detect("a.h", head, b"// vim: ft=cpp\n1\n2\n3\n4\n5\n") == "C"


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_every_way_in_the_table_leads_to_its_language(language) -> None:
    ambiguous = {extension for extension, names in AMBIGUOUS.items() if names[0] != language.name}
    for extension in language.extensions:
        head = b".TH\n" if language.name == "Roff" else b""
        found = detect(f"some.thing{extension}", head)
        assert found == language.name or extension in ambiguous
    for filename in language.filenames:
        assert detect(f"folder/{filename}", b"") == language.name
    for interpreter in language.interpreters:
        assert detect("run", f"#!/usr/bin/env {interpreter}\n".encode()) == language.name
    for alias in language.aliases:
        if not set(alias) & set(" ./()"):  # Vim's file types are words
            assert detect("run", f"# -*- {alias} -*-\n".encode()) == language.name


@given(st.text(max_size=40), st.binary(max_size=200), st.binary(max_size=100))
def test_any_bytes_give_a_known_language_or_none(path: str, head: bytes, tail: bytes) -> None:
    assert detect(path, head, tail) in {None, *BY_NAME}


@given(st.binary(max_size=120).map(lambda line: b"#!" + line), st.sampled_from([b"", b"\n# vim: ft=", b"\n-*-"]))
def test_any_shebang_or_modeline_is_survived(head: bytes, more: bytes) -> None:
    assert detect("x", head + more) in {None, *BY_NAME}


def test_a_batch_agrees_with_single_files_and_names_the_unknown() -> None:
    long = "x\n" * HEAD_BYTES
    files = [("a.h", long + "// vim: ft=cpp\n"), ("b.unheardof", "?"), ("run", "#!/bin/sh\n" + long), ("a.h", long)]
    files.append(("c.py", ""))
    content = pa.array(["dropped", *(text for _, text in files), None], pa.large_string())[1:]
    found = detect_batch([*(path for path, _ in files), "d.go"], content)
    assert found.to_pylist() == ["C++", "Unknown", "Shell", "C", "Python", "Go"]
    assert found.type == pa.string()


@given(st.lists(st.tuples(st.sampled_from(["a.h", "b", "c.py", "d.1"]), st.text(max_size=30)), max_size=8))
def test_a_batch_agrees_with_single_files(files: list[tuple[str, str]]) -> None:
    content = pa.array([text for _, text in files], pa.large_string())
    single = [detect(path, text.encode()[:HEAD_BYTES]) or "Unknown" for path, text in files]
    assert detect_batch([path for path, _ in files], content).to_pylist() == single


def test_a_short_list_of_paths_is_an_error() -> None:
    with pytest.raises(ValueError, match="1 paths for 2 files"):
        detect_batch(["a.py"], pa.array(["", ""], pa.large_string()))


@pytest.mark.parametrize("n_bytes", [HEAD_BYTES - 20, HEAD_BYTES, HEAD_BYTES + 1, HEAD_BYTES + 10, HEAD_BYTES + 600])
def test_no_modeline_falls_between_head_and_tail(n_bytes: int) -> None:
    text = ("z" * 9 + "\n") * 200
    text = text[: n_bytes - 15] + "\n# vim: ft=lua\n"
    assert detect_batch(["x"], pa.array([text], pa.large_string())).to_pylist() == ["Lua"]


def test_the_tail_is_read_from_the_end() -> None:
    filler = "y\n" * TAIL_BYTES * 10
    assert detect_batch(["x"], pa.array([filler + "# vim: ft=lua"], pa.large_string())).to_pylist() == ["Lua"]
