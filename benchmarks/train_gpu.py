"""Tokens a second, share of the card's peak, memory, and waiting for data, of whole training steps, in one table.

    python -m benchmarks.train_gpu                   codefuse-350m and -1.3b, compiled and not; minutes on one H100
    python -m benchmarks.train_gpu --presets tiny-codefuse --precision float32 --steps 3                        anywhere

The data are random tokens in documents of 20 to 8,000 tokens, half of them filled in the middle, packed, masked, and
loaded as in a run. With `--run out/curated --tokenizer tokenizer.json` each preset is measured on that run's files as
well, which are tokenised meanwhile. The first steps, with the compiler's work, are told apart and not counted.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from train.config import PretrainConfig
from train.loop import train_step
from train.packed import PackedWriter
from train.parallel import joined
from train.presets import n_parameters, preset
from train.pretrain import batches_for, opened
from train.settings import parse
from train.start import first_state
from train.throughput import Speed
from train.tokenizer import Tokenizer

_SPECIAL = {"end_of_text": 0, "fim_prefix": 1, "fim_middle": 2, "fim_suffix": 3}
_WARMUP_STEPS = 3
_WIDTH = 110  # characters of the table where there is no terminal


def main(arguments: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Measure every preset in every way, print a table, and give its rows."""
    options = _options(arguments)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in options.presets:
            packed = _written(Path(folder) / name, preset(name).vocab_size, options.documents)
            for data, way in product([packed, *([options.run] if options.run else [])], _ways(options)):
                told = {"preset": name, "data": "packed" if data is packed else "curated", **way}
                rows.append(told | _measured(name, way, data, options))
                print(json.dumps(rows[-1]), flush=True)
    _show(rows)
    return rows


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--presets", nargs="+", default=["codefuse-350m", "codefuse-1.3b"])
    parser.add_argument("--precision", default="bfloat16")
    parser.add_argument("--steps", type=int, default=20, help="steps that count")
    parser.add_argument("--micro-batch", type=int, default=8, help="sequences at once")
    parser.add_argument("--accumulation", type=int, default=4, help="micro-batches a step")
    parser.add_argument("--sequence-length", type=int, default=None, help="default: the preset's longest")
    parser.add_argument(
        "--compile", choices=["on", "off", "both"], default="both" if torch.cuda.is_available() else "off"
    )
    parser.add_argument("--recompute", nargs="+", default=["none"], help="none, selective, full")
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--run", type=Path, default=None, help="a finished run, to be tokenised while training")
    parser.add_argument("--tokenizer", type=Path, default=None, help="tokenizer.json for --run")
    return parser.parse_args(arguments)


def _ways(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    for recompute in options.recompute:
        for compiled in {"on": [True], "off": [False], "both": [False, True]}[options.compile]:
            yield {"compile": compiled, "recompute": recompute}


def _written(folder: Path, vocabulary: int, n_documents: int) -> Path:
    random = np.random.default_rng(0)
    lengths = np.exp(random.uniform(np.log(20), np.log(8000), n_documents)).astype(int)
    with PackedWriter(folder, special_tokens=_SPECIAL) as writer:
        for i, length in enumerate(lengths):
            writer.add(random.integers(4, vocabulary, length), language=("Python", "Java", "C")[i % 3])
    return folder


def _measured(name: str, way: dict[str, Any], data: Path, options: argparse.Namespace) -> dict[str, Any]:
    """One row: figures over `steps` steps, or why there are none."""
    length = options.sequence_length or preset(name).max_positions
    config = parse(
        PretrainConfig,
        {
            "out": data / "none",
            "model": name,
            "model_changes": {"vocab_size": _vocabulary(name, data, options)},
            "tokenizer": options.tokenizer,
            "data": {"sources": [{"path": data}], "sequence_length": length, "fim_rate": 0.5},
            "steps": options.steps + _WARMUP_STEPS,
            "global_batch": options.micro_batch * options.accumulation,
            "micro_batch": options.micro_batch,
            "precision": options.precision,
            "optimizer": {"warmup_steps": 0, "spike_factor": None},
            **way,
        },
        where="benchmark",
    )
    torch._dynamo.reset()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    try:
        return _figures(config, options.steps)
    except torch.OutOfMemoryError:
        return {"failed": "out of memory: lower --micro-batch, or --recompute selective"}


def _vocabulary(name: str, data: Path, options: argparse.Namespace) -> int:
    """The preset's, or a larger one of the tokenizer that is used."""
    own = preset(name).vocab_size
    return max(own, Tokenizer(options.tokenizer).n_ids) if data == options.run else own


def _figures(config: PretrainConfig, steps: int) -> dict[str, Any]:
    with joined(alone_with_mesh=config.precision != "float32") as world:
        began = time.perf_counter()
        state = first_state(config, world)
        batches = batches_for(config, [opened(source.path, config, world) for source in config.data.sources], world)
        model = config.model_config_of()
        half = config.precision != "float32"
        speed = Speed(model, config.data.sequence_length, world.device, world.size, half=half)
        ready = batches.from_step(0)
        losses = []
        try:
            for i in range(_WARMUP_STEPS + steps):
                if i == _WARMUP_STEPS:
                    first_seconds = time.perf_counter() - began
                    speed.since_last()
                with speed.waiting():
                    batch = next(ready).on(world.device)
                losses.append(train_step(state, batch, config, world, batches.labels)["loss"])
                speed.trained(batch.tokens.numel() * world.data_size)
            return {
                "parameters": n_parameters(model),
                **speed.since_last(),
                "first_steps_s": first_seconds,
                "loss": losses[-1],
                "card": torch.cuda.get_device_name() if world.device.type == "cuda" else "CPU",
            }
        finally:
            ready.close()  # type: ignore[attr-defined]


def _show(rows: Sequence[dict[str, Any]]) -> None:
    table = Table()
    for column in (
        "preset",
        "data",
        "compile",
        "recompute",
        "tokens/s",
        "MFU",
        "memory GB",
        "waiting",
        "first steps s",
    ):
        table.add_column(column, justify="left" if column in ("preset", "data", "compile", "recompute") else "right")
    for row in rows:
        if "failed" in row:
            table.add_row(row["preset"], row["data"], str(row["compile"]), row["recompute"], row["failed"])
            continue
        table.add_row(
            row["preset"],
            row["data"],
            "on" if row["compile"] else "off",
            row["recompute"],
            f"{row['tokens_per_s']:,.0f}",
            "unknown" if row["mfu"] is None else f"{row['mfu']:.1%}",
            "" if row["memory_gb"] is None else f"{row['memory_gb']:.1f}",
            f"{row['data_wait_share']:.2%}",
            f"{row['first_steps_s']:.0f}",
        )
    terminal = Console()
    Console(width=None if terminal.is_terminal else _WIDTH).print(table)


if __name__ == "__main__":
    main()
