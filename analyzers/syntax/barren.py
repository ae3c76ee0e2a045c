"""Kinds below which real files hold no part: how the `barren` of a specification is found.

    python -m analyzers.syntax.barren LANGUAGE FOLDER ... [--megabytes 30]

Parses files with the language's extensions, and prints the kinds that were seen often and never held a part other than
a comment, most frequent first. Whoever pastes them checks with the grammar in mind that they never will.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tree_sitter import Parser, Tree

from analyzers.languages import BY_NAME
from analyzers.syntax.kinds import COMMENT, ERROR_ID, KindTable, kind_table
from analyzers.syntax.languages import spec_of

MIN_SEEN = 200
MAX_FILE_BYTES = 300_000


def files(folders: list[Path], extensions: tuple[str, ...], budget_bytes: int) -> Iterator[bytes]:
    """Contents of files with the extensions, spread over the folders, until the budget is spent."""
    found = [one for folder in folders for one in sorted(one for each in extensions for one in _listed(folder)[each])]
    step = max(1, sum(size for _, size in found) // max(1, budget_bytes))
    for path, _ in found[::step]:
        yield path.read_bytes()


@cache
def _listed(folder: Path) -> defaultdict[str, list[tuple[Path, int]]]:
    """By extension the files below a folder that are not too large, and their sizes; looked up once for all."""
    found: defaultdict[str, list[tuple[Path, int]]] = defaultdict(list)
    for path in folder.rglob("*"):
        if path.is_file() and (size := path.stat().st_size) <= MAX_FILE_BYTES:
            found[path.suffix].append((path, size))
    return found


def count(tree: Tree, table: KindTable, seen: Counter[int], fertile: set[int]) -> None:
    """Adds how often each kind was seen, and which of them held a part."""
    above: list[tuple[int, int]] = []  # kind and end of the nodes around, of which only open ones count
    stack = [(tree.root_node, 0)]
    while stack:
        node, depth = stack.pop()
        del above[depth:]
        kind = node.kind_id
        seen[kind] += 1
        if kind == ERROR_ID or table.parts[kind] > COMMENT:
            fertile.update(outer for outer, _ in above)
        above.append((kind, depth))
        stack += [(child, depth + 1) for child in node.children]


def barren(table: KindTable, contents: Iterator[bytes]) -> list[str]:
    """Named kinds seen at least MIN_SEEN times that held no part, most frequent first."""
    parser, seen, fertile = Parser(table.grammar), Counter[int](), set[int]()
    for content in contents:
        count(parser.parse(content), table, seen, fertile)
    names: Counter[str] = Counter()
    for kind, n_seen in seen.items():
        if kind != ERROR_ID and table.grammar.node_kind_is_named(kind):
            names[table.grammar.node_kind_for_id(kind) or ""] += n_seen
    held = {table.grammar.node_kind_for_id(kind) for kind in fertile}
    return [name for name, n_seen in names.most_common() if n_seen >= MIN_SEEN and name not in held]


def main() -> None:
    """Prints the tuple to paste."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("language")
    arguments.add_argument("folders", nargs="+", type=Path)
    arguments.add_argument("--megabytes", type=float, default=30)
    given = arguments.parse_args()
    spec = spec_of(given.language)
    if spec is None:
        raise SystemExit(f"{given.language!r} has no grammar: see analyzers/syntax/languages")
    contents = files(given.folders, BY_NAME[given.language].extensions, int(given.megabytes * 1e6))
    print("    barren=(" + ", ".join(f'"{name}"' for name in barren(kind_table(spec), contents)) + "),")


if __name__ == "__main__":
    main()
