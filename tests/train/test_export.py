"""Weights in and out: equal logits in transformers, round trips, public checkpoints' variants."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from curate.errors import WrongUse
from train.export import export, load_weights, read_config
from train.layouts import layout_for, our_config
from train.model import Decoder, ModelConfig, init_weights
from train.presets import preset

VARIANTS = {
    "neox": preset("tiny-codefuse"),
    "neox-sequential": replace(preset("tiny-codefuse"), parallel=False, rope_share=0.25, mlp="gelu_tanh"),
    "llama": preset("tiny-llama"),
    "llama-biased": replace(
        preset("tiny-llama"), attention_bias=True, n_kv_heads=None, rope_theta=1e6, rope_factor=4.0
    ),
    "llama-tied": replace(preset("tiny-llama"), tied=True),
    "bigcode": preset("tiny-starcoder"),
    "bigcode-mha": replace(preset("tiny-starcoder"), n_kv_heads=None, mlp="gelu", d_ff=96),
}


def built(config: ModelConfig) -> Decoder:
    model = Decoder(config)
    init_weights(model, 3)
    with torch.no_grad():  # biases and norms other than 0 and 1, so that none can be lost unseen
        for i, parameter in enumerate(model.parameters()):
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(i)))
    return model


def theirs(folder: Path) -> Any:
    transformers = pytest.importorskip("transformers")
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


@pytest.mark.parametrize("name", VARIANTS)
def test_transformers_gives_the_same_logits_from_what_we_wrote(name: str, tmp_path: Path) -> None:
    model = built(VARIANTS[name])
    export(model, tmp_path, dtype="float32")
    x = torch.randint(0, 256, (2, 33), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        ours = model(x, torch.arange(33).expand(2, 33))
        assert float(ours.std()) > 0.1
        torch.testing.assert_close(theirs(tmp_path)(x).logits, ours, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", VARIANTS)
def test_what_transformers_wrote_gives_the_same_logits_here(name: str, tmp_path: Path) -> None:
    export(built(VARIANTS[name]), tmp_path / "ours", dtype="float32")
    other = theirs(tmp_path / "ours")
    other.save_pretrained(tmp_path / "theirs", max_shard_size="100KB")
    assert (tmp_path / "theirs" / "model.safetensors.index.json").exists()
    config = read_config(tmp_path / "theirs")
    assert config == replace(VARIANTS[name], n_kv_heads=config.n_kv_heads, d_ff=config.d_ff)
    model = Decoder(config)
    load_weights(model, tmp_path / "theirs")
    x = torch.randint(0, 256, (2, 33), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        ours = model(x, torch.arange(33).expand(2, 33))
        torch.testing.assert_close(other(x).logits, ours, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("shard_bytes", [10**9, 50_000])
@pytest.mark.parametrize("name", ["neox", "llama", "bigcode"])
def test_out_and_in_again_is_the_same_bit_for_bit(name: str, shard_bytes: int, tmp_path: Path) -> None:
    model = built(VARIANTS[name])
    export(model, tmp_path, dtype="float32", max_shard_bytes=shard_bytes)
    again = Decoder(read_config(tmp_path))
    load_weights(again, tmp_path)
    torch.testing.assert_close(dict(again.named_parameters()), dict(model.named_parameters()), rtol=0, atol=0)
    sharded = (tmp_path / "model.safetensors.index.json").exists()
    assert sharded == (shard_bytes == 50_000)


def test_half_precision_is_half_the_size(tmp_path: Path) -> None:
    model = built(VARIANTS["llama"])
    export(model, tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    assert {tensor.dtype for tensor in tensors.values()} == {torch.bfloat16}
    assert json.loads((tmp_path / "config.json").read_text())["torch_dtype"] == "bfloat16"


def test_tensors_that_are_missing_or_misshapen_are_told(tmp_path: Path) -> None:
    model = built(VARIANTS["llama"])
    export(model, tmp_path, dtype="float32")
    tensors = load_file(tmp_path / "model.safetensors")
    save_file({key: value for key, value in tensors.items() if "norm" not in key}, tmp_path / "model.safetensors")
    with pytest.raises(WrongUse, match="input_layernorm"):
        load_weights(model, tmp_path)
    save_file(tensors | {"model.norm.weight": torch.ones(3)}, tmp_path / "model.safetensors")
    with pytest.raises(WrongUse, match=r"norm.weight has the shape \(3,\)"):
        load_weights(model, tmp_path)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"model_type": "bert"}, "must be one of gpt_neox, llama, gpt_bigcode"),
        ({"hidden_act": "relu"}, "'relu'"),
        ({"rope_scaling": {"rope_type": "llama3", "factor": 8.0}}, "'llama3'"),
        ({"head_dim": 32}, "head_dim is 32"),
    ],
)
def test_models_that_are_none_of_ours_are_refused(changes: dict[str, Any], told: str, tmp_path: Path) -> None:
    export(built(VARIANTS["llama"]), tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    with pytest.raises(WrongUse, match=told):
        our_config(config | changes)


def test_a_shape_that_no_family_has_is_refused() -> None:
    with pytest.raises(WrongUse, match="none of gpt_neox, llama, gpt_bigcode"):
        layout_for(replace(preset("tiny-llama"), rope_share=0.5))


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=r"config\.json cannot be read"):
        read_config(tmp_path)
