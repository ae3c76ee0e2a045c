"""One sweep over the parts of a file in source order: nesting, complexity, and which definition holds what.

A stack holds what is open; everything that encloses others saves the counters it changes and gives them back at its
end. So the cost is that of the parts, a twentieth of the nodes, and depth is no matter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tree_sitter import Node

from analyzers.syntax.kinds import (
    BINARY,
    CASE,
    CATCH,
    CLASS,
    CONTAINER,
    ELIF,
    ELSE,
    FUNCTION,
    IF,
    IMPORT,
    JUMP,
    LAMBDA,
    LOOP,
    N_IDS,
    NAME_GIVER,
    NEST,
    NONE,
    SCOPED,
    SWITCH,
    TERNARY,
    WRAPPER,
    KindTable,
)

_NO_END = 1 << 62
_OPENERS = b"( \t\r\n\\"
_CLOSERS = b") \t\r\n\\"
_MOST_BETWEEN = 256  # bytes of parentheses and blanks: without a bound, time would be quadratic

# Parts that go one deeper: for the reader, and for cognitive complexity.
_NESTING = frozenset({IF, LOOP, SWITCH, NEST, LAMBDA})
_COGNITIVE = frozenset({IF, TERNARY, LOOP, SWITCH, CATCH})
_CYCLOMATIC = frozenset({IF, TERNARY, LOOP, CATCH})


@dataclass(slots=True, eq=False)
class Frame:
    """Counters of a definition, or of the file's own code."""

    node: Node | None = None
    part: int = NONE
    start: int = 0
    end: int = 0
    parent: int = -1
    in_class: bool = False  # directly
    outer_start: int = 0  # where decorators or the like begin
    name_giver: Node | None = None
    cyclomatic: int = 1
    cognitive: int = 0
    nesting: int = 0


@dataclass(slots=True, eq=False)
class Swept:
    """What the sweep leaves behind."""

    file: Frame = field(default_factory=Frame)
    definitions: list[Frame] = field(default_factory=list)  # by start, outer before inner
    imports: list[tuple[int, int]] = field(default_factory=list)


def sweep(taken: list[Node], source: bytes, table: KindTable) -> Swept:
    """Counters of all definitions. `taken` is sorted by start, outer before inner."""
    parts, default_cases = table.parts, table.spec.default_cases
    only_named, only_bodied = table.spec.only_named, table.spec.only_bodied
    swept = Swept()
    frame, frames, frame_at, in_class = swept.file, swept.definitions, -1, False
    depth = weight = 0  # levels for the reader; levels for cognitive complexity
    stack: list[tuple[Any, ...]] = []
    top_end = _NO_END
    else_end = -1
    outer_starts: dict[int, int] = {}
    givers: dict[int, Node] = {}
    runs: list[tuple[int, int, int]] = []  # open boolean expressions: start, end, operator
    for node in taken:
        start = node.start_byte
        while start >= top_end:
            top_end, frame, frame_at, in_class, depth, weight = stack.pop()
        part = parts[node.kind_id]
        if part < SCOPED:
            if part == CASE:
                if not (default_cases and is_default(source, node, default_cases)):
                    frame.cyclomatic += 1
            elif part == ELSE:
                else_end = node.end_byte
                frame.cognitive += 1
            elif part == ELIF:
                frame.cyclomatic += 1
                frame.cognitive += 1
            elif part == IMPORT:
                swept.imports.append((start, node.end_byte))
            elif part == JUMP:
                frame.cognitive += 1
            elif part == WRAPPER:
                outer_starts.setdefault(node.end_byte, start)
            elif part == NAME_GIVER:
                givers[node.end_byte] = node
            continue
        end = node.end_byte
        if part == BINARY:
            if operator := _boolean_operator(node, source, table):
                frame.cyclomatic += 1
                while runs and runs[-1][1] <= start:
                    runs.pop()
                if not (runs and runs[-1][2] == operator and _continues(runs[-1], start, end, source)):
                    frame.cognitive += 1
                runs.append((start, end, operator))
            continue
        if part == FUNCTION and only_named and node.child_by_field_name("name") is None:
            continue
        if part == CLASS and only_bodied and node.child_by_field_name("body") is None:
            continue
        stack.append((top_end, frame, frame_at, in_class, depth, weight))
        top_end = end
        if part >= CONTAINER:
            if part == CONTAINER:
                in_class = True
                continue
            new = Frame(node, part, start, end, frame_at, in_class and part == FUNCTION)
            new.outer_start = outer_starts.get(end, start)
            new.name_giver = givers.get(end)
            frame_at = len(frames)
            frames.append(new)
            frame, in_class, depth, weight = new, part == CLASS, 0, 0
            continue
        if part in _CYCLOMATIC:
            frame.cyclomatic += 1
        if part == IF and else_end >= 0:
            after_else, else_end = source[else_end:start].isspace(), -1  # each else is looked at once
            if after_else:
                continue
        if part in _COGNITIVE:
            frame.cognitive += 1 + weight
            weight += 1
        elif part == LAMBDA:
            weight += 1
        if part in _NESTING:
            depth += 1
            if depth > frame.nesting:
                frame.nesting = depth
    return swept


def is_default(source: bytes, node: Node, beginnings: tuple[bytes, ...]) -> bool:
    """Whether a case begins as a default does, and not with a longer word that begins alike."""
    start = node.start_byte
    for beginning in beginnings:
        if source.startswith(beginning, start):
            after = source[start + len(beginning) : start + len(beginning) + 1]
            if not (after.isalnum() or after == b"_"):
                return True
    return False


def _boolean_operator(node: Node, source: bytes, table: KindTable) -> int:
    """A number for the boolean operator among the children, 0 where there is none."""
    for child in node.children:
        kind = child.kind_id
        if kind in table.booleans:
            return kind
        if kind in table.operators:
            text = source[child.start_byte : child.end_byte]
            if text in table.spec.boolean_texts:
                return N_IDS + table.spec.boolean_texts.index(text)
    return 0


def _continues(outer: tuple[int, int, int], start: int, end: int, source: bytes) -> bool:
    """Whether an expression is the first or last operand of the outer one, parentheses aside."""
    if start - outer[0] <= _MOST_BETWEEN and not source[outer[0] : start].strip(_OPENERS):
        return True
    return outer[1] - end <= _MOST_BETWEEN and not source[end : outer[1]].strip(_CLOSERS)
