"""What a syntax tree says of a file: one type for all languages, raw counts in named units.

None is not measured, in a language of tier C; 0 or an empty tuple is measured and none found. Offsets are bytes,
half-open; lines count from 1. Reports are tuples of plain values, so that `marshal` carries them between processes.
"""

from __future__ import annotations

from typing import NamedTuple

LINE, BLOCK, DOCSTRING = 0, 1, 2
"""Comment.form: to the end of its line; between marks; a string that stands first in a body."""
PLAIN, HEADER, DOC, TRAILING = 0, 1, 2, 3
"""Comment.role. HEADER: before any code and no documentation; DOC: documents a definition, or bears a mark that says
so; TRAILING: code stands before it on its line."""


class Comment(NamedTuple):
    """One comment as the grammar has it: lines of // that follow each other are several."""

    start: int
    end: int
    form: int
    role: int


class Definition(NamedTuple):
    """A function, method or class.

    cyclomatic: 1 + ifs + loops + cases + catches + ternaries + boolean operators, CodeFuse-13B's count; what inner
    functions hold counts there, what lambdas hold counts here. cognitive: SonarSource's, without recursion and labelled
    jumps; inner functions count for themselves. nesting: deepest level of ifs, loops, switches, try and lambdas, an
    else-if being no deeper than its if. For a class the three are those of code between its methods.
    """

    kind: str  # function, method, class
    name: str | None
    start: int
    end: int
    start_line: int
    end_line: int  # the last one, inclusive
    n_parameters: int | None  # None for a class
    cyclomatic: int
    cognitive: int
    nesting: int
    parent: int  # place of the innermost definition around it, -1 for none
    doc_start: int  # of the comments or docstring that document it; -1 for none
    doc_end: int


class Tokens(NamedTuple):
    """Halstead's counts over the file outside comments, and the lengths of its identifiers.

    Operators are keywords and punctuation by the grammar's longest match, of a pair of brackets the opening one;
    operands are identifiers, numbers and strings. Characters are code points. "different" is by bytes.
    """

    n_operators: int
    n_operands: int
    n_different_operators: int
    n_different_operands: int
    n_identifiers: int
    n_different_identifiers: int
    identifier_chars: int  # of different identifiers
    n_short_identifiers: int  # different ones of one character, _ not counted
    n_long_identifiers: int  # different ones of more than 40 characters


class Report(NamedTuple):
    """One file."""

    language: str
    n_bytes: int
    n_nodes: int
    n_errors: int
    n_missing: int
    errors: tuple[tuple[int, int], ...]  # outermost ERROR nodes
    nesting: int  # deepest of the file, code outside functions included
    cyclomatic: int | None  # of code outside functions, with its 1
    definitions: tuple[Definition, ...] | None
    comments: tuple[Comment, ...]
    imports: tuple[tuple[int, int], ...] | None
    tokens: Tokens

    @property
    def error_bytes(self) -> int:
        """Bytes under outermost ERROR nodes."""
        return sum(end - start for start, end in self.errors)


def from_plain(values: tuple) -> Report:
    """The report again from what `marshal` made of it: plain tuples."""
    report = Report(*values)
    definitions = report.definitions
    return report._replace(
        definitions=None if definitions is None else tuple(Definition(*row) for row in definitions),
        comments=tuple(Comment(*row) for row in report.comments),
        tokens=Tokens(*report.tokens),
    )


def to_plain(report: Report) -> tuple:
    """The report as plain tuples, which `marshal` takes."""
    definitions = report.definitions
    plain = report._replace(
        definitions=None if definitions is None else tuple(map(tuple, definitions)),  # type: ignore[arg-type]
        comments=tuple(map(tuple, report.comments)),  # type: ignore[arg-type]
        tokens=tuple(report.tokens),  # type: ignore[arg-type]
    )
    return tuple(plain)
