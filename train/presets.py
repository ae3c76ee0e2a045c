"""Published models' shapes, and small ones for machines without a GPU.

Sources: CodeFuse-13B (ICSE-SEIP 2024), StarCoder (2023), the model card of CodeFuse-CodeLlama-34B. What the papers
leave open: CodeFuse's biases and rotary base are GPT-NeoX's; longest sequences are those of training.
"""

from __future__ import annotations

from typing import Any

from curate.errors import WrongUse
from train.model import ModelConfig

# RoPE on the first half of each head, attention and feed-forward layer side by side behind a LayerNorm each, GELU.
_CODEFUSE: dict[str, Any] = {
    "vocab_size": 100_864,
    "rope_share": 0.5,
    "parallel": True,
    "attention_bias": True,
    "mlp_bias": True,
}
_STARCODER: dict[str, Any] = {
    "positions": "learned",
    "n_kv_heads": 1,
    "mlp": "gelu_tanh",
    "attention_bias": True,
    "mlp_bias": True,
    "tied": True,
}
_LLAMA: dict[str, Any] = {"norm": "rmsnorm", "mlp": "swiglu"}
_TINY: dict[str, Any] = {"n_layers": 2, "n_heads": 4, "d_model": 64, "vocab_size": 256, "max_positions": 128}

PRESETS: dict[str, ModelConfig] = {
    "codefuse-350m": ModelConfig(**_CODEFUSE, n_layers=24, n_heads=16, d_model=1024, max_positions=2048),
    "codefuse-1.3b": ModelConfig(**_CODEFUSE, n_layers=24, n_heads=16, d_model=2048, max_positions=2048),
    "codefuse-6b": ModelConfig(**_CODEFUSE, n_layers=28, n_heads=32, d_model=4096, max_positions=4096),
    "codefuse-13b": ModelConfig(**_CODEFUSE, n_layers=40, n_heads=40, d_model=5120, max_positions=4096),
    "starcoder-15b": ModelConfig(
        **_STARCODER, n_layers=40, n_heads=48, d_model=6144, d_ff=24_576, vocab_size=49_152, max_positions=8192
    ),
    "codellama-34b": ModelConfig(
        **_LLAMA,
        n_layers=48,
        n_heads=64,
        n_kv_heads=8,
        d_model=8192,
        d_ff=22_016,
        vocab_size=32_000,
        max_positions=8192,
        rope_theta=1e6,
    ),
    "tiny-codefuse": ModelConfig(**_CODEFUSE | _TINY),
    "tiny-starcoder": ModelConfig(**_STARCODER | _TINY),
    "tiny-llama": ModelConfig(**_LLAMA | _TINY, n_kv_heads=2, d_ff=176),
}


def preset(name: str) -> ModelConfig:
    """The configuration of that name. WrongUse lists the names."""
    if name not in PRESETS:
        raise WrongUse(f"there is no preset {name!r}: name one of {', '.join(PRESETS)}")
    return PRESETS[name]


def n_parameters(config: ModelConfig) -> int:
    """How many parameters a model has; a tied head counts once."""
    width_kv = config.kv_heads * config.head_dim
    attention = 2 * config.d_model * (config.d_model + width_kv)
    attention += (2 * config.d_model + 2 * width_kv) * config.attention_bias
    n_matrices = 3 if config.mlp == "swiglu" else 2
    mlp = n_matrices * config.d_model * config.ff_width
    mlp += ((n_matrices - 1) * config.ff_width + config.d_model) * config.mlp_bias
    norm = config.d_model * (2 if config.norm == "layernorm" else 1)
    tables = config.vocab_size * config.d_model * (1 if config.tied else 2)
    tables += config.max_positions * config.d_model if config.positions == "learned" else 0
    return config.n_layers * (attention + mlp + 2 * norm) + norm + tables
