"""Prompt sets: RL prompts from MBPP-shaped JSONL, and from the function-comment pairs of curated runs.

Pairs bring no tests: Python functions are run in the jail, and what they gave becomes their tests: `train.rl.observed`.
Either way the known solution must pass the tests in the jail, exactly as an answer will be judged, or the prompt is
left out. Evaluation files are refused, as input and as outcome.
"""

from __future__ import annotations

import ast
import builtins
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal, get_args

from curate.errors import RunFailed, WrongUse
from curate.shards import Run
from train.evaluate.problems import Problem, rows
from train.evaluate.refusal import refuse_evaluation_files
from train.instructions import fenced, pairs
from train.rl.observed import Function, assertions, function_of, observations, observing, prompt_id
from train.sandbox.limits import Limits
from train.sandbox.pool import Sandbox
from train.sandbox.trial import Trial

Style = Literal["base", "chat"]
STYLES: tuple[Style, ...] = get_args(Style)
_CHUNK = 64
_TEXTS, _SOLUTIONS = ("text", "prompt"), ("code", "canonical_solution")


@dataclass(frozen=True, kw_only=True)
class PromptSetConfig:
    """How prompts are made."""

    style: Style = "base"  # base: a text to go on with; chat: messages
    cpu_seconds: float = 2.0  # of one run of a solution; a prompt gives answers twice as much
    max_prompts: int | None = None


@dataclass(frozen=True, kw_only=True)
class _Made:
    """A prompt whose solution is still to be run."""

    row: Mapping[str, Any]
    solution: Trial | None  # None: the row brings none


def write_prompts(
    inputs: Sequence[Path],
    out: Path,
    config: PromptSetConfig,
    *,
    workers: int | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, int]:
    """RL prompts of all inputs, each the folder of a run or an MBPP-shaped JSONL file, whole or not at all.

    Gives counts: `kept`, and by reason those that were left out. WrongUse for evaluation files and for what is neither;
    RunFailed where nothing was kept.
    """
    files = [path for path in inputs if path.is_file()]
    refuse_evaluation_files(files)
    counts: Counter[str] = Counter()
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f"{out.name.partition('.')[0]}.part.jsonl")
    with Sandbox(workers) as sandbox, part.open("w", encoding="utf-8") as file:
        made = (one for path in inputs for one in _from(path, config, sandbox, counts))
        kept = islice(_verified(made, sandbox, counts), config.max_prompts)
        for row in kept:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            counts["kept"] += 1
            if counts["kept"] % 100 == 0:
                say(f"{counts['kept']:,} prompts")
    try:
        if not counts["kept"]:
            told = ", ".join(f"{reason} {n:,}" for reason, n in counts.most_common(5)) or "there was nothing to look at"
            raise RunFailed(f"no prompt was kept ({told}): give runs with pairs of Python, or more rows")
        refuse_evaluation_files([part])
        os.replace(part, out)
    finally:
        part.unlink(missing_ok=True)
    return {"kept": counts.pop("kept")} | dict(counts.most_common())


def _from(path: Path, config: PromptSetConfig, sandbox: Sandbox, counts: Counter[str]) -> Iterator[_Made]:
    if path.is_file():
        return _from_rows(path, config, counts)
    if (path / "manifest.json").is_file():
        return _from_pairs(Run(path), config, sandbox, counts)
    raise WrongUse(f"{path} is neither a JSONL file nor the folder of a run: give one of these")


def _from_rows(path: Path, config: PromptSetConfig, counts: Counter[str]) -> Iterator[_Made]:
    """Rows with a text, a list of assertions, and perhaps a solution. The first assertion is shown: it fixes the name
    and the order of the arguments; the others are not, or they could be answered by heart."""
    limits = Limits(cpu_s=config.cpu_seconds)
    for number, row in enumerate(rows(path), 1):
        text = next((str(row[name]).strip() for name in _TEXTS if row.get(name)), None)
        tests = [str(one) for one in row.get("test_list") or ()]
        if text is None or not tests:
            raise WrongUse(f"{path}, row {number}: MBPP's shape has text (or prompt) and test_list")
        name = _called(tests)
        if name is None:
            counts["no_name"] += 1
            continue
        setup = str(row.get("test_setup_code") or row.get("test_setup") or "")
        imports = "\n".join(row.get("test_imports") or ())
        whole = "\n".join(one for one in (imports, setup, *tests, *(row.get("challenge_test_list") or ())) if one)
        told = _prompt(f"{path.stem}/{row.get('task_id', number)}", name, whole, config)
        message = f"{text}\n\nYour code should pass this test:\n\n{fenced(tests[0], 'Python')}"
        told |= _question(f'"""\n{_quoted(text)}\n{_quoted(tests[0])}\n"""\n', message, config)
        solution = next((str(row[one]).replace("\r\n", "\n") for one in _SOLUTIONS if row.get(one)), None)
        yield _Made(row=told, solution=None if solution is None else _trial(told, "", solution, limits))


def _quoted(text: str) -> str:
    """A text as it can stand in a docstring."""
    return text.replace("\\", "\\\\").replace('"""', "'''")


def _called(tests: Sequence[str]) -> str | None:
    """The function that the first assertion calls."""
    try:
        tree = ast.parse(tests[0])
    except SyntaxError:
        return None
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    names = [called.id for called in calls if isinstance(called, ast.Name)]
    return next((name for name in names if not hasattr(builtins, name)), None)


def _from_pairs(run: Run, config: PromptSetConfig, sandbox: Sandbox, counts: Counter[str]) -> Iterator[_Made]:
    """Python functions of a run, each program once, with tests from what they gave in the jail."""
    limits = Limits(cpu_s=config.cpu_seconds)
    seen: set[str] = set()
    functions = _functions(run, counts, seen)
    while chunk := list(islice(functions, _CHUNK)):
        trials = [observing(one, limits) for _, one in chunk for _ in range(2)]
        verdicts = sandbox.map(trials)
        for (pair, function), (first, second) in zip(chunk, zip(verdicts, verdicts, strict=True), strict=True):
            if "infrastructure" in (first.outcome, second.outcome):
                counts["infrastructure"] += 1
                continue
            tests = assertions(function, observations(function, first), observations(function, second))
            if isinstance(tests, str):
                counts[tests] += 1
                continue
            told = _prompt(prompt_id(function.source, function.name), function.name, "\n".join(tests), config)
            told |= _question(function.head, _chat_question(pair, tests), config)
            told["meta"] = {name: pair[name] for name in ("pair_id", "repo", "path", "licence")}
            yield _Made(row=told, solution=_trial(told, function.head, function.body, limits))


def _functions(run: Run, counts: Counter[str], seen: set[str]) -> Iterator[tuple[Mapping[str, Any], Function]]:
    for pair in pairs(run):
        if pair["language"] != "Python" or pair["kind"] != "function":
            counts["no_python_function"] += 1
            continue
        function = function_of(pair["code_with_comment"])
        if isinstance(function, str):
            counts[function] += 1
        elif function.body in seen:
            counts["seen_before"] += 1
        else:
            seen.add(function.body)
            yield pair, function


def _chat_question(pair: Mapping[str, Any], tests: Sequence[str]) -> str:
    signature = fenced(pair["signature"], "Python")
    example = fenced(tests[0], "Python")
    return (
        f"Write a Python function with this signature:\n\n{signature}\n\n{pair['comment']}\n\n"
        f"It should pass this test:\n\n{example}"
    )


def _prompt(name: str, entry_point: str, tests: str, config: PromptSetConfig) -> dict[str, Any]:
    return {
        "id": name,
        "language": "Python",
        "tests": tests,
        "entry_point": entry_point,
        "time_limit_s": 2 * config.cpu_seconds,
    }


def _question(text: str, message: str, config: PromptSetConfig) -> dict[str, Any]:
    """What is asked, as a text to go on with or as messages."""
    return {"prompt": text} if config.style == "base" else {"messages": [{"role": "user", "content": message}]}


def _trial(told: Mapping[str, Any], head: str, body: str, limits: Limits) -> Trial:
    """The known solution as a trial: as an answer will be judged."""
    problem = Problem(
        task_id=str(told["id"]), language="Python", prompt=head, canonical="", tests=str(told["tests"]),
        entry_point=str(told["entry_point"]), stands=bool(head),
    )  # fmt: skip
    return problem.trial(body, limits)


def _verified(made: Iterable[_Made], sandbox: Sandbox, counts: Counter[str]) -> Iterator[Mapping[str, Any]]:
    """Rows whose solution passes, and rows that bring none."""
    source = iter(made)
    while chunk := list(islice(source, _CHUNK)):
        verdicts = sandbox.map(one.solution for one in chunk if one.solution is not None)
        for one in chunk:
            outcome = "passed" if one.solution is None else next(verdicts).outcome
            if one.solution is None:
                counts["without_solution"] += 1
            if outcome == "passed":
                yield one.row
            else:
                counts[f"solution_{outcome}"] += 1
