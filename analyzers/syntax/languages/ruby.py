"""Ruby. Blocks are lambdas of the method around them; a modifier (x if y) is an if."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="Ruby",
    grammar="ruby",
    tier="B",
    comments=("comment",),
    marks=(b"#",),
    block_marks=(b"=begin",),
    functions=("method", "singleton_method"),
    lambdas=("block", "do_block", "lambda"),
    classes=("class", "module", "singleton_class"),
    parameter_lists=("method_parameters",),
    parameters=("identifier", "optional_parameter", "splat_parameter", "keyword_parameter", "block_parameter",
                "hash_splat_parameter", "destructured_parameter", "forward_parameter"),
    ifs=("if", "unless", "if_modifier", "unless_modifier"),
    elifs=("elsif",),
    elses=("else",),
    ternaries=("conditional",),
    loops=("while", "until", "for", "while_modifier", "until_modifier"),
    switches=("case", "case_match"),
    cases=("when", "in_clause"),
    catches=("rescue", "rescue_modifier"),
    nests=("begin",),
    binaries=("binary",),
    booleans=("&&", "||", "and", "or"),
    strings=("string_content", "heredoc_content", "regex", "simple_symbol", "hash_key_symbol", "character"),
    barren=("comment", "identifier", "constant", "integer", "float", "nil", "self", "true", "false",
            "instance_variable", "global_variable", "class_variable", "escape_sequence", "forward_argument",
            "superclass"),
)  # fmt: skip
