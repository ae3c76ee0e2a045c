"""The sandbox on real benchmarks: how fast it is, and whether canonical solutions pass, however they are answered.

    python -m benchmarks.sandbox speed FOLDER [--workers 1] [--problems 164]
    python -m benchmarks.sandbox canonical FOLDER [--workers 2] [--answer body|whole] [--only NAME ...]

FOLDER holds HumanEval.jsonl.gz, mbpp_test.jsonl.gz, humaneval_x_*.jsonl.gz and humaneval_python_cn.jsonl.gz, or some of
them. `speed` runs HumanEval's canonical solutions through the sandbox (warm, and with an interpreter started for each),
a plain `subprocess` that runs the file of prompt, solution and tests, and the scheme of human-eval's executor as its
paper and code describe it: a forked process that calls exec under a signal timer. The last two trust the program.

`canonical` gives each solution as a base model would (its body, and then something else), or as a chat model would: the
whole function in a fenced block between sentences. Either goes through the same cutting as a model's completions.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import multiprocessing
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

from train.evaluate.answers import cut
from train.evaluate.problems import Problem, load
from train.evaluate.tasks.prompting import fenced
from train.sandbox import languages, probe
from train.sandbox.limits import Limits
from train.sandbox.pool import Sandbox

TIMEOUT_S = 10


def answered(problem: Problem, answer: str) -> str:
    """The canonical solution as a model might have written it."""
    if answer == "body":
        return problem.canonical
    return f"Here it is:\n\n{fenced(problem.program(problem.canonical), problem.language)}\n\nIt follows the text."


def canonical(arguments: argparse.Namespace) -> None:
    """Prints how many canonical solutions pass, and every exception."""
    print(probe.table(probe.layers()))
    for name, version in languages.versions().items():
        print(f"{name}: {version}")
    with Sandbox(workers=arguments.workers) as sandbox:
        print(f"mode {sandbox.mode}, slowness {sandbox.slowness:.2f}", flush=True)
        for path in sorted(arguments.folder.glob("*.jsonl*")):
            if arguments.only and not any(name in path.name for name in arguments.only):
                continue
            problems = load(path)
            if languages.missing(problems[0].language):
                print(f"{path.name}: no {languages.missing(problems[0].language)} here")
                continue
            begin = time.perf_counter()
            _canonical(path.name, problems, sandbox, arguments.answer)
            print(f"{path.name}: {time.perf_counter() - begin:.0f} s", flush=True)


def _canonical(name: str, problems: list[Problem], sandbox: Sandbox, answer: str) -> None:
    outcomes: Counter[str] = Counter()
    texts = [cut(problem, answered(problem, answer)) for problem in problems]
    trials = (problem.trial(text, Limits(cpu_s=10)) for problem, text in zip(problems, texts, strict=True))
    for problem, verdict in zip(problems, sandbox.map(trials), strict=True):
        outcomes[verdict.outcome] += 1
        if verdict.outcome != "passed":
            print(f"  {problem.task_id}: {verdict.outcome}: {verdict.detail[:200]}")
    print(f"{name}: canonical as {answer} {dict(outcomes)} of {len(problems)}", flush=True)


def source(problem: Problem) -> str:
    """Program and tests as one file, as executors without a jail run them."""
    return f"{problem.program(problem.canonical)}\n{problem.tests}\n"


def by_subprocess(problems: list[Problem], workers: int, flags: list[str]) -> int:
    """How many pass when each is a file and a fresh interpreter."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(workers) as threads:
        paths = []
        for place, problem in enumerate(problems):
            paths.append(Path(folder, f"{place}.py"))
            paths[-1].write_text(source(problem))

        def one(path: Path) -> int:
            return subprocess.run([probe.PYTHON, *flags, path], capture_output=True, timeout=TIMEOUT_S).returncode

        return sum(code == 0 for code in threads.map(one, paths))


def by_fork(problems: list[Problem], workers: int) -> int:
    """How many pass by the scheme of human-eval's executor: fork, exec in the child, a signal timer, a pipe back."""
    context = multiprocessing.get_context("fork")

    def one(problem: Problem) -> bool:
        reading, writing = context.Pipe(duplex=False)
        child = context.Process(target=_executed, args=(source(problem), writing))
        child.start()
        child.join(TIMEOUT_S + 1)
        if child.is_alive():
            child.kill()
        return reading.poll() and reading.recv() == "passed"

    with ThreadPoolExecutor(workers) as threads:
        return sum(threads.map(one, problems))


def _executed(text: str, writing: Connection) -> None:
    def late(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, TIMEOUT_S)
    outcome = "failed"
    with tempfile.TemporaryDirectory(), contextlib.redirect_stdout(io.StringIO()):
        try:
            exec(text, {})
            outcome = "passed"
        except BaseException:
            outcome = "failed"
    signal.setitimer(signal.ITIMER_REAL, 0)
    writing.send(outcome)


def speed(arguments: argparse.Namespace) -> None:
    """Prints executions a second, and CPU milliseconds of one, for each way."""
    problems = load(arguments.folder / "HumanEval.jsonl.gz")
    quick = [problem for problem in problems if not re.search(r"range\(1000|1000000", problem.tests)]
    problems = quick[: arguments.problems]
    n_workers = arguments.workers

    def in_sandbox(sandbox: Sandbox, warm: bool) -> int:
        trials = (replace(problem.trial(problem.canonical), warm=warm) for problem in problems)
        return sum(verdict.outcome == "passed" for verdict in sandbox.map(trials))

    rates: dict[str, list[float]] = {}
    for _ in range(arguments.rounds):
        with Sandbox(workers=n_workers) as sandbox:
            _timed(rates, "sandbox, warm", lambda: in_sandbox(sandbox, True), len(problems))
            _timed(rates, "sandbox, interpreter started", lambda: in_sandbox(sandbox, False), len(problems))
        _timed(rates, "subprocess", lambda: by_subprocess(problems, n_workers, []), len(problems))
        _timed(rates, "subprocess -I -S", lambda: by_subprocess(problems, n_workers, ["-I", "-S"]), len(problems))
        _timed(rates, "fork and exec", lambda: by_fork(problems, n_workers), len(problems))
    base = max(rates["subprocess"])
    print(f"{len(problems)} problems, {n_workers} at a time, best of {arguments.rounds} rounds")
    for name, found in rates.items():
        print(f"{name:30} {max(found):6.1f} a second  {max(found) / base:5.2f} of subprocess")


def _timed(rates: dict[str, list[float]], name: str, run: Callable[[], int], expected: int) -> None:
    """One round of one way; all must pass, or the figure means nothing."""
    begin, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    passed = run()
    seconds, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    if passed != expected:
        print(f"{name}: only {passed} of {expected} pass", file=sys.stderr)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    rates.setdefault(name, []).append(expected / seconds)
    print(
        f"  {name}: {expected / seconds:.1f} a second, {cpu / expected * 1e3:.1f} ms CPU of children reaped", flush=True
    )


def main() -> None:
    """Parses and runs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name, function in (("speed", speed), ("canonical", canonical)):
        command = commands.add_parser(name)
        command.set_defaults(function=function)
        command.add_argument("folder", type=Path)
        command.add_argument("--workers", type=int, default=1 if name == "speed" else 2)
        if name == "speed":
            command.add_argument("--problems", type=int, default=164)
            command.add_argument("--rounds", type=int, default=3)
        else:
            command.add_argument("--answer", choices=("body", "whole"), default="body")
            command.add_argument("--only", nargs="*", default=[], help="files whose name contains one of these")
    arguments = parser.parse_args()
    arguments.function(arguments)


if __name__ == "__main__":
    main()
