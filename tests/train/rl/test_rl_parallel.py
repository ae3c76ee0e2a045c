"""Two processes learn what one does, from weights that are split between them."""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
from pathlib import Path
from typing import Any

import pytest
import torch

from train.rl import toy
from train.rl.loop import train_rl

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["train.rl.loop", "torch.utils.tensorboard.writer"])


def process(rank: int, world: int, port: int, folder: Path, changes: dict[str, Any]) -> None:
    """One rank."""
    torch.set_num_threads(1)
    place = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": world, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    os.environ |= {key: str(value) for key, value in place.items()}
    train_rl(toy.reinforcement(folder, **changes), face="quiet")


def run(world: int, folder: Path, **changes: Any) -> list[dict[str, Any]]:
    """Train in `world` processes; the rows of the trace."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = [(rank, world, port, folder, changes) for rank in range(world)]
    started = [PROCESSES.Process(target=process, args=one) for one in arguments]
    for one in started:
        one.start()
    for one in started:
        one.join()
    assert {one.exitcode for one in started} == {0}
    return [json.loads(line) for line in (changes["out"] / "trace.jsonl").read_text().splitlines()]


def test_two_processes_learn_what_one_does(task: Path, tmp_path: Path) -> None:
    held_out = {"prompts": [task / "held_out.jsonl"], "every": 2, "samples": 2, "temperature": 1.0, "ks": [1]}
    changes: dict[str, Any] = {
        "steps": 2, "prompts_per_step": 5, "samples": 5, "micro_batch": 4, "held_out": held_out,
        "loss": {"updates": 2, "kl": 0.05}, "reward": {"workers": 1},
    }  # fmt: skip
    alone = run(1, task, out=tmp_path / "alone", **changes)
    together = run(2, task, out=tmp_path / "together", **changes)
    assert alone[-1]["updates"] == 2
    for one, other in zip(alone, together, strict=True):
        assert one.keys() == other.keys()
        for name in ("groups", "outcomes", "held_out", "samples"):
            assert one.get(name) == other.get(name), name
        for name in ("reward", "loss", "grad_norm", "kl", "clipped", "entropy"):
            if name in one:
                assert one[name] == pytest.approx(other[name], rel=1e-3, abs=1e-6), name
