"""The two files of an evaluation that grow by a line at a time, and go on where an interruption cut them off."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO

from train.evaluate.completions import Completion
from train.evaluate.generators.protocol import Generator, Key, Sampling
from train.evaluate.problems import rows
from train.evaluate.tasks.prompting import Task

Told = Callable[[], None]
_SURROGATE = re.compile("[\ud800-\udfff]")


def complete(
    task: Task, generator: Generator, sampling: Sampling, out: Path, *, start: Callable[[int, int], Told] | None = None
) -> list[Completion]:
    """The task's completions, by task and sample; each is appended to `out` as soon as it is there.

    What is in the file is not asked for again. `start(done, total)` is told how much there is, and gives what to call
    after each; a source that has its own number of samples may give more or fewer than the total.
    """
    requests = task.requests()
    told = {
        (row["task_id"], row["sample"]): Completion(row["task_id"], row["sample"], row["completion"])
        for row in resumed(out)
    }
    tick = start(len(told), len(requests) * sampling.samples) if start else _nothing
    with out.open("a", encoding="utf-8") as file:
        for one in generator.generate(requests, sampling, told.keys()):
            append(file, one.row())
            told[one.task_id, one.sample] = one
            tick()
    place = {request.task_id: number for number, request in enumerate(requests)}
    return sorted(told.values(), key=lambda one: (place[one.task_id], one.sample))


def judge_all(
    task: Task, completions: Iterable[Completion], out: Path, *, start: Callable[[int, int], Told] | None = None
) -> dict[Key, dict[str, Any]]:
    """Every completion's row of results, by task and sample; each is appended to `out` as soon as it is known.

    Rows that are there already are not judged again, except those of outcome `infrastructure`. A last line that was cut
    off by an interruption is dropped.
    """
    asked = list(completions)
    done = {(row["task_id"], row["sample"]): row for row in resumed(out, but=("infrastructure",))}
    waiting = [one for one in asked if (one.task_id, one.sample) not in done]
    tick = start(len(done), len(asked)) if start else _nothing
    with out.open("a", encoding="utf-8") as file:
        for one, row in zip(waiting, task.judge(waiting), strict=True):
            append(file, row)
            done[one.task_id, one.sample] = row
            tick()
    return {key: done[key] for one in asked if (key := (one.task_id, one.sample)) in done}


def resumed(path: Path, but: Collection[str] = ()) -> list[dict[str, Any]]:
    """The whole rows that a run before this one wrote, the last of each sample; the file then holds no others.

    `but` are outcomes that are taken out.
    """
    if not path.exists():
        return []
    data = path.read_bytes()
    whole = path.with_name(f"{path.name}.part")
    whole.write_bytes(data[: data.rfind(b"\n") + 1])
    kept = {(row["task_id"], row["sample"]): row for row in rows(whole) if row.get("outcome") not in but}
    write(path, "".join(map(line, kept.values())))
    whole.unlink()
    return list(kept.values())


def write(path: Path, text: str) -> None:
    """A whole file at once: no reader, and no later run, sees half of it. What is no character becomes U+FFFD."""
    part = path.with_name(f"{path.name}.new")
    part.write_bytes(text.encode("utf-8", "replace"))
    os.replace(part, path)


def by_task(results: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Rows by task, in the order in which tasks come."""
    told: dict[str, list[Mapping[str, Any]]] = {}
    for row in results:
        told.setdefault(row["task_id"], []).append(row)
    return told


def append(file: TextIO, row: Mapping[str, Any]) -> None:
    """A row at the end of a file, handed to the system at once."""
    file.write(line(row))
    file.flush()


def line(row: Mapping[str, Any]) -> str:
    """One line of JSON. Half a surrogate pair, which models do write, is kept as an escape."""
    text = json.dumps(row, ensure_ascii=False)
    return f"{json.dumps(row) if _SURROGATE.search(text) else text}\n"


def _nothing() -> None:
    pass
