"""A transformers directory: a GPT-2 of two layers with random weights and a tokenizer of ASCII, made here."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from train.evaluate.generators.huggingface import Huggingface
from train.evaluate.generators.opening import Options, open_generator
from train.evaluate.generators.protocol import Request, Sampling

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

REQUESTS = [
    Request(task_id="short", prompt="ab"),
    Request(task_id="long", prompt="def f(x):\n    return abcabc"),
    Request(task_id="mid", prompt="print(1"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    out = tmp_path_factory.mktemp("model")
    plain = [chr(code) for code in range(33, 127)] + ["Ġ", "Ċ"]  # so that every text is tokenized as it was written
    bytes_ = {token: number for number, token in enumerate(plain)}
    tokenizer = Tokenizer(models.BPE({**bytes_, "<end>": len(bytes_)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>")
    fast.save_pretrained(out)
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=len(bytes_) + 1, n_positions=64, n_embd=16, n_layer=2, n_head=2, initializer_range=0.3,
        bos_token_id=len(bytes_), eos_token_id=len(bytes_),
    )  # fmt: skip
    transformers.GPT2LMHeadModel(config).save_pretrained(out)
    return out


@pytest.fixture(scope="module")
def model(folder: Path) -> Huggingface:
    opened = open_generator(str(folder), Options(batch=4, device="cpu"))
    assert isinstance(opened, Huggingface)
    return opened


def drawn(
    model: Huggingface, sampling: Sampling, done: set[tuple[str, int]] | None = None
) -> dict[tuple[str, int], str]:
    return {(one.task_id, one.sample): one.text for one in model.generate(REQUESTS, sampling, done or set())}


def test_greedy_is_the_likeliest_token_each_time(model: Huggingface) -> None:
    told = drawn(model, Sampling(max_tokens=6))
    assert set(told) == {("short", 0), ("long", 0), ("mid", 0)}
    for request in REQUESTS:
        ids = model.tokenizer(request.prompt)["input_ids"]
        new: list[int] = []
        for _ in range(6):
            with torch.no_grad():
                new.append(int(model.model(torch.tensor([ids + new])).logits[0, -1].argmax()))
            if new[-1] == model.tokenizer.eos_token_id:
                break
        assert told[request.task_id, 0] == model.tokenizer.decode(new, skip_special_tokens=True)


def test_a_sample_does_not_depend_on_its_batch(folder: Path, model: Huggingface) -> None:
    sampling = Sampling(samples=4, temperature=0.8, top_p=0.95, max_tokens=5, seed=3)
    whole = drawn(model, sampling)
    assert len(whole) == 12
    assert len(set(whole.values())) > 6
    done = {key for number, key in enumerate(sorted(whole)) if number % 2}
    rest = drawn(Huggingface(folder, batch=3, device="cpu"), sampling, done)
    assert rest == {key: text for key, text in whole.items() if key not in done}
    assert drawn(model, Sampling(samples=4, temperature=0.8, top_p=0.95, max_tokens=5, seed=4)) != whole


def test_samples_follow_the_models_chances(model: Huggingface) -> None:
    """2,000 first tokens against softmax(logits / T) after top-p: each within 5 standard errors.

    T is such that the chances are far apart: among equal ones any noise would do.
    """
    temperature, top_p, n = 0.3, 0.8, 2000
    sampling = Sampling(samples=n, temperature=temperature, top_p=top_p, max_tokens=1)
    model.batch = 500
    found = Counter(one.text for one in model.generate(REQUESTS[:1], sampling))
    model.batch = 4
    with torch.no_grad():
        logits = model.model(torch.tensor([model.tokenizer("ab")["input_ids"]])).logits[0, -1] / temperature
    chances, order = logits.softmax(-1).sort(descending=True)
    kept = (chances.cumsum(0) - chances) < top_p
    chances = torch.where(kept, chances, 0.0) / chances[kept].sum()
    expected: Counter[str] = Counter()
    for token, chance in zip(order[kept].tolist(), chances[kept].tolist(), strict=True):
        expected[model.tokenizer.decode([token], skip_special_tokens=True)] += chance
    assert set(found) <= set(expected)
    for text, chance in expected.items():
        assert abs(found[text] - n * chance) < 5 * (n * chance * (1 - chance)) ** 0.5 + 1


def test_beams_find_likelier_texts_best_first(model: Huggingface) -> None:
    told = drawn(model, Sampling(samples=2, beams=4, max_tokens=5))
    assert len(told) == 6
    greedy = drawn(model, Sampling(max_tokens=5))

    def likelihood(prompt: str, text: str) -> float:
        before, after = model.tokenizer(prompt)["input_ids"], model.tokenizer(text)["input_ids"]
        with torch.no_grad():
            logs = model.model(torch.tensor([before + after])).logits[0].log_softmax(-1)
        return sum(float(logs[len(before) + i - 1, token]) for i, token in enumerate(after))

    for request in REQUESTS[1:]:
        best, second = (likelihood(request.prompt, told[request.task_id, i]) for i in (0, 1))
        assert best >= second
        assert best >= likelihood(request.prompt, greedy[request.task_id, 0]) - 1e-4


def test_stop_strings_are_cut_and_end_a_row(model: Huggingface) -> None:
    whole = drawn(model, Sampling(max_tokens=12))["mid", 0]
    stop = whole[3:5]
    request = Request(task_id="mid", prompt="print(1", stops=(stop,))
    steps: list[None] = []
    hook = model.model.register_forward_hook(lambda *_: steps.append(None))
    (one,) = model.generate([request], Sampling(max_tokens=12))
    hook.remove()
    assert one.text == whole[: whole.find(stop)]
    assert len(steps) <= 5


def test_what_cannot_be_asked_is_told(folder: Path, model: Huggingface, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"a prompt of 64 tokens, where .* takes 64"):
        list(model.generate([Request(task_id="x", prompt="a" * 64)], Sampling()))
    with pytest.raises(ValueError, match="no chat template"):
        list(model.generate([Request(task_id="x", prompt="a", chat=(("user", "a"),))], Sampling()))
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ValueError, match="holds no model"):
        Huggingface(tmp_path)
