"""What is told of a round: the live table and the lines of the console, and TensorBoard's points."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console as Terminal
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from train.console import Console
from train.metrics import Metrics
from train.rl import toy
from train.rl.progress import columns, told

ROW: dict[str, Any] = {
    "step": 2, "reward": 0.25, "passed": 0.2, "entropy": 0.5, "length": {"mean": 7.4, "max": 16}, "cut_off": 0.1,
    "outcomes": {"passed": 2, "failed": 8}, "groups": {"kept": 2}, "filtered": 0.0, "clipped": 0.011, "skipped": [],
    "held_out": {"pass@1": {"score": 0.125, "low": 0.1}, "pass@5": {"score": 0.5, "low": 0.4}, "infrastructure": 3},
    "seconds": {"rollout": 1.0, "reward": 2.0, "update": 3.0, "sync": 0.1},
}  # fmt: skip


def shown(task: Path, folder: Path, *, terminal: bool, **changes: Any) -> str:
    """What a console writes of two rows, the first without a round and the second without a look."""
    file = io.StringIO()
    config = toy.reinforcement(task, steps=40, **changes)
    metrics = Metrics(folder, steps=40, first_step=0, active=True, face="quiet", columns=columns(config))
    to = Terminal(file=file, force_terminal=terminal, width=80, _environ={"TERM": "xterm"})
    metrics.console = Console("auto", steps=40, columns=columns(config), terminal=to)
    told({"step": 1, "held_out": ROW["held_out"]}, config, metrics)
    told({name: value for name, value in ROW.items() if name != "held_out"}, config, metrics)
    metrics.close()
    return file.getvalue()


def test_lines(written: Path, tmp_path: Path) -> None:
    assert shown(written, tmp_path, terminal=False).splitlines() == [
        "step 1/40: pass@1 12.5%, pass@5 50.0%",
        "step 2/40: passed 20.0%, entropy 0.500, tokens 7, cut 10%, filtered 0%, rollout s 1.0, reward s 2.0, "
        "update s 3.0",
    ]


def test_the_table_on_a_terminal_has_the_columns_and_rows(written: Path, tmp_path: Path) -> None:
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown(written, tmp_path, terminal=True))
    assert "2/40" in text
    lines = text.splitlines()
    begin = max(number for number, line in enumerate(lines) if line.split()[:1] == ["step"] and "passed" in line)
    head, first, second = lines[begin : begin + 3]
    assert head.split()[:4] == ["step", "passed", "entropy", "tokens"]
    assert head.split()[-2:] == ["pass@1", "pass@5"]
    assert first.split()[-3:] == ["1", "12.5%", "50.0%"]
    assert second.split() == ["2", "20.0%", "0.500", "7", "10%", "0%", "1.0", "2.0", "3.0"]
    assert "…" not in text


def test_rows_between_are_shown_only_with_a_look(written: Path, tmp_path: Path) -> None:
    (line,) = shown(written, tmp_path, terminal=False, log_every=3).splitlines()
    assert line == "step 1/40: pass@1 12.5%, pass@5 50.0%"


def test_points_and_trace(written: Path, tmp_path: Path) -> None:
    config = toy.reinforcement(written, steps=40)
    metrics = Metrics(tmp_path, steps=40, first_step=0, active=True, face="quiet", columns=columns(config))
    told(ROW, config, metrics)
    metrics.close()
    assert json.loads((tmp_path / "trace.jsonl").read_text()) == ROW
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    for name, value in {"passed": 0.2, "length/max": 16, "held_out/pass@1": 0.125, "seconds/update": 3.0}.items():
        (point,) = events.Scalars(name)
        assert (point.step, point.value) == (2, pytest.approx(value))
