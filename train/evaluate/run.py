"""Judges completions in the sandbox, into a results file that an interrupted run goes on with."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from train.evaluate.completions import Completion, cut
from train.evaluate.problems import Problem, rows
from train.evaluate.score import summary
from train.sandbox.limits import Limits
from train.sandbox.pool import Sandbox


def judge_all(
    problems: Sequence[Problem],
    completions: Iterable[Completion],
    out: Path,
    sandbox: Sandbox,
    *,
    limits: Limits | None = None,
    progress: Callable[[dict[str, Any]], None] = lambda row: None,
) -> dict[tuple[str, int], dict[str, Any]]:
    """Every completion's row of results, by task and sample; each is appended to `out` as soon as it is known.

    Rows that are there already are not judged again, except those of outcome `infrastructure`. A last line that was cut
    off by an interruption is dropped.
    """
    by_id = {problem.task_id: problem for problem in problems}
    done = _repaired(out)
    waiting = [one for one in completions if (one.task_id, one.sample) not in done]
    trials = (by_id[one.task_id].trial(cut(by_id[one.task_id], one.text), limits) for one in waiting)
    with out.open("a", encoding="utf-8") as file:
        for one, verdict in zip(waiting, sandbox.map(trials), strict=True):
            row = verdict.row(one.task_id, one.sample)
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            file.flush()
            done[one.task_id, one.sample] = row
            progress(row)
    return done


def _repaired(out: Path) -> dict[tuple[str, int], dict[str, Any]]:
    """The rows that a run before this one finished; the file then holds those and no others."""
    if not out.exists():
        return {}
    text = out.read_text(encoding="utf-8")
    whole = out.with_name(f"{out.name}.part")
    whole.write_text(text[: text.rfind("\n") + 1], encoding="utf-8")
    kept = {(row["task_id"], row["sample"]): row for row in rows(whole) if row["outcome"] != "infrastructure"}
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in kept.values()]
    whole.write_text("".join(lines), encoding="utf-8")
    os.replace(whole, out)
    return kept


def summarise(results: Iterable[Mapping[str, Any]], problems: Sequence[Problem]) -> dict[str, Any]:
    """Scores and counts. Samples that the sandbox failed on are named and count as neither passed nor failed.

    Problems without any judged sample are counted as `missing`; the score is of the others and says how many.
    """
    rows = list(results)
    judged = [row for row in rows if row["outcome"] != "infrastructure"]
    samples = Counter(row["task_id"] for row in judged)
    passed = Counter(row["task_id"] for row in judged if row["passed"])
    return {
        "scores": summary({task: (n, passed[task]) for task, n in samples.items()}),
        "outcomes": dict(Counter(row["outcome"] for row in rows)),
        "problems": len(problems),
        "missing": sum(problem.task_id not in samples for problem in problems),
        "samples": len(rows),
    }
