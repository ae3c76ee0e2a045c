"""What one language is to the rules, as data: which kinds of its grammar play which role, and a few tables of names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Kinds = tuple[str, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class Dialect:
    """One language. Kinds are written as in analyzers.syntax.spec: "'else" with a leading quote means the keyword.

    A kind may play several roles. Roles that a language has not stay empty, and rules see none of their nodes. What the
    grammars agree on, such as the fields `condition`, `consequence`, `left` and `right`, is said nowhere.
    """

    # Scopes
    functions: Kinds
    lambdas: Kinds = ()
    classes: Kinds = ()  # their direct functions are methods
    scopes: Kinds = ()  # hold definitions side by side: the file, class bodies
    blocks: Kinds = ()  # hold statements side by side
    labels: Kinds = ()  # children of a block that are no statement of their own but may be jumped to, or are hoisted
    guards: Kinds = ()  # try and with: what stands inside may be there to fail

    # Statements
    expression_statements: Kinds = ()
    ifs: Kinds = ()
    elifs: Kinds = ()
    else_clauses: Kinds = ()
    whiles: Kinds = ()
    fors: Kinds = ()  # with or without three clauses
    foreachs: Kinds = ()
    switches: Kinds = ()
    cases: Kinds = ()
    case_labels: Kinds = ()  # children of a case that hold its values; empty: the field `value`, `pattern` or `type`
    catches: Kinds = ()
    finallys: Kinds = ()
    error_tests: Kinds = ()  # what tests for an error where nothing is thrown
    returns: Kinds = ()
    jumps: Kinds = ()  # return, break, continue, throw, goto
    breaks: Kinds = ()
    throws: Kinds = ()
    empties: Kinds = ()  # a semicolon alone
    imports: Kinds = ()
    asserts: Kinds = ()

    # Expressions
    identifiers: Kinds = ()
    members: Kinds = ()
    parens: Kinds = ()
    binaries: Kinds = ()
    unaries: Kinds = ()
    ternaries: Kinds = ()
    assignments: Kinds = ()
    augmented: Kinds = ()  # where they are a kind of their own
    updates: Kinds = ()
    calls: Kinds = ()
    creations: Kinds = ()  # new X()
    dictionaries: Kinds = ()
    pairs: Kinds = ()
    declarations: Kinds = ()  # statements that declare local variables; where none is needed, those that set them
    declarators: Kinds = ()  # one variable of a declaration
    parameters: Kinds = ()  # parameter lists
    parameter: Kinds = ()  # what one may be in such a list; empty: whatever has a name
    strings: Kinds = ()
    numbers: Kinds = ()
    always: Kinds = ()  # literals that are true in a condition, whatever they say
    constants: Kinds = ()  # literals that are true or false by their text
    identity_literals: Kinds = ()

    # Names
    foreign: tuple[bytes, ...] = ()  # patterns of what only another language holds that goes by the same file names
    word_extras: bytes = b""  # bytes of identifiers beside letters, digits and _
    exits: bytes = rb"\b(?:return|break|throw|goto)\b"  # a pattern of what may end a loop, calls aside
    identity_operators: tuple[str, ...] = ()
    error_pattern: bytes = b"(?!)"  # what an error test asks, or how a swallowed exception is spelled
    ignored_names: bytes = b"(?!)"  # names of exceptions that say that they are ignored on purpose
    pure_calls: frozenset[bytes] = frozenset()  # methods and functions whose result is all they give
    printf: Mapping[bytes, int] = field(default_factory=dict)  # place of the format among the arguments
    builtins: frozenset[bytes] = frozenset()
    overloads: bool = False  # functions of one name may differ in their parameters
    receivers: tuple[bytes, ...] = ()  # what a method calls itself by
