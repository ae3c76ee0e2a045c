"""Rounds: which groups are kept, what is counted, and what takes the place of those that are not."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from train.parallel import joined
from train.rl import toy
from train.rl.prompts import RlPrompt
from train.rl.reward import Judge
from train.rl.rollout import Answer, Request
from train.rl.rounds import Round, Rounds, Sample, answered, kind_of
from train.sandbox.pool import Sandbox
from train.sandbox.trial import Outcome


def sample(outcome: Outcome, reward: float | None, place: int = 0, number: int = 0) -> Sample:
    return Sample(
        place=place, sample=number, prompt_tokens=(1, 2), tokens=[3, 4], logps=[-0.5, -0.5], entropy=1.0, ended="end",
        outcome=outcome, reward=reward,
    )  # fmt: skip


RIGHT, WRONG, ODD = sample("passed", 1.0), sample("failed", 0.0), sample("infrastructure", None)


@pytest.mark.parametrize(
    ("group", "kind"),
    [
        ([RIGHT, WRONG, WRONG], "kept"),
        ([RIGHT, RIGHT, ODD], "all_right"),
        ([WRONG, sample("timeout", 0.0)], "all_wrong"),
        ([RIGHT, sample("failed", 1.0)], "all_equal"),
        ([RIGHT, ODD], "unrewarded"),
        ([ODD, ODD], "unrewarded"),
        ([RIGHT, sample("passed", 0.5)], "kept"),
    ],
)
def test_what_a_group_is_good_for(group: list[Sample], kind: str) -> None:
    assert kind_of(group) == kind


class Scripted(Rounds):
    """Rounds whose groups are told: by the number of the draw, what its samples became."""

    def __init__(self, config: Any, groups: list[list[Sample]]) -> None:
        self.config, self.groups, self.prompts = config, groups, range(5)  # type: ignore[assignment]
        self.asked: list[list[int]] = []

    def judged(self, prompts: dict[int, RlPrompt], step: int, seconds: Counter[str]) -> list[Sample]:
        self.asked.append(list(prompts))
        return [
            sample(one.outcome, one.reward, place, number)
            for place in prompts
            for number, one in enumerate(self.groups[place])
        ]


def collected(groups: list[list[Sample]], task: Path, **changes: Any) -> tuple[Scripted, Round]:
    rounds = Scripted(toy.reinforcement(task, prompts_per_step=2, **changes), groups)
    return rounds, rounds.collect(0, 0)


GROUPS = [[RIGHT, RIGHT], [RIGHT, WRONG, ODD], [WRONG, WRONG], [ODD, ODD], [WRONG, RIGHT], [RIGHT, WRONG]]


def test_groups_without_a_difference_are_left_out_and_counted(task: Path) -> None:
    _, found = collected(GROUPS, task)
    assert dict(found.groups) == {"all_right": 1, "kept": 1}
    assert [(one.place, one.sample) for one in found.kept] == [(1, 0), (1, 1)]
    row = found.row()
    assert row["samples"] == {"drawn": 5, "kept": 2, "unrewarded": 1}
    assert row["outcomes"] == {"failed": 1, "infrastructure": 1, "passed": 3}
    assert (row["reward"], row["passed"], row["filtered"]) == (0.75, 0.6, 0.5)
    assert (row["entropy"], row["length"]) == (0.5, {"mean": 2, "max": 2})
    assert found.cursor == 2


def test_others_take_their_places(task: Path) -> None:
    rounds, found = collected(GROUPS, task, refill_rounds=10)
    assert rounds.asked == [[0, 1], [2], [3], [4]]
    assert {one.place for one in found.kept} == {1, 4}
    assert dict(found.groups) == {"all_right": 1, "all_wrong": 1, "kept": 2, "unrewarded": 1}
    assert found.cursor == 5
    few, _ = collected(GROUPS, task, refill_rounds=1)
    assert few.asked == [[0, 1], [2]]


def test_they_stay_where_that_is_wanted_but_for_those_that_nothing_is_known_of(task: Path) -> None:
    _, found = collected([GROUPS[0], GROUPS[3]], task, drop_uniform=False)
    assert dict(found.groups) == {"kept": 1, "unrewarded": 1}
    assert len(found.kept) == 2


def test_answers_are_judged_while_others_are_drawn(sandbox: Sandbox, task: Path) -> None:
    """The first answer's verdict is there before the last answer is: the engine waits for it."""
    prompt = next(iter(_prompts(task)))
    judge = Judge(sandbox, remembered=10)
    seen: list[str] = []

    class Waiting:
        def draw(self, requests: list[Request], drawing: object, told: Any) -> None:
            for number, request in enumerate(requests):
                told(answer(request, f"    return {number}\n"))
                if number == 0:
                    (running,) = judge._running.values()
                    seen.append(running.result().outcome)

        def sync(self, trained: object) -> None: ...

        def rest(self) -> None: ...

    asked = [Request(prompt=0, sample=number, tokens=(1,), seed=0) for number in range(3)]
    seconds: Counter[str] = Counter()
    found = answered(asked, {0: prompt}, Waiting(), judge, None, seconds)  # type: ignore[arg-type]
    assert seen == ["failed"]
    assert [outcome for _, outcome in found] == ["failed"] * 3
    assert seconds.keys() == {"rollout", "reward"}


def answer(request: Request, text: str) -> Answer:
    return Answer(request=request, tokens=[1], logps=[0.0], entropies=[0.0], text=text, ended="end")


def _prompts(task: Path) -> list[RlPrompt]:
    from train.rl.config import RewardConfig
    from train.rl.prompts import load_prompts
    from train.tokenizer import Tokenizer

    return load_prompts([task / "prompts.jsonl"], Tokenizer(task / "tokenizer.json"), reward=RewardConfig(), longest=64)


def test_seeds_depend_on_step_place_and_sample(sandbox: Sandbox, task: Path) -> None:
    seeds: list[list[int]] = []

    class Noting:
        def draw(self, requests: list[Request], drawing: object, told: Any) -> None:
            seeds.append([one.seed for one in requests])

        def sync(self, trained: object) -> None: ...

        def rest(self) -> None: ...

    config = toy.reinforcement(task, samples=3)
    prompts = _prompts(task)
    with joined() as world:
        rounds = Rounds(config, prompts, Noting(), Judge(sandbox, remembered=10), world)
        for step, place in ((0, 0), (1, 0), (0, 1), (0, 0)):
            rounds.judged({place: prompts[0]}, step, Counter())
    assert len({seed for drawn in seeds[:3] for seed in drawn}) == 9
    assert seeds[3] == seeds[0]
