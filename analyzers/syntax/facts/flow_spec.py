"""Statements and names of the languages whose control flow is followed, as data."""

from __future__ import annotations

from dataclasses import dataclass

from analyzers.syntax.spec import Kinds


@dataclass(frozen=True, kw_only=True)
class FlowSpec:
    """Kinds of one grammar by what they do to the flow; all other statements go on to the next one."""

    blocks: Kinds
    ifs: Kinds = ("if_statement",)
    elifs: Kinds = ()
    loops: Kinds = ()
    do_loops: Kinds = ()
    switches: Kinds = ()
    groups: Kinds = ()  # cases that fall through into the next one
    cases: Kinds = ()
    defaults: tuple[bytes, ...] = ()  # beginnings of a case that takes everything
    tries: Kinds = ()
    catches: Kinds = ()
    catches_all: tuple[bytes, ...] = ()  # beginnings of a handler that takes everything
    finallys: Kinds = ("finally_clause",)
    scopes: Kinds = ()  # run their body once: with
    labels: Kinds = ()
    returns: Kinds = ("return_statement",)
    throws: Kinds = ()
    breaks: Kinds = ("break_statement",)
    continues: Kinds = ("continue_statement",)
    always: tuple[bytes, ...] = ()  # conditions that hold
    without_condition: Kinds = ()  # loops that go on for ever if they have none

    targets: dict[str, tuple[str, ...]]  # fields that are given a value, by kind
    both: Kinds = ()  # their target is read as well
    at_once: Kinds = ()  # their value is there for what follows in the same statement
    reads: Kinds = ()  # in a target, what is below is read: a[i], a.b
    not_read: dict[str, tuple[str, ...]]  # fields that hold no variable, by kind
    definitions: Kinds = ()  # nested ones: their name is given a value, their body has a flow of its own
    closed: Kinds = ()  # not looked into at all
    hides: dict[str, tuple[str, ...]]  # kinds with names of their own: fields, or children, that bind those
    patterns: Kinds = ()  # names in them are bound
    outer: Kinds = ()  # statements that make names another function's
    imports: Kinds = ()


FLOW_SPECS: dict[str, FlowSpec] = {
    "Python": FlowSpec(
        blocks=("block",),
        elifs=("elif_clause",),
        loops=("for_statement", "while_statement"),
        switches=("match_statement",),
        cases=("case_clause",),
        defaults=(b"case _:", b"case _ :"),
        tries=("try_statement",),
        catches=("except_clause",),
        catches_all=(b"except:", b"except :"),
        scopes=("with_statement",),
        throws=("raise_statement",),
        always=(b"True", b"1"),
        targets={
            "assignment": ("left",), "augmented_assignment": ("left",), "named_expression": ("name",),
            "for_statement": ("left",), "as_pattern": ("alias",),
        },
        both=("augmented_assignment",),
        at_once=("named_expression", "as_pattern"),
        reads=("attribute", "subscript"),
        not_read={"attribute": ("attribute",), "keyword_argument": ("name",), "assignment": ("type",)},
        definitions=("function_definition", "class_definition"),
        closed=("type_alias_statement", "comment"),
        hides={
            "lambda": ("parameters",), "list_comprehension": ("for_in_clause",),
            "set_comprehension": ("for_in_clause",),
            "dictionary_comprehension": ("for_in_clause",), "generator_expression": ("for_in_clause",),
        },
        patterns=("case_pattern",),
        outer=("global_statement", "nonlocal_statement"),
        imports=("import_statement", "import_from_statement"),
    ),
    "Java": FlowSpec(
        blocks=("block", "constructor_body"),
        loops=("for_statement", "enhanced_for_statement", "while_statement"),
        do_loops=("do_statement",),
        switches=("switch_expression",),
        groups=("switch_block_statement_group",),
        cases=("switch_rule",),
        defaults=(b"default",),
        tries=("try_statement", "try_with_resources_statement"),
        catches=("catch_clause",),
        scopes=("synchronized_statement",),
        labels=("labeled_statement",),
        throws=("throw_statement",),
        breaks=("break_statement", "yield_statement"),
        always=(b"(true)",),
        without_condition=("for_statement",),
        targets={
            "variable_declarator": ("name",), "assignment_expression": ("left",), "update_expression": ("",),
            "enhanced_for_statement": ("name",), "catch_formal_parameter": ("name",), "resource": ("name",),
            "instanceof_expression": ("name",),
        },
        both=("update_expression", "assignment_expression"),
        at_once=("variable_declarator", "update_expression", "resource", "instanceof_expression"),
        reads=("field_access", "array_access"),
        not_read={"field_access": ("field",), "method_invocation": ("name",)},
        closed=("class_body", "class_declaration", "record_declaration", "interface_declaration", "enum_declaration",
                "modifiers", "switch_label", "line_comment", "block_comment"),
        hides={"lambda_expression": ("parameters",)},
    ),
}  # fmt: skip
