"""Speed of syntax analysis on real source: MB/s of one core for each language, and beside other tools.

    python -m benchmarks.analyze [FOLDER ...] [--languages Python,C] [--megabytes 4]

For each language: parse alone; parse and report (all signals); the report's share as a multiple of the parse; in a
child over the pipe; a plain recursive walk that reads the type of every node; lizard; and for Python ast.parse and
radon. Processor time: each file is measured several times in turn by every candidate, and the best of each counts,
since on a machine with neighbours whole passes would measure the neighbours. The child is timed by the clock.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from tree_sitter import Node
from tree_sitter import Parser as TreeParser

from analyzers.languages import BY_NAME
from analyzers.syntax import Parser, analyze
from analyzers.syntax.barren import files
from analyzers.syntax.grammars import load
from analyzers.syntax.languages import MODULES, spec_of

RUNS = 3
DATA = Path(__file__).parent / "data" / "M" / "files"
LIZARD = {"Python", "Java", "JavaScript", "TypeScript", "C", "C++", "Go", "Rust", "C#"}


def recursive(node: Node) -> int:
    """What one writes first: every node, its type and its place."""
    total = bool(node.type) + (node.start_point[0] >= 0)
    for child in node.children:
        total += recursive(child)
    return total


def candidates(language: str) -> dict[str, Callable[[bytes], object]]:
    """Functions of a file's bytes by name."""
    spec = spec_of(language)
    assert spec is not None
    parser = TreeParser(load(spec.grammar))
    made: dict[str, Callable[[bytes], object]] = {
        "parse": parser.parse,
        "report": lambda source: analyze(language, source),
        "recursive": lambda source: recursive(parser.parse(source).root_node),
    }
    with contextlib.suppress(ImportError):
        import lizard

        if language in LIZARD:
            name = "a" + BY_NAME[language].extensions[0]
            made["lizard"] = lambda source: lizard.analyze_file.analyze_source_code(name, source.decode())
    if language == "Python":
        made["ast"] = lambda source: ast.parse(source)
        with contextlib.suppress(ImportError):
            from radon.complexity import cc_visit

            made["radon"] = lambda source: cc_visit(source.decode())
    return made


def seconds(sources: list[bytes], tried: dict[str, Callable[[bytes], object]]) -> dict[str, float]:
    """Best time of each candidate, summed over files."""
    total = dict.fromkeys(tried, 0.0)
    for source in sources:
        best = dict.fromkeys(tried, float("inf"))
        for _ in range(RUNS):
            for name, function in tried.items():
                begin = time.process_time()
                with contextlib.suppress(SyntaxError, ValueError, RecursionError):
                    function(source)
                best[name] = min(best[name], time.process_time() - begin)
        for name in tried:
            total[name] += best[name]
    return total


def in_child(language: str, sources: list[bytes]) -> float:
    """Seconds for all files over the pipe, in batches of a hundred, after the child has started."""
    with Parser() as parser:
        parser.reports([(language, b"")])
        begin = time.perf_counter()
        for first in range(0, len(sources), 100):
            parser.reports([(language, source) for source in sources[first : first + 100]])
        return time.perf_counter() - begin


def start_seconds() -> tuple[float, float]:
    """Start of a child up to its first answer, and one batch of one small file."""
    with Parser() as parser:
        begin = time.perf_counter()
        parser.reports([("C", b"int x;")])
        started = time.perf_counter()
        for _ in range(200):
            parser.reports([("C", b"int x;")])
        return started - begin, (time.perf_counter() - started) / 200


def main() -> None:
    """Prints the table."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folders", nargs="*", type=Path, default=[DATA])
    arguments.add_argument("--languages", default="Python,Java,JavaScript,TypeScript,C,C++,Go,Rust,Ruby,PHP,Lua,Perl")
    arguments.add_argument("--megabytes", type=float, default=4, help="source of each language")
    given = arguments.parse_args()
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(100_000)
    start, batch = start_seconds()
    print(f"child: {start:.2f} s to its first answer, {batch * 1e6:.0f} us for a batch of one small file")
    columns = ("parse", "report", "recursive", "lizard", "ast", "radon")
    print("MB/s".ljust(14) + "files".rjust(7) + "MB".rjust(6) + "".join(name.rjust(10) for name in columns)
          + "child".rjust(10) + "x parse".rjust(10))  # fmt: skip
    for language in given.languages.split(","):
        if language not in MODULES:
            raise SystemExit(f"{language!r} has no grammar; there are {', '.join(MODULES)}")
        found = files(given.folders, BY_NAME[language].extensions, int(given.megabytes * 1e6))
        sources = [source for source in found if source and b"\0" not in source]
        size = sum(map(len, sources)) / 1e6
        if not sources:
            continue
        took = seconds(sources, candidates(language))
        rates = [f"{size / took[name]:10.1f}" if name in took else "-".rjust(10) for name in columns]
        share = f"{took['report'] / took['parse'] - 1:10.2f}"
        line = language.ljust(14) + f"{len(sources):7}{size:6.1f}" + "".join(rates)
        print(line + f"{size / in_child(language, sources):10.1f}" + share, flush=True)


if __name__ == "__main__":
    main()
