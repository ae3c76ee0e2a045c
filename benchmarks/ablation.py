"""Does the cleaning help? The raw corpus (recipe `minimal`) against `codefuse`: one model trained on each, in a table.

    python -m benchmarks.ablation L --minutes 60             the real one: as large as the time allows
    python -m benchmarks.ablation S --minutes 6 --seeds 1    to try it

The corpus becomes one Parquet file whose repositories are its packages; planted copies belong to forks of their own.
The number of tokens is what this machine trains on in the time that is left after curation, two models a seed; a GPU
takes a larger model, and at least 50 million tokens. Interrupted? The same command goes on where it stopped, with the
number of tokens that it began with.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import torch
from rich.console import Console
from rich.table import Table

from train.ablation.ablate import ablate
from train.ablation.config import AblationConfig
from train.ablation.page import outcome
from train.model import Decoder, init_weights
from train.presets import preset
from train.settings import parse

_SCHEMA = pa.schema([("content", pa.binary()), ("path", pa.string()), ("repo_name", pa.string())])
_ROWS = 2000  # a row group
_CPU: dict[str, Any] = {
    "model_changes": {"n_layers": 4, "n_heads": 4, "n_kv_heads": 4, "d_model": 128, "d_ff": 344},
    "vocabulary_size": 4096, "sequence_length": 256, "global_batch": 16, "micro_batch": 16,
}  # fmt: skip
_GPU: dict[str, Any] = {
    "model_changes": {"n_layers": 8, "n_heads": 8, "n_kv_heads": 8, "d_model": 512, "d_ff": 1408},
    "vocabulary_size": 16_384, "sequence_length": 1024, "global_batch": 64, "micro_batch": 32,
}  # fmt: skip
_LEAST_ON_GPU = 5e7  # tokens
_FOR_TRAINING = 0.7  # of the minutes: the rest is curation, packing and scoring
_MB_A_SECOND = 4.0  # of curation with both recipes, start-up included; two shared cores do 2.4 (S) to 21 (L) each
_SHOWN = 12  # languages


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Run the ablation, print a table, and give its result."""
    options = _options(arguments)
    out = options.out / f"ablation-{options.size}"
    out.mkdir(parents=True, exist_ok=True)
    corpus = out / f"{options.size}.parquet"
    if not corpus.exists():
        write_corpus(options.corpora / options.size / "files", corpus)
    config = _config(options, corpus, out / "settings.json")
    print(f"{config.tokens:,.0f} tokens for each of {2 * len(config.seeds)} models", flush=True)
    began = time.monotonic()
    result = ablate(["raw=minimal", "codefuse"], out, config, say=lambda text: print(text, flush=True))
    _show(result)
    print(f"{(time.monotonic() - began) / 60:.1f} minutes; {out / 'report.html'}")
    return result


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("size", choices=("S", "M", "L"), help="corpus; see benchmarks/README.md")
    parser.add_argument("--minutes", type=float, default=60.0, help="about how long it may take")
    parser.add_argument("--seeds", type=int, default=3, help="pairs of models")
    parser.add_argument("--share", type=float, default=0.15, help="of the packages, held out")
    parser.add_argument("--corpora", type=Path, default=Path("benchmarks/data"))
    parser.add_argument("--out", type=Path, default=Path("out"))
    return parser.parse_args(arguments)


def write_corpus(files: Path, out: Path) -> None:
    """The corpus as a data set with repositories."""
    part = out.with_name(f"{out.name}.part")
    with pq.ParquetWriter(part, _SCHEMA, compression="zstd") as writer:
        rows: list[dict[str, Any]] = []
        for row in _rows(files):
            rows.append(row)
            if len(rows) == _ROWS:
                writer.write_table(pa.Table.from_pylist(rows, schema=_SCHEMA))
                rows = []
        if rows:
            writer.write_table(pa.Table.from_pylist(rows, schema=_SCHEMA))
    part.replace(out)


def _rows(files: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(path for path in files.rglob("*") if path.is_file()):
        parts = path.relative_to(files).parts
        repository = "/".join(parts[:2]) if parts[0] == "forks" else parts[0]
        yield {"content": path.read_bytes(), "path": "/".join(parts), "repo_name": repository}


def _config(options: argparse.Namespace, corpus: Path, remembered: Path) -> AblationConfig:
    """The settings, measured once: going on needs the same number of tokens."""
    if not remembered.exists():
        on_gpu = torch.cuda.is_available()
        shape = _GPU if on_gpu else _CPU
        n_bytes = json.loads((options.corpora / options.size / "corpus.json").read_text())["bytes"]
        seconds = _FOR_TRAINING * (60 * options.minutes - n_bytes / 1e6 / _MB_A_SECOND)
        tokens = max(1e5, tokens_a_second(shape) * seconds / (2 * options.seeds))
        settings = shape | {
            "inputs": [str(corpus)],
            "tokens": max(tokens, _LEAST_ON_GPU) if on_gpu else tokens,
            "seeds": list(range(options.seeds)),
            "optimizer": {"lr": 1e-3 if on_gpu else 2e-3, "min_lr": 1e-4, "warmup_steps": 50},
            "hold_out": {"share": options.share, "most_mb": 10 if on_gpu else 2},
        }
        remembered.write_text(json.dumps(settings, indent=1) + "\n")
    return parse(AblationConfig, json.loads(remembered.read_text()), where=str(remembered))


def tokens_a_second(shape: dict[str, Any], steps: int = 4) -> float:
    """How fast a model of this shape is trained here, the optimizer left out (a few parts in a hundred)."""
    from dataclasses import replace

    on_gpu = torch.cuda.is_available()
    device, length, batch = torch.device("cuda" if on_gpu else "cpu"), shape["sequence_length"], shape["micro_batch"]
    changes = shape["model_changes"] | {"vocab_size": shape["vocabulary_size"], "max_positions": length}
    model = Decoder(replace(preset("tiny-llama"), **changes)).to(device, torch.bfloat16 if on_gpu else torch.float32)
    init_weights(model, 0)
    tokens = torch.randint(0, shape["vocabulary_size"], (batch, length), device=device)
    positions = torch.arange(length, device=device).expand(batch, length)
    times = []
    for _ in range(steps):
        began = time.perf_counter()
        model(tokens, positions, None, tokens).mean().backward()
        if on_gpu:
            torch.cuda.synchronize()
        times.append(time.perf_counter() - began)
    return batch * length / sorted(times[1:])[len(times) // 2 - 1]


def _show(result: dict[str, Any]) -> None:
    first, second = result["arms"]
    table = Table()
    for name in ("", "files", "kB", first, second, "difference", "95% interval"):
        table.add_column(name, justify="left" if name == "" else "right")
    compared = result["compared"]
    rows = [("all", compared["all"])]
    for dimension in ("kept by", "language", "size", "quality"):
        rows += [
            (f"{dimension}: {name}", one) for name, one in list(compared["by"].get(dimension, {}).items())[:_SHOWN]
        ]
    for name, one in rows:
        interval = "" if one["interval"] is None else "{:+.3f} to {:+.3f}".format(*one["interval"])
        table.add_row(name, f"{one['files']:,}", f"{one['n_bytes'] / 1e3:,.0f}", f"{one['a']:.3f}", f"{one['b']:.3f}",
                      f"{one['difference']:+.3f}", interval)  # fmt: skip
    Console().print(table)
    print(outcome(result))


if __name__ == "__main__":
    main()
