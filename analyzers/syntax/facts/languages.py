"""Facts of languages: a literal table. A language without a line here has definitions, comments and branches only."""

from __future__ import annotations

from dataclasses import replace

from analyzers.syntax.facts.spec import FactSpec

_JAVASCRIPT = FactSpec(
    names=("identifier", "shorthand_property_identifier", "shorthand_property_identifier_pattern"),
    members=("property_identifier", "private_property_identifier"),
    calls=("call_expression", "new_expression"),
    arguments=("arguments",),
    heritage=("class_heritage",),
    self_names=("this",),
    binds_by_statement=True,
    imports="ecmascript",
)
_TYPESCRIPT = replace(_JAVASCRIPT, types=("type_identifier",), heritage=("class_heritage", "extends_type_clause"))
_C = FactSpec(
    names=("identifier",),
    types=("type_identifier",),
    members=("field_identifier",),
    calls=("call_expression",),
    arguments=("argument_list",),
    separator="::",
    imports="include",
)

FACT_SPECS: dict[str, FactSpec] = {
    "Python": FactSpec(
        names=("identifier",),
        calls=("call",),
        arguments=("argument_list",),
        one_argument=("generator_expression",),
        heritage=("argument_list",),
        self_names=("self", "cls"),
        self_is_parameter=True,
        module_names="first",
        imports="python",
    ),
    "Java": FactSpec(
        names=("identifier",),
        types=("type_identifier",),
        calls=("method_invocation", "object_creation_expression", "explicit_constructor_invocation"),
        arguments=("argument_list",),
        heritage=("superclass", "super_interfaces", "extends_interfaces"),
        self_names=("this",),
        implicit_self=True,
        imports="dotted",
    ),
    "JavaScript": _JAVASCRIPT,
    "TypeScript": _TYPESCRIPT,
    "TSX": _TYPESCRIPT,
    "C": _C,
    "C++": replace(
        _C,
        names=("identifier", "namespace_identifier"),
        calls=("call_expression", "new_expression"),
        heritage=("base_class_clause",),
        self_names=("this",),
        super_names=(),
        implicit_self=True,
    ),
    "Go": FactSpec(
        names=("identifier", "package_identifier"),
        types=("type_identifier",),
        members=("field_identifier",),
        calls=("call_expression",),
        arguments=("argument_list",),
        heritage=("type_elem",),
        embedded="field_declaration",
        receivers=("receiver",),
        super_names=(),
        module_names="last",
        imports="go",
    ),
    "Rust": FactSpec(
        names=("identifier", "shorthand_field_identifier"),
        types=("type_identifier",),
        members=("field_identifier",),
        calls=("call_expression", "macro_invocation"),
        arguments=("arguments",),
        tokens=("token_tree",),
        heritage=("trait_bounds",),
        receivers=("type",),
        self_names=("self", "Self"),
        super_names=(),
        self_is_parameter=True,
        separator="::",
        module_names="last",
        imports="rust",
    ),
    "C#": FactSpec(
        names=("identifier",),
        calls=("invocation_expression", "object_creation_expression", "constructor_initializer"),
        arguments=("argument_list",),
        heritage=("base_list",),
        self_names=("this",),
        super_names=("base",),
        implicit_self=True,
        imports="using",
    ),
    "Kotlin": FactSpec(imports="dotted"),
    "Scala": FactSpec(imports="dotted"),
    "Swift": FactSpec(imports="dotted"),
    "Haskell": FactSpec(imports="dotted"),
    "Julia": FactSpec(imports="dotted"),
    "Solidity": FactSpec(imports="ecmascript"),
    "PHP": FactSpec(separator="\\", imports="php"),
    "Perl": FactSpec(separator="::", imports="dotted"),
    "Objective-C": FactSpec(separator="::", imports="include"),
}
"""By Linguist's name. Known gaps: decorators without a call are no call; Rust's macros are called, and calls among
their tokens are not seen; a call whose callee is no path (`f()()`, `a[0]()`) has no name or no object."""
