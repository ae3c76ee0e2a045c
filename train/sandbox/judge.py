"""From a trial to a verdict. Only an answer that the end of the tests produced can pass a program."""

from __future__ import annotations

import itertools
import json
import secrets
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from train.sandbox import frames, harness_script, languages, linked, probe
from train.sandbox.jail import Spec
from train.sandbox.languages import BY_NAME, COMPILING, Language
from train.sandbox.limits import Limits
from train.sandbox.trial import Outcome, Trial, Unfit, Verdict
from train.sandbox.worker import Broken, Ended, Worker

CHECKER_MEMORY_MB = 512
OUTCOMES: tuple[Outcome, ...] = ("passed", "failed", "memory", "error", "infrastructure")
_box_numbers = itertools.count()


class _Decided(Exception):
    """The verdict is clear before the tests."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict


def judge(worker: Worker, trial: Trial, limits: Limits) -> Verdict:
    """The verdict on one trial. Raises Broken where the sandbox failed, ValueError for a trial that cannot be run."""
    language = BY_NAME.get(trial.language)
    if language is None:
        raise ValueError(f"no language {trial.language!r}: there are {', '.join(BY_NAME)}")
    lacks = languages.missing(language.name)
    if lacks is not None:
        return Verdict(outcome="infrastructure", seconds=0.0, detail=f"{language.name} is not here: no {lacks}")
    limits = languages.stretched(language, limits)
    try:
        if trial.cases:
            return _by_cases(worker, trial, language, limits)
        if language.tests == "linked":
            return _linked(worker, trial, language, limits)
        if language.name == "Python":
            return _called_python(worker, trial, language, limits)
        if language.tests == "called":
            return _called_script(worker, trial, language, limits)
    except _Decided as decided:
        return decided.verdict
    except Unfit as error:
        return Verdict(outcome="infrastructure", seconds=0.0, detail=str(error))
    raise ValueError(f"tests for {language.name} are given as cases: input and expected output")


def _called_python(worker: Worker, trial: Trial, language: Language, limits: Limits) -> Verdict:
    program = Spec(program="candidate", mode=worker.mode, limits=limits)
    if not trial.warm or worker.mode == "bubblewrap":
        argv = (probe.PYTHON, "-I", "-S", "-c", _COLD_PYTHON.replace("HOME", program.package))
        program = replace(program, program="exec", argv=argv)
    checker = Spec(program="checker", mode=worker.mode, limits=checker_limits(limits))
    setup = {"setup": trial.prompt, "entry_point": trial.entry_point, "tests": trial.tests}
    return _called(worker, language, [program, checker], [frame({"source": trial.program}), frame(setup)])


_COLD_PYTHON = "import sys; sys.path.insert(0, 'HOME'); from train.sandbox import candidate; candidate.main()"


def _called_script(worker: Worker, trial: Trial, language: Language, limits: Limits) -> Verdict:
    """JavaScript and TypeScript: both sides are started, and neither sees the other's text."""
    prompt = harness_script.own_part(trial.prompt)
    texts = ({"source": trial.program}, {"setup": prompt, "tests": trial.tests})
    sides = ((harness_script.CANDIDATE, limits), (harness_script.CHECKER, checker_limits(limits)))
    with _boxes(worker, 2 if language.compile else 0) as boxes:
        for box, text in zip(boxes, (trial.program, f"{prompt}\n{trial.tests}"), strict=False):
            _compile(worker, language, language.compile, box, {language.source: text})
        environment = {"CODEMILL_FILE": "{box}/out/solution.js"} if boxes else {}
        specs = [
            _run(worker, language, ("node", "-e", code), allowed, box=box, environment=environment)
            for (code, allowed), box in zip(sides, boxes or (None, None), strict=True)
        ]
        return _called(worker, language, specs, [frame(text) for text in texts])


def _called(worker: Worker, language: Language, specs: list[Spec], payloads: list[bytes]) -> Verdict:
    """Runs program and checker, linked to each other, and judges what came out."""
    program, tested = worker.run(specs, payloads)
    answer = _answer(tested.answer)
    broken = _limit(program, language)
    if answer is None:
        broken = broken or _limit(tested, language)
        if broken:
            return _verdict(broken, program, f"{program.killed or tested.killed or broken} limit")
        return _verdict("infrastructure", program, f"the checker gave no answer, {_ending(tested)}")
    outcome, detail = answer["outcome"], str(answer["detail"])
    if outcome == "gone":
        if program.report is None and not broken:
            return _verdict("infrastructure", program, f"{detail}, {_ending(program)}")
        why = f"{program.killed or broken} limit" if broken else _ending(program)
        return _verdict(broken or "error", program, f"{detail}, {why}")
    if outcome not in OUTCOMES:
        return _verdict("infrastructure", program, f"the checker answered {outcome!r}")
    if outcome != "passed" and broken:
        return _verdict(broken, program, f"{program.killed or broken} limit")
    return _verdict(outcome, program, detail)


def _linked(worker: Worker, trial: Trial, language: Language, limits: Limits) -> Verdict:
    """Compiled with its tests: passed is what echoes the token and nothing else."""
    token = secrets.token_hex(16).encode()
    with _boxes(worker, 1) as (box,):
        shelf = _shelf(worker, language)
        _compile(worker, language, language.compile, box, linked.SOURCES[language.name](trial), shelf)
        spec = _run(worker, language, language.linked_run, limits, box=box, shelf=shelf)
        ended = worker.run([spec], [token])[0]
    if ended.answer == token and not ended.killed:
        return _verdict("passed", ended, "")
    broken = _limit(ended, language)
    if broken:
        return _verdict(broken, ended, f"{ended.killed or broken} limit")
    if ended.answer.startswith(b"failed"):
        told = ended.answer[7:300].decode("utf-8", "replace")
        return _verdict("failed", ended, f"an assertion did not hold: {told}" if told else "an assertion did not hold")
    if ended.report is None:
        return _verdict("infrastructure", ended, _ending(ended))
    if any(sign in ended.report["stderr"] for sign in language.failure_signs):
        return _verdict("failed", ended, "an assertion did not hold")
    return _verdict("error", ended, f"ended before its tests were over, {_ending(ended)}")


def _by_cases(worker: Worker, trial: Trial, language: Language, limits: Limits) -> Verdict:
    """Compiled once, run once for each case; the expected output never enters a jail."""
    seconds = 0.0
    files = {language.source: trial.program}
    with _boxes(worker, 1) as (box,):
        shelf = _shelf(worker, language)
        _compile(worker, language, language.compile_whole or "true", box, files, shelf)
        for number, case in enumerate(trial.cases, 1):
            argv = (*language.run, *case.args)
            spec = _run(worker, language, argv, limits, box=box, shelf=shelf, stdin=True)
            ended = worker.run([spec], [case.stdin.encode()])[0]
            verdict = _case_verdict(ended, case.expected, language, f"case {number}")
            seconds += verdict.seconds
            if verdict.outcome != "passed":
                break
    return Verdict(outcome=verdict.outcome, seconds=seconds, detail=verdict.detail, stdout=verdict.stdout)


def _case_verdict(ended: Ended, expected: str, language: Language, name: str) -> Verdict:
    broken = _limit(ended, language)
    if broken:
        return _verdict(broken, ended, f"{name}: {ended.killed or broken} limit")
    if ended.report is None:
        return _verdict("infrastructure", ended, f"{name}: {_ending(ended)}")
    if ended.report["output_bytes"] > len(ended.report["stdout"].encode()) + len(ended.report["stderr"].encode()) + 64:
        return _verdict("failed", ended, f"{name}: wrote {ended.report['output_bytes']:,} bytes, more than are kept")
    if _plain(ended.report["stdout"]) == _plain(expected):
        return _verdict("passed", ended, "")
    if ended.report["signal"] or ended.report["code"]:
        return _verdict("error", ended, f"{name}: {_ending(ended)}")
    return _verdict("failed", ended, f"{name}: another output than expected")


def _plain(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]


def _run(worker: Worker, language: Language, argv: tuple[str, ...], limits: Limits, **more: Any) -> Spec:
    """A spec that executes a command with the language's environment."""
    environment = {"PATH": languages.path(), **language.environment, **more.pop("environment", {})}
    return Spec(program="exec", mode=worker.mode, limits=limits, argv=argv, environment=environment, **more)


def _compile(
    worker: Worker, language: Language, command: str, box: str, files: linked.Files, shelf: str | None = None
) -> None:
    """Writes the sources into a box and compiles them there, in a jail. Raises _Decided where they do not compile."""
    argv = ("/bin/bash", "-c", command)
    spec = _run(worker, language, argv, COMPILING, box=box, box_writable=True, shelf=shelf, unpack=True, compiler=True)
    ended = worker.run([spec], [frame(dict(files))])[0]
    broken = _limit(ended, language)
    if broken:
        raise _Decided(_verdict(broken, ended, f"compiling: {ended.killed or broken} limit"))
    if ended.report is None:
        raise _Decided(_verdict("infrastructure", ended, f"compiling: {_ending(ended)}"))
    if ended.report["code"] != 0:
        told = (ended.report["stderr"] or ended.report["stdout"]).strip()[:400]
        raise _Decided(_verdict("error", ended, f"does not compile: {told}"))


@contextmanager
def _boxes(worker: Worker, count: int) -> Iterator[list[str]]:
    """Empty boxes, taken away at the end."""
    names = [f"box-{next(_box_numbers)}" for _ in range(count)]
    opened = []
    try:
        for name in names:
            worker.open_box(name, COMPILING)
            opened.append(name)
        yield names
    finally:
        for name in opened:
            worker.close_box(name)


def _shelf(worker: Worker, language: Language) -> str | None:
    """The language's prepared shelf, made at the worker's first need. Raises Broken where it cannot be made."""
    if not language.prepare:
        return None
    name = f"shelf-{language.name}"
    if name not in worker.shelves:
        roomy = replace(COMPILING, disk_mb=1024, cpu_s=300, inodes=65_536)
        worker.open_box(name, roomy)
        argv = ("/bin/bash", "-c", language.prepare)
        spec = _run(worker, language, argv, roomy, box=name, box_writable=True, shelf=name, compiler=True)
        ended = worker.run([spec], [b""])[0]
        if ended.report is None or ended.report["code"] != 0:
            worker.close_box(name)
            raise Broken(f"the {language.name} toolchain could not be prepared: {_ending(ended)}")
        worker.shelves.add(name)
    return name


def frame(message: Any) -> bytes:
    """A payload of one frame."""
    body = json.dumps(message).encode()
    return len(body).to_bytes(4, "big") + body


def checker_limits(limits: Limits) -> Limits:
    """Those of the program, with memory of its own: tests hold what the program sends."""
    return replace(limits, memory_mb=max(CHECKER_MEMORY_MB, limits.memory_mb))


def _verdict(outcome: Outcome, ended: Ended, detail: str) -> Verdict:
    report = ended.report or {"cpu_s": 0.0, "stdout": ""}
    return Verdict(outcome=outcome, seconds=float(report["cpu_s"]), detail=detail[:500], stdout=report["stdout"])


def _limit(ended: Ended, language: Language) -> Outcome | None:
    """The outcome of a broken limit; None where none was broken."""
    if ended.killed in ("cpu", "wall"):
        return "timeout"
    if ended.killed == "memory":
        return "memory"
    report = ended.report
    if report is None:
        return None
    if report["signal"] == signal.SIGXCPU:
        return "timeout"
    died = bool(report["signal"] or report["code"])
    return "memory" if died and any(sign in report["stderr"] for sign in language.memory_signs) else None


def _ending(ended: Ended) -> str:
    """One line on a program that ended by itself."""
    report = ended.report
    if report is None:
        return "its jail ended without a report"
    how = f"signal {report['signal']}" if report["signal"] else f"exit code {report['code']}"
    last = report["stderr"].strip().rsplit("\n", 1)[-1][:300]
    return f"{how}: {last}" if last else how


def _answer(data: bytes) -> dict[str, Any] | None:
    """The checker's one frame."""
    if len(data) < 4:
        return None
    try:
        answer = frames.parse(data[4:])
    except frames.BrokenFrame:
        return None
    return answer if isinstance(answer, dict) and {"outcome", "detail"} <= set(answer) else None
