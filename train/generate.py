"""Texts gone on with, a token a step, by a whole (not sharded) model: keys and values of what was read are kept.

A batch's prompts begin in the same place and are filled up behind, so that a token's position is its slot in the cache:
causal attention never sees the filling, and each new token is written over it. A row has its own room whatever else is
in the batch, and prompts that are the same are read once.

Names of tensors end in their shape, as in `train.model`; besides, L are the cache's slots and G query heads a key head.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from curate.errors import WrongUse
from train.model import Attention, Decoder, Layer, rope_tables, rotated

Attend = Callable[[int, Tensor, Tensor, Tensor], Tensor]  # layer's number, q_BHTC, k_BKTC, v_BKTC -> y_BHTC


class Decoding:
    """A batch of texts that all grow by a token a step. `logits_BV` are those of each row's next token.

    `n_ids`: only the first so many ids are told of; a model's vocabulary may be wider than its tokenizer's. Weights,
    cache and logits have the model's dtype and device. WrongUse for a prompt that is empty or leaves no room.
    """

    def __init__(
        self, model: Decoder, prompts: Sequence[Sequence[int]], *, max_tokens: int, n_ids: int | None = None
    ) -> None:
        config, longest = model.config, max(map(len, prompts))
        if not all(prompts) or longest >= config.max_positions:
            raise WrongUse(
                f"prompts have {min(map(len, prompts))} to {longest} tokens and must have 1 to "
                f"{config.max_positions - 1}, the model's longest sequence less a token"
            )
        self.model, self.n_ids = model, n_ids or config.vocab_size
        self.longest, self.slots = longest, min(longest + max_tokens, config.max_positions)
        unique = list(dict.fromkeys(map(tuple, prompts)))
        weight = model.embedding.weight
        shape = (len(unique), config.kv_heads, self.slots, config.head_dim)
        self._keys = [weight.new_zeros(shape) for _ in range(config.n_layers)]
        self._values = [weight.new_zeros(shape) for _ in range(config.n_layers)]
        self._positions_B = torch.tensor([len(prompt) - 1 for prompt in unique], device=weight.device)
        with torch.no_grad():
            self.logits_BV = self._read(unique)
        self.reorder([unique.index(tuple(prompt)) for prompt in prompts])

    def append(self, tokens_B: Tensor) -> None:
        """Put a token behind each row's text. Rows that are at their end go on where they are, to no one's harm."""
        self._positions_B = (self._positions_B + 1).clamp(max=self.slots - 1)
        self.longest = min(self.longest + 1, self.slots)
        with torch.no_grad():
            x_B1D = self._layers(tokens_B[:, None], self._positions_B[:, None], self._over_the_cache())
            self.logits_BV = self._head(x_B1D[:, 0])

    def reorder(self, rows: Sequence[int]) -> None:
        """Make the batch of these rows of itself: left out, in another order, or several times."""
        index = torch.tensor(rows, device=self.logits_BV.device)
        self._keys = [keys_BKLC[index] for keys_BKLC in self._keys]
        self._values = [values_BKLC[index] for values_BKLC in self._values]
        self._positions_B, self.logits_BV = self._positions_B[index], self.logits_BV[index]

    def _read(self, prompts: Sequence[Sequence[int]]) -> Tensor:
        """All prompts at once, into the cache; gives the logits behind each one's last token."""
        device, width = self.model.embedding.weight.device, self.longest
        tokens_BT = torch.tensor([[*prompt, *[0] * (width - len(prompt))] for prompt in prompts], device=device)
        every_BT = torch.arange(width, device=device).expand(len(prompts), width)

        def attend(number: int, q_BHTC: Tensor, k_BKTC: Tensor, v_BKTC: Tensor) -> Tensor:
            self._keys[number][:, :, :width], self._values[number][:, :, :width] = k_BKTC, v_BKTC
            grouped = q_BHTC.shape[1] != k_BKTC.shape[1]
            return F.scaled_dot_product_attention(q_BHTC, k_BKTC, v_BKTC, is_causal=True, enable_gqa=grouped)

        x_BTD = self._layers(tokens_BT, every_BT, attend)
        return self._head(x_BTD[torch.arange(len(prompts), device=device), self._positions_B])

    def _over_the_cache(self) -> Attend:
        """Attention of one new token a row to itself and all before it."""
        positions_B, longest = self._positions_B, self.longest
        rows_B = torch.arange(len(positions_B), device=positions_B.device)
        seen_BL = torch.arange(longest, device=positions_B.device) <= positions_B[:, None]

        def attend(number: int, q_BH1C: Tensor, k_BK1C: Tensor, v_BK1C: Tensor) -> Tensor:
            keys_BKLC, values_BKLC = self._keys[number], self._values[number]
            keys_BKLC[rows_B, :, positions_B], values_BKLC[rows_B, :, positions_B] = k_BK1C[:, :, 0], v_BK1C[:, :, 0]
            # The query heads of a key head look at the same slots: they are as good as so many tokens.
            q_BKGC = q_BH1C.unflatten(1, (keys_BKLC.shape[1], -1)).squeeze(3)
            y_BKGC = F.scaled_dot_product_attention(
                q_BKGC, keys_BKLC[:, :, :longest], values_BKLC[:, :, :longest], attn_mask=seen_BL[:, None, None]
            )
            return y_BKGC.flatten(1, 2).unsqueeze(2)

        return attend

    def _layers(self, tokens_BT: Tensor, positions_BT: Tensor, attend: Attend) -> Tensor:
        """`Decoder.forward` up to the last norm, with another attention."""
        model = self.model
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

    def _head(self, x_BD: Tensor) -> Tensor:
        return self.model.head(self.model.norm(x_BD))[:, : self.n_ids]


def _heads(attention: Attention, x_BTD: Tensor, rope: tuple[Tensor, Tensor] | None) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values by heads, the first two rotated."""
    q_BHTC, k_BKTC, v_BKTC = (
        part(x_BTD).unflatten(-1, (-1, attention.head_dim)).transpose(1, 2)
        for part in (attention.query, attention.key, attention.value)
    )
    return (q_BHTC, k_BKTC, v_BKTC) if rope is None else (rotated(q_BHTC, *rope), rotated(k_BKTC, *rope), v_BKTC)


def generate(
    model: Decoder,
    prompts: Sequence[Sequence[int]],
    choose: Callable[[Tensor], Tensor],
    *,
    max_tokens: int,
    ends: Collection[int] = (),
    over: Callable[[int, list[int]], bool] | None = None,
    n_ids: int | None = None,
) -> list[list[int]]:
    """New tokens of each prompt: `max_tokens`, or up to an end, or to the model's longest sequence.

    `choose` takes logits_BV and gives tokens_B (see `train.sampling`). A row ends before a token of `ends`, and behind
    one after which `over`, asked with the row's number and its new tokens, says so.
    """
    decoding = Decoding(model, prompts, max_tokens=max_tokens, n_ids=n_ids)
    rooms = [min(max_tokens, model.config.max_positions - len(prompt)) for prompt in prompts]
    new: list[list[int]] = [[] for _ in prompts]
    going = set(range(len(prompts)))
    while True:
        tokens_B = choose(decoding.logits_BV)
        for row, token in enumerate(tokens_B.tolist()):
            if row not in going:
                continue
            if token not in ends:
                new[row].append(token)
            if token in ends or len(new[row]) == rooms[row] or (over is not None and over(row, new[row])):
                going.remove(row)
        if not going:
            return new
        decoding.append(tokens_B)
