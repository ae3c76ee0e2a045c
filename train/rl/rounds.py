"""A round: prompts are drawn, answered and judged, and groups that teach nothing are left out.

Each rank draws for a part of the prompts, and then all have all answers: what follows is the same on every rank.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from train.order import key_of
from train.parallel import World
from train.rl.config import RlConfig
from train.rl.prompts import RlPrompt, draw
from train.rl.reward import Judge, reward_of
from train.rl.rollout import Answer, Drawing, Ended, Engine, Request
from train.sandbox.trial import Outcome

_SEED_MASK = (1 << 63) - 1


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One answer that was judged. `place` numbers its group."""

    place: int
    sample: int
    prompt_tokens: tuple[int, ...]
    tokens: list[int]
    logps: list[float]  # the generator's
    entropy: float  # sum over tokens, nats
    ended: Ended
    outcome: Outcome
    reward: float | None  # None: left out


@dataclass(kw_only=True)
class Round:
    """What a round brought: the samples to learn from, and numbers of all that were drawn."""

    kept: list[Sample] = field(default_factory=list)
    drawn: list[Sample] = field(default_factory=list)
    groups: Counter[str] = field(default_factory=Counter)  # kept, all_right, all_wrong, all_equal, unrewarded
    cursor: int = 0  # prompts that were drawn since the run's beginning
    seconds: Counter[str] = field(default_factory=Counter)  # of this rank, and not the same twice

    def row(self) -> dict[str, Any]:
        """The round's part of the trace."""
        lengths = [len(one.tokens) for one in self.drawn]
        rewards = [one.reward for one in self.drawn if one.reward is not None]
        n, n_groups = len(self.drawn), sum(self.groups.values())
        return {
            "reward": fmean(rewards) if rewards else None,
            "passed": sum(one.outcome == "passed" for one in self.drawn) / n,
            "entropy": sum(one.entropy for one in self.drawn) / sum(lengths),
            "length": {"mean": fmean(lengths), "max": max(lengths)},
            "cut_off": sum(one.ended == "length" for one in self.drawn) / n,
            "outcomes": dict(sorted(Counter(one.outcome for one in self.drawn).items())),
            "groups": dict(sorted(self.groups.items())),
            "filtered": 1 - self.groups["kept"] / n_groups,
            "samples": {"drawn": n, "kept": len(self.kept), "unrewarded": n - len(rewards)},
        }


class Rounds:
    """Draws rounds. What is drawn is a function of the run's seed, the step, the prompt's place and the sample."""

    def __init__(
        self, config: RlConfig, prompts: Sequence[RlPrompt], engine: Engine, judge: Judge, world: World
    ) -> None:
        self.config, self.prompts, self.engine, self.judge, self.world = config, prompts, engine, judge, world
        self.drawing = Drawing(
            temperature=config.rollout.temperature, top_p=config.rollout.top_p, max_tokens=config.max_tokens
        )

    def collect(self, step: int, cursor: int) -> Round:
        """The round of a step, from the prompt at place `cursor` of their order on."""
        found = Round(cursor=cursor)
        for _ in range(1 + self.config.refill_rounds):
            wanted = self.config.prompts_per_step - found.groups["kept"]
            if wanted <= 0:
                break
            places = range(found.cursor, found.cursor + wanted)
            numbers = draw(len(self.prompts), found.cursor, wanted, self.config.seed)
            placed = {place: self.prompts[number] for place, number in zip(places, numbers, strict=True)}
            self._add(found, self.judged(placed, step, found.seconds))
            found.cursor += wanted
        return found

    def judged(self, prompts: dict[int, RlPrompt], step: int, seconds: Counter[str]) -> list[Sample]:
        """Answers to prompts by place, from all ranks, in their order."""
        mine = dict(list(prompts.items())[self.world.data_rank :: self.world.data_size])
        requests = [
            Request(
                prompt=place, sample=sample, tokens=prompt.tokens, stops=prompt.stops,
                seed=key_of(self.config.seed, "rollout", step, place, sample) & _SEED_MASK,
            )
            for place, prompt in mine.items()
            for sample in range(self.config.samples)
        ]  # fmt: skip
        answers = answered(requests, mine, self.engine, self.judge, self.drawing, seconds)
        samples = [self._sample(answer, outcome) for answer, outcome in answers]
        return sorted(everyones(samples, self.world), key=lambda one: (one.place, one.sample))

    def _sample(self, answer: Answer, outcome: Outcome) -> Sample:
        request, config = answer.request, self.config
        n = len(answer.tokens)
        return Sample(
            place=request.prompt, sample=request.sample, prompt_tokens=request.tokens, tokens=answer.tokens,
            logps=answer.logps, entropy=sum(answer.entropies), ended=answer.ended, outcome=outcome,
            reward=reward_of(outcome, answer.ended, n, config.reward, max_tokens=config.max_tokens),
        )  # fmt: skip

    def _add(self, found: Round, samples: list[Sample]) -> None:
        """Sort samples into groups that are kept and groups that are not."""
        found.drawn += samples
        groups: dict[int, list[Sample]] = {}
        for one in samples:
            groups.setdefault(one.place, []).append(one)
        for group in groups.values():
            kind = kind_of(group)
            dropped = kind == "unrewarded" or (kind != "kept" and self.config.drop_uniform)
            found.groups[kind if dropped else "kept"] += 1
            if not dropped:
                found.kept += [one for one in group if one.reward is not None]


def kind_of(group: Sequence[Sample]) -> str:
    """What a group is good for: "kept" where rewards differ, else why it teaches nothing.

    unrewarded: fewer than two of its samples have a reward, and nothing can be compared.
    """
    rewarded = [one for one in group if one.reward is not None]
    if len(rewarded) < 2:
        return "unrewarded"
    if len({one.reward for one in rewarded}) > 1:
        return "kept"
    passed = {one.outcome == "passed" for one in rewarded}
    return "all_equal" if len(passed) > 1 else "all_right" if passed == {True} else "all_wrong"


def answered(
    requests: Sequence[Request],
    prompts: dict[int, RlPrompt],
    engine: Engine,
    judge: Judge,
    drawing: Drawing,
    seconds: Counter[str],
) -> list[tuple[Answer, Outcome]]:
    """Answers with what became of them. Each is judged from the moment it ends, while others are still drawn;
    `seconds` gets the time of drawing as `rollout` and the time that was waited for the jail after it as `reward`."""
    answers: list[Answer] = []
    names: dict[int, str] = {}

    def told(answer: Answer) -> None:
        names[len(answers)] = judge.submit(prompts[answer.request.prompt].trial(answer.text))
        answers.append(answer)

    begin = time.perf_counter()
    engine.draw(requests, drawing, told)
    drawn = time.perf_counter()
    verdicts = judge.verdicts(names)
    seconds["rollout"] += drawn - begin  # type: ignore[assignment]
    seconds["reward"] += time.perf_counter() - drawn  # type: ignore[assignment]
    return [(answer, verdicts[number].outcome) for number, answer in enumerate(answers)]


def everyones(samples: list[Any], world: World) -> Iterable[Any]:
    """The samples of all ranks, on all ranks."""
    return [one for part in world.gathered(samples) for one in part]
