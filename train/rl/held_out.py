"""pass@k on prompts that are never trained on, with the policy as it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from train.evaluate.score import pass_rates
from train.order import key_of
from train.parallel import World
from train.rl.config import RlConfig
from train.rl.prompts import RlPrompt
from train.rl.reward import Judge
from train.rl.rollout import Drawing, Engine, Request
from train.rl.rounds import answered, everyones


class HeldOut:
    """Draws the same number of answers to each prompt, with the same seeds at each look."""

    def __init__(
        self, config: RlConfig, prompts: Sequence[RlPrompt], engine: Engine, judge: Judge, world: World
    ) -> None:
        assert config.held_out is not None
        self.config, self.own, self.prompts = config, config.held_out, dict(enumerate(prompts))
        self.engine, self.judge, self.world = engine, judge, world

    def __call__(self) -> dict[str, Any]:
        """{"pass@1": {score, low, high, problems}, ..., "infrastructure": answers that could not be judged}."""
        mine = dict(list(self.prompts.items())[self.world.data_rank :: self.world.data_size])
        requests = [
            Request(
                prompt=number, sample=sample, tokens=prompt.tokens, stops=prompt.stops,
                seed=key_of(self.config.seed, "held out", prompt.id, sample) >> 1,
            )
            for number, prompt in mine.items()
            for sample in range(self.own.samples)
        ]  # fmt: skip
        drawing = Drawing(temperature=self.own.temperature, top_p=self.own.top_p, max_tokens=self.config.max_tokens)
        answers = answered(requests, mine, self.engine, self.judge, drawing, Counter())
        outcomes = [(answer.request.prompt, outcome) for answer, outcome in answers]
        judged: Counter[int] = Counter()
        passed: Counter[int] = Counter()
        broken = 0
        for number, outcome in everyones(outcomes, self.world):
            broken += outcome == "infrastructure"
            judged[number] += outcome != "infrastructure"
            passed[number] += outcome == "passed"
        counts = {self.prompts[number].id: (n, passed[number]) for number, n in sorted(judged.items()) if n}
        return pass_rates(counts, self.own.ks) | {"infrastructure": broken}
