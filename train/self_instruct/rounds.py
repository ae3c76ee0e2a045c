"""The loop: a round asks for tasks, drops those that are not new, asks for answers, and keeps those that are good.

All that a round asks is a function of the seed, the round's number and what the rounds before kept, in the order of
requests and not of answers. So a run that was killed and goes on asks what it would have asked, of which the log has
the most, and ends with the same file. A round waits for its slowest answer before the next one begins.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xxhash

from curate.errors import RunFailed
from train.evaluate.fingerprints import Fingerprints, shipped
from train.evaluate.progress import Reporter
from train.evaluate.refusal import refuse_evaluation_files
from train.evaluate.run import line
from train.order import key_of
from train.sandbox.limits import Limits
from train.self_instruct.asking import Asker
from train.self_instruct.checking import answer_reason, assertions_of, is_tested, task_reason
from train.self_instruct.config import SelfInstructConfig
from train.self_instruct.judging import Judge
from train.self_instruct.novelty import Pool
from train.self_instruct.prompting import Reply, ask_for_answer, ask_for_tasks, reply_in, tasks_in
from train.self_instruct.seeds import Kind, Seed

Row = dict[str, Any]


@dataclass
class _Work:
    """What is known as rounds go by."""

    config: SelfInstructConfig
    asker: Asker
    seeds: Mapping[Kind, Sequence[str]]
    share: Sequence[Kind]  # a kind as often as it has seeds
    pool: Pool
    known: Fingerprints
    made: dict[Kind, list[str]] = field(default_factory=lambda: defaultdict(list))
    kept: list[Row] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def self_instruct(
    seeds: Sequence[Seed],
    out: Path,
    asker: Asker,
    config: SelfInstructConfig,
    *,
    workers: int | None = None,
    reporter: Reporter | None = None,
) -> dict[str, int]:
    """Chat JSONL of new tasks with their answers, whole or not at all; gives counts, `kept` first.

    Beside OUT stay OUT.answers.jsonl, of which `asker` is the owner, and OUT.results.jsonl with the jail's verdicts.
    RunFailed where nothing was kept, and where the endpoint fails, which the same command goes on from.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    kinds = _by_kind(seeds, config)
    work = _Work(
        config=config, asker=asker, seeds=kinds, share=[kind for kind, own in kinds.items() for _ in own],
        pool=Pool((seed.question for seed in seeds), config.max_similarity), known=shipped(),
    )  # fmt: skip
    judge = Judge(out.with_name(f"{out.name}.results.jsonl"), Limits(cpu_s=config.cpu_seconds), workers)
    with asker, judge:
        number = barren = 0
        while len(work.kept) < config.wanted and barren < config.barren_rounds:
            before = len(work.kept)
            _round(work, number, judge, reporter or Reporter())
            barren = barren + 1 if len(work.kept) == before else 0
            number += 1
    told = _told(work, number)
    if not work.kept:
        raise RunFailed(
            f"nothing was kept ({', '.join(f'{name} {n:,}' for name, n in told.items())}): look at {asker.log}"
        )
    _write(out, work.kept[: config.wanted])
    return told


def _by_kind(seeds: Sequence[Seed], config: SelfInstructConfig) -> dict[Kind, list[str]]:
    """Seeds that may be shown. RunFailed where all are too long for it."""
    kinds: dict[Kind, list[str]] = defaultdict(list)
    for seed in seeds:
        if len(seed.question) <= config.max_example_chars:
            kinds[seed.kind].append(seed.question)
    if not kinds:
        raise RunFailed(f"all {len(seeds):,} seeds are over max_example_chars, {config.max_example_chars:,}: raise it")
    return dict(sorted(kinds.items()))


def _round(work: _Work, number: int, judge: Judge, reporter: Reporter) -> None:
    """One round; what it keeps goes into `work`."""
    asked = _prompts(work, number)
    with reporter.work(f"round {number + 1}: tasks") as start:
        texts = work.asker.ask({place: chat for place, (_, chat) in asked.items()}, start(0, len(asked)))
    tasks = dict(_new(work, {place: (kind, texts.get(place)) for place, (kind, _) in asked.items()}))
    chats = {place: ask_for_answer(task, tested=is_tested(kind, work.config)) for place, (kind, task) in tasks.items()}
    with reporter.work(f"round {number + 1}: answers") as start:
        answers = work.asker.ask(chats, start(0, len(chats)))
    rows = list(_answered(work, tasks, answers))
    for (kind, row), outcome in zip(rows, judge.outcomes([row for _, row in rows]), strict=True):
        if outcome in (None, "passed"):
            work.kept.append(row)
            work.made[kind].append(row["messages"][0]["content"])
        else:
            work.counts[f"answers_tests_{outcome}"] += 1


def _prompts(work: _Work, number: int) -> dict[str, tuple[Kind, Any]]:
    """Of each prompt of a round its kind and its chat."""
    config, found = work.config, {}
    n_prompts = min(config.round_prompts, -(-(config.wanted - len(work.kept)) // config.new_tasks))
    for i in range(n_prompts):
        place = f"{number}-{i}"
        kind = work.share[key_of(config.seed, "kind", place) % len(work.share)]
        examples = [
            *_drawn(work.made[kind], config.made_examples, config.seed, f"made {place}"),
            *_drawn(work.seeds[kind], config.seed_examples, config.seed, f"seeds {place}"),
        ]
        examples.sort(key=lambda text: key_of(config.seed, place, text))
        found[place] = kind, ask_for_tasks(kind, examples, config.new_tasks)
    return found


def _drawn(texts: Sequence[str], most: int, seed: int, place: str) -> list[str]:
    """At most `most` different ones by chance."""
    taken: dict[int, None] = {}
    turn = 0
    while len(taken) < min(most, len(texts)):
        taken[key_of(seed, place, turn) % len(texts)] = None
        turn += 1
    return [texts[i] for i in taken]


def _new(work: _Work, texts: Mapping[str, tuple[Kind, str | None]]) -> Iterator[tuple[str, tuple[Kind, str]]]:
    """Tasks that are good and new, in the order of prompts."""
    for place, (kind, text) in texts.items():
        if text is None:
            work.counts["prompts_refused"] += 1
            continue
        found = tasks_in(text, work.config.new_tasks)
        work.counts["prompts_without_tasks"] += not found
        for i, task in enumerate(found):
            work.counts["tasks"] += 1
            reason = task_reason(task, work.config, work.known)
            if reason is None and not work.pool.add(task):
                reason = "similar"
            if reason is None:
                yield f"{place}-{i}", (kind, task)
            else:
                work.counts[f"tasks_{reason}"] += 1


def _answered(
    work: _Work, tasks: Mapping[str, tuple[Kind, str]], answers: Mapping[str, str]
) -> Iterator[tuple[Kind, Row]]:
    """Samples whose answer is good, but for tests that are still to be run."""
    for place, (kind, task) in tasks.items():
        if place not in answers:
            work.counts["answers_refused"] += 1
            continue
        tested = is_tested(kind, work.config)
        reply = reply_in(answers[place], tested=tested)
        reason = answer_reason(kind, task, reply, work.known)
        row = _row(work, place, kind, task, reply) if reason is None else {}
        if reason is None and tested:
            tests = assertions_of(reply.answer or "", reply.tests, work.config)
            if tests is None:
                reason = "untested"
            else:
                row["meta"] |= {"tests": list(tests.assertions), "entry_point": tests.entry_point}
        if reason is None:
            yield kind, row
        else:
            work.counts[f"answers_{reason}"] += 1


def _row(work: _Work, place: str, kind: Kind, task: str, reply: Reply) -> Row:
    messages = [{"role": "user", "content": task}, {"role": "assistant", "content": reply.answer}]
    meta = {"language": kind.language, "source": "self-instruct", "model": work.asker.model, "request": place}
    return {
        "id": xxhash.xxh3_128_hexdigest(f"{task}\0{reply.answer}".encode("utf-8", "surrogatepass")),
        "task": kind.task, "messages": messages, "meta": meta,
    }  # fmt: skip


def _told(work: _Work, rounds: int) -> dict[str, int]:
    """Counts: what was kept by task, what was asked, and why the rest was dropped."""
    kept = work.kept[: work.config.wanted]
    asked = work.asker.counts
    told = {"kept": len(kept), "wanted": work.config.wanted}
    told |= {f"kept_{name}": n for name, n in sorted(Counter(row["task"] for row in kept).items())}
    told |= {"rounds": rounds, "asked": asked.answered, "known": asked.known}
    return told | dict(sorted(work.counts.items()))


def _write(out: Path, rows: Sequence[Row]) -> None:
    """The file at once. WrongUse where together they are a benchmark, which no row was."""
    part = out.with_name(f"{out.name.partition('.')[0]}.part.jsonl")
    try:
        part.write_text("".join(map(line, rows)), encoding="utf-8")
        refuse_evaluation_files([part])
        os.replace(part, out)
    finally:
        part.unlink(missing_ok=True)
