"""Pretraining on a CPU: golden losses, accumulation, resuming, what is left out, what is refused."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch

import train.loop as module
from curate.errors import RunFailed, WrongUse
from train.batches import Batches
from train.checkpoint import finished, load_trained, trainer_of
from train.config import PretrainConfig
from train.export import export, load_weights, read_config
from train.model import Decoder, init_weights
from train.packed import Packed
from train.parallel import World
from train.presets import preset
from train.pretrain import pretrain
from train.settings import load, parse
from train.validation import packed_validation

GOLDEN = Path(__file__).parent / "golden"


def run(settings: dict[str, Any], **changes: Any) -> list[dict[str, Any]]:
    """Run to the end; the rows of the trace."""
    pretrain(parse(PretrainConfig, settings | changes, where="test"), face="quiet")
    return trace(settings | changes)


def trace(settings: dict[str, Any]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (Path(settings["out"]) / "trace.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("name", ["tiny-codefuse", "tiny-starcoder", "tiny-llama"])
def test_losses_are_the_golden_ones(name: str, settings: dict[str, Any]) -> None:
    """Written by `run` once and looked at; float32, so that another CPU's order of sums stays within the tolerance."""
    rows = run(settings, model=name)
    found = {key: [row[key] for row in rows] for key in ("loss", "grad_norm", "n_tokens", "lr")}
    golden = json.loads((GOLDEN / f"{name}.json").read_text())
    assert found.keys() == golden.keys()
    for key, values in golden.items():
        assert found[key] == pytest.approx(values, rel=1e-4), key


def test_it_learns(settings: dict[str, Any]) -> None:
    rows = run(settings, steps=30, data=settings["data"] | {"tags": ["kind"]})
    assert rows[0]["by"]["kind"].keys() == {"main", "test"}
    assert rows[0]["loss"] == pytest.approx(math.log(256), rel=0.02)
    assert rows[-1]["loss"] < 0.8 * rows[0]["loss"]
    assert rows[0]["by"]["language"].keys() == {"C", "Go", "Python"}


def test_one_batch_is_learnt_by_heart(settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    batch = Batches.batch
    monkeypatch.setattr(Batches, "batch", lambda self, step: batch(self, 0))
    data = settings["data"] | {"fim_rate": 0.0}
    rows = run(settings, steps=60, global_batch=2, micro_batch=2, data=data)
    assert rows[-1]["loss"] < 0.02


@pytest.mark.parametrize("micro_batch", [1, 2])
def test_accumulation_is_the_full_batch(settings: dict[str, Any], micro_batch: int, tmp_path: Path) -> None:
    full = run(settings, micro_batch=8)
    parts = run(settings, micro_batch=micro_batch, out=str(tmp_path / "parts"))
    assert [row["n_tokens"] for row in parts] == [row["n_tokens"] for row in full]
    for key in ("loss", "grad_norm"):
        assert [row[key] for row in parts] == pytest.approx([row[key] for row in full], rel=1e-5)


def test_resuming_is_not_stopping(settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings["checkpoint"] = {"every": 2}
    straight = run(settings)
    interrupted = settings | {"out": str(tmp_path / "interrupted")}
    step = module.train_step

    def failing(state: module.TrainState, *rest: Any) -> dict[str, Any]:
        if state.step == 5:
            raise KeyboardInterrupt
        return step(state, *rest)

    monkeypatch.setattr(module, "train_step", failing)
    with pytest.raises(KeyboardInterrupt):
        run(interrupted)
    assert len(trace(interrupted)) == 5
    monkeypatch.setattr(module, "train_step", step)
    assert run(interrupted) == straight
    last = [finished(Path(one["out"]) / "checkpoints")[-1] for one in (settings, interrupted)]
    assert trainer_of(last[0]) == trainer_of(last[1])
    ours, theirs = (load_trained(checkpoint) for checkpoint in last)
    for (name, one), other in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        assert torch.equal(one, other), name


def test_a_finished_run_has_nothing_to_do(settings: dict[str, Any]) -> None:
    before = run(settings)
    assert run(settings) == before


def test_the_last_checkpoints_and_the_best_stay(settings: dict[str, Any], corpus: dict[str, Path]) -> None:
    validation = {"sources": [str(corpus["held_out"])], "every": 1}
    optimizer = {"lr": 0.5, "schedule": "constant", "warmup_steps": 0, "clip_norm": None}
    rows = run(
        settings,
        validation=validation,
        optimizer=optimizer,
        checkpoint={"every": 1, "keep_last": 2},
    )
    losses = [row["validation"]["loss"] for row in rows]
    best = losses.index(min(losses)) + 1
    assert best < 5
    steps = [trainer_of(one)["step"] for one in finished(Path(settings["out"]) / "checkpoints")]
    assert steps == [best, 5, 6]


def test_another_configuration_does_not_resume(settings: dict[str, Any]) -> None:
    run(settings)
    with pytest.raises(WrongUse, match="was begun with seed: 0, and this is 1"):
        run(settings, seed=1)


def test_steps_that_are_no_numbers_change_nothing(settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    weights: list[torch.Tensor] = []
    norm = module.squared_norm

    def sometimes(parameters: list[torch.Tensor]) -> torch.Tensor:
        weights.append(parameters[0].detach().clone())
        return norm(parameters) * (float("nan") if len(weights) == 3 else 1.0)

    monkeypatch.setattr(module, "squared_norm", sometimes)
    rows = run(settings)
    assert [row["skipped"] is None for row in rows] == [True, True, False, True, True, True]
    assert torch.equal(weights[2], weights[3])
    assert not torch.equal(weights[1], weights[2])


def test_too_many_of_them_end_the_run(settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "squared_norm", lambda _: torch.tensor(float("inf")))
    with pytest.raises(RunFailed, match="3 steps in a row were left out"):
        run(settings, optimizer={"max_skipped": 3})
    assert len(trace(settings)) == 2


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_precisions_come_near(settings: dict[str, Any], precision: str, tmp_path: Path) -> None:
    whole = run(settings)
    half = run(settings, precision=precision, out=str(tmp_path / "half"))
    assert [row["loss"] for row in half] == pytest.approx([row["loss"] for row in whole], rel=0.01)
    assert {row["loss_scale"] for row in half} == {32_768.0 if precision == "float16" else 1.0}


def test_overflow_halves_the_loss_scale_and_training_goes_on(settings: dict[str, Any]) -> None:
    rows = run(settings, precision="float16", loss_scale=2.0**24, steps=14)
    scales = [row["loss_scale"] for row in rows]
    assert rows[0]["skipped"]
    assert rows[-1]["skipped"] is None
    assert scales == sorted(scales, reverse=True)
    assert scales[1] == 2.0**23


def test_validation_is_what_documents_lose_one_by_one(corpus: dict[str, Path]) -> None:
    from train.config import ValidationConfig

    model = Decoder(preset("tiny-llama"))
    init_weights(model, 0)
    packed = Packed(corpus["held_out"])
    config = ValidationConfig(sources=(corpus["held_out"],), tags=("kind",))
    world = World(device=torch.device("cpu"))
    found = packed_validation(config, room=64, micro_batch=3, mask_documents=True, world=world)(model)
    sums: dict[str, list[float]] = {}
    languages, names = packed.languages
    for i, (start, n) in enumerate(zip(packed.starts, packed.lengths, strict=True)):
        tokens = torch.from_numpy(packed.tokens[start : start + n].astype("int64"))[None]
        with torch.no_grad():
            logprobs = model(tokens[:, :-1], torch.arange(n - 1)[None]).log_softmax(-1)
        nats = -float(logprobs.gather(-1, tokens[:, 1:, None]).double().sum())
        for key in ("all", names[languages[i]], "test" if i % 2 else "main"):
            entry = sums.setdefault(key, [0.0, 0.0, 0.0])
            for at, value in enumerate((nats, n - 1, n - 2)):
                entry[at] += value
    told = {"all": found} | found["by"]["language"] | found["by"]["kind"]
    assert told.keys() == sums.keys()
    for key, (nats, n_tokens, n_bytes) in sums.items():
        assert told[key]["n_tokens"] == n_tokens
        assert told[key]["loss"] == pytest.approx(nats / n_tokens, rel=1e-6)
        assert told[key]["perplexity"] == pytest.approx(math.exp(nats / n_tokens), rel=1e-5)
        assert told[key]["bits_per_byte"] == pytest.approx(nats / math.log(2) / n_bytes, rel=1e-6)


def test_a_public_model_is_fine_tuned_with_adapters(settings: dict[str, Any], tmp_path: Path) -> None:
    base = Decoder(preset("tiny-llama"))
    init_weights(base, 1)
    export(base, tmp_path / "base", dtype="float32")
    folder = str(tmp_path / "base")
    rows = run(settings, model=folder, init_from=folder, lora={"rank": 4}, steps=12)
    assert rows[-1]["loss"] < rows[0]["loss"]
    export(load_trained(settings["out"]), tmp_path / "tuned", dtype="float32")
    tuned = Decoder(read_config(tmp_path / "tuned"))
    load_weights(tuned, tmp_path / "tuned")
    assert torch.equal(tuned.embedding.weight, base.embedding.weight)
    assert not torch.equal(tuned.layers[0].attention.query.weight, base.layers[0].attention.query.weight)


def test_points_are_in_tensorboard(settings: dict[str, Any], corpus: dict[str, Path]) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run(settings, log_every=2, validation={"sources": [str(corpus["held_out"])], "every": 2})
    board = EventAccumulator(str(Path(settings["out"]) / "tensorboard")).Reload()
    wanted = {"loss", "lr", "grad_norm", "loss/Python", "tokens_per_s", "data_wait_share", "validation/bits_per_byte"}
    assert wanted <= set(board.Tags()["scalars"])
    assert [point.step for point in board.Scalars("loss")] == [2, 4, 6]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"modle": "x"}, "modle: Extra inputs are not permitted"),
        ({"model": "gpt-5"}, "there is no preset 'gpt-5'"),
        ({"model_changes": {"layers": 3}}, "model_changes has layers"),
        ({"steps": 0}, r"steps: .* greater than or equal to 1 \(given 0\)"),
        ({"data": {"sources": []}}, "data.sources: "),
        (
            {"data": {"sources": [{"path": "x"}], "sequence_length": 4096}},
            "sequence_length is 4096, over the model's 128",
        ),
        ({"optimizer": {"schedule": "wsd"}}, r"decay_steps is 0 and must be in 1\.\.6"),
        ({"optimizer": {"min_lr": 1.0}}, "min_lr is 1.0"),
        ({"lora": {}}, "name them with init_from"),
        ({"micro_batch": 3}, "must be a multiple of micro_batch x data ranks, 3 x 1"),
        ({"model_changes": {"vocab_size": 200}}, "has 256 ids of tokens and the model's vocab_size is 200"),
        ({"tensor_parallel": 2}, "must divide the number of processes, 1"),
        ({"tags": ["qality"]}, "data.tags names 'qality', which no document has"),
    ],
)
def test_what_cannot_run_is_told_in_a_sentence(settings: dict[str, Any], changes: dict[str, Any], told: str) -> None:
    if "tags" in changes:
        changes = {"data": settings["data"] | changes}
    with pytest.raises(WrongUse, match=told) as caught:
        run(settings, **changes)
    assert "\n" not in str(caught.value)


def test_a_yaml_file_with_settings_put_over_it(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(
        "out: x\nmodel: tiny-llama\nsteps: 5\nglobal_batch: 8\ndata: {sources: [{path: p}], sequence_length: 64}\n"
    )
    config = load(PretrainConfig, path, ["optimizer.lr=2e-4", "data.fim_rate=0.5"])
    assert (config.optimizer.lr, config.data.fim_rate, config.precision) == (2e-4, 0.5, "bfloat16")
    with pytest.raises(WrongUse, match=r"write FIELD\.FIELD=VALUE"):
        load(PretrainConfig, path, ["steps"])
    with pytest.raises(WrongUse, match="steps is 5 and has no fields"):
        load(PretrainConfig, path, ["steps.x=1"])
    with pytest.raises(WrongUse, match="cannot be read"):
        load(PretrainConfig, tmp_path / "none.yaml")
