"""The table of all rules: a row a rule, in families. Severities: report.py."""

from __future__ import annotations

from analyzers.syntax.bugs.assignments import overwritten_assignment, self_assignment
from analyzers.syntax.bugs.catches import (
    bare_except,
    empty_catch,
    forgotten_throw,
    raised_non_exception,
    return_in_finally,
    swallowed_error,
)
from analyzers.syntax.bugs.comparisons import (
    comparison_chain,
    division_by_zero,
    invalid_typeof,
    literal_identity,
    nan_comparison,
    none_comparison,
    operator_precedence,
    self_comparison,
)
from analyzers.syntax.bugs.conditions import (
    assignment_in_condition,
    constant_condition,
    identical_branches,
    repeated_condition,
    stray_semicolon,
)
from analyzers.syntax.bugs.definitions import duplicate_parameter, redefined_function, shadowed_builtin
from analyzers.syntax.bugs.discarded import ignored_result, useless_expression
from analyzers.syntax.bugs.flow import missing_return, unconditional_recursion, unreachable_code
from analyzers.syntax.bugs.formats import format_arguments
from analyzers.syntax.bugs.imports import unused_import
from analyzers.syntax.bugs.literals import assert_on_tuple, duplicate_key, init_returns_value, mutable_default
from analyzers.syntax.bugs.loops import infinite_loop, nested_loop_variable, wrong_loop_direction
from analyzers.syntax.bugs.report import ERROR, FATAL, WARNING
from analyzers.syntax.bugs.rule import Check, Rule
from analyzers.syntax.bugs.switches import duplicate_case, missing_break
from analyzers.syntax.bugs.unused import unused_parameter, unused_variable

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
    lets_go: str = "",
) -> Rule:
    return Rule(
        name=name, severity=severity, languages=languages, roles=tuple(roles.split()), check=check,
        summary=summary, needs=needs, operators=frozenset(operators.split(",") if operators else ()),
        lets_go=tuple(lets_go.split()),
    )  # fmt: skip


_NAN = (b"nan", b"NaN", b"NAN")
_COMPARED = "==,!=,===,!==,<,<=,>,>="

RULES: tuple[Rule, ...] = (
    # Conditions
    _row("constant-condition", WARNING, ALL, "ifs elifs whiles ternaries", constant_condition,
         "a literal decides a condition"),
    _row("assignment-in-condition", ERROR, BRACES, "ifs whiles", assignment_in_condition,
         "a condition assigns a name or a literal"),
    _row("repeated-condition", ERROR, ALL, "ifs", repeated_condition,
         "a chain of else-ifs asks the same twice"),
    _row("identical-branches", WARNING, ALL, "ifs ternaries", identical_branches,
         "both branches are the same"),
    _row("stray-semicolon", ERROR, BRACES, "ifs", stray_semicolon,
         "a semicolon alone is the whole branch of an if"),
    # Comparisons and operations
    _row("self-comparison", ERROR, ALL, "binaries", self_comparison,
         "both sides of a comparison are the same", operators="==,===,<,<=,>,>=,is,&&,||,and,or"),
    _row("nan-comparison", ERROR, ALL, "binaries", nan_comparison,
         "a comparison with NaN, which is equal to nothing", _NAN, _COMPARED),
    _row("none-comparison", WARNING, PYTHON, "binaries", none_comparison,
         "None is compared by == instead of is", (b"None",), "==,!="),
    _row("literal-identity", ERROR, ("Python", "Java", "C", *SCRIPT), "binaries", literal_identity,
         "a fresh object is compared by identity", operators="==,!=,===,!==,is,is not"),
    _row("comparison-chain", ERROR, (*BRACES, "Go"), "binaries", comparison_chain,
         "a < b < c compares a truth value with c", operators="<,<=,>,>="),
    _row("operator-precedence", ERROR, (*SCRIPT, *C_LIKE), "binaries", operator_precedence,
         "operators bind otherwise than they are meant", operators="in,instanceof,&,|,^,<,>,<=,>="),
    _row("invalid-typeof", ERROR, SCRIPT, "binaries", invalid_typeof,
         "typeof is compared with a type that does not exist", (b"typeof",), "==,!=,===,!=="),
    _row("division-by-zero", FATAL, ALL, "binaries augmented assignments", division_by_zero,
         "a literal zero divides", operators="/,%,//,/=,%=,//="),
    # Assignments
    _row("self-assignment", ERROR, ALL, "assignments", self_assignment,
         "a name is assigned to itself", operators="="),
    _row("overwritten-assignment", WARNING, ALL, "blocks", overwritten_assignment,
         "the next statement throws an assigned value away", lets_go="assignments"),
    # Flow
    _row("unreachable-code", ERROR, ALL, "blocks", unreachable_code,
         "a statement behind a jump in the same block", lets_go="jumps"),
    _row("missing-return", ERROR, ("Python", "Java", "TypeScript", "TSX", "C", "C++", "Go", "C#"), "functions",
         missing_return, "a function that gives a value can end without one"),
    _row("unconditional-recursion", FATAL, ALL, "functions", unconditional_recursion,
         "a function calls itself before anything else"),
    _row("infinite-loop", FATAL, ALL, "whiles fors", infinite_loop,
         "nothing in a loop could end it"),
    _row("wrong-loop-direction", ERROR, ALL, "fors foreachs", wrong_loop_direction,
         "a loop steps away from its bound"),
    _row("nested-loop-variable", WARNING, ("Python", *BRACES, "Go"), "fors foreachs", nested_loop_variable,
         "an inner loop takes the variable of an outer one"),
    _row("duplicate-case", ERROR, ALL, "switches", duplicate_case,
         "two cases for the same value"),
    _row("missing-break", WARNING, ("Java", *SCRIPT, *C_LIKE), "switches", missing_break,
         "a case runs on into the next without a word"),
    # Errors
    _row("empty-catch", WARNING, ("Python", "Java", *SCRIPT, "C++", "C#"), "catches", empty_catch,
         "an exception is caught, and nothing is done or said"),
    _row("swallowed-error", WARNING, ("Go", "Rust"), "error_tests", swallowed_error,
         "an error is looked at, and nothing is done or said", (b"rr",)),
    _row("bare-except", WARNING, PYTHON, "catches", bare_except,
         "except without a class catches the end of the program too"),
    _row("return-in-finally", ERROR, ("Python", "Java", *SCRIPT, "C#"), "returns", return_in_finally,
         "a return in finally swallows every exception", (b"finally",)),
    _row("raised-non-exception", ERROR, ("Python", *SCRIPT, "C++"), "throws", raised_non_exception,
         "what is thrown is no exception"),
    _row("forgotten-throw", ERROR, ("Python", "Java", *SCRIPT, "C++", "C#"), "blocks", forgotten_throw,
         "an exception is made and not thrown", lets_go="creations calls"),
    # Literals
    _row("duplicate-key", ERROR, ALL, "dictionaries", duplicate_key,
         "a literal names one key twice"),
    _row("mutable-default", WARNING, PYTHON, "functions", mutable_default,
         "a default that all calls share is changed"),
    _row("assert-on-tuple", ERROR, PYTHON, "asserts", assert_on_tuple,
         "an assertion that always holds"),
    _row("init-returns-value", FATAL, PYTHON, "returns", init_returns_value,
         "__init__ returns a value", (b"__init__",)),
    _row("format-arguments", ERROR, ("Python", "Java", *C_LIKE, "Go", "C#"), "calls binaries",
         format_arguments, "a format asks for other arguments than it gets",
         (b"%", b"ormat", b"Console.Write"), "%"),
    # Values let go
    _row("ignored-result", ERROR, ALL, "blocks", ignored_result,
         "a function without side effects is called for nothing", lets_go="calls"),
    _row("useless-expression", ERROR, ("Python", "Java", *SCRIPT, *C_LIKE, "Go", "Rust"), "blocks",
         useless_expression, "a comparison as a statement", lets_go="binaries"),
    # Names
    _row("redefined-function", ERROR, ALL, "scopes", redefined_function,
         "two functions of one name in one scope", lets_go="functions"),
    _row("duplicate-parameter", FATAL, ALL, "parameters", duplicate_parameter,
         "two parameters of one name"),
    _row("shadowed-builtin", WARNING, ("Python", *SCRIPT, "Go"), "declarations declarators",
         shadowed_builtin, "a variable hides a builtin"),
    _row("unused-variable", WARNING, ALL, "declarations", unused_variable,
         "a local variable is never read"),
    _row("unused-parameter", WARNING, ALL, "functions", unused_parameter,
         "a private function never reads a parameter"),
    _row("unused-import", WARNING, ("Python", "Java", *SCRIPT, "Go", "Rust"), "imports", unused_import,
         "an imported name is never used"),
)  # fmt: skip
"""All rules. One file's bugs come sorted by place, whatever the order here."""
