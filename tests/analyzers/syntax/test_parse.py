"""One parse: what it reads piece by piece is what it would read at once, and it keeps nothing."""

from __future__ import annotations

import gc
import sys

import pytest
from syntax_fixtures import fixture
from tree_sitter import Node, Parser, Tree

from analyzers.syntax.grammars import load
from analyzers.syntax.limits import Limits
from analyzers.syntax.parse import parse

LONG = {
    "a token over several pieces": b"x = '" + b"ab" * 100_000 + b"'\ny = 1\n",
    "a string that nothing closes": b"x = 1\n" * 20_000 + b'"""' + b"y = 2\n" * 20_000,
    "pieces that cut characters": "é = '字'\n".encode() * 30_000,
}


def nodes(root: Node) -> list[tuple[int, int, int]]:
    found, waiting = [], [root]
    while waiting:
        node = waiting.pop()
        found.append((node.kind_id, node.start_byte, node.end_byte))
        waiting += node.children
    return found


@pytest.mark.parametrize("source", LONG.values(), ids=LONG)
def test_a_long_file_is_parsed_as_if_read_at_once(source: bytes) -> None:
    grammar = load("python")
    tree = parse(grammar, source, Limits())
    assert isinstance(tree, Tree)
    assert nodes(tree.root_node) == nodes(Parser(grammar).parse(source).root_node)


def test_nothing_holds_on_to_a_source_that_has_been_parsed() -> None:
    grammar, source = load("python"), fixture("Python")
    parse(grammar, source, Limits())
    gc.collect()
    n_references, n_objects = sys.getrefcount(source), len(gc.get_objects())
    for _ in range(50):
        parse(grammar, source, Limits())
    gc.collect()
    assert sys.getrefcount(source) == n_references
    assert len(gc.get_objects()) <= n_objects + 10
