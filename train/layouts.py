"""Names and shapes of weights, and the configuration, as GPT-NeoX, Llama and GPT-BigCode have them in transformers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from curate.errors import WrongUse
from train.model import ModelConfig

_ACTIVATIONS = {
    "gelu": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "silu": "swiglu",
    "swish": "swiglu",
}
_PARTS = ("query", "key", "value")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """One family's names. `layers` are below `layer` with its number for {}; `fused` holds query, key, value."""

    model_type: str
    architecture: str
    whole: Mapping[str, str]
    layer: str
    layers: Mapping[str, str]
    fused: str | None = None

    def place(self, name: str) -> tuple[str, str | None]:
        """Where our parameter is: their name, and which part of it where query, key and value are one tensor."""
        stem, _, kind = name.rpartition(".")
        if not stem.startswith("layers."):
            return f"{self.whole[stem]}.{kind}", None
        _, number, module = stem.split(".", 2)
        part = module.rpartition(".")[2]
        if self.fused and part in _PARTS:
            return f"{self.layer.format(number)}.{self.fused}.{kind}", part
        return f"{self.layer.format(number)}.{self.layers[module]}.{kind}", None


GPT_NEOX = Layout(
    model_type="gpt_neox",
    architecture="GPTNeoXForCausalLM",
    whole={"embedding": "gpt_neox.embed_in", "norm": "gpt_neox.final_layer_norm", "head": "embed_out"},
    layer="gpt_neox.layers.{}",
    layers={
        "attention_norm": "input_layernorm",
        "attention.out": "attention.dense",
        "mlp_norm": "post_attention_layernorm",
        "mlp.up": "mlp.dense_h_to_4h",
        "mlp.down": "mlp.dense_4h_to_h",
    },
    fused="attention.query_key_value",
)
LLAMA = Layout(
    model_type="llama",
    architecture="LlamaForCausalLM",
    whole={"embedding": "model.embed_tokens", "norm": "model.norm", "head": "lm_head"},
    layer="model.layers.{}",
    layers={
        "attention_norm": "input_layernorm",
        "attention.query": "self_attn.q_proj",
        "attention.key": "self_attn.k_proj",
        "attention.value": "self_attn.v_proj",
        "attention.out": "self_attn.o_proj",
        "mlp_norm": "post_attention_layernorm",
        "mlp.gate": "mlp.gate_proj",
        "mlp.up": "mlp.up_proj",
        "mlp.down": "mlp.down_proj",
    },
)
GPT_BIGCODE = Layout(
    model_type="gpt_bigcode",
    architecture="GPTBigCodeForCausalLM",
    whole={
        "embedding": "transformer.wte",
        "position_embedding": "transformer.wpe",
        "norm": "transformer.ln_f",
        "head": "lm_head",
    },
    layer="transformer.h.{}",
    layers={
        "attention_norm": "ln_1",
        "attention.out": "attn.c_proj",
        "mlp_norm": "ln_2",
        "mlp.up": "mlp.c_fc",
        "mlp.down": "mlp.c_proj",
    },
    fused="attn.c_attn",
)
LAYOUTS = {layout.model_type: layout for layout in (GPT_NEOX, LLAMA, GPT_BIGCODE)}


def layout_for(config: ModelConfig) -> Layout:
    """The family that can hold a model of this shape. WrongUse where none can."""
    grouped = config.kv_heads not in (1, config.n_heads)
    gelu, biased = config.mlp != "swiglu", config.mlp_bias and config.norm == "layernorm"
    if config.positions == "rope" and gelu and biased and config.kv_heads == config.n_heads and config.rope_factor == 1:
        return GPT_NEOX
    if config.positions == "rope" and not gelu and config.norm == "rmsnorm" and not config.parallel:
        if config.rope_share == 1:
            return LLAMA
    elif gelu and biased and config.attention_bias and not config.parallel and not grouped:
        return GPT_BIGCODE
    raise WrongUse(f"none of {', '.join(LAYOUTS)} can hold a model of these choices: {config}")


def fused(config: ModelConfig, parts: Mapping[str, Tensor]) -> Tensor:
    """Query, key and value as one tensor: by heads where each has its own, one after the other where all share one."""
    q, k, v = (parts[part] for part in _PARTS)
    if config.kv_heads != config.n_heads:
        return torch.cat((q, k, v))
    by_head = [part.unflatten(0, (config.n_heads, config.head_dim)) for part in (q, k, v)]
    return torch.stack(by_head, dim=1).flatten(0, 2)


def part_of(config: ModelConfig, whole: Tensor, part: str) -> Tensor:
    """The inverse of `fused`: "query", "key" or "value" of the one tensor."""
    if config.kv_heads != config.n_heads:
        width_kv = config.kv_heads * config.head_dim
        return whole.split((config.d_model, width_kv, width_kv))[_PARTS.index(part)]
    return whole.unflatten(0, (config.n_heads, 3, config.head_dim))[:, _PARTS.index(part)].flatten(0, 1)


def their_config(config: ModelConfig) -> dict[str, Any]:
    """config.json of the family that `layout_for` names."""
    layout = layout_for(config)
    first = {"architectures": [layout.architecture], "model_type": layout.model_type, "vocab_size": config.vocab_size}
    first["tie_word_embeddings"] = config.tied
    if layout is GPT_BIGCODE:
        return first | {
            "n_positions": config.max_positions,
            "n_embd": config.d_model,
            "n_layer": config.n_layers,
            "n_head": config.n_heads,
            "n_inner": config.ff_width,
            "activation_function": "gelu_pytorch_tanh" if config.mlp == "gelu_tanh" else "gelu",
            "layer_norm_epsilon": config.norm_eps,
            "initializer_range": config.init_std,
            "multi_query": config.kv_heads == 1,
            "attn_pdrop": 0.0,
            "embd_pdrop": 0.0,
            "resid_pdrop": 0.0,
        }
    first |= {
        "hidden_size": config.d_model,
        "num_hidden_layers": config.n_layers,
        "num_attention_heads": config.n_heads,
        "intermediate_size": config.ff_width,
        "max_position_embeddings": config.max_positions,
        "initializer_range": config.init_std,
        "attention_bias": config.attention_bias,
    }
    if layout is GPT_NEOX:
        return first | {
            "hidden_act": "gelu_new" if config.mlp == "gelu_tanh" else "gelu",
            "layer_norm_eps": config.norm_eps,
            "rotary_pct": config.rope_share,
            "rotary_emb_base": config.rope_theta,
            "use_parallel_residual": config.parallel,
        }
    scaling = {"type": "linear", "rope_type": "linear", "factor": config.rope_factor}
    return first | {
        "hidden_act": "silu",
        "num_key_value_heads": config.kv_heads,
        "rms_norm_eps": config.norm_eps,
        "rope_theta": config.rope_theta,
        "rope_scaling": None if config.rope_factor == 1 else scaling,
        "mlp_bias": config.mlp_bias,
    }


def our_config(theirs: Mapping[str, Any]) -> ModelConfig:
    """The configuration in a config.json, of transformers 4 or 5. WrongUse for what this model cannot do."""
    kind = theirs.get("model_type")
    if kind not in LAYOUTS:
        raise WrongUse(f"model_type is {kind!r} and must be one of {', '.join(LAYOUTS)}")
    activation = theirs.get("activation_function" if kind == "gpt_bigcode" else "hidden_act", "gelu")
    if activation not in _ACTIVATIONS or (_ACTIVATIONS[activation] == "swiglu") != (kind == "llama"):
        raise WrongUse(
            f"{kind} with the activation {activation!r} is no model of ours; known: {', '.join(_ACTIVATIONS)}"
        )
    common: dict[str, Any] = {
        "mlp": _ACTIVATIONS[activation],
        "vocab_size": theirs["vocab_size"],
        "init_std": theirs.get("initializer_range", 0.02),
    }
    if kind == "gpt_bigcode":
        return ModelConfig(
            **common,
            n_layers=theirs["n_layer"],
            n_heads=theirs["n_head"],
            n_kv_heads=1 if theirs.get("multi_query", True) else None,
            d_model=theirs["n_embd"],
            d_ff=theirs.get("n_inner"),
            max_positions=theirs["n_positions"],
            norm_eps=theirs.get("layer_norm_epsilon", 1e-5),
            positions="learned",
            attention_bias=True,
            mlp_bias=True,
            tied=theirs.get("tie_word_embeddings", True),
        )
    config = ModelConfig(
        **common,
        **_rope(theirs, neox=kind == "gpt_neox"),
        n_layers=theirs["num_hidden_layers"],
        n_heads=theirs["num_attention_heads"],
        d_model=theirs["hidden_size"],
        d_ff=theirs["intermediate_size"],
        max_positions=theirs["max_position_embeddings"],
        tied=theirs.get("tie_word_embeddings", False),
    )
    if kind == "gpt_neox":
        return replace(
            config,
            parallel=theirs.get("use_parallel_residual", True),
            norm_eps=theirs.get("layer_norm_eps", 1e-5),
            attention_bias=theirs.get("attention_bias", True),
            mlp_bias=True,
        )
    if theirs.get("head_dim") not in (None, config.head_dim):
        raise WrongUse(f"head_dim is {theirs['head_dim']} and must be hidden_size / heads, {config.head_dim}")
    return replace(
        config,
        n_kv_heads=theirs.get("num_key_value_heads"),
        norm="rmsnorm",
        norm_eps=theirs.get("rms_norm_eps", 1e-6),
        attention_bias=theirs.get("attention_bias", False),
        mlp_bias=theirs.get("mlp_bias", False),
    )


def _rope(theirs: Mapping[str, Any], neox: bool) -> dict[str, Any]:
    """Share, base and linear factor of the rotation, whose names changed between versions of transformers."""
    found = theirs.get("rope_parameters") or theirs.get("rope_scaling") or {}
    kind = found.get("rope_type", found.get("type", "default"))
    if kind not in ("default", "linear"):
        raise WrongUse(f"rotary positions are scaled by {kind!r}; this model knows `default` and `linear`")
    share, base = ("rotary_pct", "rotary_emb_base") if neox else ("partial_rotary_factor", "rope_theta")
    return {
        "rope_share": found.get("partial_rotary_factor", theirs.get(share, 0.25 if neox else 1.0)),
        "rope_theta": found.get("rope_theta", theirs.get(base, 10_000.0)),
        "rope_factor": found.get("factor", 1.0) if kind == "linear" else 1.0,
    }
