"""The model: one decoder for GPT-NeoX, Llama and GPT-BigCode, and what CodeFuse-13B made of the first.

Names of tensors end in their shape:
    B  sequences of the batch    T  tokens of a sequence     D  width of the model    V  vocabulary
    H  query heads               K  key and value heads      C  width of a head       R  rotated part of a head
    F  width of the feed-forward layer                       N  tokens of a batch, B x T

Under tensor parallelism H, K, F and V are this rank's part, and T is, between the layers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.attention.flex_attention import BlockMask, create_block_mask, flex_attention
from torch.utils.checkpoint import CheckpointPolicy, checkpoint, create_selective_checkpoint_contexts

from curate.errors import WrongUse

IGNORED = -100  # a target that bears no loss
Mask = Tensor | BlockMask | None
# Flex attention and its masks are fast only compiled, whether the layers around them are or not. Filled by
# `document_mask` at the first mask on a GPU: torch's compiler takes seconds to import.
_compiled: dict[str, Callable[..., Any]] = {}


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """A decoder's shape and choices. `train.presets` has the published ones."""

    n_layers: int
    n_heads: int
    d_model: int
    vocab_size: int
    max_positions: int  # the longest sequence; of learned positions, the table's length
    n_kv_heads: int | None = None  # None: as many as heads; 1: multi-query; between: grouped-query
    d_ff: int | None = None  # None: 4 x d_model
    norm: Literal["layernorm", "rmsnorm"] = "layernorm"
    norm_eps: float = 1e-5
    mlp: Literal["gelu", "gelu_tanh", "swiglu"] = "gelu"
    parallel: bool = False  # x + attention(norm1 x) + mlp(norm2 x), GPT-NeoX; else one after the other
    positions: Literal["rope", "learned"] = "rope"
    rope_share: float = 1.0  # the first share of each head that is rotated
    rope_theta: float = 10_000.0
    rope_factor: float = 1.0  # positions are divided by it: linear scaling
    attention_bias: bool = False
    mlp_bias: bool = False
    tied: bool = False  # the head is the embedding
    init_std: float = 0.02

    def __post_init__(self) -> None:
        if self.d_model % self.n_heads:
            raise WrongUse(f"d_model is {self.d_model} and must be a multiple of n_heads, {self.n_heads}")
        if self.n_heads % self.kv_heads:
            raise WrongUse(f"n_heads is {self.n_heads} and must be a multiple of n_kv_heads, {self.kv_heads}")
        if not 0 <= self.rope_share <= 1 or self.rope_width % 2:
            raise WrongUse(f"rope_share is {self.rope_share}: an even part of {self.head_dim} must be rotated")

    @property
    def head_dim(self) -> int:
        """C, the width of a head."""
        return self.d_model // self.n_heads

    @property
    def kv_heads(self) -> int:
        """K, the key and value heads."""
        return self.n_kv_heads or self.n_heads

    @property
    def ff_width(self) -> int:
        """F, the width of the feed-forward layer."""
        return self.d_ff or 4 * self.d_model

    @property
    def rope_width(self) -> int:
        """R, the rotated part of a head; 0 with learned positions."""
        return int(self.head_dim * self.rope_share) if self.positions == "rope" else 0


class Attention(nn.Module):
    """Causal attention within documents, with one, some or all of the heads having keys and values of their own."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.head_dim = config.head_dim
        width_kv = config.kv_heads * config.head_dim
        self.query = nn.Linear(config.d_model, config.d_model, bias=config.attention_bias)
        self.key = nn.Linear(config.d_model, width_kv, bias=config.attention_bias)
        self.value = nn.Linear(config.d_model, width_kv, bias=config.attention_bias)
        self.out = nn.Linear(config.d_model, config.d_model, bias=config.attention_bias)

    def forward(self, x_BTD: Tensor, rope: tuple[Tensor, Tensor] | None, mask: Mask) -> Tensor:
        """Attention's contribution to the residual stream, shaped like `x_BTD`."""
        q_BHTC, k_BKTC, v_BKTC = (self._heads(part(x_BTD)) for part in (self.query, self.key, self.value))
        if rope is not None:
            q_BHTC, k_BKTC = rotated(q_BHTC, *rope), rotated(k_BKTC, *rope)
        grouped = q_BHTC.shape[1] != k_BKTC.shape[1]
        if isinstance(mask, BlockMask):
            y_BHTC = _compiled["attention"](q_BHTC, k_BKTC, v_BKTC, block_mask=mask, enable_gqa=grouped)
        else:
            y_BHTC = F.scaled_dot_product_attention(
                q_BHTC, k_BKTC, v_BKTC, attn_mask=mask, is_causal=mask is None, enable_gqa=grouped
            )
        return self.out(y_BHTC.transpose(1, 2).flatten(2))

    def _heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (-1, self.head_dim)).transpose(1, 2)


class FeedForward(nn.Module):
    """Two layers with GELU between, or three with SwiGLU: down(silu(gate x) * up x)."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.kind = config.mlp
        self.up = nn.Linear(config.d_model, config.ff_width, bias=config.mlp_bias)
        if config.mlp == "swiglu":
            self.gate = nn.Linear(config.d_model, config.ff_width, bias=config.mlp_bias)
        self.down = nn.Linear(config.ff_width, config.d_model, bias=config.mlp_bias)

    def forward(self, x_BTD: Tensor) -> Tensor:
        """The layer's contribution to the residual stream, shaped like `x_BTD`."""
        up_BTF = self.up(x_BTD)
        if self.kind == "swiglu":
            return self.down(F.silu(self.gate(x_BTD)) * up_BTF)
        return self.down(F.gelu(up_BTF, approximate="tanh" if self.kind == "gelu_tanh" else "none"))


class Layer(nn.Module):
    """Attention and feed-forward layer, each behind its own norm. `recompute` trades memory for time in training."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.parallel = config.parallel
        self.recompute: Literal["none", "selective", "full"] = "none"
        self.attention_norm = _norm(config)
        self.attention = Attention(config)
        self.mlp_norm = _norm(config)
        self.mlp = FeedForward(config)

    def forward(self, x_BTD: Tensor, rope: tuple[Tensor, Tensor] | None, mask: Mask) -> Tensor:
        """The residual stream after this layer."""
        if self.recompute == "none" or not torch.is_grad_enabled():
            return self._layer(x_BTD, rope, mask)
        kept: dict[str, Any] = {"context_fn": _matmuls_kept} if self.recompute == "selective" else {}
        return checkpoint(self._layer, x_BTD, rope, mask, use_reentrant=False, preserve_rng_state=False, **kept)

    def _layer(self, x_BTD: Tensor, rope: tuple[Tensor, Tensor] | None, mask: Mask) -> Tensor:
        after_BTD = x_BTD + self.attention(self.attention_norm(x_BTD), rope, mask)
        return after_BTD + self.mlp(self.mlp_norm(x_BTD if self.parallel else after_BTD))


_aten = torch.ops.aten
_DEAR = {
    _aten.mm.default,
    _aten.addmm.default,
    _aten.bmm.default,
    _aten._scaled_dot_product_flash_attention.default,
    _aten._scaled_dot_product_flash_attention_for_cpu.default,
    _aten._scaled_dot_product_efficient_attention.default,
    _aten._scaled_dot_product_cudnn_attention.default,
    torch.ops.higher_order.flex_attention,
}
# Selective recomputation keeps what matrix products and attention gave and computes the cheap rest anew
# (Korthikanti et al. 2022 choose the other way round, for attention that was not fused yet).
_matmuls_kept = partial(
    create_selective_checkpoint_contexts,
    lambda _, op, *__, **___: CheckpointPolicy.MUST_SAVE if op in _DEAR else CheckpointPolicy.PREFER_RECOMPUTE,
)


class Decoder(nn.Module):
    """Tokens in, logits out; or, where targets are given, each token's loss."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocab_size, config.d_model)
        if config.positions == "learned":
            self.position_embedding = nn.Embedding(config.max_positions, config.d_model)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.n_layers))
        self.norm = _norm(config)
        self.head = nn.Linear(config.d_model, config.vocab_size, bias=False)
        self.token_nll: Callable[[Tensor, Tensor], Tensor] = token_nll
        self.tie()

    def tie(self) -> None:
        """Make the head the embedding, where the configuration says so; again after parameters were replaced."""
        if self.config.tied:
            self.head.weight = self.embedding.weight

    def forward(
        self,
        tokens_BT: Tensor,
        positions_BT: Tensor,
        documents_BT: Tensor | None = None,
        targets_BT: Tensor | None = None,
    ) -> Tensor:
        """Logits_BTV; with targets nll_BT, each token's negative log-likelihood in float32, 0 where it is IGNORED.

        `documents_BT` numbers the documents of a sequence: attention stays within one. None: all is one document.
        The head works through the batch a sequence at a time, and its logits are computed again on the way back:
        those of a whole batch would be the largest tensor of all (B x T x V).
        """
        x_BTD = self.embedding(tokens_BT)
        if self.config.positions == "learned":
            x_BTD = x_BTD + self.position_embedding(positions_BT)
        rope = rope_tables(self.config, positions_BT) if self.config.rope_width else None
        mask = None if documents_BT is None else document_mask(documents_BT)
        for layer in self.layers:
            x_BTD = layer(x_BTD, rope, mask)
        x_BTD = self.norm(x_BTD)
        if targets_BT is None:
            return self.head(x_BTD)
        rows = zip(x_BTD.split(1), targets_BT.split(1), strict=True)
        return torch.cat([checkpoint(self._nll, x, t, use_reentrant=False, preserve_rng_state=False) for x, t in rows])

    def _nll(self, x_BTD: Tensor, targets_BT: Tensor) -> Tensor:
        logits_NV = self.head(x_BTD).flatten(0, 1)
        return self.token_nll(logits_NV, targets_BT.flatten()).view_as(targets_BT)


def token_nll(logits_NV: Tensor, targets_N: Tensor) -> Tensor:
    """Each token's negative log-likelihood in float32, 0 where the target is IGNORED."""
    return F.cross_entropy(logits_NV.float(), targets_N, ignore_index=IGNORED, reduction="none")


def _norm(config: ModelConfig) -> nn.Module:
    kind = nn.LayerNorm if config.norm == "layernorm" else nn.RMSNorm
    return kind(config.d_model, eps=config.norm_eps)


def rope_tables(config: ModelConfig, positions_BT: Tensor) -> tuple[Tensor, Tensor]:
    """Cosines and sines, float32 B1TR, of rotary positions (Su et al. 2021): angle p / theta^(2i/R), in halves."""
    even = torch.arange(0, config.rope_width, 2, dtype=torch.float32, device=positions_BT.device)
    frequencies = 1.0 / config.rope_theta ** (even / config.rope_width) / config.rope_factor
    angles = positions_BT[:, None, :, None].float() * frequencies
    angles_B1TR = torch.cat((angles, angles), dim=-1)
    return angles_B1TR.cos(), angles_B1TR.sin()


def rotated(x_BHTC: Tensor, cos_B1TR: Tensor, sin_B1TR: Tensor) -> Tensor:
    """Heads with their first R entries rotated: entry i with entry i + R/2, as GPT-NeoX and Llama pair them."""
    turned, rest = x_BHTC.split((cos_B1TR.shape[-1], x_BHTC.shape[-1] - cos_B1TR.shape[-1]), dim=-1)
    low, high = turned.chunk(2, dim=-1)
    turned = turned * cos_B1TR + torch.cat((-high, low), dim=-1) * sin_B1TR
    return torch.cat((turned.to(x_BHTC.dtype), rest), dim=-1)


def document_mask(documents_BT: Tensor) -> Mask:
    """Causal within documents: for flex attention on a GPU, which skips empty blocks, else true where one may look."""
    if not documents_BT.is_cuda:
        same_BTT = documents_BT[:, :, None] == documents_BT[:, None, :]
        return same_BTT.tril()[:, None]
    if not _compiled:
        _compiled.update(attention=torch.compile(flex_attention), mask=torch.compile(create_block_mask))
    return block_mask(documents_BT, _compiled["mask"])


def block_mask(documents_BT: Tensor, create: Callable[..., BlockMask] = create_block_mask) -> BlockMask:
    """The block mask of flex attention: causal within documents. `create` is torch's function, compiled or not."""

    def may_look(b: Tensor, h: Tensor, q: Tensor, k: Tensor) -> Tensor:
        return (q >= k) & (documents_BT[b, q] == documents_BT[b, k])

    b, t = documents_BT.shape
    return create(may_look, b, None, t, t, device=documents_BT.device)


def init_weights(model: Decoder, seed: int) -> None:
    """Every parameter's first value, a function of seed and name alone, whatever the sharding.

    Matrices: normal, mean 0, standard deviation `init_std`; those that write into the residual stream divided by
    sqrt(2 n_layers) (GPT-2). Norms: 1. Biases: 0. Adapters: 0 on the way up (Hu et al. 2021). A sharded parameter is
    drawn whole and cut without communication.
    """
    from torch.distributed.tensor import DTensor, distribute_tensor

    into_stream = model.config.init_std / (2 * model.config.n_layers) ** 0.5
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            whole = torch.empty(parameter.shape, dtype=torch.float32, device=parameter.device)
            if parameter.ndim < 2 or name.endswith("lora_up"):
                whole.fill_(0.0 if name.endswith(("bias", "lora_up")) else 1.0)
            else:
                digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
                generator = torch.Generator(parameter.device).manual_seed(int.from_bytes(digest[:7], "big"))
                std = (
                    into_stream if name.endswith(("attention.out.weight", "mlp.down.weight")) else model.config.init_std
                )
                std = parameter.shape[1] ** -0.5 if name.endswith("lora_down") else std
                whole.normal_(0.0, std, generator=generator)
            if isinstance(parameter, DTensor):
                whole = distribute_tensor(whole, parameter.device_mesh, parameter.placements, src_data_rank=None)
            parameter.copy_(whole)
