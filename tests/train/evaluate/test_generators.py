"""Sampling's checks, written completions, and how a source is told by its name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from train.evaluate.completions import Completion
from train.evaluate.generators.endpoint import Endpoint
from train.evaluate.generators.opening import Options, open_generator
from train.evaluate.generators.protocol import Request, Sampling, cut_at
from train.evaluate.generators.written import Written


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"samples": 0}, "at least 1"),
        ({"temperature": -1.0}, "at least 0"),
        ({"top_p": 0.0}, r"in \(0, 1\]"),
        ({"beams": 4, "temperature": 0.2}, "beam search draws nothing"),
        ({"samples": 10}, "all be the same"),
        ({"samples": 3, "beams": 2}, "all be the same"),
    ],
)
def test_what_cannot_be_sampled_is_refused(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Sampling(**given)


def test_seeds_are_of_task_and_sample_alone() -> None:
    seeds = {Sampling(seed=seed).seed_of(task, i) for seed in (0, 1) for task in ("a", "a\0", "b") for i in (0, 1)}
    assert len(seeds) == 12
    assert all(0 <= seed < 1 << 31 for seed in seeds)
    assert Sampling().seed_of("a", 0) == Sampling(samples=1, max_tokens=9).seed_of("a", 0)


def test_cut_at() -> None:
    assert cut_at("a\nb\nc", ("\nc", "\nb")) == "a"
    assert cut_at("a", ()) == "a"


def test_written_completions_are_all_given_but_those_done(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    rows = [{"task_id": "a", "completion": "x"}, {"task_id": "a", "completion": "y"},
            {"task_id": "b", "sample": 7, "completion": "z"}]  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    requests = [Request(task_id="a", prompt=""), Request(task_id="b", prompt="")]
    given = list(Written(path).generate(requests, Sampling(), done={("a", 0)}))
    assert given == [Completion("a", 1, "y"), Completion("b", 7, "z")]
    with pytest.raises(ValueError, match="'b' is not among"):
        list(Written(path).generate(requests[:1], Sampling()))


def test_a_source_is_told_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "c.jsonl").write_text("")
    assert isinstance(open_generator(str(tmp_path / "c.jsonl"), Options()), Written)
    assert isinstance(open_generator("http://localhost:1/v1", Options(model="m")), Endpoint)
    for source, options, told in (
        ("http://localhost:1/v1", Options(), "--model"),
        (str(tmp_path), Options(), "config.json"),
        (str(tmp_path / "none"), Options(), "is not there"),
    ):
        with pytest.raises(ValueError, match=told):
            open_generator(source, options)
