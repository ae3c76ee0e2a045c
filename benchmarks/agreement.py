"""Agreement with lizard on the same files: which functions both find, and their parameters, lines and complexity.

    python -m benchmarks.agreement [FOLDER ...] [--languages Python,C] [--functions 2000] [--show 5] [--signs]

A function is the same where both end it on the same line under the same last name: a start is before annotations for
one and behind them for the other, and differs in `lines`. Files that the grammar does not take whole, or over which
lizard fails, are left out, and so are functions without a name. lizard counts tokens without a grammar: it also counts
the preprocessor's #if as decisions, a finally in Python, the whole of an inner function in the outer one, and takes
what macros make for functions. In TypeScript most of what only lizard counts are declarations without a body, in .d.ts
files above all, and it loses parameters behind typed ones; in JavaScript it gives none to `x => ...`. `--show` prints
examples of each difference; `--signs` compares our walk with one that goes everywhere.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import lizard

from analyzers.languages import BY_NAME
from analyzers.syntax import Report, analyze
from analyzers.syntax.barren import files
from analyzers.syntax.kinds import kind_table
from analyzers.syntax.languages import spec_of
from analyzers.syntax.limits import Limits
from analyzers.syntax.measure import report_on
from analyzers.syntax.parse import parse

DATA = Path(__file__).parent / "data" / "M" / "files"
FIGURES = ("parameters", "lines", "complexity")
Key = tuple[int, str]


def last_name(name: str | None) -> str:
    """What stands behind the last separator: lizard writes A::b or A.b where we write b, and the other way round."""
    return re.split(r"::|\.|:", name or "")[-1].strip(" *&~()")


def ours(language: str, source: bytes) -> dict[Key, tuple[int, int, int]] | None:
    """Parameters, lines and complexity of named functions by last line and name; None where nothing can be said."""
    report = analyze(language, source)
    if not isinstance(report, Report) or report.n_errors:
        return None
    return {
        (one.end_line, last_name(one.name)): (
            one.n_parameters or 0,
            one.end_line - one.start_line + 1,
            one.cyclomatic,
        )
        for one in report.definitions or ()
        if one.kind != "class" and one.name
    }


def theirs(language: str, source: bytes) -> dict[Key, tuple[int, int, int]]:
    """The same by lizard."""
    found = lizard.analyze_file.analyze_source_code("a" + BY_NAME[language].extensions[0], source.decode())
    return {
        (one.end_line, last_name(one.name)): (
            len(one.parameters),
            one.end_line - one.start_line + 1,
            one.cyclomatic_complexity,
        )
        for one in found.function_list
        if "(anonymous)" not in one.name
    }


def compare_walks(language: str, folders: list[Path]) -> None:
    """Prints how many files have another report when the walk follows signs than when it goes everywhere."""
    spec = spec_of(language)
    if spec is None or not spec.signs:
        return
    following, everywhere = kind_table(spec), kind_table(replace(spec, signs=()))
    seen = Counter[str]()
    for source in files(folders, BY_NAME[language].extensions, 8_000_000):
        tree = parse(following.grammar, source, Limits())
        if isinstance(tree, str):
            continue
        one, other = report_on(tree, source, following), report_on(tree, source, everywhere)
        whole = "broken" if one.n_errors else "whole"
        seen.update({whole: 1, whole + " differ": one != other})
    print(language.ljust(14) + "  ".join(f"{name} {seen[name]}" for name in sorted(seen)), flush=True)


def main() -> None:
    """Prints a line for each language."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folders", nargs="*", type=Path, default=[DATA])
    arguments.add_argument("--languages", default="Python,Java,JavaScript,TypeScript,C,C++,Go,Rust,C#")
    arguments.add_argument("--functions", type=int, default=2000, help="of each language, at least")
    arguments.add_argument("--show", type=int, default=0, help="examples of each difference")
    arguments.add_argument("--signs", action="store_true", help="compare our two ways of walking instead")
    given = arguments.parse_args()
    if given.signs:
        for language in given.languages.split(","):
            compare_walks(language, given.folders)
        return
    print("equal in %".ljust(14) + "both".rjust(7) + "ours only".rjust(11) + "theirs only".rjust(13)
          + "".join(figure.rjust(12) for figure in FIGURES))  # fmt: skip
    for language in given.languages.split(","):
        seen, equal, shown = Counter[str](), Counter[str](), Counter[str]()
        for source in files(given.folders, BY_NAME[language].extensions, 8_000_000):
            if seen["both"] >= given.functions:
                break
            mine = ours(language, source)
            if mine is None:
                continue
            try:
                other = theirs(language, source)
            except Exception:  # of lizard's many kinds
                continue
            both = mine.keys() & other.keys()
            seen.update({"both": len(both), "ours": len(mine) - len(both), "theirs": len(other) - len(both)})
            for key in both:
                for figure, one, two in zip(FIGURES, mine[key], other[key], strict=True):
                    equal[figure] += one == two
                    if one != two and shown[figure] < given.show:
                        shown[figure] += 1
                        line = source.split(b"\n")[key[0] - mine[key][1]].decode("utf-8", "replace").strip()[:90]
                        print(f"    {figure}: {one}, lizard {two}: {line}")
        rates = [f"{100 * equal[figure] / max(1, seen['both']):12.1f}" for figure in FIGURES]
        print(language.ljust(14) + f"{seen['both']:7}{seen['ours']:11}{seen['theirs']:13}" + "".join(rates), flush=True)


if __name__ == "__main__":
    main()
