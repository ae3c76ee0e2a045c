"""Loss on held-out tokens: perplexity and bits per byte, for all of it and by language and tag."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from train.batches import Batch, Batches, Source, labels_of
from train.config import ValidationConfig
from train.model import IGNORED
from train.order import Mixture
from train.packed import Packed
from train.parallel import World


def by_label(values_BT: Tensor, labels_BT: Tensor, n: int) -> Tensor:
    """Sums of values by label, float64, n + 1 of them: the last is of padding."""
    places = labels_BT.flatten().long() % (n + 1)  # -1 becomes the last
    sums = torch.zeros(n + 1, dtype=torch.float64, device=values_BT.device)
    return sums.index_add_(0, places, values_BT.flatten().double())


class Validation:
    """Held-out packed tokens, looked at in the same order each time, an equal part on each data rank.

    Perplexity is exp(nats / tokens), bits per byte nats / ln 2 / bytes, over the tokens that are targets: all but each
    document's first. Bits per byte need the writer's `token_bytes` and do not depend on the tokenizer.
    """

    def __init__(self, config: ValidationConfig, *, room: int, micro_batch: int, mask_documents: bool, world: World):
        packed = [Packed(path) for path in config.sources]
        sources = [Source(one, room=room, seed=0, name=f"validation {i}") for i, one in enumerate(packed)]
        self.labels = [labels_of(packed), *(labels_of(packed, tag) for tag in config.tags)]
        self.token_bytes = [one.token_bytes for one in packed]
        self.world, self.micro_batch, self.limit = world, micro_batch, config.max_sequences
        self.batches = Batches(
            sources=sources,
            mixture=Mixture([1.0] * len(sources), 0),
            labels=self.labels,
            global_batch=micro_batch * world.data_size,
            rank=world.data_rank,
            world=world.data_size,
            mask_documents=mask_documents,
        )

    @torch.no_grad()
    def __call__(self, model: nn.Module) -> dict[str, Any]:
        """{"loss", "perplexity", "bits_per_byte", "n_tokens", "by": {dimension: {value: the same}}}."""
        sums = [torch.zeros(3, len(one.names) + 1, dtype=torch.float64) for one in self.labels]
        for source, lengths in enumerate(self._lengths()):
            for batch in self._source(source):
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
        parts = whole.split([len(one.names) + 1 for one in self.labels], dim=1)
        found = _told(*parts[0].sum(1).tolist())
        return found | {"by": {one.name: _by(one.names, part) for one, part in zip(self.labels, parts, strict=True)}}

    def _lengths(self) -> Iterator[Tensor | None]:
        for found in self.token_bytes:
            yield None if found is None else torch.from_numpy(found.astype(np.float64)).to(self.world.device)

    def _source(self, source: int) -> Iterator[Batch]:
        """This rank's batches of a source; all ranks have as many, the last ones padded."""
        place = self.batches.sources[source]
        n = place.n_sequences() if self.limit is None else min(place.n_sequences(), self.limit)
        step = self.batches.global_batch
        for first in range(0, n, step):
            numbers = range(first + self.world.data_rank * self.micro_batch, first + step)[: self.micro_batch]
            rows = [self.batches.row(source, *place.find(number)) for number in numbers if number < n]
            yield self.batches.stacked(0, rows + [self.batches.empty_row()] * (self.micro_batch - len(rows)))


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
