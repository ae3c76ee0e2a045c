"""Rewards: what an outcome earns, long answers, and what earns nothing in the jail."""

from __future__ import annotations

import pytest

from curate.errors import WrongUse
from train.rl.config import RewardConfig
from train.rl.reward import Judge, reward_of
from train.sandbox.pool import Sandbox
from train.sandbox.trial import Trial, Verdict
from train.settings import parse


def test_outcomes_earn_what_the_configuration_says() -> None:
    config = RewardConfig(error=-0.5)
    assert reward_of("passed", "end", 5, config, max_tokens=10) == 1.0
    assert reward_of("failed", "end", 5, config, max_tokens=10) == 0.0
    assert reward_of("error", "stop", 5, config, max_tokens=10) == -0.5
    assert reward_of("infrastructure", "end", 5, config, max_tokens=10) is None


def test_answers_without_an_end_are_wrong_unless_said_otherwise() -> None:
    """Left out they would cost nothing, and a policy would learn not to end."""
    assert reward_of("error", "length", 10, RewardConfig(), max_tokens=10) == 0.0


def test_long_answers() -> None:
    told = {
        kind: [
            reward_of("passed", ended, n, RewardConfig(overlong=kind, overlong_tokens=4), max_tokens=10)  # type: ignore[arg-type]
            for n, ended in ((6, "end"), (7, "end"), (9, "stop"), (10, "length"))
        ]
        for kind in ("keep", "mask", "penalty")
    }
    assert told == {
        "keep": [1.0, 1.0, 1.0, 1.0],
        "mask": [1.0, 1.0, 1.0, None],
        "penalty": [1.0, 0.75, 0.25, 0.0],
    }


HEAD, TESTS = "def double(x):\n", "assert double(2) == 4\nassert double(5) == 10\n"


def trial(body: str) -> Trial:
    return Trial(language="Python", program=HEAD + body, prompt=HEAD, tests=TESTS, entry_point="double")


@pytest.mark.parametrize(
    "body",
    [
        "    exit(0)\n",
        "    import os; os._exit(0)\n",
        "    return 4\n",
        "    print('passed'); raise SystemExit\n",
        "    class E:\n        def __eq__(self, other): return True\n    return E()\n",
    ],
)
def test_what_does_not_do_the_work_earns_nothing(body: str, sandbox: Sandbox) -> None:
    verdict = sandbox.judge(trial(body))
    assert reward_of(verdict.outcome, "end", 5, RewardConfig(), max_tokens=10) == 0.0


class Counting(Sandbox):
    """A sandbox that fails on its first trial, and counts them."""

    def __init__(self) -> None:
        super().__init__(1)
        self.n = 0

    def judge(self, trial: Trial) -> Verdict:
        self.n += 1
        if self.n == 1:
            return Verdict(outcome="infrastructure", seconds=0.0)
        return super().judge(trial)


def test_a_program_is_run_once_and_a_failure_of_the_jail_is_not_remembered() -> None:
    right, wrong = trial("    return 2 * x\n"), trial("    return 0\n")
    with Counting() as sandbox:
        judge = Judge(sandbox, remembered=1)

        def outcomes(*trials: Trial) -> list[str]:
            told = judge.verdicts({number: judge.submit(one) for number, one in enumerate(trials)})
            return [one.outcome for one in told.values()]

        assert outcomes(right, right) == ["infrastructure", "infrastructure"]
        assert outcomes(right, wrong, right) == ["passed", "failed", "passed"]
        assert sandbox.n == 3
        assert outcomes(wrong) == ["failed"]  # the one that is remembered
        assert sandbox.n == judge.n_run == 3
        assert outcomes(right) == ["passed"]
        assert sandbox.n == 4


def test_infrastructure_has_no_price() -> None:
    with pytest.raises(WrongUse, match="infrastructure"):
        parse(RewardConfig, {"infrastructure": 0.0}, where="test")
