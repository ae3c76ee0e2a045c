"""Tests from behaviour: a function is run in the jail on arguments of all kinds, and what it gave becomes assertions.

A function is kept where it can be run alone, gives the same twice, and tells inputs apart: the tests then say what the
code does, which is the best that is known of what it should do. Each reason not to is counted by its name.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import symtable
import textwrap
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from train.rl.inputs import Kind, argument_lists, kinds_of
from train.sandbox.limits import Limits
from train.sandbox.trial import Case, Trial, Verdict

MAX_TESTS = 8
MIN_TESTS = 4
MIN_RESULTS = 3  # different results; 2 where all are true or false
MAX_RESULT_CHARACTERS = 400
# Modules without a clock, chance, files, network or processes.
PURE_MODULES = frozenset(
    (
        "array", "base64", "binascii", "bisect", "calendar", "cmath", "collections", "copy", "dataclasses", "decimal",
        "difflib", "enum", "fractions", "functools", "hashlib", "heapq", "html", "itertools", "json", "math", "numbers",
        "operator", "re", "statistics", "string", "struct", "textwrap", "typing", "unicodedata", "zlib",
    )
)  # fmt: skip
_LITERALS = (int, float, str, bytes, bool, type(None))


@dataclass(frozen=True, kw_only=True)
class Function:
    """A function that can be run alone: `head` is the program up to its body, `body` the rest."""

    name: str
    head: str
    body: str
    arguments: tuple[tuple[tuple[Kind, ...], tuple[Any, ...]], ...]

    @property
    def source(self) -> str:
        """The whole program."""
        return self.head + self.body


def function_of(code: str) -> Function | str:
    """The one function of a text, with its docstring in the head; or the reason that it is not taken."""
    code = textwrap.dedent(code).rstrip() + "\n"
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "no_python"
    found = tree.body[0] if len(tree.body) == 1 else None
    if not isinstance(found, ast.FunctionDef):
        return "no_single_function"
    if found.decorator_list:
        return "decorated"
    arguments = found.args
    if arguments.vararg or arguments.kwarg or arguments.kwonlyargs:
        return "open_parameters"
    parameters = [*arguments.posonlyargs, *arguments.args]
    if not 1 <= len(parameters) <= 4 or parameters[0].arg in ("self", "cls"):
        return "parameters"
    kinds = [kinds_of(one.annotation) for one in parameters]
    if any(one is None for one in kinds):
        return "parameter_types"
    after = found.body[1:] if ast.get_docstring(found) is not None else found.body
    if not after or after[0].lineno <= found.lineno or after[0].lineno == found.body[0].end_lineno == found.lineno:
        return "no_body"
    needed = free_names(code)
    if needed is None or not needed <= PURE_MODULES:
        return "outside_names"
    imports = "".join(f"import {module}\n" for module in sorted(needed))
    lines = code.splitlines(keepends=True)
    first = after[0].lineno - 1
    head = f"{imports}\n\n{''.join(lines[:first])}" if imports else "".join(lines[:first])
    tried = argument_lists([one for one in kinds if one is not None], found.name)
    return Function(name=found.name, head=head, body="".join(lines[first:]), arguments=tuple(tried))


def free_names(code: str) -> set[str] | None:
    """Names that a text uses and neither binds nor finds among the built-in ones; None where they cannot be told."""
    try:
        tables = [symtable.symtable(code, "code", "exec")]
    except (SyntaxError, ValueError, RecursionError):
        return None
    bound = {one.get_name() for one in tables[0].get_symbols() if one.is_assigned() or one.is_imported()}
    bound |= {one.get_name() for one in tables[0].get_symbols() if one.is_namespace()}
    found: set[str] = set()
    while tables:
        table = tables.pop()
        tables += table.get_children()
        found |= {one.get_name() for one in table.get_symbols() if one.is_global() and one.is_referenced()}
        if table.get_type() == "module":
            found |= {one.get_name() for one in table.get_symbols() if one.is_referenced()}
    return found - bound - set(dir(builtins))


def observing(function: Function, limits: Limits) -> Trial:
    """A trial whose standard output tells what the function gives; see `observations`."""
    texts = [repr(args) for _, args in function.arguments]
    driver = _DRIVER.replace("TEXTS", repr(texts)).replace("MOST", str(MAX_RESULT_CHARACTERS))
    program = f"{function.source}\n\n{driver.replace('FUNCTION', function.name)}"
    return Trial(language="Python", program=program, cases=(Case(expected=""),), limits=limits)


_DRIVER = """
def _observe():
    import io, sys
    out, told = sys.stdout, []
    for number, text in enumerate(TEXTS):
        args = eval(text)
        sys.stdout = io.StringIO()
        try:
            result = repr(FUNCTION(*args))
        except Exception:
            continue
        finally:
            sys.stdout = out
        if len(result) <= MOST:
            told.append((number, result))
    for number, result in told:
        print(number, result.encode().hex())


_observe()
"""


def observations(function: Function, verdict: Verdict) -> dict[int, Any]:
    """Result by number of the arguments, of the calls that ended well with a plain value."""
    found = {}
    for line in verdict.stdout.splitlines():
        number, _, text = line.partition(" ")
        try:
            result = ast.literal_eval(bytes.fromhex(text).decode())
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        if number.isdecimal() and int(number) < len(function.arguments) and _plain(result):
            found[int(number)] = result
    return found


def assertions(function: Function, first: Mapping[int, Any], second: Mapping[int, Any]) -> list[str] | str:
    """Assertions from two observations, or the reason that there are none.

    Of functions that take many kinds of argument the kind with the most results is taken: the others are by accident.
    """
    if not first:
        return "no_result"
    if repr(sorted(first.items())) != repr(sorted(second.items())) and dict(first) != dict(second):
        return "not_deterministic"
    by_kinds: dict[tuple[Kind, ...], list[int]] = defaultdict(list)
    for number in sorted(first):
        by_kinds[function.arguments[number][0]].append(number)
    numbers = max(by_kinds.values(), key=lambda group: (len({repr(first[one]) for one in group}), len(group)))
    results = {repr(first[one]) for one in numbers}
    least = 2 if results <= {"True", "False"} else MIN_RESULTS
    if len(results) < least:
        return "constant"
    if any(all(first[one] == function.arguments[one][1][place] for one in numbers) for place in _places(function)):
        return "identity"
    chosen = _chosen(numbers, first)
    if len(chosen) < MIN_TESTS:
        return "too_few_results"
    return [_assertion(function.name, function.arguments[one][1], first[one]) for one in chosen]


def _places(function: Function) -> range:
    return range(len(function.arguments[0][1]))


def _chosen(numbers: Sequence[int], results: Mapping[int, Any]) -> list[int]:
    """Those with results of their own first, then others, in the order of their numbers."""
    own: dict[str, int] = {}
    for number in numbers:
        own.setdefault(repr(results[number]), number)
    more = [number for number in numbers if number not in own.values()]
    return sorted([*own.values(), *more][:MAX_TESTS])


def _assertion(name: str, args: Sequence[Any], result: Any) -> str:
    call = f"{name}({', '.join(map(repr, args))})"
    if isinstance(result, float):  # another right order of sums may differ in the last bits
        return f"assert abs({call} - {result!r}) <= {max(1.0, abs(result)) * 1e-9!r}"
    return f"assert {call} is {result!r}" if result is None else f"assert {call} == {result!r}"


def _plain(result: Any) -> bool:
    """Whether a value is made of literals only, with no number that equals nothing."""
    stack = [result]
    while stack:
        one = stack.pop()
        if isinstance(one, dict):
            stack += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple | set):
            stack += one
        elif not isinstance(one, _LITERALS) or one != one:
            return False
    return True


def prompt_id(source: str, name: str) -> str:
    """An id of a prompt, of its program."""
    return f"{name}-{hashlib.md5(source.encode(), usedforsecurity=False).hexdigest()[:12]}"
