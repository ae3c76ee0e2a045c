"""Bug rules on real source: how often each reports, and what they cost beside parsing.

    python -m benchmarks.bugs [FOLDER ...] [--languages Python,C] [--megabytes 4] [--show RULE --samples 20]

For each language: hits of each rule per 10,000 lines, so that on code known to be good they can be read as false
alarms; and processor time of all rules as a multiple of the parse, best of three runs a file. With --show, lines that a
rule reports, spread over the files, to be looked at one by one; "all" shows every rule's.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tree_sitter import Parser

from analyzers.languages import BY_NAME
from analyzers.syntax.bugs import RULES, bugs_of
from analyzers.syntax.bugs.dialects import DIALECTS
from analyzers.syntax.bugs.plan import plan_of

RUNS = 3
WARM = b"int f(int nan) { int x = 1; return 0; }\n"
"""Makes the kernel and the tables come before the clock does."""
MAX_FILE_BYTES = 300_000
SKIPPED = {"forks", "test", "tests", "testdata", "testsuite"}
"""Folders of files that are wrong on purpose: planted copies, and what compilers and tools are tried with."""
DATA = Path(__file__).parent / "data" / "M" / "files"


def paths(folders: list[Path], extensions: tuple[str, ...], budget_bytes: int) -> Iterator[Path]:
    """Files with the extensions, spread over the folders, until the budget is spent."""
    found = [path for folder in folders for path in sorted(folder.rglob("*")) if path.suffix in extensions]
    found = [
        path
        for path in found
        if path.is_file() and not SKIPPED & set(path.parts) and 0 < path.stat().st_size <= MAX_FILE_BYTES
    ]
    step = max(1, sum(path.stat().st_size for path in found) // max(1, budget_bytes))
    return iter(found[::step])


def measure(
    language: str, files: list[Path], seen: dict[str, list[str]]
) -> tuple[Counter[str], int, int, float, float]:
    """Hits by rule, lines, bytes, and seconds of parsing and of the rules. Adds the places of hits to `seen`."""
    plan = plan_of(language)
    assert plan is not None
    parser = Parser(plan.grammar)
    bugs_of(parser.parse(WARM), WARM, language)
    hits: Counter[str] = Counter()
    n_lines = n_bytes = 0
    parsing = ruling = 0.0
    for path in files:
        source = path.read_bytes()
        if b"\0" in source:
            continue
        best = [float("inf"), float("inf")]
        for _ in range(RUNS):
            begin = time.process_time()
            tree = parser.parse(source)
            middle = time.process_time()
            bugs = bugs_of(tree, source, language)
            best = [min(best[0], middle - begin), min(best[1], time.process_time() - middle)]
        parsing, ruling = parsing + best[0], ruling + best[1]
        n_lines, n_bytes = n_lines + source.count(b"\n"), n_bytes + len(source)
        lines = source.decode("utf-8", "replace").split("\n")
        for bug in bugs:
            hits[bug.rule] += 1
            seen.setdefault(bug.rule, []).append(f"{path}:{bug.line}: {lines[bug.line - 1].strip()[:140]}")
    return hits, n_lines, n_bytes, parsing, ruling


def main() -> None:
    """Prints the table, or samples."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folders", nargs="*", type=Path, default=[DATA])
    arguments.add_argument("--languages", default=",".join(DIALECTS))
    arguments.add_argument("--megabytes", type=float, default=4, help="source of each language")
    arguments.add_argument("--show", default="", help="a rule whose lines are printed, or all")
    arguments.add_argument("--samples", type=int, default=20)
    given = arguments.parse_args()
    gc.set_threshold(200_000, 50, 50)  # as in the child that parses
    for language in given.languages.split(","):
        files = list(paths(given.folders, BY_NAME[language].extensions, int(given.megabytes * 1e6)))
        seen: dict[str, list[str]] = {}
        hits, n_lines, n_bytes, parsing, ruling = measure(language, files, seen)
        if not n_bytes:
            continue
        print(f"{language}: {len(files)} files, {n_lines:,} lines, {n_bytes / 1e6:.1f} MB; parse"
              f" {n_bytes / parsing / 1e6:.1f} MB/s, rules {ruling / parsing:.2f} x parse")  # fmt: skip
        for rule in RULES:
            if language in rule.languages:
                print(f"  {rule.name:26}{hits[rule.name]:6}{1e4 * hits[rule.name] / n_lines:9.2f} per 10 kLOC")
                if given.show in (rule.name, "all"):
                    places = seen.get(rule.name, [])
                    for place in places[:: max(1, len(places) // given.samples)][: given.samples]:
                        print("      " + place)


if __name__ == "__main__":
    main()
