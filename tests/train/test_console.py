"""The console: lines, a live table on a terminal, JSON lines, and silence."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console as Terminal

from train.console import Console, Face

ROW = {
    "step": 10, "loss": 1.25, "lr": 1e-4, "grad_norm": 0.5, "tokens_per_s": 12_345.6, "mfu": 0.456,
    "data_wait_share": 0.01, "memory_gb": None, "left_s": 3661.4,
}  # fmt: skip


def told(face: Face, *, terminal: bool) -> str:
    """What a console of a face writes of two messages and two rows."""
    file = io.StringIO()
    console = Console(
        face, steps=100, terminal=Terminal(file=file, force_terminal=terminal, width=120, _environ={"TERM": "xterm"})
    )
    console.say("[begin] 1")
    console.row(ROW)
    console.row(ROW | {"step": 20, "validation_loss": 2.0, "mfu": None})
    console.close()
    return file.getvalue()


def test_lines_where_there_is_no_terminal() -> None:
    assert told("auto", terminal=False).splitlines() == [
        "[begin] 1",
        "step 10/100: loss 1.2500, lr 1.00e-04, tokens/s 12,346, MFU 45.6%, left 1:01:01",
        "step 20/100: loss 1.2500, lr 1.00e-04, tokens/s 12,346, validation 2.0000, left 1:01:01",
    ]


def test_a_table_on_a_terminal() -> None:
    shown = told("auto", terminal=True)
    assert "[begin] 1" in shown
    last = shown[shown.rindex("step") :]
    for text in ("20/100", "validation"):
        assert text in shown
    assert "memory GB" not in shown
    assert last


def test_json_lines_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    assert told("json", terminal=True) == ""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == {"event": "message", "text": "[begin] 1"}
    assert lines[1] == {"event": "step", "steps": 100, **ROW}


def test_silence(capsys: pytest.CaptureFixture[str]) -> None:
    assert told("quiet", terminal=True) == ""
    assert capsys.readouterr() == ("", "")
