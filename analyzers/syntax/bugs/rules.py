"""The table of all rules: a row a rule, in families. Severities: report.py."""

from __future__ import annotations

from analyzers.syntax.bugs import (
    assignments,
    catches,
    comparisons,
    conditions,
    definitions,
    discarded,
    flow,
    formats,
    imports,
    literals,
    loops,
    switches,
    unused,
)
from analyzers.syntax.bugs.report import ERROR, FATAL, WARNING
from analyzers.syntax.bugs.rule import Check, Rule

PYTHON = ("Python",)
SCRIPT = ("JavaScript", "TypeScript", "TSX")
C_LIKE = ("C", "C++")
BRACES = ("Java", *SCRIPT, *C_LIKE, "C#")
ALL = ("Python", *BRACES, "Go", "Rust")


def _row(
    name: str,
    severity: int,
    languages: tuple[str, ...],
    roles: str,
    check: Check,
    summary: str,
    needs: tuple[bytes, ...] = (),
    operators: str = "",
) -> Rule:
    return Rule(
        name=name, severity=severity, languages=languages, roles=tuple(roles.split()), check=check,
        summary=summary, needs=needs, operators=frozenset(operators.split(",") if operators else ()),
    )  # fmt: skip


_NAN = (b"nan", b"NaN", b"NAN")
_COMPARED = "==,!=,===,!==,<,<=,>,>="

RULES: tuple[Rule, ...] = (
    # Conditions
    _row("constant-condition", WARNING, ALL, "ifs elifs whiles ternaries", conditions.constant_condition,
         "a literal decides a condition"),
    _row("assignment-in-condition", ERROR, BRACES, "ifs whiles", conditions.assignment_in_condition,
         "a condition assigns a name or a literal"),
    _row("repeated-condition", ERROR, ALL, "ifs", conditions.repeated_condition,
         "a chain of else-ifs asks the same twice"),
    _row("identical-branches", WARNING, ALL, "ifs ternaries", conditions.identical_branches,
         "both branches are the same"),
    _row("stray-semicolon", ERROR, BRACES, "ifs", conditions.stray_semicolon,
         "a semicolon alone is the whole branch of an if"),
    # Comparisons and operations
    _row("self-comparison", ERROR, ALL, "binaries", comparisons.self_comparison,
         "both sides of a comparison are the same", operators="==,===,<,<=,>,>=,is,&&,||,and,or"),
    _row("nan-comparison", ERROR, ALL, "binaries", comparisons.nan_comparison,
         "a comparison with NaN, which is equal to nothing", _NAN, _COMPARED),
    _row("none-comparison", WARNING, PYTHON, "binaries", comparisons.none_comparison,
         "None is compared by == instead of is", (b"None",), "==,!="),
    _row("literal-identity", ERROR, ("Python", "Java", "C", *SCRIPT), "binaries", comparisons.literal_identity,
         "a fresh object is compared by identity", operators="==,!=,===,!==,is,is not"),
    _row("comparison-chain", ERROR, (*BRACES, "Go"), "binaries", comparisons.comparison_chain,
         "a < b < c compares a truth value with c", operators="<,<=,>,>="),
    _row("operator-precedence", ERROR, (*SCRIPT, *C_LIKE), "binaries", comparisons.operator_precedence,
         "operators bind otherwise than they are meant", operators="in,instanceof,&,|,^,<,>,<=,>="),
    _row("invalid-typeof", ERROR, SCRIPT, "binaries", comparisons.invalid_typeof,
         "typeof is compared with a type that does not exist", (b"typeof",), "==,!=,===,!=="),
    _row("division-by-zero", FATAL, ALL, "binaries augmented assignments", comparisons.division_by_zero,
         "a literal zero divides", operators="/,%,//,/=,%=,//="),
    # Assignments
    _row("self-assignment", ERROR, ALL, "assignments", assignments.self_assignment,
         "a name is assigned to itself", operators="="),
    _row("overwritten-assignment", WARNING, ALL, "blocks", assignments.overwritten_assignment,
         "the next statement throws an assigned value away"),
    # Flow
    _row("unreachable-code", ERROR, ALL, "blocks", flow.unreachable_code,
         "a statement behind a jump in the same block"),
    _row("missing-return", ERROR, ("Python", "Java", "TypeScript", "TSX", "C", "C++", "Go", "C#"), "functions",
         flow.missing_return, "a function that gives a value can end without one"),
    _row("unconditional-recursion", FATAL, ALL, "functions", flow.unconditional_recursion,
         "a function calls itself before anything else"),
    _row("infinite-loop", FATAL, ALL, "whiles fors", loops.infinite_loop,
         "nothing in a loop could end it"),
    _row("wrong-loop-direction", ERROR, ALL, "fors foreachs", loops.wrong_loop_direction,
         "a loop steps away from its bound"),
    _row("nested-loop-variable", WARNING, ("Python", *BRACES, "Go"), "fors foreachs", loops.nested_loop_variable,
         "an inner loop takes the variable of an outer one"),
    _row("duplicate-case", ERROR, ALL, "switches", switches.duplicate_case,
         "two cases for the same value"),
    _row("missing-break", WARNING, ("Java", *SCRIPT, *C_LIKE), "switches", switches.missing_break,
         "a case runs on into the next without a word"),
    # Errors
    _row("empty-catch", WARNING, ("Python", "Java", *SCRIPT, "C++", "C#"), "catches", catches.empty_catch,
         "an exception is caught, and nothing is done or said"),
    _row("swallowed-error", WARNING, ("Go", "Rust"), "error_tests", catches.swallowed_error,
         "an error is looked at, and nothing is done or said", (b"rr",)),
    _row("bare-except", WARNING, PYTHON, "catches", catches.bare_except,
         "except without a class catches the end of the program too", (b"except",)),
    _row("return-in-finally", ERROR, ("Python", "Java", *SCRIPT, "C#"), "returns", catches.return_in_finally,
         "a return in finally swallows every exception", (b"finally",)),
    _row("raised-non-exception", ERROR, ("Python", *SCRIPT, "C++"), "throws", catches.raised_non_exception,
         "what is thrown is no exception"),
    _row("forgotten-throw", ERROR, ("Python", "Java", *SCRIPT, "C++", "C#"), "blocks", catches.forgotten_throw,
         "an exception is made and not thrown"),
    # Literals
    _row("duplicate-key", ERROR, ALL, "dictionaries", literals.duplicate_key,
         "a literal names one key twice"),
    _row("mutable-default", WARNING, PYTHON, "functions", literals.mutable_default,
         "a default that all calls share is changed"),
    _row("assert-on-tuple", ERROR, PYTHON, "asserts", literals.assert_on_tuple,
         "an assertion that always holds"),
    _row("init-returns-value", FATAL, PYTHON, "returns", literals.init_returns_value,
         "__init__ returns a value", (b"__init__",)),
    _row("format-arguments", ERROR, ("Python", "Java", *C_LIKE, "Go", "C#"), "calls binaries",
         formats.format_arguments, "a format asks for other arguments than it gets",
         (b"%", b"ormat", b"Console.Write"), "%"),
    # Values let go
    _row("ignored-result", ERROR, ALL, "blocks", discarded.ignored_result,
         "a function without side effects is called for nothing"),
    _row("useless-expression", ERROR, ("Python", "Java", *SCRIPT, *C_LIKE, "Go", "Rust"), "blocks",
         discarded.useless_expression, "a comparison as a statement"),
    # Names
    _row("redefined-function", ERROR, ALL, "scopes", definitions.redefined_function,
         "two functions of one name in one scope"),
    _row("duplicate-parameter", FATAL, ALL, "parameters", definitions.duplicate_parameter,
         "two parameters of one name"),
    _row("shadowed-builtin", WARNING, ("Python", *SCRIPT, "Go"), "assignments declarations declarators",
         definitions.shadowed_builtin, "a variable hides a builtin"),
    _row("unused-variable", WARNING, ALL, "declarations assignments", unused.unused_variable,
         "a local variable is never read"),
    _row("unused-parameter", WARNING, ALL, "functions", unused.unused_parameter,
         "a private function never reads a parameter"),
    _row("unused-import", WARNING, ("Python", "Java", *SCRIPT, "Go", "Rust"), "imports", imports.unused_import,
         "an imported name is never used"),
)  # fmt: skip
"""All rules. One file's bugs come sorted by place, whatever the order here."""
