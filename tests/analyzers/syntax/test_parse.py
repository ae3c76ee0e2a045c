"""One parse: what it reads piece by piece is what it would read at once, and it keeps nothing."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable

import pytest
from syntax_fixtures import fixture
from tree_sitter import Node, Parser, Tree

from analyzers.syntax import parse as parsing
from analyzers.syntax.grammars import load
from analyzers.syntax.languages import MODULES, spec_of
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


_PIECE = 1_000
MADE = {
    "as it is": lambda source: source,
    "cut short": lambda source: source[: len(source) * 2 // 3],
    "letters of two and three bytes": lambda source: source.decode().replace("e", "é").replace("a", "字").encode(),
    "no UTF-8": lambda source: b"\xff" + source.replace(b"e", b"\xe9"),
    "with carriage returns": lambda source: source.replace(b"\n", b"\r\n"),
    "as long as a piece, and a byte less and more": lambda source: (source * 200)[:_PIECE],
}


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_every_grammar_reads_pieces_as_if_at_once(
    made: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pieces that end within whatever a grammar looks ahead at: from those of four bytes, as the longest letters."""
    limits = Limits(base_calls=1 << 30)
    for language in MODULES:
        spec = spec_of(language)
        assert spec is not None
        grammar, source = load(spec.grammar), made(fixture(language))
        expected = nodes(Parser(grammar).parse(source).root_node)
        for n_bytes in (4, 7, _PIECE - 1, _PIECE, _PIECE + 1):
            monkeypatch.setattr(parsing, "_CHUNK_BYTES", n_bytes)
            tree = parse(grammar, source, limits)
            assert isinstance(tree, Tree)
            assert nodes(tree.root_node) == expected, (language, n_bytes)


def test_an_empty_file_has_a_tree_behind_any_other() -> None:
    """What was read for the file before is gone."""
    for language in MODULES:
        spec = spec_of(language)
        assert spec is not None
        grammar = load(spec.grammar)
        parse(grammar, fixture(language), Limits())
        tree = parse(grammar, b"", Limits())
        assert isinstance(tree, Tree)
        assert nodes(tree.root_node) == nodes(Parser(grammar).parse(b"").root_node)


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
