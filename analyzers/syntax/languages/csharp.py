"""C#. Accessors of properties are functions without a name."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="C#",
    grammar="csharp",
    tier="A",
    comments=("comment",),
    marks=(b"//", b"/*"),
    doc_marks=(b"///", b"/**"),
    functions=("method_declaration", "constructor_declaration", "destructor_declaration", "operator_declaration",
               "conversion_operator_declaration", "local_function_statement", "accessor_declaration"),
    lambdas=("lambda_expression", "anonymous_method_expression"),
    classes=("class_declaration", "interface_declaration", "struct_declaration", "enum_declaration",
             "record_declaration"),
    parameter_lists=("parameter_list",),
    parameters=("parameter", "'params"),
    ifs=("if_statement",),
    elses=("'else",),
    ternaries=("conditional_expression",),
    loops=("for_statement", "foreach_statement", "while_statement", "do_statement"),
    switches=("switch_statement", "switch_expression"),
    cases=("'case", "switch_expression_arm"),
    default_cases=(b"_",),
    catches=("catch_clause",),
    nests=("try_statement", "using_statement", "lock_statement", "fixed_statement"),
    binaries=("binary_expression",),
    booleans=("&&", "||"),
    jumps=("goto_statement",),
    imports=("using_directive", "extern_alias_directive"),
    strings=("string_literal", "verbatim_string_literal", "raw_string_literal", "character_literal",
             "string_content"),
        barren=("identifier", "predefined_type", "integer_literal", "string_literal", "string_literal_content",
            "character_literal", "comment", "modifier", "using_directive", "null_literal", "boolean_literal",
            "qualified_name", "real_literal", "verbatim_string_literal", "raw_string_literal", "escape_sequence",
            "implicit_type", "nullable_type", "interpolation_brace", "interpolation_start", "interpolation_quote"),
)  # fmt: skip
