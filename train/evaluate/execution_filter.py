"""The execution filter: instruction data whose answer passes its own tests is kept, and no other.

A sample is a row of Chat JSONL (SCHEMAS) whose `meta` has `tests` (a text, or a list of assertions) and mostly
`entry_point`, and may have `language` (Python without one), `prompt` (the beginning of the program, where the answer
goes on with it), `time_limit_s` and `memory_mb`. What is run is the code in the assistant's last message: its fenced
block that has the entry point, or the whole.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import xxhash

from curate.errors import WrongUse
from train.evaluate.answers import cut
from train.evaluate.problems import Problem, rows
from train.evaluate.progress import Reporter
from train.evaluate.refusal import refuse_evaluation_files
from train.evaluate.run import append, line, resumed
from train.sandbox import languages
from train.sandbox.limits import Limits
from train.sandbox.pool import Sandbox
from train.sandbox.trial import Trial

UNTESTED = "untested"
Key = tuple[str, int]  # id, row number


def keep_passing(
    chat: Path,
    out: Path,
    *,
    limits: Limits | None = None,
    keep_untested: bool = False,
    workers: int | None = None,
    reporter: Reporter | None = None,
) -> dict[str, int]:
    """Writes the rows that pass, in the order and with the content of the input; counts by outcome, and `kept`.

    Verdicts go into OUT.results.jsonl as they come, and are not asked for again unless a row or its limits changed or
    the sandbox had failed. What the sandbox fails on is not kept, and counted as `infrastructure`.
    """
    base, told = limits or Limits(), reporter or Reporter()
    if not chat.is_file():
        raise WrongUse(f"{chat} is not there: give a JSONL file of chats")
    refuse_evaluation_files([chat])
    verdicts_file = out.with_name(f"{out.name}.results.jsonl")
    verdicts = {(row["task_id"], row["sample"]): row for row in resumed(verdicts_file, but=("infrastructure",))}
    with (
        told.work(f"{chat.name}: samples") as start,
        Sandbox(workers=workers) as sandbox,
        verdicts_file.open("a", encoding="utf-8") as file,
    ):
        tick = start(0, sum(1 for _ in rows(chat)))
        waiting = _waiting(chat, base, verdicts, tick)
        names: list[tuple[Key, str]] = []
        for verdict in sandbox.map(_noted(waiting, names)):
            (name, number), digest = names.pop(0)
            row = verdict.row(name, number) | {"hash": digest}
            append(file, row)
            verdicts[name, number] = row
            tick()
    return _write(chat, out, base, verdicts, keep_untested)


def _noted(waiting: Iterator[tuple[Key, str, Trial]], names: list[tuple[Key, str]]) -> Iterator[Trial]:
    """Trials, whose names are put down in the order in which verdicts will come."""
    for key, digest, trial in waiting:
        names.append((key, digest))
        yield trial


def _waiting(
    chat: Path, limits: Limits, verdicts: Mapping[Key, Mapping[str, Any]], tick: Any
) -> Iterator[tuple[Key, str, Trial]]:
    """What is still to be judged."""
    for number, row in enumerate(rows(chat)):
        trial = trial_of(row, limits)
        digest = _digest(row, limits)
        known = verdicts.get((_id(row), number))
        if trial is None or (known is not None and known["hash"] == digest):
            tick()
        else:
            yield (_id(row), number), digest, trial


def _write(
    chat: Path, out: Path, limits: Limits, verdicts: Mapping[Key, Mapping[str, Any]], keep_untested: bool
) -> dict[str, int]:
    """The file of kept rows, whole at once; counts."""
    counts: Counter[str] = Counter()
    part = out.with_name(f"{out.name}.part")
    with part.open("w", encoding="utf-8") as file:
        for number, row in enumerate(rows(chat)):
            tested = trial_of(row, limits) is not None
            outcome = verdicts[_id(row), number]["outcome"] if tested else UNTESTED
            counts[outcome] += 1
            if outcome == "passed" or (outcome == UNTESTED and keep_untested):
                counts["kept"] += 1
                file.write(line(row))
    os.replace(part, out)
    return {"kept": counts.pop("kept", 0)} | dict(sorted(counts.items()))


def trial_of(row: Mapping[str, Any], limits: Limits) -> Trial | None:
    """A sample as a trial; None where it has no tests or no answer. Raises WrongUse for an unknown language."""
    meta = row.get("meta") or {}
    tests = meta.get("tests")
    answers = [one.get("content") for one in row.get("messages") or () if one.get("role") == "assistant"]
    if not tests or not answers or not isinstance(answers[-1], str):
        return None
    language, entry_point = str(meta.get("language") or "Python"), meta.get("entry_point")
    if language not in languages.BY_NAME:
        raise WrongUse(f"sample {_id(row)}: no language {language!r}: there are {', '.join(languages.BY_NAME)}")
    text = "\n".join(map(str, tests)) if isinstance(tests, list) else str(tests)
    if language == "Python" and entry_point and "def check(" in text and f"check({entry_point})" not in text:
        text = f"{text}\ncheck({entry_point})\n"
    problem = Problem(
        task_id=_id(row), language=language, prompt=str(meta.get("prompt") or ""), canonical="", tests=text,
        entry_point=entry_point, stands=bool(meta.get("prompt")),
    )  # fmt: skip
    own = replace(
        limits,
        cpu_s=float(meta.get("time_limit_s") or limits.cpu_s),
        memory_mb=int(meta.get("memory_mb") or limits.memory_mb),
    )
    return problem.trial(cut(problem, answers[-1]), own)


def _id(row: Mapping[str, Any]) -> str:
    return str(row.get("id", ""))


def _digest(row: Mapping[str, Any], limits: Limits) -> str:
    return xxhash.xxh3_128_hexdigest(f"{line(row)}\0{limits}".encode())
