"""Whether the benchmarks' tests can tell: canonical solutions with one token changed must fail.

    python -m benchmarks.mutants run FOLDER --out FILE [--most 2] [--only NAME ...] [--workers 1]
    python -m benchmarks.mutants table FILE [--reasons benchmarks/mutants_survivors.tsv]

FOLDER holds the benchmark files as for `benchmarks.sandbox`. `run` appends a row a mutant to FILE and goes on where it
was interrupted. `table` counts them: killed, stillborn (does not compile, so says nothing), survived; and names every
survivor for which `mutants_survivors.tsv` has no reason. A survivor is equivalent to the original, or the tests do not
reach the change: only a reader can tell, and the reader's finding is what the reasons are.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from train.evaluate.mutants import Mutant, fate, mutants
from train.evaluate.problems import Problem, load
from train.sandbox import languages
from train.sandbox.limits import Limits
from train.sandbox.pool import Sandbox

LIMITS = Limits(cpu_s=4)  # a mutant that loops is killed by the limit; canonical solutions need less
REASONS = Path(__file__).with_name("mutants_survivors.tsv")


def state(row: dict[str, Any]) -> str:
    """killed, stillborn, survived or unknown."""
    return fate(row["outcome"], row["detail"])


def name(row: dict[str, Any]) -> tuple[str, str, str, str]:
    """What a mutant is known by: file, task, the line before and after."""
    return row["file"], row["task_id"], row["before"], row["after"]


def run(arguments: argparse.Namespace) -> None:
    """Judges what FILE does not have yet."""
    out: Path = arguments.out
    done = {name(row) for row in read(out)} if out.exists() else set()
    with Sandbox(workers=arguments.workers) as sandbox, out.open("a", encoding="utf-8") as file:
        for path in sorted(arguments.folder.glob("*.jsonl*")):
            if arguments.only and not any(word in path.name for word in arguments.only):
                continue
            problems = load(path)
            if languages.missing(problems[0].language):
                print(f"{path.name}: no {languages.missing(problems[0].language)} here", file=sys.stderr)
                continue
            asked = [pair for pair in changed(problems, arguments.most) if row(path, *pair)[0] not in done]
            trials = (problem.trial(mutant.text, LIMITS) for problem, mutant in asked)
            for (problem, mutant), verdict in zip(asked, sandbox.map(trials), strict=True):
                told = row(path, problem, mutant)[1] | {"outcome": verdict.outcome, "detail": verdict.detail[:200]}
                file.write(json.dumps(told, ensure_ascii=False) + "\n")
                file.flush()
            print(f"{path.name}: {len(asked)} mutants judged", flush=True)


def changed(problems: list[Problem], most: int) -> Iterator[tuple[Problem, Mutant]]:
    """At most so many mutants of each canonical solution."""
    for problem in problems:
        for mutant in mutants(problem.canonical, problem.language, most):
            yield problem, mutant


def row(path: Path, problem: Problem, mutant: Mutant) -> tuple[tuple[str, str, str, str], dict[str, Any]]:
    """A mutant's name, and its row without an outcome."""
    told = {"file": path.name.split(".")[0], "task_id": problem.task_id, "kind": mutant.kind, "line": mutant.line,
            "before": mutant.before, "after": mutant.after}  # fmt: skip
    return name(told), told


def read(path: Path) -> list[dict[str, Any]]:
    """Whole rows of a file of mutants; a line that was cut off is none."""
    text = path.read_text(encoding="utf-8")
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def reasons(path: Path) -> dict[tuple[str, str, str, str], str]:
    """Survivors that a reader looked at: file, task, before, after -> finding."""
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    return {(file, task, before, after): finding for file, task, before, after, finding in rows}


def table(arguments: argparse.Namespace) -> None:
    """Prints counts by file and by kind of change, and the survivors nobody has looked at."""
    rows = read(arguments.file)
    known = reasons(arguments.reasons) if arguments.reasons.exists() else {}
    for key in ("file", "kind"):
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for one in rows:
            counts[one[key]][state(one)] += 1
        for value, found in sorted(counts.items()):
            told = found["killed"] + found["survived"]
            share = found["survived"] / max(told, 1)
            print(
                f"{value:20} {told + found['stillborn']:5} mutants, {found['stillborn']:4} stillborn, "
                f"{found['killed']:5} killed, {found['survived']:4} survived ({share:.1%}), {found['unknown']} unknown"
            )
    survivors = [one for one in rows if state(one) == "survived"]
    print(Counter(known.get(name(one), "not looked at").split(":")[0] for one in survivors))
    for one in survivors:
        if name(one) not in known:
            print("\t".join([*name(one), "?"]))


def main() -> None:
    """Parses and runs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run")
    running.set_defaults(function=run)
    running.add_argument("folder", type=Path)
    running.add_argument("--out", type=Path, required=True)
    running.add_argument("--most", type=int, default=2, help="mutants of each solution")
    running.add_argument("--only", nargs="*", default=[], help="files whose name contains one of these")
    running.add_argument("--workers", type=int, default=1)
    telling = commands.add_parser("table")
    telling.set_defaults(function=table)
    telling.add_argument("file", type=Path)
    telling.add_argument("--reasons", type=Path, default=REASONS)
    arguments = parser.parse_args()
    arguments.function(arguments)


if __name__ == "__main__":
    main()
