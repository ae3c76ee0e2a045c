"""The loop: it learns, goes on where it was stopped, masks what it knows nothing of, and refuses what cannot run."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

import train.rl.loop as module
import train.rl.update as update
import train.watched as watched
from curate.errors import RunFailed, WrongUse
from train.checkpoint import finished, load_trained, trainer_of
from train.console import Face
from train.health import Trouble, Watch
from train.metrics import Metrics
from train.rl import toy
from train.rl.config import RlConfig
from train.rl.loop import train_rl
from train.sandbox.pool import Sandbox
from train.sandbox.trial import Trial, Verdict
from train.settings import parse

SMALL: dict[str, Any] = {
    "steps": 3, "prompts_per_step": 4, "samples": 4, "micro_batch": 8, "held_out": None,
    "loss": {"updates": 2, "epochs": 2, "kl": 0.05}, "optimizer": {"lr": 1e-3, "warmup_steps": 1},
}  # fmt: skip


def run(task: Path, out: Path, face: Face = "quiet", **changes: Any) -> list[dict[str, Any]]:
    """Run to the end; the rows of the trace, without seconds."""
    train_rl(toy.reinforcement(task, out=out, **changes), face=face)
    rows = [json.loads(line) for line in (out / "trace.jsonl").read_text().splitlines()]
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def test_it_learns_to_be_right(task: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From under a fifth of the answers to over half of them in some rounds, each answer run in the jail; on prompts
    that it is not trained on as well; and the console tells of it."""
    held_out = {"prompts": [task / "held_out.jsonl"], "samples": 10, "temperature": 1.0, "top_p": 1.0, "every": 100}
    settings = {"steps": 8, "samples": 16, "held_out": held_out}
    rows = run(task, tmp_path / "run", face="auto", **settings)
    assert rows[1]["passed"] < 0.2
    assert rows[-1]["passed"] > 0.5
    assert all(row["drift"]["mean"] < 1e-5 for row in rows if "drift" in row)
    first, last = (rows[at]["held_out"]["pass@1"]["score"] for at in (0, -1))
    assert first < 0.25
    assert last > first + 0.2
    assert trainer_of(finished(tmp_path / "run" / "checkpoints")[-1])["validation_loss"] == pytest.approx(1 - last)
    lines = capsys.readouterr().err.splitlines()
    assert lines.pop(0) == "health is not watched: this run is on a CPU"
    assert len(lines) == 9
    assert lines[0].startswith(f"step 0/8: pass@1 {first:.1%}, pass@5 ")
    assert lines[-1].startswith(f"step 8/8: passed {rows[-1]['passed']:.1%}, entropy ")
    assert f"pass@1 {last:.1%}" in lines[-1]


def test_resuming_is_not_stopping(task: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = SMALL | {"checkpoint": {"every": 1, "keep_last": 5}, "refill_rounds": 1}
    straight = run(task, tmp_path / "straight", **settings)
    drawn = [row["prompts_drawn"] for row in straight]
    assert drawn[0] >= 4
    assert all(later >= before + 4 for before, later in pairwise(drawn))
    step = module.rl_step

    def failing(parts: module.Parts, *rest: Any) -> dict[str, Any]:
        row = step(parts, *rest)
        if row["step"] == 3:
            raise KeyboardInterrupt
        return row

    monkeypatch.setattr(module, "rl_step", failing)
    with pytest.raises(KeyboardInterrupt):
        run(task, tmp_path / "stopped", **settings)
    monkeypatch.setattr(module, "rl_step", step)
    assert run(task, tmp_path / "stopped", **settings) == straight
    last = [finished(tmp_path / name / "checkpoints")[-1] for name in ("straight", "stopped")]
    assert trainer_of(last[0]) == trainer_of(last[1])
    for one, other in zip(*(load_trained(checkpoint).parameters() for checkpoint in last), strict=True):
        assert torch.equal(one, other)
    begun = load_trained(task / "pretrained").parameters()
    assert not all(map(torch.equal, load_trained(last[0]).parameters(), begun))


@pytest.mark.parametrize("estimator", ["grpo", "dr_grpo", "rloo", "grpo_passk"])
def test_micro_batches_change_nothing(estimator: str, task: Path, tmp_path: Path) -> None:
    settings = SMALL | {"steps": 2, "estimator": estimator}
    settings["loss"] = {"updates": 2, "aggregation": "seq-mean-token-sum-norm", "kl": 0.1, "kl_in": "reward"}
    rows = {size: run(task, tmp_path / str(size), **settings | {"micro_batch": size}) for size in (3, 64)}
    assert rows[3][-1]["updates"] == 2
    for one, other in zip(rows[3], rows[64], strict=True):
        for name in ("loss", "grad_norm", "kl"):
            assert one[name] == pytest.approx(other[name], rel=1e-3, abs=1e-6), name
        assert one["groups"] == other["groups"]


class Failing(Sandbox):
    """A jail that fails on every program in which a parameter has a certain name."""

    def judge(self, trial: Trial) -> Verdict:
        if "(x, y)" in trial.program:
            return Verdict(outcome="infrastructure", seconds=0.0)
        return super().judge(trial)


def test_failures_of_the_jail_cost_nothing(task: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "Sandbox", Failing)
    seen: list[Any] = []
    learn = update.learn

    def noting(state: update.RlState, told: update.Lesson, *rest: Any) -> dict[str, Any]:
        seen.append(told)
        return learn(state, told, *rest)

    monkeypatch.setattr(module, "learn", noting)
    rows = run(task, tmp_path / "run", **SMALL | {"steps": 2, "prompts_per_step": 12})
    assert all(row["groups"]["unrewarded"] > 0 for row in rows)
    assert all(row["outcomes"]["infrastructure"] == row["samples"]["unrewarded"] for row in rows)
    judged = [row["samples"]["drawn"] - row["samples"]["unrewarded"] for row in rows]
    for row, n in zip(rows, judged, strict=True):
        assert row["reward"] == pytest.approx(row["outcomes"].get("passed", 0) / n)
    assert all(one.outcome != "infrastructure" for told in seen for one in told.experience.samples)


def test_a_round_without_a_difference_teaches_nothing(task: Path, tmp_path: Path) -> None:
    settings = SMALL | {"reward": {"passed": 0.0}, "steps": 1}
    (row,) = run(task, tmp_path / "run", **settings)
    assert row["filtered"] == 1
    assert "loss" not in row
    trained = load_trained(tmp_path / "run")
    begun = load_trained(task / "pretrained")
    for one, other in zip(trained.parameters(), begun.parameters(), strict=True):
        assert torch.equal(one, other)


def test_too_many_updates_without_a_number_end_the_run(
    task: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(update, "squared_norm", lambda _: torch.tensor(float("nan"), dtype=torch.float64))
    with pytest.raises(RunFailed, match="2 updates in a row were left out"):
        run(task, tmp_path / "run", **SMALL | {"optimizer": {"max_skipped": 2}, "prompts_per_step": 8})


def test_adapters_alone_are_trained(task: Path, tmp_path: Path) -> None:
    run(task, tmp_path / "run", **SMALL | {"lora": {"rank": 2}, "prompts_per_step": 8, "steps": 1})
    trained = load_trained(tmp_path / "run").state_dict()
    begun = load_trained(task / "pretrained").state_dict()
    changed = {name for name in begun if not torch.equal(begun[name], trained[name])}
    assert changed
    assert not any("embedding" in name or "norm" in name for name in changed)


def test_presets_are_the_guides_and_what_is_said_stays(task: Path) -> None:
    def told(**changes: Any) -> tuple[str, int, int]:
        raw = {"out": "x", "init_from": task / "pretrained", "prompts": ["p"], "steps": 1} | changes
        config = parse(RlConfig, raw, where="test")
        assert config.prompts_per_step == 64
        return config.estimator, config.samples, config.max_tokens

    assert told() == told(preset="balanced") == ("reinforce_plus_plus_baseline", 16, 4096)
    assert told(preset="pass1") == ("rloo", 16, 16_384)
    assert told(preset="pass5") == ("rloo", 8, 2048)
    assert told(preset="pass5", samples=4, estimator="grpo") == ("grpo", 4, 2048)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"samples": 1, "estimator": "grpo_passk"}, "set samples to 2 or more"),
        ({"refill_rounds": 1, "drop_uniform": False}, "set it to true"),
        ({"tensor_parallel": 2}, "tensor_parallel must be 1"),
        ({"loss_scale": 1024}, "loss_scale is float16's"),
        ({"reward": {"overlong": "penalty", "overlong_tokens": 99}}, "at most max_tokens, 16"),
        ({"held_out": {"prompts": ["x"], "samples": 4}}, "must be at least 5, the largest k"),
    ],
)
def test_what_cannot_be_meant_is_refused(changes: dict[str, Any], told: str, task: Path) -> None:
    with pytest.raises(WrongUse, match=told):
        toy.reinforcement(task, **changes)


def test_held_out_prompts_are_not_trained_on(task: Path, tmp_path: Path) -> None:
    held_out = {"prompts": [task / "prompts.jsonl"]}
    with pytest.raises(WrongUse, match="18 held-out prompts are trained on"):
        run(task, tmp_path / "run", held_out=held_out)


class Reporting(Watch):
    """A card that reports an Xid between the second round and the third."""

    def __init__(self, policy: str) -> None:
        self.policy, self.looks, self.closed, self.figures = policy, 0, 0, {"temperature_celsius": 61.0}

    def take(self) -> list[Trouble]:
        self.looks += 1
        return [Trouble("xid", self.policy, "GPU 5: Xid 79")] if self.looks == 2 else []

    def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize("policy", ["warn", "checkpoint", "stop"])
def test_a_card_that_is_in_trouble(
    policy: str, task: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    card, points = Reporting(policy), []
    monkeypatch.setattr(watched, "watch", lambda health, device: card)
    monkeypatch.setattr(Metrics, "points", lambda _, step, values: points.append(values))
    settings = SMALL | {"checkpoint": {"every": 3}, "steps": 4, "loss": {}, "face": "json"}
    if policy == "stop":
        with pytest.raises(RunFailed, match=r"Xid 79: take the card out.* goes on from the beginning"):
            run(task, tmp_path / "run", **settings)
    else:
        run(task, tmp_path / "run", **settings)
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["text"] for one in told if one["event"] == "message"] == ["health: GPU 5: Xid 79"]
    steps = [int(one.name[5:]) for one in finished(tmp_path / "run" / "checkpoints")]
    assert steps == {"warn": [3, 4], "checkpoint": [2, 3, 4], "stop": []}[policy]
    assert all(one["health/temperature_celsius"] == 61.0 for one in points)
    assert card.closed == 1


def test_another_configuration_does_not_resume(task: Path, tmp_path: Path) -> None:
    run(task, tmp_path / "run", **SMALL | {"steps": 1})
    with pytest.raises(WrongUse, match="was begun with samples: 4, and this is 5"):
        run(task, tmp_path / "run", **SMALL | {"samples": 5})
