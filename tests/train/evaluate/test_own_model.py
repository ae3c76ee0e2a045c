"""A run's folder, written by the trainer's own checkpoint code, with a tokenizer of bytes made here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from curate.errors import WrongUse
from train.checkpoint import Checkpoints, load_trained
from train.config import PretrainConfig
from train.evaluate.evaluation import Question, evaluate
from train.evaluate.generators.opening import Options, open_generator
from train.evaluate.generators.own import OwnModel
from train.evaluate.generators.protocol import Request, Sampling
from train.export import export
from train.model import Decoder, init_weights
from train.packed import PackedWriter
from train.parallel import joined
from train.pretrain import pretrain
from train.settings import parse
from train.trained import trained_tokenizer

REQUESTS = [
    Request(task_id="short", prompt="ab"),
    Request(task_id="long", prompt="def f(x):\n    return abcabc"),
    Request(task_id="empty", prompt=""),
    Request(task_id="spelt", prompt="a<|endoftext|>b"),
]
SPECIAL = ["<|endoftext|>", "<file_sep>"]
N_IDS = 98


def bytes_tokenizer(path: Path, more: int = 0) -> Path:
    """Ids 0 and 1 are special, the others ASCII's characters."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    plain = [chr(code) for code in range(33, 127)] + ["Ġ", "Ċ"] + [chr(0x4E00 + i) for i in range(more)]
    vocabulary = {token: number for number, token in enumerate(SPECIAL + plain)}
    tokenizer = Tokenizer(models.BPE(vocabulary, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.save(str(path))
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with two checkpoints of random weights; the model's vocabulary is wider than the tokenizer's."""
    out = tmp_path_factory.mktemp("runs") / "run"
    raw: dict[str, Any] = {
        "out": str(out), "model": "tiny-llama", "data": {"sources": [{"path": "none"}], "sequence_length": 32},
        "model_changes": {"vocab_size": 128, "max_positions": 64}, "steps": 2, "global_batch": 8,
    }  # fmt: skip
    config = parse(PretrainConfig, raw, where="test")
    out.mkdir()
    (out / "config.json").write_text(config.model_dump_json())
    bytes_tokenizer(out / "tokenizer.json")
    with joined() as world:
        checkpoints = Checkpoints(out / "checkpoints", config.checkpoint, world)
        for step in (1, 2):
            model = Decoder(config.model_config_of())
            init_weights(model, step)
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter.mul_(3.0 if parameter.ndim > 1 else 1.0)
            checkpoints.save(model, torch.optim.AdamW(model.parameters()), {"step": step, "validation_loss": None})
            checkpoints.wait()
    return out


@pytest.fixture(scope="module")
def model(run: Path) -> OwnModel:
    opened = open_generator(str(run), Options(batch=4, device="cpu"))
    assert isinstance(opened, OwnModel)
    return opened


def drawn(model: OwnModel, sampling: Sampling, done: set[tuple[str, int]] | None = None) -> dict[tuple[str, int], str]:
    return {(one.task_id, one.sample): one.text for one in model.generate(REQUESTS, sampling, done or set())}


def test_greedy_is_the_likeliest_token_each_time(model: OwnModel) -> None:
    told = drawn(model, Sampling(max_tokens=6))
    assert set(told) == {(request.task_id, 0) for request in REQUESTS}
    assert any(told.values())
    for request in REQUESTS:
        ids = [model.tokenizer.token_to_id(c.replace(" ", "Ġ").replace("\n", "Ċ")) for c in request.prompt] or [0]
        new: list[int] = []
        while len(new) < 6 and not (new and new[-1] in (0, 1)):
            text = torch.tensor([ids + new])
            with torch.no_grad():
                logits = model.model(text, torch.arange(text.shape[1])[None])[0, -1, :N_IDS]
            new.append(int(logits.argmax()))
        assert told[request.task_id, 0] == model.tokenizer.decode(new)


def test_a_folder_is_a_runs_newest_checkpoint_or_one_of_them(run: Path, model: OwnModel) -> None:
    assert model.name == "run/step-00000002"
    newest, older = (str(run / "checkpoints" / f"step-0000000{step}") for step in (2, 1))
    sampling = Sampling(max_tokens=8)
    whole = drawn(model, sampling)
    told = [open_generator(one, Options(device="cpu")) for one in (newest, older)]
    assert [one.name for one in told] == ["run/step-00000002", "run/step-00000001"]
    first, second = ({(c.task_id, c.sample): c.text for c in one.generate(REQUESTS, sampling)} for one in told)
    assert first == whole != second


def test_a_sample_does_not_depend_on_its_batch(run: Path, model: OwnModel) -> None:
    sampling = Sampling(samples=4, temperature=1.2, top_p=0.95, max_tokens=5, seed=3)
    whole = drawn(model, sampling)
    assert len(whole) == 16
    assert len(set(whole.values())) > 8
    done = {key for number, key in enumerate(sorted(whole)) if number % 2}
    rest = drawn(OwnModel(run, batch=3, device="cpu"), sampling, done)
    assert rest == {key: text for key, text in whole.items() if key not in done}
    assert drawn(model, Sampling(samples=4, temperature=1.2, top_p=0.95, max_tokens=5, seed=4)) != whole


def test_beams_are_told_best_first_and_not_again(model: OwnModel) -> None:
    told = drawn(model, Sampling(samples=3, beams=4, max_tokens=5))
    assert len(told) == 12
    assert len({told["long", i] for i in range(3)}) > 1
    assert drawn(model, Sampling(samples=1, beams=4, max_tokens=5)) == {
        key: text for key, text in told.items() if key[1] == 0
    }
    done = {("long", 0), ("short", 0), ("short", 1), ("short", 2)}
    rest = drawn(model, Sampling(samples=3, beams=4, max_tokens=5), done)
    assert rest == {key: text for key, text in told.items() if key not in done}


def test_stop_strings_are_cut_and_end_a_row(model: OwnModel) -> None:
    whole = drawn(model, Sampling(max_tokens=30))["long", 0]
    stop = whole[3:5]
    steps: list[None] = []
    hook = model.model.norm.register_forward_hook(lambda *_: steps.append(None))
    request = Request(task_id="long", prompt=REQUESTS[1].prompt, stops=("no such thing", stop))
    (one,) = model.generate([request], Sampling(max_tokens=30))
    hook.remove()
    assert one.text == whole[: whole.find(stop)]
    assert len(steps) <= 5
    (best,) = model.generate([request], Sampling(max_tokens=8, beams=2))
    assert stop not in best.text


def test_what_cannot_be_asked_is_told(model: OwnModel) -> None:
    with pytest.raises(WrongUse, match=r"x: a prompt of 64 tokens, where run/step-00000002 takes 64"):
        list(model.generate([Request(task_id="x", prompt="a" * 64)], Sampling()))
    with pytest.raises(WrongUse, match="ask with --style base"):
        list(model.generate([Request(task_id="x", prompt="a", chat=(("user", "a"),))], Sampling()))


def test_a_tokenizer_that_is_not_there_or_not_the_models_is_told(run: Path, tmp_path: Path) -> None:
    other = tmp_path / "run"
    other.mkdir()
    (other / "config.json").write_bytes((run / "config.json").read_bytes())
    (other / "checkpoints").symlink_to(run / "checkpoints")
    for wrong, told in [
        (None, r"run has no tokenizer.json: put the one there"),
        (bytes_tokenizer(tmp_path / "wide.json", more=31), "has 129 ids and the model's vocab_size is 128"),
        (run / "config.json", "tokenizer.json cannot be read"),
    ]:
        if wrong is not None:
            (other / "tokenizer.json").write_bytes(wrong.read_bytes())
        with pytest.raises(WrongUse, match=told):
            open_generator(str(other), Options(device="cpu"))


def test_the_runs_tokenizer_comes_along(settings: dict[str, Any], tmp_path: Path) -> None:
    tokenizer = bytes_tokenizer(tmp_path / "bytes.json", more=256 - N_IDS)  # transformers draws from all ids
    changed = settings | {"tokenizer": str(tokenizer), "steps": 1}
    pretrain(parse(PretrainConfig, changed, where="test"), face="quiet")
    out = Path(settings["out"])
    step = out / "checkpoints" / "step-00000001"
    assert trained_tokenizer(out) == trained_tokenizer(step) == out / "tokenizer.json"
    assert (out / "tokenizer.json").read_bytes() == tokenizer.read_bytes()
    folder = export(load_trained(out), tmp_path / "exported", dtype="float32", tokenizer=trained_tokenizer(out))
    assert (folder / "tokenizer.json").read_bytes() == tokenizer.read_bytes()
    assert json.loads((folder / "config.json").read_text())["eos_token_id"] == 0
    ours, exported = (open_generator(str(one), Options(device="cpu")) for one in (out, folder))
    told = list(ours.generate(REQUESTS[:2], Sampling(max_tokens=12)))
    assert all(one.text for one in told)
    assert list(exported.generate(REQUESTS[:2], Sampling(max_tokens=12))) == told


def test_a_tokenizer_that_did_not_pack_the_data_is_refused(settings: dict[str, Any], tmp_path: Path) -> None:
    special = {"end_of_text": 0, "fim_prefix": 2, "fim_middle": 3, "fim_suffix": 4}
    with PackedWriter(tmp_path / "packed", special_tokens=special, tokenizer_hash="ab" * 16) as writer:
        writer.add([5, 6, 7, 0], language="C")
    settings["data"] |= {"sources": [{"path": str(tmp_path / "packed")}]}
    settings["tokenizer"] = str(bytes_tokenizer(tmp_path / "bytes.json"))
    with pytest.raises(WrongUse, match=r"packed was packed with a tokenizer of hash (ab)+ and .*bytes.json has"):
        pretrain(parse(PretrainConfig, settings, where="test"), face="quiet")
    settings["tokenizer"] = str(tmp_path / "none.json")
    with pytest.raises(WrongUse, match=r"tokenizer: .*none.json cannot be read"):
        pretrain(parse(PretrainConfig, settings, where="test"), face="quiet")


def test_a_whole_evaluation_of_a_run(run: Path, tmp_path: Path) -> None:
    problem = {
        "task_id": "p/0", "prompt": "def one():\n", "entry_point": "one", "canonical_solution": "    return 1\n",
        "test": "def check(candidate):\n    assert candidate() == 1\n",
    }  # fmt: skip
    (tmp_path / "tiny.jsonl").write_text(json.dumps(problem) + "\n")
    question = Question(
        benchmarks=[tmp_path / "tiny.jsonl"], source=str(run), sampling=Sampling(max_tokens=6),
        options=Options(device="cpu"),
    )  # fmt: skip
    summary = evaluate(question, tmp_path / "out", workers=1)
    assert summary["source"] == "run/step-00000002"
    assert len((tmp_path / "out" / "tiny" / "completions.jsonl").read_text().splitlines()) == 1
