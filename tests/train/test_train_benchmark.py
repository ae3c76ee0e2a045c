"""The trainer's benchmark runs, on a CPU with a tiny model; on a GPU with what it is for."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from chats import byte_tokenizer
from runs_by_hand import corpus as curated

from benchmarks.train_gpu import main


def test_it_gives_a_row_for_each_way() -> None:
    sizes = ["--micro-batch", "2", "--accumulation", "2", "--documents", "50", "--steps", "2"]
    rows = main(["--presets", "tiny-codefuse", "--precision", "float32", "--recompute", "none", "full", *sizes])
    assert [row["recompute"] for row in rows] == ["none", "full"]
    for row in rows:
        assert row["tokens_per_s"] > 0
        assert 0 <= row["data_wait_share"] <= 1
    assert rows[0]["loss"] == pytest.approx(rows[1]["loss"], rel=1e-5)


def test_curated_files_are_tokenised_meanwhile(tmp_path: Path) -> None:
    tokenizer = byte_tokenizer(tmp_path / "tokenizer.json")
    sizes = ["--micro-batch", "2", "--accumulation", "1", "--documents", "50", "--steps", "2"]
    given = ["--run", str(curated(tmp_path / "run").folder), "--tokenizer", str(tokenizer)]
    rows = main(["--presets", "tiny-codefuse", "--precision", "float32", *sizes, *given])
    assert [row["data"] for row in rows] == ["packed", "curated"]
    assert all(row["tokens_per_s"] > 0 for row in rows)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_compiled_and_flexible_on_a_gpu() -> None:
    rows = main(["--presets", "codefuse-350m", "--steps", "5", "--micro-batch", "4", "--accumulation", "1"])
    assert len(rows) == 2
    assert all(math.isfinite(row["loss"]) and 0 < row["mfu"] < 1 for row in rows)
    assert rows[0]["loss"] == pytest.approx(rows[1]["loss"], rel=0.02)
