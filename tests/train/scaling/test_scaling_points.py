"""Points of runs and tables: parameters, tokens of each language, losses; and what cannot be compared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curate.errors import WrongUse
from train.config import PretrainConfig
from train.packed import PackedWriter
from train.presets import n_parameters, preset
from train.scaling.points import ALL, read_points
from train.settings import parse


def packed(folder: Path, tokenizer: str = "one") -> Path:
    """300 tokens of Go and 100 of C."""
    with PackedWriter(folder, special_tokens={"end_of_text": 255}, tokenizer_hash=tokenizer) as writer:
        for language, n in (("Go", 200), ("C", 100), ("Go", 100)):
            writer.add(np.arange(n) % 250, language=language)
    return folder


def run(folder: Path, data: Path, *, steps: int = 4, done: int = 4, schedule: str = "constant", **more: Any) -> Path:
    """A run's configuration and trace, with a look at held-out loss every second step."""
    raw = {
        "out": str(folder), "model": "tiny-llama", "data": {"sources": [{"path": str(data)}], "sequence_length": 32},
        "validation": {"sources": [str(data)], "every": 2}, "optimizer": {"schedule": schedule, "warmup_steps": 0},
        "steps": steps, "global_batch": 8, **more,
    }  # fmt: skip
    folder.mkdir()
    config = parse(PretrainConfig, raw, where="test")
    (folder / "config.json").write_text(json.dumps(config.model_dump(mode="json")), encoding="utf-8")
    rows = [{"step": i, "n_tokens": 1000, **(look(4.0 - i / 2) if i % 2 else {})} for i in range(done)]
    (folder / "trace.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def look(loss: float) -> dict[str, Any]:
    by = {"Go": {"loss": loss + 0.1}, "C": {"loss": loss - 0.1}, "Rust": {"loss": 9.0}}
    return {"validation": {"loss": loss, "by": {"language": by}}}


def test_a_run_tells_a_point_a_language_and_one_of_all(tmp_path: Path) -> None:
    found = read_points([run(tmp_path / "run", packed(tmp_path / "data"))])
    assert list(found) == [ALL, "C", "Go"]  # Rust was not trained on
    ((point,), (c,), (go,)) = found.values()
    assert point[:3] == (n_parameters(preset("tiny-llama")), 4000, 2.5)
    assert (c.tokens, c.loss) == (pytest.approx(1000), 2.4)
    assert (go.tokens, go.loss) == (pytest.approx(3000), 2.6)


def test_looks_on_the_way_count_where_the_rate_was_constant(tmp_path: Path) -> None:
    data = packed(tmp_path / "data")
    found = read_points([run(tmp_path / "run", data)], on_the_way=True)
    assert [(one.tokens, one.loss) for one in found[ALL]] == [(2000, 3.5), (4000, 2.5)]
    with pytest.raises(WrongUse, match=r"schedule cosine.*--on-the-way"):
        read_points([run(tmp_path / "cosine", data, schedule="cosine")], on_the_way=True)


def test_runs_that_cannot_be_read_or_compared_are_refused(tmp_path: Path) -> None:
    data = packed(tmp_path / "data")
    with pytest.raises(WrongUse, match="no validation at its last step, 4"):
        read_points([run(tmp_path / "unfinished", data, done=3)])
    with pytest.raises(WrongUse, match="no pretraining run and no CSV file"):
        read_points([tmp_path])
    places = [run(tmp_path / "one", data), run(tmp_path / "two", packed(tmp_path / "other", tokenizer="two"))]
    with pytest.raises(WrongUse, match="different tokenizers"):
        read_points(places)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("parameters,tokens,loss\n1,2,3\n", "has no column language"),
        ("parameters,tokens,language,loss\n1e9,much,Go,2\n", "line 2"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "runs.csv").write_text(text, encoding="utf-8")
    with pytest.raises(WrongUse, match=told):
        read_points([tmp_path / "runs.csv"])


def test_a_table_without_a_language_is_of_all(tmp_path: Path) -> None:
    (tmp_path / "runs.csv").write_text("parameters,tokens,language,loss\n1e9,2e9,,2.5\n", encoding="utf-8")
    assert [one[:3] for one in read_points([tmp_path / "runs.csv"])[ALL]] == [(1e9, 2e9, 2.5)]
