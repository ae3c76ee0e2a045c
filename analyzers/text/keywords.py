"""Words that tell what a line of code does: printing and importing, by language.

An entry is matched outside strings and comments only, and on word boundaries: print does not match printer or
blueprint. A leading ^ asks for the start of a line (indentation aside); a trailing * lets the word go on, so that
fmt.Print* stands for fmt.Println as well. An entry without a dot is not matched after one (`self.print` is someone's
own method). OpenCoder tests substrings of whole lines, which counts blueprint and every quoted "import".

Known gaps: names under an alias (`import fmt as f`), and what only types could tell. A language without an entry has
no measure, which is not a measure of 0.
"""

from __future__ import annotations

_C_PRINT = ("printf", "fprintf", "puts", "fputs", "putchar", "perror")
_JVM_PRINT = ("print", "println", "printf", "System.out.print*", "System.err.print*")
_JS_PRINT = ("console.log", "console.error", "console.warn", "console.info", "console.debug", "document.write*")
_JS_IMPORT = ("^import", "require")
_SHELL_PRINT = ("echo", "printf")
_LISP_PRINT = ("print", "princ", "prin1", "display", "println", "prn", "format")
_BASIC_PRINT = ("Print", "PRINT", "Console.Write*", "Debug.Print", "WScript.Echo", "MsgBox")

PRINT: dict[str, tuple[str, ...]] = {
    "C": _C_PRINT,
    "C++": (*_C_PRINT, "cout", "cerr", "clog", "wcout"),
    "Objective-C": (*_C_PRINT, "NSLog"),
    "Objective-C++": (*_C_PRINT, "NSLog", "cout", "cerr"),
    "Cuda": (*_C_PRINT, "cout", "cerr"),
    "C#": ("Console.Write*", "Debug.Write*", "Trace.Write*"),
    "F#": ("printf*", "eprintf*", "Console.Write*"),
    "D": ("writeln", "write", "writef*"),
    "Zig": ("std.debug.print", "debug.print"),
    "Odin": ("fmt.print*",),
    "V": ("print", "println", "eprintln"),
    "Rust": ("print!", "println!", "eprint!", "eprintln!", "dbg!"),
    "Go": ("fmt.Print*", "fmt.Fprint*", "log.Print*", "println", "print"),
    "Swift": ("print", "debugPrint", "NSLog"),
    "Nim": ("echo",),
    "Crystal": ("puts", "print", "pp"),
    "Java": ("System.out.print*", "System.err.print*", "System.out.format"),
    "Kotlin": _JVM_PRINT,
    "Scala": _JVM_PRINT,
    "Groovy": _JVM_PRINT,
    "JavaScript": _JS_PRINT,
    "TypeScript": _JS_PRINT,
    "TSX": _JS_PRINT,
    "CoffeeScript": _JS_PRINT,
    "LiveScript": _JS_PRINT,
    "PHP": ("echo", "print", "printf", "print_r", "var_dump"),
    "Hack": ("echo", "print", "printf"),
    "Dart": ("print", "debugPrint"),
    "Python": ("print", "pprint"),
    "Cython": ("print", "printf"),
    "Starlark": ("print",),
    "GDScript": ("print", "prints", "printt"),
    "Ruby": ("puts", "print", "printf", "pp"),
    "Perl": ("print", "printf", "say"),
    "Raku": ("print", "printf", "say", "put"),
    "Lua": ("print", "io.write"),
    "Luau": ("print", "warn"),
    "Tcl": ("puts",),
    "Haskell": ("putStrLn", "putStr", "print"),
    "PureScript": ("log", "logShow"),
    "OCaml": ("print_*", "Printf.printf", "Format.printf"),
    "Standard ML": ("print",),
    "Elixir": ("IO.puts", "IO.inspect", "IO.write"),
    "Erlang": ("io:format", "io:fwrite"),
    "Clojure": ("println", "prn", "print", "printf"),
    "Common Lisp": _LISP_PRINT,
    "Scheme": _LISP_PRINT,
    "Racket": _LISP_PRINT,
    "Emacs Lisp": ("message", "print", "princ"),
    "Fortran": ("print", "PRINT"),
    "Ada": ("Put_Line", "Put"),
    "Pascal": ("writeln", "WriteLn", "Writeln", "write", "Write"),
    "BASIC": _BASIC_PRINT,
    "VBA": _BASIC_PRINT,
    "VBScript": _BASIC_PRINT,
    "Visual Basic .NET": _BASIC_PRINT,
    "COBOL": ("DISPLAY", "display"),
    "Shell": _SHELL_PRINT,
    "Tcsh": _SHELL_PRINT,
    "fish": _SHELL_PRINT,
    "PowerShell": ("Write-Host", "Write-Output", "Write-Verbose", "echo"),
    "Batchfile": ("echo", "ECHO", "Echo"),
    "AWK": ("print", "printf"),
    "Vim Script": ("echo", "echom", "echomsg"),
    "R": ("print", "cat", "message"),
    "Julia": ("print", "println", "@printf", "@show"),
    "MATLAB": ("disp", "fprintf", "display"),
    "SQL": ("PRINT", "print"),
    "TSQL": ("PRINT", "print"),
    "Prolog": ("write", "writeln", "format", "print"),
    "Verilog": ("$display", "$write", "$monitor"),
    "SystemVerilog": ("$display", "$write", "$monitor"),
}

IMPORT: dict[str, tuple[str, ...]] = {
    "C": ("^#include", "^# include"),
    "C++": ("^#include", "^# include", "^import"),
    "Objective-C": ("^#import", "^#include", "^@import"),
    "Objective-C++": ("^#import", "^#include", "^@import"),
    "Cuda": ("^#include", "^# include"),
    "C#": ("^using", "^global using"),
    "F#": ("^open",),
    "D": ("^import", "^public import"),
    "Zig": ("@import",),
    "Odin": ("^import",),
    "V": ("^import",),
    "Rust": ("^use", "^pub use", "^extern crate"),
    "Go": ("^import",),
    "Swift": ("^import", "^@testable import"),
    "Nim": ("^import", "^from", "^include"),
    "Crystal": ("^require",),
    "Java": ("^import",),
    "Kotlin": ("^import",),
    "Scala": ("^import",),
    "Groovy": ("^import",),
    "JavaScript": _JS_IMPORT,
    "TypeScript": _JS_IMPORT,
    "TSX": _JS_IMPORT,
    "CoffeeScript": _JS_IMPORT,
    "LiveScript": _JS_IMPORT,
    "PHP": ("^use", "require", "require_once", "include", "include_once"),
    "Hack": ("^use", "require", "require_once"),
    "Dart": ("^import", "^export", "^part"),
    "Python": ("import",),
    "Cython": ("import", "cimport"),
    "Starlark": ("^load",),
    "Ruby": ("^require", "^require_relative", "^load", "^include"),
    "Perl": ("^use", "^require"),
    "Raku": ("^use", "^need"),
    "Lua": ("require",),
    "Luau": ("require",),
    "Tcl": ("^package require", "^source"),
    "Haskell": ("^import",),
    "PureScript": ("^import",),
    "Elm": ("^import",),
    "OCaml": ("^open", "^include"),
    "Standard ML": ("^open",),
    "Elixir": ("^import", "^alias", "^require", "^use"),
    "Erlang": ("^-include*", "^-import"),
    "Clojure": ("require", "import", "use"),
    "Racket": ("require",),
    "Emacs Lisp": ("require",),
    "Fortran": ("^use", "^USE", "^include"),
    "Ada": ("^with", "^use"),
    "Pascal": ("^uses",),
    "Visual Basic .NET": ("^Imports",),
    "Shell": ("^source",),
    "fish": ("^source",),
    "PowerShell": ("^Import-Module", "^using"),
    "R": ("library", "require"),
    "Julia": ("^using", "^import", "^include"),
    "MATLAB": ("^import",),
    "Protocol Buffer": ("^import",),
    "Thrift": ("^include",),
    "Solidity": ("^import",),
    "Verilog": ("^`include",),
    "SystemVerilog": ("^`include", "^import"),
    "CSS": ("^@import",),
    "SCSS": ("^@import", "^@use"),
    "Less": ("^@import",),
    "Coq": ("^Require", "^From"),
    "Lean": ("^import",),
    "Agda": ("^import", "^open import"),
    "TeX": ("\\usepackage", "\\input"),
}

PREPROCESSED: frozenset[str] = frozenset({"C", "C++"})
"""Languages with preprocessor lines, goto and main."""

PASSING: frozenset[str] = frozenset({"Python"})
"""Languages with a pass statement."""

CONCATENATION: dict[str, str] = {
    "PHP": ".", "Hack": ".", "Perl": ".", "Raku": "~", "Lua": "..", "Luau": "..", "Haskell": "++", "PureScript": "<>",
    "Elm": "++", "Elixir": "<>", "Erlang": "++", "OCaml": "^", "Standard ML": "^", "SQL": "||", "PLSQL": "||",
    "PLpgSQL": "||", "Ada": "&", "VBA": "&", "VBScript": "&", "Visual Basic .NET": "&", "BASIC": "+", "Fortran": "//",
    "Julia": "*", "D": "~",
}  # fmt: skip
"""What joins two string literals, where it isn't +."""
