"""TypeScript. Signatures without a body (overloads, interfaces' members) are no functions."""

from __future__ import annotations

from dataclasses import replace

from analyzers.syntax.languages import javascript

SPEC = replace(
    javascript.SPEC,
    language="TypeScript",
    grammar="typescript",
    classes=("class_declaration", "class", "abstract_class_declaration", "interface_declaration", "enum_declaration"),
    name_givers=("variable_declarator", "pair", "assignment_expression", "public_field_definition"),
    parameters=("required_parameter", "optional_parameter"),
    imports=("import_statement", "import_alias"),
    strings=("string", "string_fragment", "regex"),
        barren=("type_identifier", "identifier", "property_identifier", "predefined_type", "comment", "string",
            "string_fragment", "escape_sequence", "import_clause", "import_specifier", "named_imports", "number",
            "export_specifier", "this", "undefined", "export_clause", "namespace_import", "null", "import",
            "type_query", "nested_identifier", "private_property_identifier", "accessibility_modifier", "infer_type",
            "shorthand_property_identifier_pattern", "false", "true", "shorthand_property_identifier",
            "namespace_export", "rest_type", "regex"),
    signs=(b"{", b"=>", b"&&", b"||", b"?", b"if", b"else", b"for", b"while", b"switch", b"case", b"try", b"with",
               b"import", b"interface", b"abstract", b"class", b"</", b"/>"),
    literals=b"$=,({[:?&|",
    blocks=("statement_block", "object", "object_pattern", "object_type", "interface_body",
                "if_statement", "for_statement", "for_in_statement", "while_statement", "switch_case",
                "import_statement"),
    hints=b'"\'`/',
    entered=("class_body",),
)  # fmt: skip
