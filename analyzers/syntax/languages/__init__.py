"""The languages that have a grammar, one line each: Linguist's name and the file here that describes it.

To add one, write its file with a `SPEC` (or `SPECS`), add its line, and put a fixture beside the others in the tests.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from analyzers.syntax.spec import Spec

MODULES: dict[str, str] = {
    "Python": "python",
    "Java": "java",
    "JavaScript": "javascript",
    "TypeScript": "typescript",
    "TSX": "tsx",
    "C": "c",
    "C++": "cpp",
    "Go": "go",
    "Rust": "rust",
    "C#": "csharp",
    "Ruby": "ruby",
    "PHP": "php",
    "Kotlin": "kotlin",
    "Scala": "scala",
    "Swift": "swift",
    "Lua": "lua",
    "Luau": "luau",
    "Shell": "shell",
    "R": "r",
    "Perl": "perl",
    "Julia": "julia",
    "Haskell": "haskell",
    "Objective-C": "objective_c",
    "Solidity": "solidity",
    "Dart": "dart",
    "Elixir": "elixir",
    "Erlang": "erlang",
    "Clojure": "clojure",
    "OCaml": "ocaml",
    "F#": "fsharp",
    "Zig": "zig",
    "Nim": "nim",
    "Elm": "elm",
    "D": "d",
    "GLSL": "glsl",
    "PowerShell": "powershell",
    "MATLAB": "matlab",
    "Vim Script": "vim_script",
    "Fortran": "fortran",
    "Ada": "ada",
    "Pascal": "pascal",
    "Verilog": "verilog",
    "VHDL": "vhdl",
    "Gleam": "gleam",
    "Racket": "racket",
    "Common Lisp": "common_lisp",
    "JSON": "json",
    "YAML": "yaml",
    "TOML": "toml",
    "CSS": "css",
    "SCSS": "scss",
    "HTML": "html",
    "XML": "xml",
    "Vue": "vue",
    "Svelte": "svelte",
    "SQL": "sql",
    "Makefile": "make",
    "CMake": "cmake",
    "Dockerfile": "dockerfile",
    "HCL": "hcl",
    "GraphQL": "graphql",
    "Protocol Buffer": "protocol_buffer",
    "Nix": "nix",
}
"""Files of analyzers/syntax/languages by language."""


@cache
def spec_of(language: str) -> Spec | None:
    """The specification of a language by Linguist's name; None where it has no grammar."""
    module = MODULES.get(language)
    return None if module is None else import_module(f"{__name__}.{module}").SPEC
