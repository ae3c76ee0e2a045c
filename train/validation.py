"""Loss on held-out tokens: perplexity and bits per byte, for all of it and by language and any tag.

A tag is whatever the packed documents carry: a portrait dimension, a band of quality, the kind of a module.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from train.batches import Batch, Batches
from train.config import ValidationConfig
from train.labels import Labels, check_tags, labels_of
from train.model import IGNORED
from train.order import Mixture
from train.packed import Packed
from train.parallel import World
from train.sequences import Source


def by_label(values_BT: Tensor, labels_BT: Tensor, n: int) -> Tensor:
    """Sums of values by label, float64, n + 1 of them: the last is of padding."""
    places = labels_BT.flatten().long() % (n + 1)  # -1 becomes the last
    sums = torch.zeros(n + 1, dtype=torch.float64, device=values_BT.device)
    return sums.index_add_(0, places, values_BT.flatten().double())


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """A part of what is held out: this rank's batches of it, as many on all ranks and the same each time, and the
    bytes of text that each id of the vocabulary stands for (None: no bits per byte are told)."""

    batches: Callable[[], Iterator[Batch]]
    token_bytes: np.ndarray | None = None


class Validation:
    """Held-out parts, looked at in the same order each time.

    Perplexity is exp(nats / tokens), bits per byte nats / ln 2 / bytes, over the tokens that are targets. Bits per byte
    do not depend on the tokenizer.
    """

    def __init__(self, parts: Sequence[HeldOut], labels: Sequence[Labels], world: World):
        self.parts, self.labels, self.world = parts, labels, world

    @torch.no_grad()
    def __call__(self, model: nn.Module) -> dict[str, Any]:
        """{"loss", "perplexity", "bits_per_byte", "n_tokens", "by": {dimension: {value: the same}}}."""
        sums = [torch.zeros(3, len(one.names) + 1, dtype=torch.float64) for one in self.labels]
        for part in self.parts:
            lengths = self._lengths(part)
            for batch in part.batches():
                moved = batch.on(self.world.device)
                nll = model(moved.tokens, moved.positions, moved.documents, moved.targets)
                borne = moved.targets != IGNORED
                known = moved.targets.where(borne, torch.zeros_like(moved.targets))
                n_bytes = torch.zeros_like(nll) if lengths is None else lengths[known] * borne
                for i, one in enumerate(self.labels):
                    for row, values in enumerate((nll, borne, n_bytes)):
                        sums[i][row] += by_label(values, moved.labels[i], len(one.names)).cpu()
        whole = self.world.sum(torch.cat(sums, dim=1).to(self.world.device)).cpu() / (
            self.world.size / self.world.data_size
        )
        split = whole.split([len(one.names) + 1 for one in self.labels], dim=1)
        found = _told(*split[0].sum(1).tolist())
        return found | {"by": {one.name: _by(one.names, part) for one, part in zip(self.labels, split, strict=True)}}

    def _lengths(self, part: HeldOut) -> Tensor | None:
        if part.token_bytes is None:
            return None
        return torch.from_numpy(part.token_bytes.astype(np.float64)).to(self.world.device)


def packed_validation(
    config: ValidationConfig, *, room: int, micro_batch: int, mask_documents: bool, world: World
) -> Validation:
    """Held-out packed tokens, an equal part on each data rank; all tokens but each document's first are targets."""
    packed = [Packed(path) for path in config.sources]
    labels = [labels_of(packed), *(labels_of(packed, tag) for tag in config.tags)]
    check_tags(labels, "validation.tags")
    batches = Batches(
        sources=[Source(one, room=room, seed=0, name=f"validation {i}") for i, one in enumerate(packed)],
        mixture=Mixture([1.0] * len(packed), 0),
        labels=labels,
        global_batch=micro_batch * world.data_size,
        rank=world.data_rank,
        world=world.data_size,
        mask_documents=mask_documents,
    )
    parts = [
        HeldOut(batches=partial(_once, batches, i, config.max_sequences), token_bytes=one.token_bytes)
        for i, one in enumerate(packed)
    ]
    return Validation(parts, labels, world)


def _once(batches: Batches, source: int, limit: int | None) -> Iterator[Batch]:
    """This rank's batches of the first epoch of a source, up to `limit` sequences; the last ones are padded."""
    place = batches.sources[source]
    assert isinstance(place, Source)
    n = place.n_sequences() if limit is None else min(place.n_sequences(), limit)
    step, size = batches.global_batch, batches.global_batch // batches.world
    for first in range(0, n, step):
        numbers = range(first + batches.rank * size, first + step)[:size]
        rows = [batches.row(source, *place.find(number)) for number in numbers if number < n]
        yield batches.stacked(0, rows + [batches.empty_row()] * (size - len(rows)))


def _told(nats: float, n_tokens: float, n_bytes: float) -> dict[str, Any]:
    loss = nats / n_tokens if n_tokens else math.nan
    return {
        "loss": loss,
        "perplexity": math.exp(loss) if loss < 700 else math.inf,
        "bits_per_byte": nats / math.log(2) / n_bytes if n_bytes else None,
        "n_tokens": int(n_tokens),
    }


def _by(names: Sequence[str], sums: Tensor) -> dict[str, Any]:
    rows = zip(names, sums.T.tolist(), strict=False)
    return {name: _told(*row) for name, row in rows if row[1]}
