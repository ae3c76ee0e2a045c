"""The model against transformers', and its own promises: masks, sharding of the init, recomputation."""

from __future__ import annotations

import warnings
from dataclasses import replace

import pytest
import torch
from torch.nn.attention.flex_attention import flex_attention

from curate.errors import WrongUse
from train.model import IGNORED, Decoder, ModelConfig, block_mask, document_mask, init_weights
from train.presets import PRESETS, n_parameters, preset

TINY = ("tiny-codefuse", "tiny-starcoder", "tiny-llama")


def built(config: ModelConfig, seed: int = 0) -> Decoder:
    model = Decoder(config)
    init_weights(model, seed)
    return model


def tokens(config: ModelConfig, batch: int = 2, length: int = 24, seed: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randint(0, config.vocab_size, (batch, length), generator=generator)
    return drawn, torch.arange(length).expand(batch, length)


@pytest.mark.parametrize("name", TINY)
def test_what_comes_later_changes_nothing(name: str) -> None:
    model = built(preset(name))
    x, positions = tokens(model.config)
    changed = x.clone()
    changed[:, 12:] = (changed[:, 12:] + 1) % model.config.vocab_size
    torch.testing.assert_close(model(x, positions)[:, :12], model(changed, positions)[:, :12], rtol=0, atol=1e-6)
    assert not torch.allclose(model(x, positions)[:, 12:], model(changed, positions)[:, 12:])


@pytest.mark.parametrize("name", TINY)
def test_documents_side_by_side_are_as_if_alone(name: str) -> None:
    model = built(preset(name))
    (a, positions_a), (b, positions_b) = tokens(model.config, 1, 10), tokens(model.config, 1, 14, seed=2)
    documents = torch.tensor([[0] * 10 + [1] * 14])
    both = model(torch.cat((a, b), 1), torch.cat((positions_a, positions_b), 1), documents)
    alone = torch.cat((model(a, positions_a), model(b, positions_b)), 1)
    torch.testing.assert_close(both, alone, rtol=1e-5, atol=1e-6)


def test_flex_attention_sees_what_the_plain_mask_shows() -> None:
    documents = torch.tensor([[0] * 50 + [1] * 70 + [2] * 8, [0] * 128])
    q, k, v = torch.randn(3, 2, 4, 128, 16, generator=torch.Generator().manual_seed(0))
    plain = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=document_mask(documents))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it would be slow without a compiler, if it were more than this
        flex = flex_attention(q, k, v, block_mask=block_mask(documents))
    torch.testing.assert_close(flex, plain, rtol=1e-5, atol=1e-5)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("name", TINY)
def test_a_gpu_with_flex_attention_gives_what_a_cpu_gives(name: str) -> None:
    model = built(preset(name))
    x, positions = tokens(model.config, 2, 128)
    documents = torch.tensor([[0] * 50 + [1] * 78, [0] * 128])
    here = model(x, positions, documents)
    there = model.cuda()(x.cuda(), positions.cuda(), documents.cuda()).cpu()
    torch.testing.assert_close(there, here, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", TINY)
def test_losses_are_those_of_the_logits_and_ignored_targets_bear_none(name: str) -> None:
    model = built(preset(name))
    x, positions = tokens(model.config)
    targets = x.roll(-1, 1)
    targets[:, ::3] = IGNORED
    nll = model(x, positions, None, targets)
    logprobs = model(x, positions).log_softmax(-1)
    wanted = -logprobs.gather(-1, targets.clamp(min=0)[..., None])[..., 0]
    torch.testing.assert_close(nll, wanted.where(targets != IGNORED, torch.zeros(())), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("recompute", ["selective", "full"])
def test_recomputing_changes_no_gradient(recompute: str) -> None:
    gradients = []
    for how in ("none", recompute):
        model = built(preset("tiny-codefuse"))
        for layer in model.layers:
            layer.recompute = how
        x, positions = tokens(model.config)
        model(x, positions, None, x.roll(-1, 1)).sum().backward()
        gradients.append([parameter.grad for parameter in model.parameters()])
    torch.testing.assert_close(*gradients, rtol=0, atol=0)


def test_the_first_weights_depend_on_seed_and_name_alone() -> None:
    deep, shallow = built(preset("tiny-llama")), built(replace(preset("tiny-llama"), n_layers=1))
    for name, parameter in shallow.named_parameters():
        same = dict(deep.named_parameters())[name]
        scale = 2**0.5 if name.endswith(("attention.out.weight", "mlp.down.weight")) else 1.0
        torch.testing.assert_close(parameter, same * scale)
    other = built(preset("tiny-llama"), seed=1)
    assert not torch.equal(other.embedding.weight, deep.embedding.weight)


@pytest.mark.parametrize("name", TINY)
def test_parameters_are_counted(name: str) -> None:
    assert n_parameters(preset(name)) == sum(parameter.numel() for parameter in Decoder(preset(name)).parameters())


def test_presets_have_the_sizes_in_their_names() -> None:
    sizes = {name: n_parameters(config) / 1e9 for name, config in PRESETS.items() if not name.startswith("tiny")}
    rounded = {name: round(size, 2) for name, size in sizes.items()}
    assert rounded == {
        "codefuse-350m": 0.51,
        "codefuse-1.3b": 1.62,
        "codefuse-6b": 6.46,
        "codefuse-13b": 13.62,
        "starcoder-15b": 15.52,
        "codellama-34b": 33.74,
    }


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"d_model": 65}, "multiple of n_heads"),
        ({"n_kv_heads": 3}, "multiple of n_kv_heads"),
        ({"rope_share": 0.32}, "rope_share is 0.32"),
    ],
)
def test_shapes_that_cannot_be_are_refused(changes: dict[str, float], told: str) -> None:
    with pytest.raises(WrongUse, match=told):
        replace(preset("tiny-codefuse"), **changes)
