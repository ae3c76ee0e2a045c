"""JavaScript with JSX. Arrow functions and function expressions are functions, named by what they are given to."""

from __future__ import annotations

from analyzers.syntax.spec import Spec

SPEC = Spec(
    language="JavaScript",
    grammar="javascript",
    tier="A",
    comments=("comment", "html_comment", "hash_bang_line"),
    marks=(b"//", b"/*"),
    doc_marks=(b"/**",),
    functions=("function_declaration", "function_expression", "arrow_function", "generator_function",
               "generator_function_declaration", "method_definition"),
    classes=("class_declaration", "class"),
    name_givers=("variable_declarator", "pair", "assignment_expression", "field_definition"),
    parameter_lists=("formal_parameters",),
    parameters=("identifier", "assignment_pattern", "object_pattern", "array_pattern", "rest_pattern"),
    ifs=("if_statement",),
    elses=("'else",),
    ternaries=("ternary_expression",),
    loops=("for_statement", "for_in_statement", "while_statement", "do_statement"),
    switches=("switch_statement",),
    cases=("switch_case",),
    catches=("catch_clause",),
    nests=("try_statement", "with_statement"),
    binaries=("binary_expression",),
    booleans=("&&", "||"),
    imports=("import_statement",),
    strings=("string", "string_fragment", "regex", "jsx_text"),
        barren=("identifier", "property_identifier", "string", "string_fragment", "number", "comment", "this",
            "escape_sequence", "shorthand_property_identifier_pattern", "null", "true", "regex_pattern", "regex",
            "import_specifier", "regex_flags", "false", "undefined", "shorthand_property_identifier",
            "export_specifier", "break_statement", "namespace_import", "private_property_identifier", "super",
            "empty_statement", "continue_statement", "optional_chain", "export_clause"),
    signs=(b"{", b"=>", b"&&", b"||", b"?", b"if", b"else", b"for", b"while", b"switch", b"case", b"try", b"with",
               b"import", b"</", b"/>"),
    literals=b"$=,({[:?&|",
    blocks=("statement_block", "object", "object_pattern", "if_statement", "for_statement",
                "for_in_statement", "while_statement", "switch_case", "import_statement"),
    hints=b'"\'`/',
    entered=("class_body",),
)  # fmt: skip
