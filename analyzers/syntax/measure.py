"""One file from its bytes to its report: parse, walk, sweep, tokens."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node, Tree

from analyzers.syntax.comments import attach, classify
from analyzers.syntax.kinds import CLASS, KindTable, kind_table
from analyzers.syntax.languages import spec_of
from analyzers.syntax.limits import Limits, Refusal
from analyzers.syntax.parse import parse
from analyzers.syntax.report import DOC, DOCSTRING, Comment, Definition, Report
from analyzers.syntax.shape import docstring_of, n_parameters_of, name_of
from analyzers.syntax.sweep import Swept, sweep
from analyzers.syntax.tokens import tokens
from analyzers.syntax.walk import Errors, errors, visit

DEFAULT_LIMITS = Limits()


def analyze(language: str, source: bytes, limits: Limits = DEFAULT_LIMITS) -> Report | Refusal:
    """The report on a file in UTF-8, or why there is none.

    A scanner may hang or crash here, which takes the process along: analyzers.syntax.parser calls this in a child.
    """
    spec = spec_of(language)
    if spec is None:
        return "no_grammar"
    table = kind_table(spec)
    tree = parse(table.grammar, source, limits)
    if isinstance(tree, str):
        return tree
    return report_on(tree, source, table)


def report_on(tree: Tree, source: bytes, table: KindTable) -> Report:
    """The report on a tree that was parsed with the table's grammar."""
    root = tree.root_node
    found = visit(root, source, table)
    swept = sweep(found.taken, source, table)
    broken = errors(root) if source.strip() else Errors(0, 0, [])  # some grammars take no empty file
    spans = [(node.start_byte, node.end_byte) for node in found.comments]
    notes = classify(spans, source, table.spec)
    docs = attach(notes, swept.definitions, source)
    docstrings = _docstrings(root, swept, source, table)
    definitions = tuple(_definitions(swept, docs, docstrings, source, table))
    strings_as_comments = [Comment(*span, DOCSTRING, DOC) for span in docstrings.values()]
    skipped = sorted([*spans, *docstrings.values()])
    measured = table.spec.tier != "C"
    return Report(
        language=table.spec.language,
        n_bytes=len(source),
        n_nodes=root.descendant_count,
        n_errors=broken.n_errors,
        n_missing=broken.n_missing,
        errors=tuple(broken.spans),
        nesting=max([swept.file.nesting, *(frame.nesting for frame in swept.definitions)]),
        cyclomatic=swept.file.cyclomatic if measured else None,
        definitions=definitions if measured else None,
        comments=tuple(sorted([*notes, *strings_as_comments]) if strings_as_comments else notes),
        imports=tuple(swept.imports) if measured else None,
        tokens=tokens(source, table, skipped, found.strings),
    )


def _docstrings(root: Node, swept: Swept, source: bytes, table: KindTable) -> dict[int, tuple[int, int]]:
    """Bytes of docstrings by the place of their definition; -1 is the file."""
    if not table.docstrings:
        return {}
    bodies = [root, *(frame.node and frame.node.child_by_field_name("body") for frame in swept.definitions)]
    found = {place: docstring_of(body, source, table) for place, body in enumerate(bodies, -1)}
    return {place: (node.start_byte, node.end_byte) for place, node in found.items() if node is not None}


def _definitions(
    swept: Swept,
    docs: list[tuple[int, int] | None],
    docstrings: dict[int, tuple[int, int]],
    source: bytes,
    table: KindTable,
) -> Iterator[Definition]:
    for place, frame in enumerate(swept.definitions):
        assert frame.node is not None  # only the file's own frame has none
        last_row, last_column = frame.node.end_point
        is_class = frame.part == CLASS
        doc = docstrings.get(place) or docs[place] or (-1, -1)
        yield Definition(
            "class" if is_class else "method" if frame.in_class else "function",
            name_of(frame.node, frame.name_giver, source, table),
            frame.start,
            frame.end,
            frame.node.start_point[0] + 1,
            last_row + (last_column > 0 or frame.start == frame.end),  # where its last byte is
            None if is_class else n_parameters_of(frame.node, source, table),
            frame.cyclomatic,
            frame.cognitive,
            frame.nesting,
            frame.parent,
            *doc,
        )
