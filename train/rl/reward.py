"""Rewards: answers are judged in the jail while others are still being drawn."""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import Future
from typing import TypeVar

import xxhash

from train.rl.config import RewardConfig
from train.rl.rollout import Ended
from train.sandbox.pool import Sandbox
from train.sandbox.trial import Outcome, Trial, Verdict

Key = TypeVar("Key")


def reward_of(outcome: Outcome, ended: Ended, n_tokens: int, config: RewardConfig, *, max_tokens: int) -> float | None:
    """What an answer earns; None where nothing is known of it, or where it was cut off and such answers are masked.

    Under `overlong: penalty` (DAPO, Yu et al. 2025) an answer of n tokens pays 0 up to max_tokens - overlong_tokens,
    then (n - that) / overlong_tokens, at most 1.
    """
    if outcome == "infrastructure" or (config.overlong == "mask" and ended == "length"):
        return None
    earned: float = getattr(config, outcome)
    if config.overlong == "penalty":
        over = n_tokens - (max_tokens - config.overlong_tokens)
        earned -= min(1.0, max(0, over) / config.overlong_tokens)
    return earned


class Judge:
    """Judges trials in the background, each program once: verdicts are remembered, those on the jail's failures not."""

    def __init__(self, sandbox: Sandbox, *, remembered: int) -> None:
        self.sandbox, self.remembered = sandbox, remembered
        self._known: OrderedDict[str, Verdict] = OrderedDict()
        self._running: dict[str, Future[Verdict]] = {}
        self.n_run = 0  # programs that were run
        self.cpu_s = 0.0  # CPU seconds that they took

    def submit(self, trial: Trial) -> str:
        """Begin to judge; gives the name under which `verdict` waits for it."""
        name = xxhash.xxh3_128_hexdigest(repr(trial).encode("utf-8", "replace"))
        if name not in self._running and name not in self._known:
            self._running[name] = self.sandbox.submit(trial)
        return name

    def verdicts(self, names: dict[Key, str]) -> dict[Key, Verdict]:
        """What became of the trials of these names; waits until all are judged."""
        told: dict[str, Verdict] = {}
        for name in names.values():
            if name in told:
                continue
            running = self._running.pop(name, None)
            if running is None:
                told[name] = self._known[name]
                self._known.move_to_end(name)
                continue
            told[name] = running.result()
            self.n_run += 1
            self.cpu_s += told[name].seconds
            if told[name].outcome != "infrastructure":
                self._known[name] = told[name]
        while len(self._known) > self.remembered:
            self._known.popitem(last=False)
        return {key: told[name] for key, name in names.items()}
