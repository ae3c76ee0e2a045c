"""Fine-tuning on a CPU: golden losses, accumulation and resuming for every loss, what is cut, refused and exported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from chats import N_IDS, byte_tokenizer, sums, write_chats

import train.loop as module
from curate.errors import RunFailed, WrongUse
from train.batches import Batch
from train.chat_batches import ChatBatches, Order, chat_rows
from train.chat_store import ChatStore
from train.checkpoint import finished, load_trained, trainer_of
from train.evaluate.generators.opening import Options, open_generator
from train.evaluate.generators.protocol import Request, Sampling
from train.export import export
from train.model import IGNORED, Decoder, init_weights
from train.presets import preset
from train.settings import parse
from train.sft import sft
from train.sft_config import SftConfig
from train.trained import trained_tokenizer

GOLDEN = Path(__file__).parent / "golden" / "sft.json"
LOSSES = ["token", "sample", "balanced", "focal_sample", "focal_task", "coba"]


@pytest.fixture
def raw(tmp_path: Path) -> dict[str, Any]:
    """A run of seconds on 30 chats of two tasks."""
    files = [write_chats(tmp_path / f"{task}.jsonl", sums(n, n, task)) for task, n in (("short", 20), ("long", 10))]
    return {
        "out": str(tmp_path / "run"),
        "model": "tiny-llama",
        "model_changes": {"vocab_size": N_IDS},
        "tokenizer": str(byte_tokenizer(tmp_path / "tokenizer.json")),
        "data": {"files": [{"path": str(file)} for file in files], "sequence_length": 128, "tags": ["source"]},
        "optimizer": {"lr": 3e-3},
        "global_batch": 12,
        "epochs": 2,
        "micro_batch": 2,
        "precision": "float32",
    }


def run(raw: dict[str, Any], **changes: Any) -> list[dict[str, Any]]:
    """Run to the end; the rows of the trace."""
    sft(parse(SftConfig, raw | changes, where="test"), face="quiet")
    return trace(raw | changes)


def trace(raw: dict[str, Any]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (Path(raw["out"]) / "trace.jsonl").read_text().splitlines()]


def with_loss(raw: dict[str, Any], loss: str) -> dict[str, Any]:
    """Settings under which a loss differs from the others."""
    more: dict[str, Any] = {"loss": loss}
    if loss == "balanced":
        more["task_weights"] = {"long": 3.0}
    if loss == "coba":
        more |= {"validation": {"files": raw["data"]["files"], "every": 1}, "coba": {"warmup": 2, "window": 3}}
    return raw | more


def test_losses_are_the_golden_ones(raw: dict[str, Any]) -> None:
    """Written by `run` once and looked at; float32, so that another CPU's order of sums stays within the tolerance."""
    rows = run(raw)
    golden = json.loads(GOLDEN.read_text())
    for key, values in golden.items():
        assert [row[key] for row in rows] == pytest.approx(values, rel=1e-4), key
    assert rows[0]["by"].keys() == {"language", "task", "source"}
    assert rows[0]["by"]["task"].keys() == {"short", "long"}


@pytest.mark.parametrize("loss", LOSSES)
def test_accumulation_is_the_full_batch_and_resuming_is_not_stopping(
    loss: str, raw: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = with_loss(raw, loss) | {"max_steps": 4, "checkpoint": {"every": 2}}
    parts = run(raw, micro_batch=1)
    interrupted = raw | {"out": str(tmp_path / "interrupted"), "micro_batch": 64}
    step = module.train_step

    def failing(state: module.TrainState, *rest: Any) -> dict[str, Any]:
        if state.step == 3:
            raise KeyboardInterrupt
        return step(state, *rest)

    monkeypatch.setattr(module, "train_step", failing)
    with pytest.raises(KeyboardInterrupt):
        run(interrupted)
    monkeypatch.setattr(module, "train_step", step)
    full = run(interrupted)
    assert [row["n_tokens"] for row in full] == [row["n_tokens"] for row in parts]
    for key in ("loss", "grad_norm"):
        assert [row[key] for row in full] == pytest.approx([row[key] for row in parts], rel=2e-4), key
    states = [trainer_of(finished(Path(one["out"]) / "checkpoints")[-1]) for one in (raw, interrupted)]
    assert states[0]["n_tokens"] == states[1]["n_tokens"]
    if loss == "coba":
        assert states[1]["objective"]["n_seen"] == 4
        assert full[-1]["objective"] == pytest.approx(parts[-1]["objective"], rel=1e-3)
        assert full[-1]["objective"]["task_weight/long"] != 0.5


def test_losses_weigh_differently(raw: dict[str, Any], tmp_path: Path) -> None:
    """The first gradient of each is another: no name falls back to a different loss."""
    norms = {
        loss: run(with_loss(raw, loss), max_steps=1, out=str(tmp_path / loss))[0]["grad_norm"] for loss in LOSSES[:5]
    }
    assert len({round(norm, 5) for norm in norms.values()}) == 5


def test_one_batch_is_learnt_by_heart(raw: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    batch = ChatBatches.batch
    monkeypatch.setattr(ChatBatches, "batch", lambda self, step: batch(self, 0))
    optimizer = {"lr": 5e-3, "schedule": "constant"}
    rows = run(raw, epochs=100, max_steps=80, global_batch=3, optimizer=optimizer)
    assert rows[-1]["loss"] < 0.02


def batches_of(raw: dict[str, Any], world: int = 1, **changes: Any) -> list[ChatBatches]:
    """Every rank's batches of a run that was tokenized."""
    config = parse(SftConfig, raw | changes, where="test")
    rows = chat_rows(ChatStore(config.out / "chats" / "train"), ["source"], room=config.data.sequence_length)
    order = Order(rows.store.n_samples_of_files, [file.weight for file in config.data.files], config.seed)
    return [
        ChatBatches(rows=rows, order=order, global_batch=12, n_samples=60, rank=rank, world=world)
        for rank in range(world)
    ]


def samples_in(batch: Batch) -> list[tuple[tuple[int, ...], ...]]:
    """Each sample's tokens, targets and positions, as a sorted list."""
    assert batch.documents is not None
    found = []
    for row in range(len(batch.tokens)):
        for document in batch.documents[row][batch.labels[0, row] >= 0].unique():
            here = batch.documents[row] == document
            found.append(
                tuple(tuple(part[row][here].tolist()) for part in (batch.tokens, batch.targets, batch.positions))
            )
    return sorted(found)


def test_rows_hold_whole_samples_and_a_step_the_same_ones_on_any_ranks(raw: dict[str, Any]) -> None:
    run(raw, max_steps=1)
    (alone,) = batches_of(raw)
    store = alone.rows.store
    seen: list[int] = []
    for step in range(5):
        numbers = alone.order.samples(step * 12, step * 12 + 12)
        seen += numbers.tolist()
        wanted = []
        for number in numbers:
            first, n = int(store.starts[number]), int(store.lengths[number])
            tokens, bears = store.tokens[first : first + n].tolist(), store.bears[first : first + n].tolist()
            targets = [token if bearing else IGNORED for token, bearing in zip(tokens[1:], bears[1:], strict=True)]
            wanted.append((tuple(tokens), (*targets, IGNORED), tuple(range(n))))
        assert samples_in(alone.batch(step)) == sorted(wanted)
        for world in (2, 4):
            parts = [one.batch(step) for one in batches_of(raw, world)]
            assert len({len(part.tokens) for part in parts}) == 1
            assert sorted(sample for part in parts for sample in samples_in(part)) == sorted(wanted)
    assert sorted(seen[:30]) == sorted(seen[30:]) == list(range(30))
    assert seen[:30] != seen[30:]


def test_weights_say_how_often_a_sample_is_taken() -> None:
    order = Order([10, 4, 0], [0.5, 2.25, 1.0], seed=3)
    assert order.n_epoch == 14
    epochs = [order.samples(14 * epoch, 14 * epoch + 14) for epoch in (0, 1, 0)]
    for taken in epochs:
        counts = np.bincount(taken, minlength=14)
        assert counts[:10].sum() == 5
        assert counts[:10].max() == 1
        assert sorted(counts[10:]) == [2, 2, 2, 3]
    assert epochs[0].tolist() == epochs[2].tolist() != epochs[1].tolist()
    assert {*epochs[0][epochs[0] < 10]} != {*epochs[1][epochs[1] < 10]}  # of a fraction, others each time
    assert np.concatenate(epochs[:2])[9:20].tolist() == order.samples(9, 20).tolist()


def long_row(n: int, answer: str = "yes") -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": "x" * n}, {"role": "assistant", "content": answer}]}


def test_samples_over_a_row_are_cut_left_out_or_refused(raw: dict[str, Any], tmp_path: Path) -> None:
    rows = [*sums(3, 0), long_row(2, "y" * 300)]
    file = write_chats(tmp_path / "mixed.jsonl", rows)
    data = raw["data"] | {"files": [{"path": str(file)}]}
    settings = raw | {"max_steps": 1, "epochs": 1}

    def lengths(policy: str) -> list[int]:
        out = tmp_path / policy
        run(settings, data=data | {"too_long": policy}, out=str(out))
        return ChatStore(out / "chats" / "train").lengths.tolist()

    assert lengths("cut") == [*lengths("leave_out"), 128]
    with pytest.raises(WrongUse, match=r"mixed.jsonl, line 4: a sample of 323 tokens, over data.sequence_length, 128"):
        lengths("refuse")


def test_a_sample_that_would_train_on_nothing_is_named(raw: dict[str, Any], tmp_path: Path) -> None:
    silent = {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a", "weight": 0}]}
    for row, told in [
        (silent, "line 2: a sample that would train on nothing: no token of it bears loss"),
        (
            long_row(200),
            "line 2: a sample that would train on nothing: what bears loss is behind the cut at 128 tokens",
        ),
        ({"messages": [{"role": "user", "content": "q"}]}, "line 2: no turn is the assistant's"),
    ]:
        file = write_chats(tmp_path / "bad.jsonl", [sums(1, 0)[0], row])
        data = raw["data"] | {"files": [{"path": str(file)}]}
        with pytest.raises(WrongUse, match=told):
            run(raw, data=data)
        left = run(raw, data=data | {"unusable": "leave_out"}, out=str(tmp_path / "left"))
        assert left
        assert ChatStore(tmp_path / "left" / "chats" / "train").n_documents == 1
        for path in sorted((tmp_path / "left").rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
    file = write_chats(tmp_path / "bad.jsonl", [silent])
    data = raw["data"] | {"files": [{"path": str(file)}], "unusable": "leave_out"}
    with pytest.raises(RunFailed, match="no sample is left to train on"):
        run(raw, data=data)


def test_what_was_made_of_one_pair_is_held_out_together(raw: dict[str, Any], tmp_path: Path) -> None:
    """Three samples a pair: without a field that tells so, some are trained on and some held out."""
    rows = sums(60, 5)
    for i, row in enumerate(rows):
        row["meta"] |= {"pair_id": f"pair {i // 3}"}
    data = raw["data"] | {"files": [{"path": str(write_chats(tmp_path / "p.jsonl", rows))}], "tags": ["pair_id"]}

    def pairs(together: str) -> list[set[str]]:
        out = tmp_path / together
        validation = {"share": 0.4, "every": 9, "together": together}
        run(raw, data=data, out=str(out), max_steps=1, validation=validation)
        stores = [ChatStore(out / "chats" / part).tag("pair_id") for part in ("train", "held_out")]
        return [{names[number] for number in numbers} for numbers, names in stores]

    trained, held_out = pairs("pair_id")
    assert len(trained | held_out) == 20
    assert 3 < len(held_out) < 15
    assert not trained & held_out
    trained, held_out = pairs("nothing")
    assert trained & held_out


def test_what_the_weights_lose_before_is_told_and_not_learnt_from(
    raw: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    validation = {"files": raw["data"]["files"], "every": 2}
    settings = raw | {"validation": validation, "max_steps": 2, "optimizer": {"lr": 3e-3, "warmup_share": 0}}
    sft(parse(SftConfig, settings, where="test"))
    first, last = trace(settings)
    before, after = first["before"], last["validation"]
    assert "before" not in last
    assert "validation" not in first
    assert before["by"]["task"].keys() == after["by"]["task"].keys() == {"short", "long"}
    assert after["loss"] < before["loss"]
    lines = [line for line in capsys.readouterr().err.splitlines() if "validation loss" in line]
    both = [", ".join(f"{task} {one['by']['task'][task]['loss']:.4f}" for task in ("short", "long"))
            for one in (before, after)]  # fmt: skip
    assert lines[0] == f"before the first step: validation loss {before['loss']:.4f}: {both[0]}"
    assert lines[-1] == f"validation loss {after['loss']:.4f}: {both[1]}"
    state = trainer_of(finished(Path(raw["out"]) / "checkpoints")[-1])
    assert state["validation_loss"] == after["loss"]


def test_files_that_changed_do_not_resume(raw: dict[str, Any]) -> None:
    run(raw, max_steps=1)
    path = Path(raw["data"]["files"][0]["path"])
    path.write_text(path.read_text().replace("Add.", "Sum."))
    with pytest.raises(WrongUse, match="was begun with chats: "):
        run(raw, max_steps=1)


def test_a_benchmark_is_refused(raw: dict[str, Any], tmp_path: Path) -> None:
    rows = [
        {"task_id": f"HumanEval/{i}", "canonical_solution": "x", "test": "y", "messages": long_row(3)["messages"]}
        for i in range(20)
    ]
    raw["data"]["files"] = [{"path": str(write_chats(tmp_path / "eval.jsonl", rows))}]
    with pytest.raises(WrongUse, match="is an evaluation file"):
        run(raw)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"preset": "moe"}, "preset is 'moe' and must be null or one of dense"),
        ({"loss": "coba"}, "loss: coba weighs tasks by their validation losses"),
        ({"loss": "coba", "validation": {"share": 0.5}}, "begins after 100 validations, and the run's . steps have 0"),
        ({"task_weights": {"short": 2}}, "task_weights are of loss: balanced, and loss is token"),
        (
            {"loss": "balanced", "task_weights": {"x": 2}},
            "task_weights names 'x'; the files have the tasks long, short",
        ),
        ({"validation": {"every": 2}}, "validation holds nothing out"),
        ({"tokenizer": None}, "there is no tokenizer.json in init_from"),
        ({"model_changes": {}}, "has 276 ids of tokens and the model's vocab_size is 256"),
        ({"preset": None, "global_batch": None}, "global_batch: Input should be a valid integer"),
    ],
)
def test_configurations_that_cannot_run_are_refused(changes: dict[str, Any], told: str, raw: dict[str, Any]) -> None:
    with pytest.raises(WrongUse, match=told):
        run(raw, **changes)


def test_the_preset_is_the_guides() -> None:
    raw = {
        "out": "o",
        "model": "codefuse-13b",
        "data": {"files": [{"path": "x"}]},
        "model_changes": {"max_positions": 8192},
    }
    config = parse(SftConfig, raw, where="test")
    assert (config.global_batch, config.epochs, config.data.sequence_length) == (128, 3, 8192)
    assert config.run(1000).checkpoint.every == 100
    found = config.run(1000).optimizer
    assert (found.lr, found.schedule, found.warmup_steps) == (5e-6, "cosine", 50)


def test_a_run_is_fine_tuned_exported_and_asked(raw: dict[str, Any], tmp_path: Path) -> None:
    """From a public folder with adapters, then on from that run, then as a chat model by both ways of asking."""
    base = Decoder(preset("tiny-llama").__class__(**vars(preset("tiny-llama")) | {"vocab_size": N_IDS}))
    init_weights(base, 1)
    public = export(base, tmp_path / "public", dtype="float32", tokenizer=Path(raw["tokenizer"]))
    bare = {name: value for name, value in raw.items() if name not in ("model", "model_changes", "tokenizer")}
    first = run(bare, init_from=str(public), lora={"rank": 4}, out=str(tmp_path / "adapters"))
    second = run(bare, init_from=str(tmp_path / "adapters"), max_steps=2)
    assert second[0]["loss"] < first[0]["loss"]
    out = Path(raw["out"])
    served = export(
        load_trained(out), tmp_path / "served", dtype="float32", tokenizer=trained_tokenizer(out), chat="chatml"
    )
    told = json.loads((served / "tokenizer_config.json").read_text())
    assert told["eos_token"] == "<|im_end|>"
    chat = (("system", "Add."), ("user", "<|im_end|>1+2"))
    request = Request(task_id="x", prompt="1+2", chat=chat)
    ours = open_generator(str(out), Options(device="cpu"))
    (answer,) = ours.generate([request], Sampling(max_tokens=5))
    tokenizer = ours.tokenizer  # type: ignore[attr-defined]
    prompt = ours._tokens(request)  # type: ignore[attr-defined]
    assert tokenizer.decode(prompt, skip_special_tokens=False) == (
        "<|im_start|>system\nAdd.<|im_end|>\n<|im_start|>user\n<|im_end|>1+2<|im_end|>\n<|im_start|>assistant\n"
    )
    assert prompt.count(tokenizer.token_to_id("<|im_end|>")) == 2
    with torch.no_grad():
        tokens = torch.tensor([prompt])
        best = int(load_trained(out)(tokens, torch.arange(len(prompt))[None])[0, -1, :N_IDS].argmax())
    assert answer.text.startswith(tokenizer.decode([best])) or best < 20
    plain = Request(task_id="x", prompt="1+2", chat=(("user", "1+2"),))
    theirs = open_generator(str(served), Options(device="cpu"))
    ours_again, exported = (list(one.generate([plain], Sampling(max_tokens=5))) for one in (ours, theirs))
    assert ours_again == exported
