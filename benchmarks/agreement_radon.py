"""Agreement with radon on Python: the cyclomatic complexity of every function, and what explains each difference.

    pip install radon
    python -m benchmarks.agreement_radon [FOLDER ...] [--megabytes 20]

Functions are the same by the line and the name of their `def`. radon counts asserts and the `else` of loops and of
`try`, and does not look into asserts, defaults and annotations, nor at guards of cases and handlers of `except*` (its
visitors.py). All that is counted here from Python's own tree: a difference that it does not make up to the unit is
`other`, and printed. Folders are by default Python's library and the installed packages.
"""

from __future__ import annotations

import argparse
import ast
import sysconfig
import warnings
from collections import Counter
from pathlib import Path

from radon.complexity import cc_visit
from radon.visitors import Class, Function

from analyzers.syntax import Report, analyze
from analyzers.syntax.barren import files

Definition = ast.FunctionDef | ast.AsyncFunctionDef
Loop = ast.For | ast.AsyncFor | ast.While


def of_radon(source: str) -> dict[tuple[int, str], int]:
    """Complexity by line and name of all functions, inner ones too."""
    found = {}
    stack: list[Function | Class] = cc_visit(source)
    while stack:
        block = stack.pop()
        if isinstance(block, Class):
            stack += [*block.methods, *block.inner_classes]
        else:
            found[block.lineno, block.name] = block.complexity
            stack += block.closures
    return found


def causes(function: Definition) -> Counter[str]:
    """What radon counts of a function beyond ours, by cause; below 0 what it leaves out."""
    told: Counter[str] = Counter()
    for outside in (function.args, function.returns):
        told["defaults and annotations"] -= sum(map(decisions, ast.walk(outside))) if outside else 0
    stack: list[ast.AST] = [*function.body]
    while stack:
        node = stack.pop()
        if isinstance(node, Definition | ast.ClassDef):
            continue
        if isinstance(node, ast.Assert):
            told["asserts"] += 1
            told["inside asserts"] -= sum(map(decisions, ast.walk(node)))
            continue
        if isinstance(node, Loop | ast.Try):
            told["else of loops and try"] += bool(node.orelse)
        told["except*"] -= len(node.handlers) if isinstance(node, ast.TryStar) else 0
        told["guards"] -= isinstance(node, ast.match_case) and node.guard is not None
        stack += ast.iter_child_nodes(node)
    return told


def decisions(node: ast.AST) -> int:
    """What a node of an expression adds to complexity."""
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 1
    return 1 + len(node.ifs) if isinstance(node, ast.comprehension) else int(isinstance(node, ast.IfExp))


def main() -> None:
    """Print how many functions are equal, and what accounts for the others."""
    warnings.simplefilter("ignore")
    library, packages = (Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path, default=[library, packages])
    parser.add_argument("--megabytes", type=float, default=20)
    asked = parser.parse_args()
    counts: Counter[str] = Counter()
    by_cause: Counter[str] = Counter()
    for source in files(asked.folders, (".py",), int(asked.megabytes * 1e6)):
        report = analyze("Python", source)
        try:
            tree, theirs = ast.parse(source), of_radon(source.decode())
        except (SyntaxError, ValueError, RecursionError):
            continue
        if not isinstance(report, Report) or report.n_errors:
            counts["files refused"] += 1
            continue
        counts["files"] += 1
        compare(report, tree, theirs, counts, by_cause)
    print(dict(counts))
    print(dict(by_cause.most_common()))


def compare(
    report: Report, tree: ast.Module, theirs: dict[tuple[int, str], int], counts: Counter[str], by_cause: Counter[str]
) -> None:
    """Adds a file's functions to the counts."""
    ours = {(one.start_line, one.name): one.cyclomatic for one in report.definitions or () if one.kind != "class"}
    nodes = {(node.lineno, node.name): node for node in ast.walk(tree) if isinstance(node, Definition)}
    counts["ours only"] += len(ours.keys() - theirs.keys())
    counts["theirs only"] += len(theirs.keys() - ours.keys())
    for key in ours.keys() & theirs.keys() & nodes.keys():
        counts["functions"] += 1
        apart = theirs[key] - ours[key]
        if apart == 0:
            counts["equal"] += 1
            continue
        told = causes(nodes[key])
        if sum(told.values()) == apart:
            by_cause.update(name for name, n in told.items() if n)
            counts["explained"] += 1
        else:
            counts["other"] += 1
            if counts["other"] <= 8:
                print(key, "ours", ours[key], "radon", theirs[key], dict(told))


if __name__ == "__main__":
    main()
