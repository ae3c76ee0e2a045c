"""Perl. Parameters are those of a signature; what is taken from @_ is not counted."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Perl",
    grammar="perl",
    tier="B",
    comments=("comment", "pod"),
    marks=(b"#",),
    block_marks=(b"=",),
    functions=("subroutine_declaration_statement", "method_declaration_statement"),
    lambdas=("anonymous_subroutine_expression", "anonymous_method_expression"),
    classes=("class_statement",),
    containers=(),
    parameter_lists=("signature",),
    parameters=("mandatory_parameter", "optional_parameter", "slurpy_parameter", "named_parameter"),
    ifs=("conditional_statement", "postfix_conditional_expression"),
    elifs=("elsif",),
    elses=("else",),
    ternaries=("conditional_expression",),
    loops=("for_statement", "cstyle_for_statement", "loop_statement", "postfix_for_expression",
           "postfix_loop_expression"),
    catches=(),
    nests=("try_statement",),
    binaries=("binary_expression", "lowprec_logical_expression"),
    booleans=("&&", "||", "and", "or"),
    jumps=("goto_expression",),
    imports=("use_statement", "require_expression"),
    strings=("string_content", "regexp_content", "heredoc_content", "replacement", "transliteration_content"),
    barren=("comment", "varname", "number", "bareword", "identifier", "package", "function", "escape_sequence",
            "string_content", "pod", "use_version_statement", "autoquoted_bareword"),
)  # fmt: skip
