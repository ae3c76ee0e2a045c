"""Several processes: the same losses in any world, resuming in another one, and after a process was killed.

Processes come from a server that has torch imported, so that each costs little.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import socket
from pathlib import Path
from typing import Any

import pytest
import torch
from chats import N_IDS, byte_tokenizer, sums, write_chats
from runs_by_hand import corpus as curated
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from train.config import PretrainConfig
from train.pretrain import pretrain
from train.settings import parse
from train.sft import sft
from train.sft_config import SftConfig
from train.start import TrainState

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["train.pretrain", "train.sft", "torch.utils.tensorboard.writer"])


def process(rank: int, world: int, port: int, settings: dict[str, Any], dies_at: int | None) -> None:
    """One rank: trains, and where it is told to is killed before a step."""
    torch.set_num_threads(1)
    place = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": world, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    os.environ |= {key: str(value) for key, value in place.items()}
    if dies_at is not None:
        import train.loop as module

        step = module.train_step

        def dying(state: TrainState, *rest: Any) -> dict[str, Any]:
            if state.step == dies_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return step(state, *rest)

        module.train_step = dying  # type: ignore[assignment]
    if "epochs" in settings:
        sft(parse(SftConfig, settings, where="test"), face="quiet")
    else:
        pretrain(parse(PretrainConfig, settings, where="test"), face="quiet")


def run(world: int, settings: dict[str, Any], *, dies_at: int | None = None, **changes: Any) -> list[dict[str, Any]]:
    """Train in `world` processes to the end; the rows of the trace."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = [(rank, world, port, settings | changes, dies_at) for rank in range(world)]
    started = [PROCESSES.Process(target=process, args=one, daemon=True) for one in arguments]
    for one in started:
        one.start()
    for one in started:
        one.join()
    assert {one.exitcode for one in started} == {0 if dies_at is None else -signal.SIGKILL}
    return trace(settings | changes)


def trace(settings: dict[str, Any]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (Path(settings["out"]) / "trace.jsonl").read_text().splitlines()]


def worker(settings: dict[str, Any], killed: str) -> None:
    """One rank of an elastic launch; the second is killed before the fourth step, once."""
    torch.set_num_threads(1)
    import train.loop as module

    step = module.train_step

    def dying(state: TrainState, *rest: Any) -> dict[str, Any]:
        if state.step == 3 and os.environ["RANK"] == "1" and not Path(killed).exists():
            Path(killed).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return step(state, *rest)

    module.train_step = dying  # type: ignore[assignment]
    pretrain(parse(PretrainConfig, settings, where="test"), face="quiet")


def assert_same(found: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> None:
    assert [row["step"] for row in found] == [row["step"] for row in wanted]
    for key in ("n_tokens", "loss", "grad_norm"):
        assert [row[key] for row in found] == pytest.approx([row[key] for row in wanted], rel=2e-5), key
    for row, other in zip(found, wanted, strict=True):
        for dimension, losses in row["by"].items():
            assert losses == pytest.approx(other["by"][dimension], rel=2e-5)


def test_killed_and_started_again_is_as_if_nothing_was(settings: dict[str, Any], tmp_path: Path) -> None:
    settings["checkpoint"] = {"every": 2}
    straight = run(1, settings)
    killed = settings | {"out": str(tmp_path / "killed")}
    assert len(run(1, killed, dies_at=5)) == 5
    assert run(1, killed) == straight
    assert not list((tmp_path / "killed" / "checkpoints").glob("*.part"))


def test_worlds_of_one_two_and_four_lose_the_same(settings: dict[str, Any], tmp_path: Path, corpus: Any) -> None:
    """Two processes share the data, then four go on from their checkpoint, sharing data and layers by two."""
    settings["validation"] = {"sources": [str(corpus["held_out"])], "every": 4}
    settings["steps"] = 4
    alone = run(1, settings, model="tiny-llama")
    shared = settings | {"out": str(tmp_path / "shared"), "model": "tiny-llama", "micro_batch": 2}
    assert_same(run(2, shared, steps=2), alone[:2])
    both = run(4, shared, tensor_parallel=2)
    assert_same(both, alone)
    for key in ("loss", "bits_per_byte", "n_tokens"):
        assert both[-1]["validation"][key] == pytest.approx(alone[-1]["validation"][key], rel=2e-5)


def test_curated_files_come_in_one_order_in_any_world(settings: dict[str, Any], tmp_path: Path) -> None:
    """Two ranks tokenise a lane each; four go on from their checkpoint, and a lane is shared by two."""
    settings |= {
        "model": "tiny-llama", "model_changes": {"vocab_size": N_IDS}, "micro_batch": 2, "steps": 4,
        "tokenizer": str(byte_tokenizer(tmp_path / "tokenizer.json")),
        "data": {"sources": [{"path": str(curated(tmp_path / "run").folder)}], "sequence_length": 64, "lanes": 2},
    }  # fmt: skip
    alone = run(1, settings)
    shared = settings | {"out": str(tmp_path / "shared")}
    assert_same(run(2, shared, steps=2), alone[:2])
    assert_same(run(4, shared), alone)


def test_a_rank_that_is_lost_is_started_again_with_the_others(settings: dict[str, Any], tmp_path: Path) -> None:
    """What torchrun --max-restarts does: all ranks are started again, and go on from the newest checkpoint."""
    settings |= {"checkpoint": {"every": 2}, "steps": 4}
    alone = run(1, settings)
    shared = settings | {"out": str(tmp_path / "shared")}
    launch = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=2,
        rdzv_backend="c10d",
        rdzv_endpoint="127.0.0.1:0",
        max_restarts=1,
        monitor_interval=0.1,
        start_method="forkserver",
    )
    elastic_launch(launch, worker)(shared, str(tmp_path / "killed"))
    assert (tmp_path / "killed").exists()
    assert_same(trace(shared), alone)


def test_one_key_and_value_head_and_a_tied_head_are_split_as_well(settings: dict[str, Any], tmp_path: Path) -> None:
    alone = run(1, settings, model="tiny-starcoder", steps=3)
    shared = run(4, settings, model="tiny-starcoder", steps=3, tensor_parallel=2, out=str(tmp_path / "shared"))
    assert_same(shared, alone)


@pytest.mark.parametrize(("loss", "world", "layers"), [("focal_task", 4, 2), ("coba", 4, 1)])
def test_fine_tuning_on_many_ranks_is_fine_tuning_on_one(loss: str, world: int, layers: int, tmp_path: Path) -> None:
    """Seven samples make a few rows, so that of four ranks some have only padding."""
    files = [
        {"path": str(write_chats(tmp_path / f"{task}.jsonl", sums(n, n, task)))} for task, n in (("a", 9), ("b", 5))
    ]
    settings: dict[str, Any] = {
        "model": "tiny-llama", "model_changes": {"vocab_size": N_IDS}, "precision": "float32",
        "tokenizer": str(byte_tokenizer(tmp_path / "tokenizer.json")), "loss": loss, "optimizer": {"lr": 3e-3},
        "data": {"files": files, "sequence_length": 128}, "epochs": 2, "global_batch": 7, "max_steps": 3,
        "validation": {"files": files, "every": 1}, "coba": {"warmup": 2}, "checkpoint": {"every": 2},
    }  # fmt: skip
    alone = run(1, settings | {"out": str(tmp_path / "alone")})
    shared = run(world, settings | {"out": str(tmp_path / "shared"), "tensor_parallel": layers})
    assert_same(shared, alone)
    for row, other in zip(shared, alone, strict=True):
        assert row["validation"]["by"]["task"]["b"] == pytest.approx(other["validation"]["by"]["task"]["b"], rel=2e-5)
        assert row.get("objective", {}) == pytest.approx(other.get("objective", {}), rel=1e-4)
