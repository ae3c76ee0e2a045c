"""Inputs on which a surviving mutant in Python differs from its original: the proof that tests have a gap there.

    python -m benchmarks.mutants_differ FILE FOLDER

FILE is what `benchmarks.mutants run` wrote, FOLDER holds the benchmarks. Arguments are those of the tests, changed a
little (numbers, characters and items put in, taken out and moved), the same each time; both programs run on each in the
sandbox. Prints a line for `mutants_survivors.tsv` for each survivor that an input tells apart; the others are for a
reader. An input may lie outside of what the task speaks of: a gap there is none that a model could fall into.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.mutants import name, read, state
from train.evaluate.mutants import mutants
from train.evaluate.problems import Problem, load
from train.sandbox.limits import Limits
from train.sandbox.pool import Sandbox
from train.sandbox.trial import Case, Trial

TRIED = 400  # inputs
DRIVER = """
import copy, json, signal
def late(*_): raise TimeoutError
signal.signal(signal.SIGVTALRM, late)
def outcome(source, arguments):
    space = {{}}
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.2)
        exec(source, space)
        return repr(space[NAME](*copy.deepcopy(arguments)))[:200]
    except BaseException as error:
        return type(error).__name__
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
NAME, ORIGINAL, MUTANT = {name!r}, {original!r}, {mutant!r}
ERRORS = {{kind.__name__ for kind in BaseException.__subclasses__() + Exception.__subclasses__()
          + ArithmeticError.__subclasses__() + LookupError.__subclasses__() + OSError.__subclasses__()
          + RuntimeError.__subclasses__() + NameError.__subclasses__()}}
for arguments in {inputs!r}:
    one = outcome(ORIGINAL, arguments)
    if one not in ERRORS:
        other = outcome(MUTANT, arguments)
        if other != one:
            print(json.dumps([repr(arguments), one, other]))
            break
"""


def arguments_of(problem: Problem) -> list[list[Any]]:
    """Arguments of the calls in a problem's tests that are written as literals."""
    names = {problem.entry_point, "candidate"}
    found = []
    for node in ast.walk(ast.parse(problem.tests)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            try:
                found.append([ast.literal_eval(argument) for argument in node.args])
            except ValueError:
                continue
    return found


def changed(value: Any, pick: random.Random) -> Any:
    """A value a little changed."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return pick.choice((value + 1, value - 1, value + 2, value * 2, value // 2, 0, 1, pick.randrange(-20, 100)))
    if isinstance(value, float):
        return pick.choice((value + 1, value - 0.5, -value, value / 2, 0.0, float(round(value))))
    if isinstance(value, str):
        place = pick.randrange(len(value) + 1)
        letter = pick.choice([*value, *"aAzZ09 .,-'"])
        before, after = value[:place], value[place:]
        return pick.choice(
            (before + letter + after, before + after[1:], before + letter + after[1:], value * 2, before, value.upper())
        )
    if isinstance(value, list | tuple):
        items = list(value)
        place = pick.randrange(len(items) + 1)
        way = pick.randrange(5)
        if way == 0 and items:
            items[place - 1] = changed(items[place - 1], pick)
        elif way == 1 and items:
            items.insert(place, changed(pick.choice(items), pick))
        elif way == 2 and items:
            items.insert(place, pick.choice(items))
        elif way == 3:
            del items[place - 1 : place]
        else:
            pick.shuffle(items)
        return type(value)(items)
    return value


def inputs(problem: Problem) -> Iterator[list[Any]]:
    """The tests' own arguments, changed once and more often."""
    own = arguments_of(problem)
    pick = random.Random(problem.task_id)
    for number in range(TRIED if own else 0):
        some = list(own[number % len(own)])
        for _ in range(1 + number // (TRIED // 3)):
            if some:
                place = pick.randrange(len(some))
                some[place] = changed(some[place], pick)
        yield some


def main() -> None:
    """Parses and runs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    survivors = [row for row in read(arguments.file) if state(row) == "survived"]
    with Sandbox(workers=1) as sandbox:
        for file in sorted({row["file"] for row in survivors}):
            (path,) = arguments.folder.glob(f"{file}.jsonl*")
            problems = {problem.task_id: problem for problem in load(path) if problem.language == "Python"}
            for row in survivors:
                problem = problems.get(row["task_id"])
                if row["file"] == file and problem is not None:
                    told = difference(problem, row, sandbox)
                    if told:
                        print("\t".join([*name(row), told]), flush=True)


def difference(problem: Problem, row: dict[str, Any], sandbox: Sandbox) -> str | None:
    """The first input that tells a mutant from its original, in words."""
    lines = (row["line"], row["before"], row["after"])
    text = next(one.text for one in mutants(problem.canonical, "Python") if (one.line, one.before, one.after) == lines)
    program = DRIVER.format(
        name=problem.entry_point, original=problem.program(problem.canonical), mutant=problem.program(text),
        inputs=list(inputs(problem)),
    )  # fmt: skip
    limits = Limits(cpu_s=20, wall_factor=8, memory_mb=1024)
    verdict = sandbox.judge(Trial(language="Python", program=program, cases=(Case(expected="\0"),), limits=limits))
    if not verdict.stdout.startswith("["):
        return None
    given, one, other = json.loads(verdict.stdout.splitlines()[0])
    return f"gap: for {given[1:-1][:100]} {one[:50]}, mutant {other[:50]}".replace("\t", " ").replace("\n", " ")


if __name__ == "__main__":
    main()
