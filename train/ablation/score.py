"""Loss of a trained model on every held-out document: `python -m train.ablation.score RUN PACKED --out FILE`.

Documents longer than a sequence are cut as in training, and each piece's first token is no target. Bytes are those of
the targets, so that bits per byte are nats / ln 2 / bytes over the same tokens.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch

from curate.errors import WrongUse
from train.batches import Batch, Batches
from train.checkpoint import load_trained
from train.config import PretrainConfig
from train.labels import Labels
from train.model import IGNORED, Decoder
from train.order import Mixture
from train.packed import Packed
from train.sequences import Source
from train.settings import parse

SCHEMA = pa.schema(
    [
        ("file_id", pa.string()),
        ("language", pa.string()),
        ("nats", pa.float64()),
        ("n_tokens", pa.int64()),
        ("n_bytes", pa.int64()),
        ("tags", pa.map_(pa.string(), pa.string())),
    ]
)
"""A row a document."""


def score(run: Path, held_out: Path, out: Path) -> None:
    """Write the losses of a run's newest checkpoint, whole or not at all. WrongUse where bytes are not known."""
    raw = json.loads((run / "config.json").read_text(encoding="utf-8"))
    config = parse(PretrainConfig, raw, where=str(run / "config.json"))
    packed = Packed(held_out)
    if packed.token_bytes is None:
        raise WrongUse(f"{held_out} does not tell its tokens' bytes: pack it with a byte-level tokenizer")
    on_gpu = torch.cuda.is_available()
    device = torch.device("cuda" if on_gpu else "cpu")
    model = load_trained(run).to(device, torch.bfloat16 if on_gpu else torch.float32).eval()
    sums = document_sums(model, packed, config.data.sequence_length, config.micro_batch, device)
    index = pq.read_table(held_out / "index.parquet", columns=["file_id", "language", "tags"])
    columns = [index["file_id"], index["language"].cast(pa.string()), *map(pa.array, sums), index["tags"]]
    table = pa.table([pa.chunked_array(one) if isinstance(one, list) else one for one in columns], schema=SCHEMA)
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f"{out.name}.part")
    pq.write_table(table, part)
    part.replace(out)


@torch.no_grad()
def document_sums(
    model: Decoder, packed: Packed, room: int, micro_batch: int, device: torch.device
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nats (float64), targets and their bytes (int64) of every document of a folder."""
    n = packed.n_documents
    source = Source(packed, room=room, seed=0, name="held out")
    batches = Batches(
        sources=[source],
        mixture=Mixture([1.0], 0),
        labels=[Labels(name="document", names=[], of=[np.arange(n, dtype=np.int32)])],
        global_batch=micro_batch,
    )
    assert packed.token_bytes is not None
    lengths = torch.from_numpy(packed.token_bytes.astype(np.float64)).to(device)
    sums = torch.zeros(3, n + 1, dtype=torch.float64, device=device)
    n_sequences = source.n_sequences()
    for first in range(0, n_sequences, micro_batch):
        numbers = range(first, min(first + micro_batch, n_sequences))
        rows = [batches.row(0, *source.find(number)) for number in numbers]
        _add(model, batches.stacked(0, rows).on(device), lengths, sums)
    nats, targets, n_bytes = sums[:, :n].cpu().numpy()
    return nats, targets.astype(np.int64), n_bytes.astype(np.int64)


def _add(model: Decoder, batch: Batch, lengths: torch.Tensor, sums: torch.Tensor) -> None:
    nll = model(batch.tokens, batch.positions, batch.documents, batch.targets)
    borne = batch.targets != IGNORED
    n_bytes = lengths[batch.targets.where(borne, torch.zeros_like(batch.targets))] * borne
    places = batch.labels[0].flatten().long() % sums.shape[1]  # padding's -1 is the last
    for row, values in enumerate((nll, borne, n_bytes)):
        sums[row].index_add_(0, places, values.flatten().double())


def main() -> None:
    """The command that an ablation starts."""
    parser = argparse.ArgumentParser(description="Losses of a run on every document of a folder of packed tokens.")
    parser.add_argument("run", type=Path)
    parser.add_argument("held_out", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    score(given.run, given.held_out, given.out)


if __name__ == "__main__":
    main()
