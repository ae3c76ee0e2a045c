"""Haskell. Each equation is a function; guards count as cases, otherwise is the default."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Haskell",
    grammar="haskell",
    tier="B",
    comments=("comment", "haddock", "pragma"),
    marks=(b"--", b"{-"),
    block_marks=(b"{-",),
    doc_marks=(b"-- |", b"-- ^", b"{-|"),
    functions=("function",),
    only_named=True,
    lambdas=("lambda", "lambda_case"),
    classes=("class", "data_type", "newtype", "instance"),
    parameter_lists=("patterns",),
    parameters=("variable", "wildcard", "literal", "parens", "tuple", "list", "record", "irrefutable", "strict", "as",
                "negation", "constructor", "unit"),
    ifs=("conditional",),
    switches=("case", "multi_way_if"),
    cases=("alternative", "guards"),
    default_cases=(b"_", b"otherwise"),
    binaries=("infix",),
    operators=("operator",),
    boolean_texts=(b"&&", b"||"),
    imports=("import",),
    strings=("string", "char"),
    barren=("variable", "constructor", "integer", "float", "operator", "comment", "haddock", "pragma", "import",
            "module", "module_id", "string", "char"),
)  # fmt: skip
