"""Adapters: they start as nothing, train alone, merge, and are saved alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from curate.errors import WrongUse
from train.lora import LoraConfig, apply_lora, load_lora, merge_lora, save_lora
from train.model import Decoder, init_weights
from train.presets import preset

TOKENS = torch.randint(0, 256, (2, 16), generator=torch.Generator().manual_seed(0))
POSITIONS = torch.arange(16).expand(2, 16)


def plain(seed: int = 0) -> Decoder:
    model = Decoder(preset("tiny-codefuse"))
    init_weights(model, seed)
    return model


def trained(config: LoraConfig) -> Decoder:
    model = plain()
    apply_lora(model, config)
    init_weights(model, 0)
    optimizer = torch.optim.SGD([one for one in model.parameters() if one.requires_grad], lr=1.0)
    for _ in range(3):
        model(TOKENS, POSITIONS, None, TOKENS.roll(-1, 1)).mean().backward()
        optimizer.step()
        optimizer.zero_grad()
    return model


def test_fresh_adapters_change_nothing() -> None:
    model = plain()
    before = model(TOKENS, POSITIONS)
    apply_lora(model, LoraConfig(rank=4))
    init_weights(model, 0)
    assert torch.equal(model(TOKENS, POSITIONS), before)


def test_only_adapters_are_trained() -> None:
    model, before = trained(LoraConfig(rank=4, modules=("query", "down"))), dict(plain().named_parameters())
    changed = {name for name, one in model.named_parameters() if one.requires_grad}
    assert changed == {
        f"layers.{i}.{module}.lora_{way}"
        for i in (0, 1)
        for module in ("attention.query", "mlp.down")
        for way in ("down", "up")
    }
    for name, one in model.named_parameters():
        assert name in changed or torch.equal(one, before[name]), name


def test_merged_weights_give_the_same_and_are_plain() -> None:
    model = trained(LoraConfig(rank=4))
    adapted = model(TOKENS, POSITIONS)
    assert not torch.allclose(adapted, plain()(TOKENS, POSITIONS), atol=1e-3)
    merge_lora(model)
    torch.testing.assert_close(model(TOKENS, POSITIONS), adapted, rtol=1e-4, atol=1e-5)
    assert model.state_dict().keys() == plain().state_dict().keys()
    assert all(one.requires_grad for one in model.parameters())


def test_saved_adapters_are_small_and_come_back(tmp_path: Path) -> None:
    config = LoraConfig(rank=2, alpha=8.0)
    model = trained(config)
    save_lora(model, config, tmp_path)
    again = plain()
    load_lora(again, tmp_path)
    assert torch.equal(again(TOKENS, POSITIONS), model(TOKENS, POSITIONS))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["adapters.json", "adapters.safetensors"]


def test_adapters_of_another_model_are_refused(tmp_path: Path) -> None:
    config = LoraConfig(rank=2)
    save_lora(trained(config), config, tmp_path)
    with pytest.raises(WrongUse, match="adapters of another model"):
        load_lora(Decoder(preset("tiny-llama")), tmp_path)


def test_layers_that_are_not_there_are_told() -> None:
    with pytest.raises(WrongUse, match=r"lora\.modules is c_attn"):
        apply_lora(plain(), LoraConfig(modules=("c_attn",)))
