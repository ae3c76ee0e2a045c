"""The step of decoding that puts a token behind each row's text: as it stands, or compiled for a few fixed shapes.

CUDA graphs replay kernels at the addresses and sizes that they were recorded with. So under a compiled step keys and
values lie in one place from batch to batch, of which a batch uses the first rows; rows are of few numbers, each a
quarter of the one before, and filled up; and attention looks at the first so many slots, of which there are few numbers
too. Within one of these shapes nothing changes from step to step but what the tensors hold.

Names of tensors end in their shape, as in `train.model`; besides, L are the cache's slots and G query heads a key head.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from train.model import Attention, Decoder, Layer, rope_tables, rotated

Attend = Callable[[int, Tensor, Tensor, Tensor], Tensor]  # layer's number, q_BHTC, k_BKTC, v_BKTC -> y_BHTC
Cache = tuple[list[Tensor], list[Tensor]]  # keys and values of each layer, BKLC

_RATIO = 4  # of a number of rows, or of slots, to the next
_LEAST_ROWS, _LEAST_SLOTS = 4, 256  # below these a smaller shape is no faster on a card
_MOST_SHAPES = 64  # compiled by one step; a run has about 10


class DecodeStep:
    """A model's step, and the place of its cache. Compiled, it serves one `train.generate.Decoding` at a time.

    `compiled`: None compiles on a GPU. The first step of each shape compiles, which takes seconds to minutes; where a
    batch is larger or longer than all before, that begins again. `backend` is torch.compile's.
    """

    def __init__(self, model: Decoder, *, compiled: bool | None = None, backend: str = "inductor") -> None:
        on_gpu = model.embedding.weight.is_cuda
        self.model = model
        self.compiled = on_gpu if compiled is None else compiled
        self.rows, self.slots = 0, 0  # of the cache that stays
        self._cache: Cache = ([], [])
        self._step: Callable[..., Tensor] = decode_step
        if self.compiled:
            mode = "reduce-overhead" if on_gpu and backend == "inductor" else None
            self._step = torch.compile(decode_step, backend=backend, mode=mode, fullgraph=True, dynamic=False)

    def cache(self, rows: int, slots: int) -> Cache:
        """Room for so many rows and slots: new; or, compiled, the one that stays, made larger where it must be."""
        if not self.compiled:
            return self._room(rows, slots)
        if rows > self.rows or slots > self.slots:
            whole = -(-slots // _LEAST_SLOTS) * _LEAST_SLOTS  # so that a prompt a little longer needs no other
            self.rows, self.slots = max(rows, self.rows), max(whole, self.slots)
            self._cache = self._room(self.rows, self.slots)
            for tensor in (*self._cache[0], *self._cache[1]):
                torch._dynamo.mark_static_address(tensor)
        return self._cache

    def reserve(self, rows: int, slots: int) -> None:
        """Make the place that stays large enough for all that is to come, as one that grows is compiled for again."""
        if self.compiled:
            self.cache(rows, slots)

    def reordered(self, cache: Cache, rows: Sequence[int], slots: int) -> tuple[Cache, list[int]]:
        """A cache with these rows of one, and the rows as they lie in it: filled up with the first, compiled."""
        rows = [*rows, *[rows[0]] * (self._filled(len(rows)) - len(rows))]
        index = torch.tensor(rows, device=cache[0][0].device)
        if not self.compiled:
            return ([one[index] for one in cache[0]], [one[index] for one in cache[1]]), rows
        found = self.cache(len(rows), slots)
        for before, after in zip(cache, found, strict=True):
            for old_BKLC, new_BKLC in zip(before, after, strict=True):
                new_BKLC[: len(rows), :, : old_BKLC.shape[2]] = old_BKLC[index]
        return found, rows

    def __call__(self, cache: Cache, tokens_B: Tensor, positions_B: Tensor, longest: int) -> Tensor:
        """logits_BV behind a token that is put into each row at its position; no row is longer than `longest`."""
        if not self.compiled:
            return self._step(self.model, *cache, tokens_B, positions_B, longest)
        torch.compiler.cudagraph_mark_step_begin()
        with torch._dynamo.config.patch(recompile_limit=_MOST_SHAPES):
            logits_BV = self._step(self.model, *cache, tokens_B, positions_B, self._span(longest))
        return logits_BV.clone()  # the next replay writes over the graph's own

    def _filled(self, n: int) -> int:
        """The rows that n rows are filled up to."""
        if not self.compiled or n > self.rows:
            return n
        found = self.rows
        while found > _LEAST_ROWS and -(-found // _RATIO) >= n:
            found = -(-found // _RATIO)
        return found

    def _span(self, longest: int) -> int:
        """The slots that attention looks at where the longest row fills so many."""
        found = _LEAST_SLOTS
        while found < longest:
            found *= _RATIO
        return min(found, self.slots)

    def _room(self, rows: int, slots: int) -> Cache:
        config, weight = self.model.config, self.model.embedding.weight
        shape = (rows, config.kv_heads, slots, config.head_dim)
        keys, values = ([weight.new_zeros(shape) for _ in range(config.n_layers)] for _ in range(2))
        return keys, values


def decode_step(
    model: Decoder, keys: list[Tensor], values: list[Tensor], tokens_B: Tensor, positions_B: Tensor, span: int
) -> Tensor:
    """logits_BV of the next token; the tokens' keys and values go into the cache. No position reaches `span`."""
    n = len(tokens_B)
    rows_B = torch.arange(n, device=tokens_B.device)
    seen_BL = torch.arange(span, device=tokens_B.device) <= positions_B[:, None]

    def attend(number: int, q_BH1C: Tensor, k_BK1C: Tensor, v_BK1C: Tensor) -> Tensor:
        keys_BKLC, values_BKLC = keys[number], values[number]
        keys_BKLC[rows_B, :, positions_B], values_BKLC[rows_B, :, positions_B] = k_BK1C[:, :, 0], v_BK1C[:, :, 0]
        # The query heads of a key head look at the same slots: they are as good as so many tokens.
        q_BKGC = q_BH1C.unflatten(1, (keys_BKLC.shape[1], -1)).squeeze(3)
        y_BKGC = F.scaled_dot_product_attention(
            q_BKGC, keys_BKLC[:n, :, :span], values_BKLC[:n, :, :span], attn_mask=seen_BL[:, None, None]
        )
        return y_BKGC.flatten(1, 2).unsqueeze(2)

    x_B1D = through_layers(model, tokens_B[:, None], positions_B[:, None], attend)
    return model.head(model.norm(x_B1D[:, 0]))


def through_layers(model: Decoder, tokens_BT: Tensor, positions_BT: Tensor, attend: Attend) -> Tensor:
    """`Decoder.forward` up to the last norm, with another attention."""
    x_BTD = model.embedding(tokens_BT)
    if model.config.positions == "learned":
        x_BTD = x_BTD + model.position_embedding(positions_BT)
    rope = rope_tables(model.config, positions_BT) if model.config.rope_width else None
    for number, layer in enumerate(model.layers):
        assert isinstance(layer, Layer)
        heads = _heads(layer.attention, layer.attention_norm(x_BTD), rope)
        after_BTD = x_BTD + layer.attention.out(attend(number, *heads).transpose(1, 2).flatten(2))
        x_BTD = after_BTD + layer.mlp(layer.mlp_norm(x_BTD if layer.parallel else after_BTD))
    return x_BTD


def _heads(attention: Attention, x_BTD: Tensor, rope: tuple[Tensor, Tensor] | None) -> tuple[Any, Any, Any]:
    """Queries, keys and values by heads, the first two rotated."""
    q_BHTC, k_BKTC, v_BKTC = (
        part(x_BTD).unflatten(-1, (-1, attention.head_dim)).transpose(1, 2)
        for part in (attention.query, attention.key, attention.value)
    )
    return (q_BHTC, k_BKTC, v_BKTC) if rope is None else (rotated(q_BHTC, *rope), rotated(k_BKTC, *rope), v_BKTC)
