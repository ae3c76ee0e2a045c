"""Agreement with lizard on the same files: which functions both find, and their parameters, lines and complexity.

    python -m benchmarks.agreement [FOLDER ...] [--languages Python,C] [--functions 2000] [--megabytes 30] [--show 5]
    python -m benchmarks.agreement --signs

A function is the same where both end it on the same line under the same last name: a start is before annotations for
one and behind them for the other, and differs in `lines`. Files that the grammar does not take whole, or over which
lizard fails, are left out, and so are functions without a name. Files are spread over the folders, and read until there
are enough functions. Below a language's line stand the causes of its differences (agreement_causes.py), each with the
number of functions whose difference it accounts for to the unit, and `other` for what none does; `--show` prints
examples of that. Functions that one side alone finds have causes too (agreement_unmatched.py). `--signs` compares our
walk with one that goes everywhere.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import lizard
from tree_sitter import Parser

from analyzers.languages import BY_NAME
from analyzers.syntax import Report, analyze
from analyzers.syntax.barren import files
from analyzers.syntax.grammars import load
from analyzers.syntax.kinds import kind_table
from analyzers.syntax.languages import spec_of
from analyzers.syntax.limits import Limits
from analyzers.syntax.measure import report_on
from analyzers.syntax.parse import parse
from benchmarks import agreement_causes, agreement_unmatched
from benchmarks.agreement_unmatched import Extent, Place

DATA = Path(__file__).parent / "data" / "M" / "files"
FIGURES = ("parameters", "lines", "complexity")
Key = tuple[int, str]
MEGABYTES = 30


class Found(NamedTuple):
    """What one of the two says of a function."""

    parameters: int
    lines: int
    complexity: int
    inner: int = 0  # decisions of functions inside it


def last_name(name: str | None) -> str:
    """What stands behind the last separator: lizard writes A::b or A.b where we write b, and the other way round."""
    together = re.sub(r"\boperator\s+(?=\W)", "operator", name or "")  # lizard writes operator ==
    return re.split(r"::|\.|:", together)[-1].strip(" *&~()")


class Side(NamedTuple):
    """What one of the two finds in a file."""

    functions: dict[Key, Found]  # those with a name, by last line and name
    extents: list[Extent]  # all


def ours(language: str, source: bytes) -> Side | None:
    """What we find; None where nothing can be said."""
    report = analyze(language, source)
    if not isinstance(report, Report) or report.n_errors:
        return None
    functions = [one for one in report.definitions or () if one.kind != "class"]
    named = {
        (one.end_line, last_name(one.name)): Found(
            one.n_parameters or 0,
            one.end_line - one.start_line + 1,
            one.cyclomatic,
            sum(each.cyclomatic - 1 for each in functions if one.start < each.start and each.end <= one.end),
        )
        for one in functions
        if one.name
    }
    return Side(named, [Extent(last_name(one.name), one.start_line, one.end_line) for one in functions])


def theirs(language: str, source: bytes) -> Side:
    """The same by lizard."""
    found = lizard.analyze_file.analyze_source_code("a" + BY_NAME[language].extensions[0], source.decode())
    named = {
        (one.end_line, last_name(one.name)): Found(
            len(one.parameters), one.end_line - one.start_line + 1, one.cyclomatic_complexity
        )
        for one in found.function_list
        if "(anonymous)" not in one.name
    }
    extents = [
        Extent("" if "(anonymous)" in one.name else last_name(one.name), one.start_line, one.end_line)
        for one in found.function_list
    ]
    return Side(named, extents)


def cause(figure: str, language: str, text: str, name: str, one: Found, two: Found) -> str:
    """Why ours and lizard's differ for the function with this text."""
    if figure == "complexity":
        return agreement_causes.of_complexity(language, text, one.complexity, two.complexity, one.inner)
    if figure == "lines":
        return agreement_causes.of_lines(text, name, two.lines - one.lines)
    return agreement_causes.of_parameters(language, text, name, one.parameters, two.parameters)


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
    arguments.add_argument("--megabytes", type=float, default=MEGABYTES, help="of each language, at most")
    arguments.add_argument("--show", type=int, default=0, help="functions of each figure that nothing explains")
    arguments.add_argument("--signs", action="store_true", help="compare our two ways of walking instead")
    given = arguments.parse_args()
    if given.signs:
        for language in given.languages.split(","):
            compare_walks(language, given.folders)
        return
    print("equal in %".ljust(14) + "both".rjust(7) + "ours only".rjust(11) + "theirs only".rjust(13)
          + "".join(figure.rjust(12) for figure in FIGURES))  # fmt: skip
    for language in given.languages.split(","):
        compare(language, given)


class Tally:
    """What has been seen of one language."""

    def __init__(self, language: str, show: int) -> None:
        """show: examples of what nothing explains, of each kind."""
        self.language, self.show = language, show
        self.seen, self.equal, self.shown = Counter[str](), Counter[str](), Counter[str]()
        self.causes = Counter[tuple[str, str]]()

    def add(self, source: bytes, mine: Side, other: Side) -> None:
        """One file that both have read."""
        both = mine.functions.keys() & other.functions.keys()
        only = {"ours only": (mine, both), "theirs only": (other, both)}
        self.seen["both"] += len(both)
        lines = source.decode("utf-8", "replace").split("\n")
        for key in sorted(both):
            text = "\n".join(lines[key[0] - mine.functions[key].lines : key[0]])
            self._compare(key[1], text, mine.functions[key], other.functions[key])
        unmatched = {name: sorted(side.functions.keys() - keys) for name, (side, keys) in only.items()}
        if any(unmatched.values()):
            self._explain(source, lines, unmatched, mine, other)

    def _compare(self, name: str, text: str, one: Found, two: Found) -> None:
        for figure in FIGURES:
            first, second = getattr(one, figure), getattr(two, figure)
            self.equal[figure] += first == second
            if first != second:
                why = cause(figure, self.language, text, name, one, two)
                self._note(figure, why, f"{first}, lizard {second}:\n{text[:1500]}")

    def _explain(
        self, source: bytes, lines: list[str], unmatched: dict[str, list[Key]], mine: Side, other: Side
    ) -> None:
        spec = spec_of(self.language)
        assert spec is not None
        root = Parser(load(spec.grammar)).parse(source).root_node
        for name, keys in unmatched.items():
            side = mine if name == "ours only" else other
            of = agreement_unmatched.of_ours if side is mine else agreement_unmatched.of_theirs
            for key in keys:
                one = Extent(key[1], key[0] - side.functions[key].lines + 1, key[0])
                why = of(Place(self.language, one, lines, root), other.extents, mine.extents)
                self.seen[name] += 1
                text = "\n".join(lines[max(0, one.start - 3) : one.end])
                self._note(name, why, f"{one.name} in lines {one.start} to {one.end}:\n{text[:1500]}")

    def _note(self, kind: str, why: str, example: str) -> None:
        self.causes[kind, why] += 1
        if why == agreement_causes.OTHER and self.shown[kind] < self.show:
            self.shown[kind] += 1
            print(f"    {kind}: {example}")


def compare(language: str, given: argparse.Namespace) -> None:
    """Prints a language's line, and the causes of its differences."""
    tally = Tally(language, given.show)
    for source in files(given.folders, BY_NAME[language].extensions, int(given.megabytes * 1e6)):
        if tally.seen["both"] >= given.functions:
            break
        mine = ours(language, source)
        if mine is None:
            continue
        try:
            other = theirs(language, source)
        except Exception:  # of lizard's many kinds
            continue
        tally.add(source, mine, other)
    seen, kinds = tally.seen, (*FIGURES, "ours only", "theirs only")
    rates = [f"{100 * tally.equal[figure] / max(1, seen['both']):12.1f}" for figure in FIGURES]
    counts = f"{seen['both']:7}{seen['ours only']:11}{seen['theirs only']:13}"
    print(language.ljust(14) + counts + "".join(rates))
    for (kind, why), count in sorted(tally.causes.items(), key=lambda row: (kinds.index(row[0][0]), -row[1])):
        print(f"    {kind}, {count}: {why}", flush=True)


if __name__ == "__main__":
    main()
