"""Texts gone on with, a token a step, by a whole (not sharded) model: keys and values of what was read are kept.

A batch's prompts begin in the same place and are filled up behind, so that a token's position is its slot in the cache:
causal attention never sees the filling, and each new token is written over it. A row has its own room whatever else is
in the batch, and prompts that are the same are read once.

Names of tensors end in their shape, as in `train.model`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from curate.errors import WrongUse
from train.decode_step import DecodeStep, through_layers
from train.model import Decoder


class Decoding:
    """A batch of texts that all grow by a token a step. `logits_BV` are those of each row's next token.

    `n_ids`: only the first so many ids are told of; a model's vocabulary may be wider than its tokenizer's. `step`: the
    model's step, to be made once where it is compiled; None makes one that is not. Weights, cache and logits have the
    model's dtype and device. WrongUse for a prompt that is empty or leaves no room.
    """

    def __init__(
        self,
        model: Decoder,
        prompts: Sequence[Sequence[int]],
        *,
        max_tokens: int,
        n_ids: int | None = None,
        step: DecodeStep | None = None,
    ) -> None:
        config, longest = model.config, max(map(len, prompts))
        if not all(prompts) or longest >= config.max_positions:
            raise WrongUse(
                f"prompts have {min(map(len, prompts))} to {longest} tokens and must have 1 to "
                f"{config.max_positions - 1}, the model's longest sequence less a token"
            )
        self.model, self.n_ids = model, n_ids or config.vocab_size
        self.longest, self.slots = longest, min(longest + max_tokens, config.max_positions)
        self._step = step or DecodeStep(model, compiled=False)
        self._cache = self._step.cache(len(prompts), self.slots)
        unique = list(dict.fromkeys(map(tuple, prompts)))
        device = model.embedding.weight.device
        self._positions_B = torch.tensor([len(prompt) - 1 for prompt in unique], device=device)
        with torch.no_grad():
            self.logits_BV = self._read(unique)
        self.reorder([unique.index(tuple(prompt)) for prompt in prompts])

    def append(self, tokens_B: Tensor) -> None:
        """Put a token behind each row's text. Rows that are at their end go on where they are, to no one's harm."""
        n = len(tokens_B)
        self._positions_B = (self._positions_B + 1).clamp(max=self.slots - 1)
        self.longest = min(self.longest + 1, self.slots)
        filled_B = F.pad(tokens_B, (0, len(self._positions_B) - n))
        with torch.no_grad():
            logits_BV = self._step(self._cache, filled_B, self._positions_B, self.longest)
        self.logits_BV = logits_BV[:n, : self.n_ids]

    def reorder(self, rows: Sequence[int]) -> None:
        """Make the batch of these rows of itself: left out, in another order, or several times."""
        self._cache, filled = self._step.reordered(self._cache, rows, self.slots)
        self._positions_B, self.logits_BV = self._positions_B[filled], self.logits_BV[list(rows)]

    def _read(self, prompts: Sequence[Sequence[int]]) -> Tensor:
        """All prompts at once, into the cache; gives the logits behind each one's last token."""
        device, width, (keys, values) = self.model.embedding.weight.device, self.longest, self._cache
        tokens_BT = torch.tensor([[*prompt, *[0] * (width - len(prompt))] for prompt in prompts], device=device)
        every_BT = torch.arange(width, device=device).expand(len(prompts), width)

        def attend(number: int, q_BHTC: Tensor, k_BKTC: Tensor, v_BKTC: Tensor) -> Tensor:
            keys[number][: len(prompts), :, :width], values[number][: len(prompts), :, :width] = k_BKTC, v_BKTC
            grouped = q_BHTC.shape[1] != k_BKTC.shape[1]
            return F.scaled_dot_product_attention(q_BHTC, k_BKTC, v_BKTC, is_causal=True, enable_gqa=grouped)

        x_BTD = through_layers(self.model, tokens_BT, every_BT, attend)
        last_BD = x_BTD[torch.arange(len(prompts), device=device), self._positions_B]
        return self.model.head(self.model.norm(last_BD))[:, : self.n_ids]


def generate(
    model: Decoder,
    prompts: Sequence[Sequence[int]],
    choose: Callable[[Tensor], Tensor],
    *,
    max_tokens: int,
    ends: Collection[int] = (),
    over: Callable[[int, list[int]], bool] | None = None,
    n_ids: int | None = None,
    step: DecodeStep | None = None,
) -> list[list[int]]:
    """New tokens of each prompt: `max_tokens`, or up to an end, or to the model's longest sequence.

    `choose` takes logits_BV and gives tokens_B (see `train.sampling`). A row ends before a token of `ends`, and behind
    one after which `over`, asked with the row's number and its new tokens, says so. `step` is that of `Decoding`.
    """
    decoding = Decoding(model, prompts, max_tokens=max_tokens, n_ids=n_ids, step=step)
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
