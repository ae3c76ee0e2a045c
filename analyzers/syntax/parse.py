"""One parse within limits. The budget is counted in the parser's own steps, so that every machine decides alike."""

from __future__ import annotations

from functools import cache

from tree_sitter import Language, Parser, Point, Tree

from analyzers.syntax.limits import Limits, Refusal, refusal

_CHUNK_BYTES = 1 << 10  # grammars that look far ahead have the same place read anew thousands of times


@cache
def _parser(grammar: Language) -> tuple[Parser, bytearray]:
    """A parser, and what it reads from. It forgets to let go of whatever a reader gives it, so that is one object."""
    return Parser(grammar), bytearray()


def parse(grammar: Language, source: bytes, limits: Limits) -> Tree | Refusal:
    """The tree, or why there is none. Its nodes' `text` and `str` must not be used: both can crash the process."""
    if (reason := refusal(source, limits)) is not None:
        return reason
    parser, chunk = _parser(grammar)
    view = memoryview(source)
    left = limits.calls(len(source))

    def read(offset: int, _: Point) -> bytearray:
        chunk[:] = view[offset : offset + _CHUNK_BYTES]
        return chunk

    def enough(_offset: int, _has_error: bool) -> bool:
        nonlocal left
        left -= 1
        return left < 0

    try:
        tree = parser.parse(read, progress_callback=enough)
    except ValueError:  # what the binding raises where the callback said enough
        parser.reset()
        if left >= 0:
            raise
        return "too_much_work"
    if tree.root_node.descendant_count > limits.max_nodes:
        return "too_many_nodes"
    return tree
