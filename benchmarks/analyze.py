"""Speed of syntax analysis on real source: MB/s of one core for each language, and beside other tools.

    python -m benchmarks.analyze [FOLDER ...] [--languages Python,C] [--megabytes 1] [--seconds 20]

For each language: parse alone; parse + signals (the report, what `codemill run` measures without further wishes); parse
+ what the stage syntax of recipe codefuse asks for; parse + everything (signals, measures, bugs, segments, pairs, all
facts); the same recipe in a child over the pipe; a plain recursive walk that reads the type of every node; lizard; and
for Python ast.parse and radon. Columns with x are times beyond the parse as a multiple of it.

Processor time: each file is measured three times in turn by every candidate, and the best of each counts, since on a
machine with neighbours whole passes would measure the neighbours. The child is timed by the clock. A language ends
after `--seconds` of processor time or `--megabytes`, so that all of them take at most 63 x 20 s, and mostly a third.
Languages without files in the folders go by data/languages and by the tests' fixtures: a few small files.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import gc
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml
from tree_sitter import Node
from tree_sitter import Parser as TreeParser

from analyzers.languages import BY_NAME
from analyzers.syntax import Parser, analyze
from analyzers.syntax.barren import files
from analyzers.syntax.facts.relations import RELATIONS
from analyzers.syntax.grammars import load
from analyzers.syntax.languages import MODULES, spec_of
from analyzers.syntax.limits import Limits
from analyzers.syntax.task import examine

RUNS = 3
ROOT = Path(__file__).parents[1]
DATA = Path(__file__).parent / "data"
FIXTURES = ROOT / "tests" / "analyzers" / "syntax" / "fixtures"
FEW_BYTES = 20_000  # of a language in the folders, below which other sources are taken too
LIZARD = {"Python", "Java", "JavaScript", "TypeScript", "C", "C++", "Go", "Rust", "C#"}
LIMITS = Limits()
EVERYTHING: dict[str, Any] = {
    "measures": ("ending", "naming", "redundancy", "coupling", "maintainability"), "bugs": True, "segments": True,
    "pairs": {}, "facts": list(RELATIONS),
}  # fmt: skip
COLUMNS = ("parse", "signals", "codefuse", "everything", "recursive", "lizard", "ast", "radon")
Candidates = dict[str, Callable[[bytes], object]]


def recipe_wishes() -> dict[str, Any]:
    """What recipe codefuse asks of a file's tree."""
    recipe = yaml.safe_load((ROOT / "curate" / "recipes" / "codefuse.yaml").read_text(encoding="utf-8"))
    (stage,) = [one["syntax"] for one in recipe["stages"] if "syntax" in one]
    return {name: stage[name] for name in EVERYTHING if name in stage}


def sources_of(language: str, folders: list[Path], n_bytes: int) -> list[bytes]:
    """Real files without NUL, by extension; where there are hardly any, labelled ones and the fixture besides."""
    found = list(files(folders, BY_NAME[language].extensions, n_bytes))
    if sum(map(len, found)) < FEW_BYTES:
        labelled = DATA / "languages" / "files.parquet"
        if labelled.is_file():
            rows = pq.read_table(labelled, columns=["content"], filters=[("language", "=", language)])
            found += [content.encode() for content in rows["content"].to_pylist()]
        found += [path.read_bytes() for path in FIXTURES.glob(f"{MODULES[language]}.*")]
    return [source for source in found if source and b"\0" not in source]


def recursive(node: Node) -> int:
    """What one writes first: every node, its type and its place."""
    total = bool(node.type) + (node.start_point[0] >= 0)
    for child in node.children:
        total += recursive(child)
    return total


def candidates(language: str, wishes: dict[str, Any]) -> Candidates:
    """Functions of a file's bytes by name."""
    spec = spec_of(language)
    assert spec is not None
    parser = TreeParser(load(spec.grammar))
    request = (language, "0" * 32, "repo", "path")
    made: Candidates = {
        "parse": parser.parse,
        "signals": lambda source: analyze(language, source),
        "codefuse": lambda source: examine(request, source, LIMITS, wishes),
        "everything": lambda source: examine(request, source, LIMITS, EVERYTHING),
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


def seconds(sources: list[bytes], tried: Candidates, most: float) -> tuple[dict[str, float], list[bytes]]:
    """Best time of each candidate, summed over files, and the files that there was time for."""
    total = dict.fromkeys(tried, 0.0)
    begun = time.process_time()
    for place, source in enumerate(sources):
        if time.process_time() - begun > most:
            return total, sources[:place]
        best = dict.fromkeys(tried, float("inf"))
        for _ in range(RUNS):
            for name, function in tried.items():
                begin = time.process_time()
                with contextlib.suppress(Exception):  # other tools raise what they like on what they cannot read
                    function(source)
                best[name] = min(best[name], time.process_time() - begin)
        for name in tried:
            total[name] += best[name]
    return total, sources


def in_child(language: str, sources: list[bytes], wishes: dict[str, Any]) -> float:
    """Seconds for all files over the pipe, in batches of a hundred, after the child has started."""
    request = (language, "0" * 32, "repo", "path")
    with Parser(("analyzers.syntax.task", "examine"), (wishes,)) as parser:
        parser.answers([(request, sources[0])])
        begin = time.perf_counter()
        for first in range(0, len(sources), 100):
            parser.answers([(request, source) for source in sources[first : first + 100]])
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


def line(language: str, folders: list[Path], given: argparse.Namespace, wishes: dict[str, Any]) -> str | None:
    """A language's row of the table; None where there is no file."""
    sources = sources_of(language, folders, int(given.megabytes * 1e6))
    if not sources:
        return None
    tried = candidates(language, wishes)
    for function in tried.values():  # tables and kernels come before the clock does
        with contextlib.suppress(Exception):
            function(sources[0])
    took, measured = seconds(sources, tried, given.seconds)
    size = sum(map(len, measured)) / 1e6
    rates = [f"{size / took[name]:10.1f}" if name in took else "-".rjust(10) for name in COLUMNS]
    beyond = [f"{took[name] / took['parse'] - 1:8.2f}" for name in ("signals", "codefuse", "everything")]
    child = f"{size / in_child(language, measured, wishes):10.1f}"
    return language.ljust(16) + f"{len(measured):6}{size:6.2f}" + "".join(rates) + child + "".join(beyond)


def main() -> None:
    """Prints the table."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folders", nargs="*", type=Path, default=[DATA / "M" / "files"])
    arguments.add_argument("--languages", default=",".join(MODULES))
    arguments.add_argument("--megabytes", type=float, default=1, help="source of each language, at most")
    arguments.add_argument("--seconds", type=float, default=20, help="processor time for each language, at most")
    given = arguments.parse_args()
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(100_000)
    gc.set_threshold(200_000, 50, 50)  # as in the child that parses
    start, batch = start_seconds()
    print(f"child: {start:.2f} s to its first answer, {batch * 1e6:.0f} us for a batch of one small file")
    print("MB/s".ljust(16) + " files    MB" + "".join(name.rjust(10) for name in (*COLUMNS, "child"))
          + "".join(name.rjust(8) for name in ("x sign.", "x codef.", "x every.")))  # fmt: skip
    wishes = recipe_wishes()
    for language in given.languages.split(","):
        if language not in MODULES:
            raise SystemExit(f"{language!r} has no grammar; there are {', '.join(MODULES)}")
        row = line(language, given.folders, given, wishes)
        if row is not None:
            print(row, flush=True)


if __name__ == "__main__":
    main()
